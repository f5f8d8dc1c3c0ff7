"""What can be done with hits, in a real browser: steer, judge, train, compress, find duplicates."""

import csv
import re
from pathlib import Path

import pytest
from playwright.sync_api import expect
from ui.search.judged import split_queries

from tests.browser.finetune_page import TRAINED_MS, FinetunePage
from tests.browser.lab_page import View
from tests.browser.sections_visit import DONE_MS, SectionsPage
from ui.state.samples import TEXT_SAMPLES

ROOT = Path(__file__).parents[2]
EXAMPLES = TEXT_SAMPLES["offices"].queries


def test_a_query_is_steered_and_added_up(page):
    lab = SectionsPage(page).open()
    lab.press("lab-hits", "more", 4)
    lab.press("lab-hits", "less", 0)
    expect(lab.find("#lab-moved tbody tr").nth(9)).to_be_visible()
    expect(lab.find("#lab-moved")).to_contain_text("0.75 × the mean of 1 hit")
    expect(lab.find("#lab-moved .up").first).to_be_visible()
    before = lab.find("#lab-moved").inner_text()
    weight = lab.find("#weight-more input[type=number]")
    weight.fill("2")
    weight.press("Enter")
    expect(lab.find("#lab-moved")).to_contain_text("2 × the mean of 1 hit")
    assert lab.find("#lab-moved").inner_text() != before
    field = lab.find("#lab-c input, #lab-c textarea")
    field.fill("museum")
    field.press("Enter")
    expect(lab.find("#lab-analogy")).to_contain_text("against “museum” alone")
    expect(lab.find("#lab-analogy tbody tr").first).to_be_visible()


def test_thumbs_go_to_a_file_and_come_back(page, tmp_path):
    lab = SectionsPage(page).open()
    lab.press("judge-hits", "good", 0)
    lab.press("judge-hits", "bad", 3)
    expect(lab.find("#judge-list")).to_contain_text("2 judgements of 1 query")
    with page.expect_download() as found:
        lab.find("#judge-csv").click()
    file = tmp_path / "judgements.csv"
    found.value.save_as(file)
    lab.find("#judge-clear").click()
    expect(lab.find("#judge-list")).to_contain_text("Nothing is judged yet")
    with page.expect_file_chooser() as chooser:
        lab.find("#judge-upload").click()
    chooser.value.set_files(file)
    expect(lab.find("#judge-list")).to_contain_text("2 judgements of 1 query")
    expect(lab.find("#judge-hits [aria-pressed=true]")).to_have_count(2)
    lab.find("#judge-undo").click()
    expect(lab.find("#judge-list")).to_contain_text("Nothing is judged yet")


def test_judged_queries_train_a_model_that_is_compared_on_those_held_out(page):
    """The whole loop: judge → send → train → back → compare."""
    lab = SectionsPage(page).open()
    lab.find("#judge-sample").click()
    expect(lab.find("#judge-list")).to_contain_text("of 178 queries")
    with (ROOT / "assets/samples/search_queries.csv").open(newline="") as file:
        judged = [row["query"] for row in csv.DictReader(file)]
    trained, held_out = split_queries(judged, 0.7)
    asked = next(at for at, query in enumerate(EXAMPLES) if query in trained)
    lab.find(f"#search-example-{asked}").click()
    expect(lab.find("#judge-hits")).to_contain_text(f"Do these answer “{EXAMPLES[asked]}”")
    good = lab.find("#judge-hits [data-pick^=good][aria-pressed=true]").count()
    lab.press("judge-hits", "good", 7)
    lab.press("judge-hits", "bad", 9)
    expect(lab.find("#judge-hits [data-pick^=good][aria-pressed=true]")).to_have_count(good + 1)
    expect(lab.find("#judge-hits [data-pick^=bad][aria-pressed=true]")).to_have_count(1)
    lab.work("measure-search")
    expect(lab.table("All judged queries").locator("tbody tr")).to_have_count(3)
    expect(lab.table("Held out of training")).to_have_count(0)
    lab.find("#judge-send-go").click()
    tuning = FinetunePage(page)
    expect(tuning.find("#pairs-note")).to_contain_text("judged_queries.csv")
    expect(tuning.find("#preview")).to_contain_text("assumed: a good hit that nobody judged")
    expect(tuning.find("#preview")).to_contain_text("judged irrelevant")
    expect(tuning.find("#split")).to_contain_text("held-out", timeout=DONE_MS)
    tuning.quick()
    tuning.train()
    lab.back()
    expect(lab.find("#judge-sent")).to_contain_text(
        f"{len(trained)} queries; {len(held_out)} held out"
    )
    expect(lab.find("#judge-models")).to_contain_text("judged_queries, run 1")
    lab.work("measure-search")
    for title in ("Held out of training", "All judged queries", "Trained on"):
        rows = lab.table(title).locator("tbody tr")
        expect(rows).to_have_count(4, timeout=TRAINED_MS)
        expect(rows.nth(0)).to_contain_text("all-MiniLM-L6-v2")
        expect(rows.nth(1)).to_contain_text("“judged_queries, run 1”, yours")
        gain = rows.nth(1).locator("[data-of=gain]")
        expect(gain).to_contain_text("…")
        expect(gain.locator(".word")).to_have_text(re.compile("beyond chance|could be chance"))
    known = re.search(r"Trained on: (\d+) queries", lab.find("#judge-scores").inner_text())
    assert 0 < int(known[1]) < len(trained)  # what Fine-tune held out, it has not seen either
    left = f"Held out of training: {len(judged) - int(known[1])} queries"
    expect(lab.find("#judge-scores")).to_contain_text(left)
    lab.find("#flow-go").click()  # the tuned model beside the others, for one question
    expect(lab.find("#flow-table")).to_contain_text("“judged_queries, run 1”, yours (as saved)",
                                                    timeout=DONE_MS)  # fmt: skip


def test_vectors_are_compressed_and_what_it_costs_is_drawn(page):
    lab = SectionsPage(page).open()
    lab.work("compress")
    expect(lab.find("#compress tbody tr")).to_have_count(40)
    expect(lab.find("#compress")).to_contain_text("178 queries of the sample")
    expect(lab.find("#compress-chart .lab-plot[data-ready]")).to_be_visible()


def test_duplicates_are_found_taken_along_and_too_many_are_refused(page):
    lab = SectionsPage(page).open()
    lab.work("duplicates")
    expect(lab.find("#duplicates tbody tr")).to_have_count(30)
    expect(lab.find("#duplicates")).to_contain_text("They form")
    with page.expect_download() as found:
        lab.find("#duplicates-csv").click()
    assert found.value.suggested_filename == "near_duplicates.csv"
    bound = lab.find("#duplicates-bound input")
    bound.fill("-5")
    lab.find("#duplicates-go").click()
    expect(lab.find("[data-testid=toast-body]")).to_contain_text("percentile is -5.0")


@pytest.mark.parametrize("page", [View(390, 844), View(390, 844, "dark")], indirect=True)
def test_a_phone_shows_the_sections_without_scrolling_sideways(page):
    lab = SectionsPage(page).open()
    lab.press("judge-hits", "good", 0)
    lab.press("lab-hits", "more", 2)
    expect(lab.find("#lab-moved table")).to_be_visible()
    lab.work("measure-search")
    lab.work("duplicates")
    assert lab.width() <= 390
