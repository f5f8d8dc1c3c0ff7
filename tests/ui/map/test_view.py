"""What is drawn over a map and how it is coloured, as the browser gets it."""

import json
from dataclasses import replace

import numpy as np
import pytest

from ingest import LabError
from tests.ui.map.pages import TEXTS, draw_map, open_list, open_table, steps, unpacked
from tests.ui.test_hostile_text import ATTACKS, HARD
from ui.map.drawing import DrawnMap
from ui.map.figures import UNCLUSTERED, Overlay
from ui.map.view import (
    CLUSTER,
    LENGTH,
    RECALL,
    SIMILARITY,
    Shown,
    cluster_names,
    colour_choices,
    nearest,
    paint,
    value,
)

KEYS = {"rev", "points", "paint", "overlay", "names", "selected", "focus", "focus_rev", "group"}


@pytest.fixture(scope="module")
def picture(_tiny) -> DrawnMap:
    return draw_map(open_table(), _tiny("bert"), clustering="k-means", n_clusters=3, method="PCA")


def shown(picture: DrawnMap, **changes) -> dict:
    """The value, as the browser parses it: strict JSON that can be sent."""
    text = value(picture, Shown(**changes))
    assert text.encode()  # fails for half a surrogate pair, as Gradio would
    return json.loads(text, parse_constant=lambda word: pytest.fail(f"{word} is no JSON"))


def codes(paint: dict) -> list[str]:
    """The group of each point, by its name."""
    return [paint["names"][code] for code in unpacked(paint["codes"], "<i2")]


# --- the value ----------------------------------------------------------------------------------


def test_the_value_holds_every_point_where_it_is(picture):
    found = shown(picture)
    assert set(found) == KEYS
    places = np.stack([unpacked(found["points"][axis]) for axis in "xy"], axis=1)
    np.testing.assert_array_equal(places, picture.projection.coordinates)
    assert found["points"]["text"] == TEXTS
    assert (found["points"]["n"], found["points"]["z"]) == (len(TEXTS), None)
    assert found["rev"] == picture.rev


def test_a_map_in_space_has_a_third_coordinate(bert):
    deep = draw_map(open_table(), bert, method="PCA", dims="3-D")
    found = shown(deep)
    np.testing.assert_array_equal(unpacked(found["points"]["z"]), deep.projection.coordinates[:, 2])
    assert all(name["z"] is not None for name in found["names"])


def test_a_repaint_leaves_the_points_where_the_browser_has_them(picture):
    found = json.loads(value(picture, Shown(colour=LENGTH), whole=False))
    assert found["points"] is None
    assert found["rev"] == picture.rev
    assert found["paint"]["kind"] == "scale"


def test_selection_zoom_and_lines_arrive(picture):
    overlay = Overlay(lines=((1, 2),), rings=(1,))
    found = shown(picture, overlay=overlay, selected=(3, 4))
    assert found["overlay"] == overlay.as_json()
    assert (found["selected"], found["focus"]) == ([3, 4], None)
    first = Shown().focused((5, 6))
    again = first.focused((5, 6))
    assert first.focus == (5, 6)
    assert first.focus_rev != again.focus_rev  # a second click on the same cluster zooms again


# --- colours ------------------------------------------------------------------------------------


def test_colours_by_cluster_are_the_clusters(picture):
    found = paint(picture, Shown())
    named = [f"{c + 1}. {picture.title(c)}" for c in picture.clusters.labels]
    assert codes(found) == named
    assert len(set(found["colours"])) == picture.clusters.count == 3


def test_unclustered_texts_are_grey(picture):
    labels = picture.clusters.labels.copy()
    labels[:5] = -1
    loose = replace(picture, clusters=replace(picture.clusters, labels=labels))
    assert codes(paint(loose, Shown()))[:5] == [UNCLUSTERED] * 5


def test_before_there_are_clusters_all_texts_look_alike(bert):
    first = next(steps(open_table(), bert))
    found = shown(first)
    assert set(codes(found["paint"])) == {"all texts"}
    assert found["names"] is None


@pytest.mark.parametrize("name", ["topic", "colour"])
def test_colours_by_a_label_are_its_values(picture, name):
    found = paint(picture, Shown(colour=f"label: {name}"))
    assert found["title"] == name
    assert codes(found) == list(picture.corpus.labels[name])


def test_colours_by_length_are_words(picture):
    found = paint(picture, Shown(colour=LENGTH))
    words = [len(text.split()) for text in TEXTS]
    assert unpacked(found["values"]).tolist() == words
    assert found["low"] == min(words)
    assert min(words) < found["high"] <= max(words)


def test_colours_by_recall_are_those_of_the_fidelity(picture):
    found = paint(picture, Shown(colour=RECALL))
    np.testing.assert_array_equal(unpacked(found["values"]),
                                  picture.fidelity.recall.astype(np.float32))  # fmt: skip
    assert (found["low"], found["high"]) == (0, 1)
    waiting = paint(replace(picture, fidelity=None), Shown(colour=RECALL))
    assert waiting["title"] == "being measured"


def test_colours_by_similarity_are_the_cosines(picture):
    similar = picture.vectors @ picture.vectors[7]
    found = paint(picture, Shown(colour=SIMILARITY, similar=similar))
    np.testing.assert_array_equal(unpacked(found["values"]), similar)
    assert found["high"] == pytest.approx(1, abs=1e-5)
    assert found["low"] < found["high"]
    for stale in (None, similar[:3]):  # of other texts
        empty = paint(picture, Shown(colour=SIMILARITY, similar=stale))
        assert "type a sentence" in empty["title"]
        assert set(unpacked(empty["values"])) == {0}
    assert nearest(similar)[0] == 7
    assert nearest(similar) == tuple(np.argsort(-similar, kind="stable")[:10])


def test_every_colouring_on_offer_is_one(picture):
    offered = colour_choices(tuple(picture.corpus.labels))
    assert offered == [CLUSTER, "label: topic", "label: colour", SIMILARITY, LENGTH, RECALL]
    for colour in offered:
        found = paint(picture, Shown(colour=colour))
        each = found["values"] if found["kind"] == "scale" else codes(found)
        assert len(unpacked(each) if isinstance(each, str) else each) == len(TEXTS)


@pytest.mark.parametrize("colour", ["label: absent", "topic", "label: ", "", "x" * 5_000])
def test_a_colouring_that_there_is_not_is_told(picture, colour):
    with pytest.raises(LabError, match=r"Unknown colouring .* Choose one of: cluster, label:"):
        paint(picture, Shown(colour=colour))


# --- names --------------------------------------------------------------------------------------


def test_names_stand_at_the_medians_of_the_clusters(picture):
    found = cluster_names(picture)
    assert [name["text"] for name in found] == [picture.title(c) for c in range(3)]
    for cluster, name in enumerate(found):
        middle = np.median(picture.projection.coordinates[picture.clusters.labels == cluster], 0)
        assert (name["x"], name["y"]) == pytest.approx(tuple(middle), abs=1e-6)
    assert shown(picture)["names"] == found
    assert shown(picture, colour=LENGTH)["names"] is None


# --- hostile texts ------------------------------------------------------------------------------


def test_hostile_texts_arrive_as_the_texts_they_are(bert):
    texts = [text for text in ATTACKS + HARD if len(text) < 2_000]
    hostile = draw_map(open_list(texts), bert, method="PCA")
    titles = {0: "</script><script>alert(1)</script>"}
    hostile.titles[hostile.cluster_key] = titles
    for colour in colour_choices(()):
        found = shown(hostile, colour=colour)
        assert len(found["points"]["text"]) == len(hostile.corpus)
        assert set(ATTACKS) <= set(found["points"]["text"])
    star = shown(hostile, overlay=Overlay(star=((0.0, 0.0), ATTACKS[0])))
    assert star["overlay"]["star"]["text"] == ATTACKS[0]


def test_a_hostile_column_is_a_label_like_any_other(bert):
    name = ATTACKS[0]
    cells = (ATTACKS[2], ATTACKS[5])
    table = f"text,{name}\n" + "".join(f"a text {n},{cells[n % 2]}\n" for n in range(12))
    marked = draw_map(open_table(table), bert, method="PCA")
    found = shown(marked, colour=f"label: {name}")
    assert found["paint"]["title"] == name
    assert set(found["paint"]["names"]) == set(cells)


@pytest.mark.parametrize("texts", [["One text."], ["One text.", "Two texts."], ["😀", "🎉", "🏳️‍🌈"]])
def test_the_smallest_maps_are_strict_json_in_every_colour(bert, texts):
    small = draw_map(open_list(texts), bert)
    for colour in colour_choices(()):
        found = shown(small, colour=colour)
        assert np.isfinite(unpacked(found["points"]["x"])).all()
