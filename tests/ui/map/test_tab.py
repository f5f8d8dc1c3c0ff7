"""The Map tab as it is wired: each control moves its output, whatever the browser sends."""

import csv
import io
import json
from dataclasses import astuple, fields, replace

import gradio as gr
import numpy as np
import pytest

from encoder import DEFAULT_MODEL
from tests.ui.corpus import TEXTS
from tests.ui.laid_out import LATE_MODEL, OTHER_MODEL, event
from tests.ui.map.pages import IN_THREE, unpacked
from tests.ui.test_hostile_text import ATTACKS
from tests.ui.visit import check, read_html
from ui.map.form import MapForm
from ui.map.view import SIMILARITY

PCA = MapForm(**IN_THREE)
DRAW = ("map-seed", "change")
CONTROLS = ("map-pooling", "map-layer", "map-method", "map-dims", "n-neighbors", "min-dist",
            "perplexity", "map-seed", "clustering", "space", "min-cluster-size",
            "n-clusters", "grain", "map-read")  # fmt: skip


@pytest.fixture
def page(map_page):
    """Ann has a map of the usual texts."""
    map_page.fresh("ann")
    return map_page


def painted(value: str) -> dict:
    """A value of the map, as the browser reads it."""
    assert value.encode()
    return json.loads(value)


# --- the settings -------------------------------------------------------------------------------


def test_every_control_draws_the_map(page):
    functions = [page.function(name, "change") for name in CONTROLS]
    assert all(fn is functions[0] for fn in functions)
    assert "map" in [getattr(box, "elem_id", None) for box in functions[0].outputs]
    boxes = [box.elem_id for box in functions[0].inputs[1:]]
    assert tuple(boxes) == CONTROLS  # in the order of the form, behind the model that loaded
    assert len(boxes) == len(fields(MapForm)) - 1


@pytest.mark.parametrize(
    ("start", "change"),
    [({}, {"model": OTHER_MODEL}), ({}, {"pooling": "cls"}), ({}, {"layer": "1"}),
     ({}, {"method": "UMAP"}), ({}, {"dims": "3-D"}), ({"method": "UMAP"}, {"n_neighbors": 4}),
     ({"method": "UMAP"}, {"min_dist": 0.8}), ({"method": "t-SNE"}, {"perplexity": 5}),
     ({"method": "UMAP"}, {"seed": 1})],
    ids=str,
)  # fmt: skip
def test_a_setting_of_the_map_moves_the_points_and_the_header(page, start, change):
    form = replace(PCA, **start)
    first, second = (page.steps(DRAW, *astuple(f)) for f in (form, replace(form, **change)))
    before, after = ([s for s in steps if "map" in s][-1] for steps in (first, second))
    one, two = painted(before["map"]), painted(after["map"])
    assert one["rev"] != two["rev"]
    assert one["points"]["x"] != two["points"]["x"] or one["points"]["z"] != two["points"]["z"]
    assert before["map-header"] != after["map-header"]


@pytest.mark.parametrize(
    ("start", "change"),
    [({}, {"n_clusters": 5}), ({}, {"clustering": "agglomerative"}), ({}, {"seed": 3}),
     ({"clustering": "HDBSCAN"}, {"min_cluster_size": 3}),
     ({"clustering": "HDBSCAN", "min_cluster_size": 3}, {"space": "the map"}),
     ({"clustering": "HDBSCAN", "min_cluster_size": 3}, {"space": "the vectors"})],
    ids=str,
)  # fmt: skip
def test_a_setting_of_the_clusters_moves_them_and_no_point(page, start, change):
    form = replace(PCA, n_clusters=4, **start)
    first, second = (page.steps(DRAW, *astuple(f)) for f in (form, replace(form, **change)))
    before, after = ([s for s in steps if "map" in s][-1] for steps in (first, second))
    assert painted(before["map"])["points"] == painted(after["map"])["points"]
    assert before["map-header"] != after["map-header"]
    if "seed" not in change:
        assert before["clusters"] != after["clusters"]
    if "space" in change:
        assert before["space-note"] != after["space-note"]


def test_another_model_brings_its_layers_and_says_what_it_is(page):
    answer = page.call(("map-model", "select"), OTHER_MODEL, DEFAULT_MODEL, "9")
    assert (answer["map-model"].value, answer["State"]) == (OTHER_MODEL, OTHER_MODEL)
    assert answer["map-layer"].value == "-1"
    assert [value for _, value in answer["map-layer"].choices] == [
        "0", "1", "-1", "first_last", "last2",
    ]  # fmt: skip
    assert read_html(answer["map-model-note"]).text
    again = page.call(("map-model", "select"), OTHER_MODEL, DEFAULT_MODEL, "1")
    assert again["map-layer"].value == "1"


@pytest.mark.parametrize("model", [LATE_MODEL, "no-such", "../../etc", None, ATTACKS[0]])
def test_a_model_that_cannot_be_had_is_told_and_the_old_one_stays(page, model):
    with pytest.warns(UserWarning, match=r".") as warnings:
        answer = page.call(("map-model", "select"), model, DEFAULT_MODEL, "-1")
    assert answer["State"] == answer["map-model"].value == DEFAULT_MODEL
    assert "<img" not in str(warnings[0].message)


# --- colours, search, drop ----------------------------------------------------------------------


def test_a_colour_repaints_and_leaves_the_points(page):
    content = painted(page.call(("map-colour", "select"), "length")["map"])
    assert content["points"] is None
    assert (content["paint"]["title"], content["names"]) == ("words", None)
    content = painted(page.call(("map-colour", "select"), "label: topic")["map"])
    assert content["paint"]["names"] == ["cats", "money", "trains"]


def test_a_search_moves_the_colours_the_picker_and_the_list(page):
    answer = page.call(("map-search", "submit"), TEXTS[3])
    assert answer["map-colour"] == SIMILARITY
    assert unpacked(painted(answer["map"])["paint"]["values"]).argmax() == 3
    assert TEXTS[3] in read_html(f"<div>{answer['map-below']}</div>").one("ol").text
    page.call(("map", "pick"), event(row=50))
    again = page.call(("map-colour", "select"), SIMILARITY)
    assert again["map-below"] == answer["map-below"]  # not the text that was clicked
    assert page.call(("map-colour", "select"), "length")["map-below"] == ""
    ended = page.call(("map-search", "submit"), "")
    assert (ended["map-colour"], ended["map-below"]) == ("length", "")


def test_a_dropped_sentence_is_a_star_where_it_lands(page):
    answer = page.call(("map-drop", "submit"), TEXTS[8])
    star = painted(answer["map"])["overlay"]["star"]
    place = page.handlers.drawn("ann").projection.coordinates[8]
    assert (star["x"], star["y"]) == pytest.approx(tuple(place), abs=1e-6)
    assert star["text"] == TEXTS[8]
    below = read_html(f"<div>{answer['map-below']}</div>").text
    assert f"“{TEXTS[8]}” lands beside “{TEXTS[8]}”" in below


# --- what is touched ----------------------------------------------------------------------------


def test_a_click_a_lasso_and_a_reason(page):
    answer = page.call(("map", "pick"), event(row=4))
    assert painted(answer["map"])["overlay"]["rings"] == [4]
    picks = [b.attributes["data-pick"] for b in check(answer["point"]).all("button")]
    assert len(picks) == 10
    why = page.call(("point", "pick"), event(name=picks[0]))
    matrix = why["why"]["data"][0]
    assert matrix["type"] == "heatmap"
    assert f"“{TEXTS[4]}” and “" in read_html(why["why-note"]).text
    chosen = page.call(("map", "lasso"), event(rows=[1, 2, 5]))["selection"]
    assert "3 texts chosen" in chosen
    file = page.call(("selection-csv", "click"))["map-download"]
    rows = list(csv.DictReader(io.StringIO(file["text"])))
    assert (file["name"], file["type"]) == ("selection.csv", "text/csv")
    assert [row["text"] for row in rows] == [TEXTS[1], TEXTS[2], TEXTS[5]]
    again = page.call(("selection-csv", "click"))["map-download"]
    assert again["at"] != file["at"]  # the browser acts on changes only


def test_a_click_takes_the_matrix_of_the_pair_before_away(page):
    page.call(("point", "pick"), event(name="why:0:3"))
    answer = page.call(("map", "pick"), event(row=5))
    assert (answer["why-note"], answer["why"]) == ("", None)


HOSTILE = [None, -1, 10**12, 1.5, "x", "9" * 5_000, [], {}, [[1]], "<img src=x>", float("nan"),
           {"row": 1}, "__class__", "\ud83d"]  # fmt: skip


@pytest.mark.parametrize("sent", HOSTILE, ids=lambda sent: ascii(sent)[:12])
def test_event_data_is_the_browsers_word_only(page, sent):
    before = page.handlers.shown("ann")
    for at, data in [
        (("map", "pick"), event(row=sent)), (("map", "lasso"), event(rows=[sent])),
        (("clusters", "pick"), event(name=sent)), (("point", "pick"), event(name=sent)),
        (("clusters", "pick"), event(name=f"cluster:{sent!a}")),
        (("point", "pick"), event(name=f"why:0:{sent!a}")),
    ]:  # fmt: skip
        with pytest.raises(gr.Error, match=r"not on the map any more") as error:
            page.call(at, data)
        assert "<img" not in error.value.message
    assert page.handlers.shown("ann") is before


@pytest.mark.parametrize("data", [{}, {"rows": None}, {"rows": "1,2"}, {"rows": {"0": 1}}])
def test_a_lasso_around_nothing_chooses_nothing(page, data):
    page.call(("map", "lasso"), event(rows=[1, 2]))
    assert "Choose the lasso" in page.call(("map", "lasso"), event(**data))["selection"]
    with pytest.raises(gr.Error, match="Nothing is selected"):
        page.call(("selection-csv", "click"))


def test_events_without_data_are_told(page):
    for at in (("map", "pick"), ("clusters", "pick"), ("point", "pick"), ("moved", "pick")):
        with pytest.raises(gr.Error, match=r"any more|again"):
            page.call(at, event())


def test_a_cluster_is_zoomed_listed_and_renamed(page):
    answer = page.call(("clusters", "pick"), event(name="cluster:2"))
    content = painted(answer["map"])
    members = np.flatnonzero(page.handlers.drawn("ann").clusters.labels == 2).tolist()
    assert content["focus"] == content["selected"] == members
    assert answer["cluster"] == 2
    assert f"{len(members)} texts chosen" in answer["selection"]
    renamed = page.call(("rename-cluster", "click"), 2, "mine")
    assert painted(renamed["map"])["names"][2]["text"] == "mine"
    assert (renamed["cluster"].choices[2], renamed["cluster"].value) == (("3. mine", 2), 2)
    assert renamed["cluster-title"] == ""
    assert "mine" in renamed["clusters"]
    offered = page.call(page.new_map("cluster"))["cluster"]
    assert offered.choices[2][0] == "3. mine"
    whole = page.call(("whole-map", "click"))
    assert painted(whole["map"])["selected"] == []
    assert "Choose the lasso" in whole["selection"]
    for cluster in (None, "x", 99, -1, [2]):
        with pytest.raises(gr.Error, match="not on the map any more"):
            page.call(("rename-cluster", "click"), cluster, "x")
