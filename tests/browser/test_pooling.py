"""What a visitor does on the Pooling tab, in a real browser with the real model."""

import csv
import re
from itertools import pairwise
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from encoder import POOLINGS, load_encoder
from tests.browser.pooling_page import PoolingPage
from tests.browser.visit import until
from ui.pooling.examples import EXAMPLES, FIRST
from ui.state.workbench import Workbench

LINES = "A cat sleeps.\nTaxes are due in May.\nThe kitten naps."
ATTACK = '<img src=x onerror="window.hit=1"> ${window.hit=1} <b>bold</b>'
SECRET = "My PIN is topsecret."
SECTIONS = ("made", "python", "several", "honesty")


@pytest.fixture
def lab(page: Page) -> PoolingPage:
    return PoolingPage(page).open()


def test_two_sentences_are_compared_in_every_way(lab: PoolingPage) -> None:
    # The first visit shows an answer without touching anything.
    a, b = load_encoder().encode([FIRST.a, FIRST.b])
    first = lab.value("mean")
    assert first == f"{a @ b:.4f}"
    assert lab.find("#scores tbody tr").count() == len(POOLINGS)
    expect(lab.answer).to_contain_text("Close: among paraphrases it beats")
    expect(lab.row("mean").locator(".worth").first).to_have_text("all")
    lab.plot("token-matrix").wait_for()

    # A click on the layer map moves the whole tab.
    lab.click_cell("layer-map", row=2, column=1)
    expect(lab.row("max")).to_have_class("chosen")
    expect(lab.find("#layer input")).to_have_value("2")
    expect(lab.find("#pooling input")).to_have_value("max")
    expect(lab.answer).to_contain_text("layer 2 of 6")
    expect(lab.find("#matrix-sum")).to_contain_text(lab.value("max"))
    expect(lab.find("#tokens")).to_contain_text("dim.")  # who owns how many dimensions

    # So do a click on a row, the keyboard and the pickers.
    lab.row("cls").click()
    expect(lab.row("cls")).to_have_class("chosen")
    lab.row("soft").locator("button").focus()
    lab.page.keyboard.press("Enter")
    expect(lab.row("soft")).to_have_class("chosen")
    lab.pick("pooling", "idf_mean")
    expect(lab.row("idf_mean")).to_have_class("chosen")
    lab.pick("layer", "first + last")
    expect(lab.answer).to_contain_text("the mean of layers 1 and 6")
    assert lab.value("mean") != first
    lab.find("#measure").get_by_text("dot product").click()
    expect(lab.find("#scores .lab-legend")).to_contain_text("not normalised")
    assert float(lab.value("max")) > 10
    lab.find("#measure").get_by_text("Euclidean distance").click()
    expect(lab.find("#scores thead")).to_contain_text("Euclidean distance")
    assert float(lab.value("mean")) > 1

    # Reset brings the first answer back; without special tokens it is another.
    lab.find("#reset").click()
    expect(lab.row("mean").locator(".value")).to_have_text(first)
    lab.find("#special input").uncheck()
    expect(lab.find("#special-note")).to_contain_text("first word piece: “our” in A")
    expect(lab.find("#tokens .tk.out")).to_have_count(4)
    assert lab.value("mean") != first
    assert lab.value("mean") == lab.value("mean_no_special")
    lab.find("#special input").check()
    expect(lab.row("mean").locator(".value")).to_have_text(first)

    # Other sentences: swapped, typed with no button to press, none, and those of the chips.
    lab.find("#swap").click()
    expect(lab.sentence("A")).to_have_value(FIRST.b)
    expect(lab.counts).to_contain_text("A 10 of 256 tokens")
    assert lab.value("mean") == first
    lab.sentence("A").press_sequentially(" Really.")
    expect(lab.counts).to_contain_text("A 12 of 256 tokens")
    assert lab.value("mean") != first
    lab.sentence("A").fill(FIRST.a)
    expect(lab.row("mean").locator(".value")).to_have_text("1.0000")  # B is the same by now
    lab.find("#clear").click()
    expect(lab.answer).to_contain_text("Both sentences are empty")
    lab.page.wait_for_function("location.search === ''")
    expect(lab.find("#scores tr")).to_have_count(0)
    for i, example in enumerate(EXAMPLES.values()):
        lab.find(f"#chip-{i}").click()
        expect(lab.sentence("A")).to_have_value(example.a)
        expect(lab.sentence("B")).to_have_value(example.b)
        expect(lab.answer).to_contain_text(example.look)

    # A model that has learnt nothing is blind.
    lab.pick("model", "untrained-minilm")
    expect(lab.find("#model-note")).to_contain_text("before any learning")
    expect(lab.answer).to_contain_text("untrained-minilm")
    assert float(lab.value("mean")) > 0.9

    # The address follows the tabs, and Back leads to the one before, not out of the page.
    lab.tab("Fine-tune")
    lab.page.wait_for_function("location.search === '?finetune='")
    lab.page.go_back()
    expect(lab.page.get_by_role("tab", name="Pooling")).to_have_attribute("aria-selected", "true")
    lab.page.wait_for_function("location.search.includes('model=untrained-minilm')")
    expect(lab.answer).to_contain_text("untrained-minilm")


def test_sections_draw_when_they_are_unfolded_and_show_hostile_text_as_text(
    lab: PoolingPage,
) -> None:
    page = lab.page
    page.evaluate(  # in one breath, faster than the server
        """names => names.forEach(
            name => document.querySelector(`#section-${name} > button`).click())""",
        list(SECTIONS),
    )
    lab.plot("made-strips").wait_for()
    expect(lab.find("#made-formula .katex").first).to_be_visible()
    expect(lab.find("#made-cosine")).to_contain_text(lab.value("mean"))
    expect(lab.find("#python-plain")).to_contain_text("AutoModel.from_pretrained")
    expect(lab.find("#python-st")).to_contain_text("SentenceTransformer")
    expect(lab.find("#honesty tbody tr")).to_have_count(len(POOLINGS))
    lab.plot("sentence-matrix").wait_for()
    lab.pick("layer", "3")
    expect(lab.find("#python-plain")).to_contain_text("hidden_states[3]")
    expect(lab.find("#python-st")).to_contain_text("the last layer only")

    # A cell of several sentences' matrix opens that pair, and so does the keyboard.
    lab.find("#lines textarea").fill(LINES)
    expect(lab.find("#sentence-matrix")).to_contain_text("S3 The kitten naps.")
    lab.click_cell("sentence-matrix", row=2, column=0)
    expect(lab.sentence("A")).to_have_value("The kitten naps.")
    expect(lab.sentence("B")).to_have_value("A cat sleeps.")
    for name, box, text in (("Sentence 1 as A", "A", "A cat sleeps."),
                            ("Sentence 2 as B", "B", "Taxes are due in May.")):  # fmt: skip
        page.get_by_role("button", name=name).focus()
        page.keyboard.press("Enter")
        expect(lab.sentence(box)).to_have_value(text)
    expect(lab.counts).to_contain_text("B 8 of 256")

    lab.find("#lines textarea").fill(f"{ATTACK}\nA second line.")
    lab.sentence("A").fill(ATTACK)
    expect(lab.find("#made-tokens .lab-text").first).to_have_text(ATTACK)
    lab.find("#pin").click()
    expect(lab.find("#scores .lab-legend")).to_contain_text("<img src=x")
    expect(lab.find("#sentence-matrix")).to_contain_text("S2 A second line.")
    assert page.evaluate("window.hit") is None
    assert page.locator("img[src=x]").count() == 0


@pytest.mark.slow
def test_scores_are_pinned_downloaded_shared_and_forgotten(
    lab: PoolingPage, workbench: Workbench, tmp_path: Path
) -> None:
    page = lab.page
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])

    # What is pinned stays as a ghost beside the edit.
    lab.find("#pin").click()
    expect(lab.find("#scores i.ghost")).to_have_count(len(POOLINGS) + 1)  # and the legend
    before = float(lab.value("mean"))
    lab.find("#chip-6").click()
    expect(lab.answer).to_contain_text("Nothing in common")
    expect(lab.find("#scores .lab-legend")).to_contain_text(FIRST.a[:30])
    delta = lab.row("mean").locator(".delta").inner_text().replace("−", "-")
    assert float(delta) == pytest.approx(float(lab.value("mean")) - before, abs=2e-4)
    lab.find("#pin").click()
    expect(lab.find("#scores i.ghost")).to_have_count(0)

    # Files, and the same one twice.
    for button in ("scores", "vectors", "scores"):
        with page.expect_download() as download:
            lab.find(f"#{button}-csv").click()
        assert download.value.suggested_filename == f"{button}.csv"
        download.value.save_as(tmp_path / f"{button}.csv")
    with (tmp_path / "scores.csv").open(encoding="utf-8-sig", newline="") as file:
        scores = {row["pooling"]: row for row in csv.DictReader(file)}
    assert f"{float(scores['mean']['cosine']):.4f}" == lab.value("mean")
    with (tmp_path / "vectors.csv").open(encoding="utf-8-sig", newline="") as file:
        vectors = {(row[3], row[4]): row[6:] for row in csv.reader(file)}
    a, b = (np.array(vectors["cls", name][:384], float) for name in "AB")
    assert f"{a @ b / np.linalg.norm(a) / np.linalg.norm(b):.4f}" == lab.value("cls")

    # The link carries sentences and settings.
    text = "Ünïcode & friends? 100% #1"
    for change, part in (
        (lambda: lab.sentence("A").fill(text), "%26"),
        (lambda: lab.pick("layer", "last two"), "layer=last2"),
        (lambda: lab.row("soft").click(), "pooling=soft"),
        (lambda: lab.find("#special input").uncheck(), "pool_special=0"),
    ):
        change()  # the address changes with the answer: when it has a setting, so have the scores
        page.wait_for_function("part => location.search.includes(part)", arg=part)
    assert parse_qs(urlsplit(page.url).query)["a"] == [text]
    lab.find("#copy-link").click()
    lab.told("Link copied")
    assert lab.clipboard() == page.url
    other = PoolingPage(page.context.new_page())
    other.page.goto(page.url)
    expect(other.row("soft")).to_have_class("chosen")
    expect(other.sentence("A")).to_have_value(text)
    expect(other.find("#layer input")).to_have_value("last two")
    expect(other.find("#special input")).not_to_be_checked()
    expect(other.row("soft").locator(".value")).to_have_text(lab.value("soft"))

    # What is cleared is gone, in the sections that are unfolded too, and for this visitor alone.
    for section in SECTIONS:
        lab.unfold(section)
    lab.find("#pin").click()
    lab.sentence("A").fill(SECRET)
    lab.find("#lines textarea").fill(f"{SECRET}\nSecond line.")
    expect(lab.find("#python-plain")).to_contain_text("topsecret")
    expect(lab.find("#made-tokens")).to_contain_text("topsecret")
    expect(lab.find("#sentence-matrix")).to_contain_text("My PIN is")
    count = workbench.visitors
    lab.find("#forget").click()
    expect(lab.sentence("A")).to_have_value("")
    expect(lab.find("#link-notes")).to_contain_text("has been forgotten")
    expect(lab.find("#scores tr")).to_have_count(0)
    expect(lab.find("#made-tokens .tk")).to_have_count(0)
    expect(lab.find("#python-plain")).not_to_contain_text("topsecret")
    expect(lab.find("#sentence-matrix")).not_to_contain_text("My PIN is")
    page.wait_for_function("location.search === ''")
    assert "topsecret" not in page.locator("main").inner_text()
    assert lab.find("#pin").inner_text() == "Pin these scores"
    assert other.sentence("A").input_value() == text
    other.page.close()  # and what is kept of a visitor who leaves goes too
    until(page, lambda: workbench.visitors < count)

    # The sections live on.
    lab.find("#reset").click()
    expect(lab.find("#made-tokens")).to_contain_text(FIRST.a)


@pytest.mark.slow
def test_what_the_model_does_not_read_is_in_view(lab: PoolingPage) -> None:
    labels = lab.page.locator("#token-matrix .ytick text")
    for text, words in {
        "word " * 300: "256 of 256 tokens the last 46 were cut off",
        "😀💣": "unknown",
        "\u200b": "nothing in it that the model can read",
    }.items():
        lab.sentence("A").fill(text)
        expect(lab.counts).to_contain_text(words)
        rows = int(lab.counts.inner_text().split()[1])
        expect(labels).to_have_count(rows)
        tops = labels.evaluate_all("all => all.map(label => label.getBoundingClientRect().top)")
        assert all(abs(b - a) > 8 for a, b in pairwise(tops))  # no smear
    lab.unfold("several")
    lab.find("#lines textarea").fill("short\n" + "word " * 300)
    expect(lab.find("#lines-notes")).to_contain_text("S2 cut to the first 256 tokens")
    lab.sentence("B").fill("x" * 2500)
    expect(lab.answer).to_contain_text("Sentence B has 2,500 characters")


@pytest.mark.slow
def test_who_is_faster_than_the_server_gets_the_last_answer_and_leaves_nothing(
    lab: PoolingPage,
) -> None:
    for i in range(12):
        lab.find(f"#chip-{i % 7}").click()
        lab.row(("max", "cls", "mean")[i % 3]).click()
    lab.sentence("A").fill("The very last edit.")
    lab.row("soft").click()
    expect(lab.row("soft")).to_have_class("chosen")
    expect(lab.counts).to_contain_text("A 7 of 256")
    lab.page.wait_for_function("location.search.includes('very+last')")
    expect(lab.find("#tokens")).to_contain_text(f"= {lab.value('soft')}")
    for _ in range(4):  # cleared while an answer is under way
        lab.sentence("A").fill(SECRET)
        lab.find("#forget").click()
        expect(lab.sentence("A")).to_have_value("")
        expect(lab.find("#scores tr")).to_have_count(0)
        lab.page.wait_for_function("location.search === ''")
        expect(lab.answer).to_contain_text("Both sentences are empty")
        lab.find("#reset").click()
        expect(lab.chosen).to_have_count(1)


@pytest.mark.slow
def test_a_broken_link_and_a_model_that_cannot_be_had_leave_the_lab_as_it_was(
    page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    lab = PoolingPage(page).open("?a=&layer=99&pooling=median&model=../../etc")
    expect(lab.find("#link-notes")).to_contain_text("Unknown pooling 'median'")
    expect(lab.find("#link-notes")).to_contain_text("not the id of a model on the Hub")
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")  # nothing listens there
    monkeypatch.setenv("HF_HUB_OFFLINE", "0")
    before = lab.value("mean")
    lab.find(".lab-small button.label-wrap").click()
    lab.box("hub-id").fill("some-org/some-model")
    lab.find("#hub-load").click()
    lab.told("some-org/some-model")
    expect(lab.find("#model input")).to_have_value(re.compile("^all-MiniLM-L6-v2"))
    assert lab.value("mean") == before
