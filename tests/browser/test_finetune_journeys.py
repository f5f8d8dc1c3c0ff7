"""From a file to a model at home, in a real browser, for every kind of pairs."""

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import expect
from sentence_transformers import SentenceTransformer

from tests.browser.finetune_page import TRAINED_MS, FinetunePage
from tests.browser.lab_page import View
from ui.state.pairs import SAMPLES

TEXTS = ["The ferry leaves at noon.", "How do I reset my password?"]


def at_home(lab: FinetunePage, folder: Path) -> SentenceTransformer:
    """The downloaded model, as sentence-transformers loads it."""
    answer = lab.page.request.get(lab.address("model.zip"))
    assert answer.ok
    zipfile.ZipFile(io.BytesIO(answer.body())).extractall(folder)
    [top] = folder.iterdir()
    assert {"README.md", "scores.csv", "pairs.csv", "train.py"} <= {p.name for p in top.iterdir()}
    return SentenceTransformer(str(top))


@pytest.mark.parametrize("sample", SAMPLES.values(), ids=list(SAMPLES))
def test_every_sample_from_upload_to_a_model_at_home(page, workbench, tmp_path, sample):
    lab = FinetunePage(page).open()
    lab.take_sample(sample.title, sample.file)
    if sample.name == "messy":
        expect(lab.find("#findings")).to_contain_text("error")
        assert lab.apply_all_remedies() >= 5
        expect(lab.find("#findings")).not_to_contain_text("Errors")
    lab.quick()
    lab.train()
    model = at_home(lab, tmp_path)
    key = lab.find("#runs [data-pick]").last.get_attribute("data-pick").removeprefix("run:")
    [tuned] = [
        own
        for visitor in list(workbench._visitors.values())
        for own in visitor.own_models
        if own.key == key and own.run and own.run.data == sample.file
    ][-1:]
    ours = tuned.encoder.encode(TEXTS)
    np.testing.assert_allclose(model.encode(TEXTS, normalize_embeddings=True), ours, atol=1e-5)


def test_a_model_taken_home_is_brought_back_with_what_it_scored(page, tmp_path):
    lab = FinetunePage(page).open()
    lab.quick()
    lab.train()
    score = lab.find("#runs tbody td.num").nth(2).inner_text()
    file = tmp_path / "model.zip"
    file.write_bytes(page.request.get(lab.address("model.zip")).body())
    page.once("dialog", lambda dialog: dialog.accept())
    lab = FinetunePage(page).open()
    expect(lab.find("#runs")).to_contain_text("No run yet")
    lab.find("#bring-back > button").click()
    lab.find("#archive input[type=file]").set_input_files(file)
    expect(lab.find("#runs")).to_contain_text("brought back: graded_pairs.csv", timeout=60_000)
    assert lab.find("#runs tbody td.num").nth(2).inner_text() == score
    lab.pick("tune-model", "graded_pairs, run 1")
    expect(lab.find("#tune-model-note")).to_contain_text("graded_pairs, run 1")


def test_of_a_file_over_the_limit_a_sample_is_read_on_request(page, tmp_path):
    lab = FinetunePage(page).open()
    file = tmp_path / "long.csv"
    rows = (f"Row {i} of it is here,It is row number {i},{i % 6}\n" for i in range(20_050))
    file.write_text("a,b,score\n" + "".join(rows), encoding="utf-8")
    lab.find("#pairs-file input[type=file]").set_input_files(file)
    expect(lab.find("#pairs-note")).to_contain_text("more than 20,000 rows")
    lab.find("#sampled").click()
    expect(lab.find("#pairs-note")).to_contain_text("long.csv: 20,000 rows", timeout=60_000)
    expect(lab.find("#sampled")).to_be_hidden()
    expect(lab.find("#findings")).to_contain_text("there are 20,000", timeout=120_000)


def test_who_comes_second_waits_in_line_and_is_told_so(page):
    lab = FinetunePage(page).open()
    lab.quick(steps=2000)
    other = FinetunePage(page.context.new_page()).open()
    other.quick()
    lab.find("#train").click()
    expect(lab.find("#training-progress")).to_contain_text("step", timeout=60_000)
    other.find("#train").click()
    expect(other.find("#training-progress")).to_contain_text("place 1 of the line", timeout=60_000)
    lab.find("#stop-training").click()
    expect(other.find("#before-after table")).to_be_visible(timeout=2 * TRAINED_MS)  # two runs
    expect(lab.find("#before-after table")).to_be_visible(timeout=TRAINED_MS)


def test_an_upload_is_checked_mended_trained_and_looked_at(page, tmp_path):
    lab = FinetunePage(page).open()
    rows = "".join(
        f"The {thing} number {i} is here;Nobody saw {thing} {i};{i % 6}\n"
        for i, thing in enumerate(["cat", "boat", "letter", "train", "clock"] * 12)
    )
    file = tmp_path / "mine.csv"
    file.write_text("first;second;score\n" + rows + ";empty;3\n", encoding="utf-8")
    lab.find("#pairs-file input[type=file]").set_input_files(file)
    expect(lab.find("#pairs-note")).to_contain_text("mine.csv")
    expect(lab.find("#facts")).to_contain_text("60 kept")
    lab.quick()
    lab.train()
    lab.find("#ledger [data-pick]").first.click()
    expect(lab.find("#pair-before .lab-plot[data-ready]")).to_be_visible()
    expect(lab.find("#pair-after .lab-plot[data-ready]")).to_be_visible()
    expect(lab.find("#forgetting")).to_contain_text("before")
    blended = lab.find("#blended").inner_text()
    lab.find("#alpha input[type=number]").fill("0.5")
    lab.find("#alpha input[type=number]").press("Enter")
    expect(lab.find("#blended")).to_contain_text("0.50")
    assert lab.find("#blended").inner_text() != blended
    lab.find("#run-name input, #run-name textarea").fill("my first")
    lab.find("#rename").click()
    expect(lab.find("#runs")).to_contain_text("my first")
    page.get_by_role("tab", name="Pooling").click()
    lab.pick("model", "my first")
    expect(lab.find("#model-note")).to_contain_text("my first")
    expect(lab.find("#scores tr.chosen")).to_have_count(1)


def test_a_reload_asks_first_where_it_would_lose_a_model(page):
    asked = []

    def answer(dialog):
        asked.append(dialog.type)
        dialog.accept()

    page.on("dialog", answer)
    lab = FinetunePage(page).open()
    page.reload()
    assert not asked
    lab = FinetunePage(page).open()
    lab.quick()
    lab.train()
    page.reload()
    assert asked == ["beforeunload"]
    lab = FinetunePage(page).open()
    lab.quick(steps=2000)
    lab.find("#train").click()
    expect(lab.find("#training-progress")).to_contain_text("step", timeout=60_000)
    page.reload()  # a run under way is lost with the page, too
    assert asked == ["beforeunload"] * 2


def test_stop_keeps_the_best_so_far(page):
    lab = FinetunePage(page).open()
    lab.quick(steps=2000)
    lab.find("#train").click()
    expect(lab.find("#training-progress")).to_contain_text("step", timeout=60_000)
    lab.find("#stop-training").click()
    expect(lab.find("#before-after table")).to_be_visible(timeout=TRAINED_MS)
    expect(lab.find("#tuning-answer")).to_contain_text("stopped early")


def test_closing_the_page_frees_the_slot(page, workbench):
    lab = FinetunePage(page).open()
    lab.quick(steps=2000)
    lab.find("#train").click()
    expect(lab.find("#training-progress")).to_contain_text("step", timeout=60_000)
    job = next(v.job for v in workbench._visitors.values() if v.job and not v.job.ended.is_set())
    page.close()
    assert job.ended.wait(2)


@pytest.mark.parametrize("page", [View(390, 844), View(390, 844, "dark")], indirect=True)
def test_a_phone_shows_the_tab_without_scrolling_sideways(page):
    lab = FinetunePage(page).open()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    for part in ("#results", "#naming"):
        expect(lab.find(part)).to_be_hidden()  # nothing has been trained
