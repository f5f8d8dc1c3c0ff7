"""What a visitor takes home, shares and has forgotten."""

from collections.abc import Callable
from itertools import pairwise

import pytest
from playwright.sync_api import Page, expect

from tests.browser.lab_page import LabPage
from ui.pooling.examples import FIRST
from ui.state.workbench import Workbench

SECRET = "My PIN is topsecret."


def until(page: Page, condition: Callable[[], bool]) -> None:
    """Wait for something outside the page, five seconds at most."""
    for _ in range(100):
        if condition():
            return
        page.evaluate("new Promise(done => setTimeout(done, 50))")
    assert condition()


def test_clear_my_data_forgets_everything_of_this_visitor_and_of_no_other(
    page: Page, workbench: Workbench
) -> None:
    lab_page = LabPage(page).open()
    other = LabPage(page.context.new_page()).open()
    count = workbench.visitors
    lab_page.find("#pin").click()
    expect(lab_page.find("#scores i.ghost").first).to_be_visible()
    lab_page.find("#forget").click()
    expect(lab_page.box("A")).to_have_value("")
    expect(lab_page.find("#link-notes")).to_contain_text("has been forgotten")
    expect(lab_page.find("#scores tr")).to_have_count(0)
    page.wait_for_function("location.search === ''")
    assert lab_page.find("#pin").inner_text() == "Pin these scores"
    assert other.box("A").input_value() == FIRST.a
    other.page.close()  # and what is kept of a visitor who leaves goes too
    until(page, lambda: workbench.visitors < count)


def test_clearing_empties_the_sections_that_are_unfolded(page: Page) -> None:
    lab = LabPage(page).open()
    for section in ("made", "python", "several", "honesty"):
        lab.unfold(section)
    lab.box("A").fill(SECRET)
    lab.find("#lines textarea").fill(f"{SECRET}\nSecond line.")
    expect(lab.find("#python-plain")).to_contain_text("topsecret")
    expect(lab.find("#made-tokens")).to_contain_text("topsecret")
    expect(lab.find("#sentence-matrix")).to_contain_text("My PIN is")
    lab.find("#forget").click()
    expect(lab.find("#made-tokens .tk")).to_have_count(0)
    expect(lab.find("#python-plain")).not_to_contain_text("topsecret")
    expect(lab.find("#sentence-matrix")).not_to_contain_text("My PIN is")
    assert "topsecret" not in page.locator("main").inner_text()
    # And the sections live on.
    lab.find("#reset").click()
    expect(lab.find("#made-tokens")).to_contain_text(FIRST.a)


def test_clearing_while_an_answer_is_under_way_leaves_nothing_behind(
    page: Page, workbench: Workbench
) -> None:
    lab = LabPage(page).open()
    for _ in range(4):
        lab.box("A").fill(SECRET)
        lab.find("#forget").click()
        expect(lab.box("A")).to_have_value("")
        expect(lab.find("#scores tr")).to_have_count(0)
        page.wait_for_function("location.search === ''")
        expect(lab.answer).to_contain_text("Sentence A is empty")
        lab.find("#reset").click()
        expect(lab.chosen).to_have_count(1)


def test_copy_link_says_so_and_copies_the_address(page: Page) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    lab = LabPage(page).open()
    page.wait_for_function("location.search.includes('thunderstorm')")
    lab.find("#copy-link").click()
    expect(lab.find("[data-testid=toast-text]")).to_contain_text("Link copied")
    assert page.evaluate("navigator.clipboard.readText()") == page.url


def test_the_same_file_can_be_had_twice(page: Page) -> None:
    lab = LabPage(page).open()
    for _ in range(2):
        with page.expect_download() as download:
            lab.find("#scores-csv").click()
        assert download.value.suggested_filename == "scores.csv"


@pytest.mark.parametrize("text", ["word " * 300, "😀💣", "\u200b"])
def test_what_the_model_does_not_read_is_in_view(page: Page, text: str) -> None:
    lab = LabPage(page).open()
    lab.box("A").fill(text)
    said = {"w": "256 of 256 tokens the last 46 were cut off", "😀": "unknown"}.get(
        text[0], "nothing in it that the model can read"
    )
    expect(lab.counts).to_contain_text(said)
    rows = int(lab.counts.inner_text().split()[1])
    labels = page.locator("#token-matrix .ytick text")
    expect(labels).to_have_count(rows)
    tops = labels.evaluate_all("all => all.map(label => label.getBoundingClientRect().top)")
    assert all(abs(b - a) > 8 for a, b in pairwise(tops))  # no smear


def test_a_long_text_in_the_list_is_said_to_be_cut(page: Page) -> None:
    lab = LabPage(page).open()
    lab.unfold("several")
    lab.find("#lines textarea").fill("short\n" + "word " * 300)
    expect(lab.find("#lines-notes")).to_contain_text("S2 cut to the first 256 tokens")


def test_a_text_over_the_limit_is_not_cut_in_silence(page: Page) -> None:
    lab = LabPage(page).open()
    lab.box("B").fill("x" * 2500)
    expect(lab.answer).to_contain_text("Sentence B has 2,500 characters")
