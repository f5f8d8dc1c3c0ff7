"""Visitors who are faster than the server."""

from playwright.sync_api import Page, expect

from encoder import POOLINGS
from tests.browser.lab_page import DRAWN, LabPage


def test_sections_unfolded_in_one_breath_are_all_drawn(page: Page) -> None:
    lab = LabPage(page).open()
    page.evaluate(
        """() => { for (const name of ['made', 'python', 'several', 'honesty'])
            document.querySelector(`#section-${name} > button`).click() }"""
    )
    lab.find(f"#made-strips {DRAWN}").wait_for()
    lab.find(f"#sentence-matrix {DRAWN}").wait_for()
    expect(lab.find("#python-plain")).to_contain_text("AutoModel")
    expect(lab.find("#honesty tbody tr")).to_have_count(len(POOLINGS))


def test_the_last_of_many_quick_edits_is_what_is_answered(page: Page) -> None:
    lab = LabPage(page).open()
    for i in range(12):
        lab.find(f"#chip-{i % 7}").click()
        lab.row(("max", "cls", "mean")[i % 3]).click()
    lab.box("A").fill("The very last edit.")
    lab.row("soft").click()
    expect(lab.row("soft")).to_have_class("chosen")
    expect(lab.counts).to_contain_text("A 7 of 256")
    page.wait_for_function("location.search.includes('very+last')")
    expect(lab.find("#tokens")).to_contain_text(f"= {lab.value('soft')}")
