"""The watch that every browser test relies on catches what it is there for."""

from typing import Any

import pytest
from playwright.sync_api import Browser


@pytest.mark.parametrize(
    ("script", "seen"),
    [
        ("console.error('broken')", "console: broken"),
        ("setTimeout(() => { throw new Error('thrown') })", "thrown"),
    ],
)
def test_a_complaint_is_recorded(browser: Browser, lab: str, watch: Any, script: str, seen: str):
    context = browser.new_context(base_url=lab)
    watch.follow(context)
    page = context.new_page()
    page.goto("/")
    page.evaluate(f"() => {{ {script} }}")
    page.wait_for_function("new Promise(done => setTimeout(() => done(true)))")
    context.close()
    assert any(seen in error for error in watch.errors)


def test_a_request_to_another_host_is_recorded(browser: Browser, lab: str, watch: Any):
    context = browser.new_context(base_url=lab)
    watch.follow(context)
    page = context.new_page()
    page.goto("/")
    page.evaluate("fetch('http://localhost:9/').catch(() => 0)")  # not 127.0.0.1
    context.close()
    assert watch.foreign == ["http://localhost:9/"]
