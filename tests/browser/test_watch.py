"""The watch that every browser test relies on catches what it is there for."""

from typing import Any

from playwright.sync_api import Browser


def test_complaints_and_requests_to_another_host_are_recorded(
    browser: Browser, lab_url: str, watch: Any
) -> None:
    context = browser.new_context(base_url=lab_url)
    watch.follow(context)
    page = context.new_page()
    page.goto("/")
    page.evaluate("() => { console.error('broken') }")
    page.evaluate("() => { setTimeout(() => { throw new Error('thrown') }) }")
    page.wait_for_function("new Promise(done => setTimeout(() => done(true)))")
    assert watch.foreign == []
    page.evaluate("fetch('http://localhost:9/').catch(() => 0)")  # not 127.0.0.1
    context.close()
    assert any("console: broken" in error for error in watch.errors)
    assert any("thrown" in error for error in watch.errors)
    assert watch.foreign == ["http://localhost:9/"]
