"""What a visitor does on the Pooling tab, in a real browser with the real model."""

import csv
import re
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from encoder import POOLINGS, load_encoder
from tests.browser.lab_page import DRAWN, LabPage, View
from ui.pooling.examples import EXAMPLES, FIRST


@pytest.fixture
def lab_page(page: Page) -> LabPage:
    return LabPage(page).open()


def test_the_first_visit_shows_an_answer_without_touching_anything(lab_page: LabPage) -> None:
    a, b = load_encoder().encode([FIRST.a, FIRST.b])
    assert lab_page.value("mean") == f"{a @ b:.4f}"
    assert lab_page.find("#scores tbody tr").count() == len(POOLINGS)
    expect(lab_page.answer).to_contain_text("As close as paraphrases")
    expect(lab_page.row("mean").locator(".worth").first).to_contain_text("99.9%")
    lab_page.find(f"#token-matrix {DRAWN}").wait_for()
    lab_page.find(f"#layer-map {DRAWN}").wait_for()


def test_typing_changes_the_answer_with_no_button_to_press(lab_page: LabPage) -> None:
    before = lab_page.value("mean")
    lab_page.box("B").press_sequentially(" Really.")
    expect(lab_page.counts).to_contain_text("B 12 of 256 tokens")
    assert lab_page.value("mean") != before
    lab_page.box("B").fill("Our flight was delayed by a thunderstorm.")
    expect(lab_page.row("mean").locator(".value")).to_have_text("1.0000")


def test_every_chip_fills_both_boxes_and_says_what_to_look_for(lab_page: LabPage) -> None:
    for i, example in enumerate(EXAMPLES.values()):
        lab_page.find(f"#chip-{i}").click()
        expect(lab_page.box("A")).to_have_value(example.a)
        expect(lab_page.box("B")).to_have_value(example.b)
        expect(lab_page.answer).to_contain_text(example.look)


def test_swap_clear_and_reset(lab_page: LabPage) -> None:
    value = lab_page.value("mean")
    lab_page.find("#swap").click()
    expect(lab_page.box("A")).to_have_value(FIRST.b)
    expect(lab_page.counts).to_contain_text("A 10 of 256 tokens")
    assert lab_page.value("mean") == value
    lab_page.find("#clear").click()
    expect(lab_page.answer).to_contain_text("Sentence A is empty")
    lab_page.page.wait_for_function("location.search === ''")
    expect(lab_page.find("#scores tr")).to_have_count(0)
    lab_page.find("#reset").click()
    expect(lab_page.box("A")).to_have_value(FIRST.a)
    expect(lab_page.chosen).to_have_count(1)


def test_a_click_on_a_row_chooses_that_strategy_and_the_keyboard_does_too(
    lab_page: LabPage,
) -> None:
    lab_page.row("max").click()
    expect(lab_page.row("max")).to_have_class("chosen")
    expect(lab_page.find("#pooling input")).to_have_value("max")
    expect(lab_page.find("#tokens")).to_contain_text("dim.")  # who owns how many dimensions
    lab_page.row("cls").locator("button").focus()
    lab_page.page.keyboard.press("Enter")
    expect(lab_page.row("cls")).to_have_class("chosen")


def test_a_click_on_the_layer_map_moves_the_whole_tab(lab_page: LabPage) -> None:
    lab_page.click_cell("layer-map", row=2, column=1)
    expect(lab_page.row("max")).to_have_class("chosen")
    expect(lab_page.find("#layer input")).to_have_value("2")
    expect(lab_page.answer).to_contain_text("layer 2 of 6")
    expect(lab_page.find("#matrix-sum")).to_contain_text(lab_page.value("max"))


def test_layer_strategy_and_measure_pickers(lab_page: LabPage) -> None:
    last = lab_page.value("mean")
    lab_page.pick("layer", "first + last")
    expect(lab_page.answer).to_contain_text("the mean of layers 1 and 6")
    assert lab_page.value("mean") != last
    lab_page.pick("pooling", "idf_mean")
    expect(lab_page.row("idf_mean")).to_have_class("chosen")
    lab_page.find("#measure").get_by_text("dot product").click()
    expect(lab_page.find("#scores .lab-legend")).to_contain_text("not normalised")
    assert float(lab_page.value("max")) > 10
    lab_page.find("#measure").get_by_text("Euclidean distance").click()
    expect(lab_page.find("#scores thead")).to_contain_text("Euclidean distance")
    assert float(lab_page.value("mean")) > 1


def test_taking_the_special_tokens_out_moves_the_score(lab_page: LabPage) -> None:
    before = lab_page.value("mean")
    lab_page.find("#special input").uncheck()
    expect(lab_page.find("#special-note")).to_contain_text("first word piece: “our” in A")
    expect(lab_page.find("#tokens .tk.out")).to_have_count(4)
    assert lab_page.value("mean") != before
    assert lab_page.value("mean") == lab_page.value("mean_no_special")


def test_the_untrained_model_can_be_chosen_and_is_blind(lab_page: LabPage) -> None:
    lab_page.pick("model", "untrained-minilm")
    expect(lab_page.find("#model-note")).to_contain_text("before any learning")
    expect(lab_page.answer).to_contain_text("untrained-minilm")
    assert float(lab_page.value("mean")) > 0.9


def test_pinned_scores_stay_as_a_ghost_beside_the_edit(lab_page: LabPage) -> None:
    lab_page.find("#pin").click()
    expect(lab_page.find("#scores i.ghost")).to_have_count(len(POOLINGS) + 1)  # and the legend
    before = float(lab_page.value("mean"))
    lab_page.find("#chip-6").click()
    expect(lab_page.answer).to_contain_text("Nothing in common")
    expect(lab_page.find("#scores .lab-legend")).to_contain_text(FIRST.a[:30])
    delta = lab_page.row("mean").locator(".delta").inner_text().replace("−", "-")
    assert float(delta) == pytest.approx(float(lab_page.value("mean")) - before, abs=2e-4)
    lab_page.find("#pin").click()
    expect(lab_page.find("#scores i.ghost")).to_have_count(0)


def test_the_link_carries_sentences_and_settings(lab_page: LabPage) -> None:
    page = lab_page.page
    lab_page.box("A").fill("Ünïcode & friends? 100% #1")
    lab_page.pick("layer", "last two")
    lab_page.row("soft").click()
    lab_page.find("#special input").uncheck()
    # The address changes with the answer: when it has all settings, so have the scores.
    page.wait_for_function(
        """['%26', 'layer=last2', 'pooling=soft', 'pool_special=0'].every(
            part => location.search.includes(part))"""
    )
    query = parse_qs(urlsplit(page.url).query)
    assert query["a"] == ["Ünïcode & friends? 100% #1"]
    value = lab_page.value("soft")

    other = LabPage(page.context.new_page())
    other.page.goto(page.url)
    expect(other.row("soft")).to_have_class("chosen")
    expect(other.box("A")).to_have_value("Ünïcode & friends? 100% #1")
    expect(other.find("#layer input")).to_have_value("last two")
    expect(other.find("#special input")).not_to_be_checked()
    expect(other.row("soft").locator(".value")).to_have_text(value)


def test_a_broken_link_says_what_is_wrong_and_opens_all_the_same(page: Page) -> None:
    lab = LabPage(page).open("?a=&layer=99&pooling=median&model=../../etc")
    expect(lab.find("#link-notes")).to_contain_text("Unknown pooling 'median'")
    expect(lab.find("#link-notes")).to_contain_text("not the id of a model on the Hub")


def test_sections_draw_when_they_are_unfolded(lab_page: LabPage) -> None:
    lab_page.unfold("made")
    lab_page.find(f"#made-strips {DRAWN}").wait_for()
    expect(lab_page.find("#made-formula .katex").first).to_be_visible()
    expect(lab_page.find("#made-cosine")).to_contain_text(lab_page.value("mean"))
    lab_page.unfold("python")
    expect(lab_page.find("#python-plain")).to_contain_text("AutoModel.from_pretrained")
    expect(lab_page.find("#python-st")).to_contain_text("SentenceTransformer")
    lab_page.unfold("honesty")
    expect(lab_page.find("#honesty tbody tr")).to_have_count(len(POOLINGS))
    lab_page.pick("layer", "3")
    expect(lab_page.find("#python-plain")).to_contain_text("hidden_states[3]")
    expect(lab_page.find("#python-st")).to_contain_text("the last layer only")


def test_a_cell_of_the_sentence_matrix_opens_that_pair(lab_page: LabPage) -> None:
    lab_page.unfold("several")
    lab_page.find("#lines textarea").fill("A cat sleeps.\nTaxes are due in May.\nThe kitten naps.")
    expect(lab_page.find("#sentence-matrix")).to_contain_text("S3 The kitten naps.")
    lab_page.click_cell("sentence-matrix", row=2, column=0)
    expect(lab_page.box("A")).to_have_value("The kitten naps.")
    expect(lab_page.box("B")).to_have_value("A cat sleeps.")


def test_the_keyboard_opens_a_pair_of_the_list(lab_page: LabPage) -> None:
    lab_page.unfold("several")
    lab_page.find("#lines textarea").fill("A cat sleeps.\nTaxes are due in May.\nThe kitten naps.")
    for name, box in (("Sentence 3 as A", "A"), ("Sentence 2 as B", "B")):
        lab_page.page.get_by_role("button", name=name).focus()
        lab_page.page.keyboard.press("Enter")
        expected = {"A": "The kitten naps.", "B": "Taxes are due in May."}[box]
        expect(lab_page.box(box)).to_have_value(expected)
    expect(lab_page.counts).to_contain_text("B 8 of 256")


def test_scores_and_vectors_come_down_as_csv(lab_page: LabPage, tmp_path: Path) -> None:
    for button, name in (("scores-csv", "scores.csv"), ("vectors-csv", "vectors.csv")):
        with lab_page.page.expect_download() as download:
            lab_page.find(f"#{button}").click()
        assert download.value.suggested_filename == name
        download.value.save_as(tmp_path / name)
    with (tmp_path / "scores.csv").open(encoding="utf-8", newline="") as file:
        scores = {row["pooling"]: row for row in csv.DictReader(file)}
    assert f"{float(scores['mean']['cosine']):.4f}" == lab_page.value("mean")
    with (tmp_path / "vectors.csv").open(encoding="utf-8", newline="") as file:
        vectors = {(row[3], row[4]): row[6:] for row in csv.reader(file)}
    a, b = (np.array(vectors["cls", name][:384], float) for name in "AB")
    cosine = a @ b / np.linalg.norm(a) / np.linalg.norm(b)
    assert f"{cosine:.4f}" == lab_page.value("cls")


def test_hostile_text_is_shown_as_text(lab_page: LabPage) -> None:
    page = lab_page.page
    attack = '<img src=x onerror="window.hit=1"> ${window.hit=1} <b>bold</b>'
    lab_page.unfold("made")
    lab_page.unfold("several")
    lab_page.find("#lines textarea").fill(f"{attack}\nA second line.")
    lab_page.box("A").fill(attack)
    expect(lab_page.find("#made-tokens .lab-text").first).to_have_text(attack)
    lab_page.find("#pin").click()
    expect(lab_page.find("#scores .lab-legend")).to_contain_text("<img src=x")
    lab_page.find(f"#sentence-matrix {DRAWN}").wait_for()
    assert page.evaluate("window.hit") is None
    assert page.locator("img[src=x]").count() == 0


def test_a_hub_model_that_cannot_be_had_leaves_the_lab_as_it_was(
    lab_page: LabPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")  # nothing listens there
    monkeypatch.setenv("HF_HUB_OFFLINE", "0")
    before = lab_page.value("mean")
    lab_page.find(".lab-small button.label-wrap").click()
    lab_page.find("#hub-id textarea, #hub-id input").fill("some-org/some-model")
    lab_page.find("#hub-load").click()
    toast = lab_page.find("[data-testid=toast-text]")
    expect(toast).to_contain_text("some-org/some-model")
    expect(lab_page.find("#model input")).to_have_value(re.compile("^all-MiniLM-L6-v2"))
    assert lab_page.value("mean") == before


def test_the_theme_switch_turns_the_charts_too(lab_page: LabPage) -> None:
    lab_page.find(f"#token-matrix {DRAWN}").wait_for()
    light = lab_page.ink("token-matrix")
    lab_page.find("#theme").click()
    lab_page.page.wait_for_function(
        "ink => document.querySelector('#token-matrix .lab-plot')._fullLayout.font.color !== ink",
        arg=light,
    )
    lab_page.page.reload()  # and it stays
    expect(lab_page.chosen).to_have_count(1)
    assert "dark" in (lab_page.page.locator("body").get_attribute("class") or "")


@pytest.mark.parametrize("page", [View(390, 844, "dark"), View(390, 844)], indirect=True)
def test_a_phone_shows_everything_without_scrolling_sideways(page: Page) -> None:
    lab = LabPage(page).open()
    lab.find(f"#layer-map {DRAWN}").wait_for()
    for section in ("made", "python", "several", "honesty"):
        lab.unfold(section)
    lab.find(f"#sentence-matrix {DRAWN}").wait_for()
    expect(lab.find("#honesty tbody tr")).to_have_count(len(POOLINGS))
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    overhang = page.locator("#scores tbody tr").evaluate_all(
        """rows => Math.max(...rows.flatMap(row => [...row.children].map(
            cell => cell.getBoundingClientRect().right - row.getBoundingClientRect().right)))"""
    )
    assert overhang <= 1
    expect(lab.find("#scores .lab-legend")).to_contain_text("bars from 0 to 1")
    expect(lab.find("#scores .lab-legend")).to_contain_text("n = 96,580")
