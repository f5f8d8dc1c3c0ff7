"""Two maps side by side: the other vectors, laid over the first, and who moved."""

import json
import threading

import gradio as gr
import numpy as np
import pytest

from encoder import DEFAULT_MODEL, Encoder
from explore import compare, neighbours, project
from tests.ui.corpus import TEXTS
from tests.ui.laid_out import LATE_MODEL, OTHER_MODEL, event
from tests.ui.map.pages import IN_THREE, draw_map, open_list, quiet, unpacked
from tests.ui.visit import check
from ui.map.drawing import DrawnMap
from ui.map.form import MapForm, parse
from ui.map.side_by_side import SideBySide, draw_side_by_side, moved_table, overlap_words
from ui.map.state import SIDE_BY_SIDE
from ui.state.models import OwnModel

COMPARE = ("sides-go", "click")


def beside(drawn_map: DrawnMap, encoder: Encoder, **form) -> SideBySide:
    """A map beside that of other settings."""
    settings = parse(MapForm(**form))
    [sides] = draw_side_by_side(drawn_map, encoder, settings, quiet, threading.Event())
    return sides


# --- the comparison -----------------------------------------------------------------------------


@pytest.mark.parametrize("form", [{"pooling": "cls"}, {"layer": "0", "pooling": "mean"}], ids=str)
def test_the_other_side_is_what_explore_says(drawn_map, bert, form):
    sides = beside(drawn_map, bert, **form)
    vectors = bert.encode(TEXTS, form.get("pooling", "mean"), int(form.get("layer", -1)))
    np.testing.assert_allclose(sides.right.vectors, vectors, atol=1e-5)
    config = drawn_map.settings.projection
    near = neighbours(sides.right.vectors, 30)
    layout = project(sides.right.vectors, config, near).coordinates
    expected = compare(
        drawn_map.vectors, sides.right.vectors, drawn_map.projection.coordinates, layout
    )
    assert np.abs(sides.comparison.overlap - expected.overlap).mean() < 0.01  # ties may fall
    np.testing.assert_allclose(sides.right.projection.coordinates, expected.aligned, atol=1e-4)
    assert sides.left is drawn_map
    assert sides.right.rev != drawn_map.rev


def test_the_same_side_twice_moves_nobody_and_computes_nothing(drawn_map):
    before = drawn_map.texts.stages.work.copy()
    sides = beside(drawn_map, drawn_map.encoder)
    assert drawn_map.texts.stages.work == before
    assert sides.comparison.mean_overlap == 1
    np.testing.assert_allclose(sides.comparison.moved, 0, atol=1e-5)
    assert overlap_words(sides).startswith("On average 100% of a text's 10 nearest texts")


def test_another_side_is_computed_once(drawn_map, bert):
    before = drawn_map.texts.stages.work.copy()
    for _ in range(2):
        beside(drawn_map, bert, pooling="max")
    assert drawn_map.texts.stages.work - before == {"encode": 1, "neighbours": 1, "pca": 1}


def test_who_moved_most_has_the_fewest_neighbours_in_common(drawn_map, bert):
    sides = beside(drawn_map, bert, pooling="cls", layer="0")  # [CLS] before any attention
    overlap = sides.comparison.overlap
    rows = sides.moved
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
    sides = beside(draw_map(open_list(texts), bert, **IN_THREE), bert, pooling="cls")
    words = check(moved_table(sides)).text + overlap_words(sides)
    assert "nan" not in words
    assert ("One text alone has no neighbours" in words) == (len(texts) == 1)


def test_texts_are_escaped_in_the_table(hostile, bert):
    root = check(moved_table(beside(hostile, bert, pooling="cls")))
    buttons = {button.text for button in root.all("button")}
    assert len(buttons) == 15
    assert buttons <= set(hostile.corpus.texts)


# --- on the page --------------------------------------------------------------------------------


@pytest.fixture
def page(map_page):
    map_page.fresh("ann")
    return map_page


def test_comparing_draws_both_maps_in_the_same_colours(page):
    page.handlers.colour("ann", "label: topic")
    steps = page.steps(COMPARE, DEFAULT_MODEL, "cls", "1")
    [answer] = [step for step in steps if "side-left" in step]
    left, right = json.loads(answer["side-left"]), json.loads(answer["side-right"])
    assert left["paint"]["codes"] == right["paint"]["codes"]
    assert left["paint"]["names"] == ["cats", "money", "trains"]
    assert left["points"]["text"] == right["points"]["text"] == TEXTS
    assert left["points"]["x"] != right["points"]["x"]
    assert left["rev"] != right["rev"]
    assert left["group"] == right["group"] == "sides"  # hover and lasso are linked
    assert "On average" in answer["sides-words"]
    assert "Compared in" in steps[-1]["sides-progress"]


@pytest.mark.parametrize("colour", ["length", "kNN recall"])
def test_numbers_of_the_left_colour_both_sides(page, colour):
    page.handlers.colour("ann", colour)
    answer = next(s for s in page.steps(COMPARE, DEFAULT_MODEL, "max", "-1") if "side-left" in s)
    left, right = (json.loads(answer[name])["paint"] for name in ("side-left", "side-right"))
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
    right = [json.loads(side["side-right"])["points"]["x"] for side in (one, two)]
    assert right[0] != right[1]


def test_a_text_that_moved_is_ringed_on_both_sides(page):
    page.call(COMPARE, DEFAULT_MODEL, "cls", "1")
    answer = page.call(("moved", "pick"), event(name="moved:7"))
    for side in ("side-left", "side-right"):
        value = json.loads(answer[side])
        assert (value["overlay"]["rings"], value["points"]) == ([7], None)
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
    assert (answer["other-layer"].value, len(answer["other-layer"].choices)) == ("-1", 5)
    refused = page.call(("other-model", "select"), LATE_MODEL, OTHER_MODEL, "1")
    assert (refused["other-model"].value, refused["other-layer"].value) == (OTHER_MODEL, "1")


def test_a_model_of_the_visitors_own_can_be_the_other_side(page, bert):
    own = OwnModel(key="run-1", name="My run", encoder=bert)
    page.workbench.add_model(own, page.workbench.visitor("ann"))
    offer = page.following(page.page.own_models, "other-model")
    assert "run-1" in [key for _, key in page.call(offer, DEFAULT_MODEL)["other-model"].choices]
    steps = page.steps(COMPARE, "run-1", "cls", "-1")
    sides = page.handlers.texts("ann").tasks.results[SIDE_BY_SIDE]
    assert "Compared in" in steps[-1]["sides-progress"]
    assert (sides.right.settings.model, sides.right.settings.pooling) == ("run-1", "cls")
