"""Two maps side by side: the other vectors, laid over the first, and who moved."""

import json
import threading
from dataclasses import replace

import gradio as gr
import numpy as np
import pytest

from encoder import DEFAULT_MODEL
from explore import compare, neighbours, project
from tests.ui.laid_out import LATE_MODEL, OTHER_MODEL, event
from tests.ui.map.pages import TEXTS, check, draw_map, open_list, open_table, quiet, unpacked
from tests.ui.test_hostile_text import ATTACKS
from ui.map.form import MapForm, parse
from ui.map.sections import moved_table
from ui.map.sides import Sides, draw_sides, moved_rows, overlap_words
from ui.map.view import LENGTH, RECALL
from ui.state.models import OwnModel

COMPARE = ("sides-go", "click")


def sides_of(picture, encoder, **form) -> Sides:
    [found] = draw_sides(picture, encoder, parse(MapForm(**form)), quiet, threading.Event())
    return found


@pytest.fixture(scope="module")
def picture(_tiny):
    return draw_map(open_table(), _tiny("bert"), method="PCA", clustering="k-means", n_clusters=3)


# --- the comparison -----------------------------------------------------------------------------


@pytest.mark.parametrize("form", [{"pooling": "cls"}, {"layer": "0", "pooling": "mean"}], ids=str)
def test_the_other_side_is_what_explore_says(picture, bert, form):
    sides = sides_of(picture, bert, **form)
    vectors = bert.encode(TEXTS, form.get("pooling", "mean"), int(form.get("layer", -1)))
    np.testing.assert_allclose(sides.other.vectors, vectors, atol=1e-5)
    config = picture.settings.projection
    near = neighbours(sides.other.vectors, 30)
    layout = project(sides.other.vectors, config, near).coordinates
    found = compare(picture.vectors, sides.other.vectors, picture.projection.coordinates, layout)
    assert np.abs(sides.comparison.overlap - found.overlap).mean() < 0.01  # ties may fall
    np.testing.assert_allclose(sides.other.projection.coordinates, found.aligned, atol=1e-4)
    assert sides.picture is picture
    assert sides.other.rev != picture.rev


def test_the_same_side_twice_moves_nobody_and_computes_nothing(picture):
    before = picture.texts.stages.work.copy()
    sides = sides_of(picture, picture.encoder)
    assert picture.texts.stages.work == before
    assert sides.comparison.mean_overlap == 1
    np.testing.assert_allclose(sides.comparison.moved, 0, atol=1e-5)
    assert overlap_words(sides).startswith("On average 100% of a text's 10 nearest texts")


def test_another_side_is_computed_once(picture, bert):
    before = picture.texts.stages.work.copy()
    for _ in range(2):
        sides_of(picture, bert, pooling="max")
    assert picture.texts.stages.work - before == {"encode": 1, "neighbours": 1, "pca": 1}


def test_who_moved_most_has_the_fewest_neighbours_in_common(picture, bert):
    sides = sides_of(picture, bert, pooling="cls", layer="0")  # [CLS] before any attention
    overlap = sides.comparison.overlap
    rows = moved_rows(sides)
    assert len(rows) == 15
    assert sorted(overlap)[:15] == overlap[rows].tolist()
    root = check(moved_table(sides))
    body = root.one("tbody").all("tr")
    assert [tr.one("th").text for tr in body] == [TEXTS[row] for row in rows]
    assert [tr.all("td")[0].text for tr in body] == [f"{overlap[row]:.0%}" for row in rows]
    picks = [b.attributes["data-pick"] for b in root.all("button")]
    assert picks == [f"moved:{row}" for row in rows]
    few = int((overlap <= 0.2).sum())
    assert f"{few} of 96 texts keep at most a fifth" in overlap_words(sides)


@pytest.mark.parametrize("texts", [["One text."], ["One text.", "Two texts."], ["😀", "🎉"]])
def test_the_smallest_maps_can_be_compared(bert, texts):
    sides = sides_of(draw_map(open_list(texts), bert), bert, pooling="cls")
    said = check(moved_table(sides)).text + overlap_words(sides)
    assert "nan" not in said
    if len(texts) == 1:
        assert "One text alone has no neighbours" in said


def test_texts_are_escaped_in_the_table(bert):
    hostile = draw_map(open_list([f"{attack} {n}" for n, attack in enumerate(ATTACKS)]), bert)
    root = check(moved_table(sides_of(hostile, bert, pooling="cls")))
    assert sorted(b.text for b in root.all("button")) == sorted(hostile.corpus.texts)


# --- on the page --------------------------------------------------------------------------------


@pytest.fixture
def page(map_page):
    map_page.workbench.forget("ann")
    map_page.draw("ann", clustering="k-means", n_clusters=3)
    return map_page


def value_of(value: str) -> dict:
    return json.loads(value)


def test_comparing_draws_both_maps_in_the_same_colours(page):
    page.handlers.colour("ann", "label: topic")
    steps = page.steps(COMPARE, DEFAULT_MODEL, "cls", "1")
    [answer] = [step for step in steps if "side-left" in step]
    left, right = value_of(answer["side-left"]), value_of(answer["side-right"])
    assert left["paint"]["codes"] == right["paint"]["codes"]
    assert left["paint"]["names"] == ["cats", "money", "trains"]
    assert left["points"]["text"] == right["points"]["text"] == TEXTS
    assert left["points"]["x"] != right["points"]["x"]
    assert left["rev"] != right["rev"]
    assert left["group"] == right["group"] == "sides"  # hover and lasso are linked
    assert "On average" in answer["sides-words"]
    assert "Compared in" in steps[-1]["sides-progress"]


@pytest.mark.parametrize("colour", [LENGTH, RECALL])
def test_numbers_of_the_left_colour_both_sides(page, colour):
    page.handlers.colour("ann", colour)
    answer = next(s for s in page.steps(COMPARE, DEFAULT_MODEL, "max", "-1") if "side-left" in s)
    left, right = (value_of(answer[name])["paint"] for name in ("side-left", "side-right"))
    assert left == right
    assert len(set(unpacked(left["values"]))) > 1


@pytest.mark.parametrize(
    "sent",
    [
        (OTHER_MODEL, "the model's own", "-1"),
        (DEFAULT_MODEL, "max", "-1"),
        (DEFAULT_MODEL, "cls", "1"),
    ],
)
def test_model_pooling_and_layer_each_move_the_right_map(page, sent):
    first = page.steps(COMPARE, DEFAULT_MODEL, "cls", "-1")
    other = page.steps(COMPARE, *sent)
    one, two = (next(s for s in steps if "side-left" in s) for steps in (first, other))
    assert one["side-left"] == two["side-left"]
    assert value_of(one["side-right"])["points"]["x"] != value_of(two["side-right"])["points"]["x"]


def test_a_text_that_moved_is_ringed_on_both_sides(page):
    page.call(COMPARE, DEFAULT_MODEL, "cls", "1")
    answer = page.call(("moved", "pick"), event(name="moved:7"))
    for side in ("side-left", "side-right"):
        found = value_of(answer[side])
        assert (found["overlay"]["rings"], found["points"]) == ([7], None)
    for name in ("moved:96", "moved:-1", "moved:x", "7:7", "", None, "\ud83d"):
        with pytest.raises(gr.Error, match="not on the map any more"):
            page.call(("moved", "pick"), event(name=name))


def test_a_new_map_ends_the_comparison(page):
    page.call(COMPARE, DEFAULT_MODEL, "cls", "1")
    answer = page.call(page.new_map("side-left"))
    assert (answer["side-left"], answer["side-right"], answer["moved"]) == (None, None, "")
    with pytest.raises(gr.Error, match="not kept any more"):
        page.call(("moved", "pick"), event(name="moved:1"))


@pytest.mark.parametrize(
    ("sent", "why"),
    [
        ((LATE_MODEL, "cls", "-1"), "was to be downloaded"),
        (("no-such", "cls", "-1"), "Unknown model"),
        ((None, "cls", "-1"), "Unknown model"),
        ((DEFAULT_MODEL, "median", "-1"), "Unknown pooling"),
        ((DEFAULT_MODEL, "cls", "x"), "Unknown layer"),
        ((DEFAULT_MODEL, "cls", "7"), "Unknown layer 7"),
    ],
)
def test_a_side_that_cannot_be_drawn_is_told(page, sent, why):
    with pytest.raises(gr.Error, match=why):
        page.steps(COMPARE, *sent)


def test_the_layers_follow_a_model_that_is_here(page):
    answer = page.call(("other-model", "select"), DEFAULT_MODEL, OTHER_MODEL, "9")
    assert (answer["other-layer"].value, len(answer["other-layer"].choices)) == ("-1", 6)
    refused = page.call(("other-model", "select"), LATE_MODEL, OTHER_MODEL, "1")
    assert (refused["other-model"], refused["other-layer"].value) == (OTHER_MODEL, "1")


def test_a_tuned_model_can_be_the_other_side(page, bert):
    page.workbench.keep(OwnModel("run-1", "My run", bert), page.workbench.visitor("ann"))
    offer = page.following(page.page.own_models, "other-model")
    assert "run-1" in [key for _, key in page.call(offer, DEFAULT_MODEL)["other-model"].choices]
    steps = page.steps(COMPARE, "run-1", "cls", "-1")
    sides = page.handlers.texts("ann").tasks.results["sides"]
    assert "Compared in" in steps[-1]["sides-progress"]
    assert sides.other.settings.model == "run-1"
    assert replace(sides.other.settings, model="x").pooling == "cls"
