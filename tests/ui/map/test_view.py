"""What is drawn over a map and how it is coloured, as the browser gets it."""

import json
from dataclasses import replace

import gradio as gr
import numpy as np
import pytest

from tests.ui.corpus import TABLE, TEXTS
from tests.ui.map.pages import IN_THREE, draw_map, open_list, open_table, steps, unpacked
from tests.ui.test_hostile_text import ATTACKS, HARD
from ui.map.drawing import DrawnMap
from ui.map.figures import UNCLUSTERED, Overlay, Value, scale
from ui.map.view import (
    CLUSTER,
    PAINTERS,
    SIMILARITY,
    Shown,
    cluster_names,
    nearest,
    paint,
    painters,
    value,
)

KEYS = {"rev", "points", "paint", "overlay", "names", "selected", "focus", "focus_rev", "group"}


def shown(drawn_map: DrawnMap, **changes) -> dict:
    """The value, as the browser parses it: strict JSON that can be sent."""
    text = value(drawn_map, Shown(**changes))
    assert text.encode()  # fails for half a surrogate pair, as Gradio would
    return json.loads(text, parse_constant=lambda word: pytest.fail(f"{word} is no JSON"))


def codes(paint: dict) -> list[str]:
    """The group of each point, by its name."""
    return [paint["names"][code] for code in unpacked(paint["codes"], "<i2")]


# --- the value ----------------------------------------------------------------------------------


def test_the_value_holds_every_point_where_it_is(drawn_map):
    content = shown(drawn_map)
    assert set(content) == KEYS
    places = np.stack([unpacked(content["points"][axis]) for axis in "xy"], axis=1)
    np.testing.assert_array_equal(places, drawn_map.projection.coordinates)
    assert content["points"]["text"] == TEXTS
    assert (content["points"]["n"], content["points"]["z"]) == (len(TEXTS), None)
    assert content["rev"] == drawn_map.rev


def test_a_map_in_space_has_a_third_coordinate(bert):
    deep = draw_map(open_table(), bert, dims="3-D", **IN_THREE)
    content = shown(deep)
    np.testing.assert_array_equal(
        unpacked(content["points"]["z"]), deep.projection.coordinates[:, 2]
    )
    assert all(name["z"] is not None for name in content["names"])


def test_a_repaint_leaves_the_points_where_the_browser_has_them(drawn_map):
    content = json.loads(value(drawn_map, Shown(colour="length"), whole=False))
    assert content["points"] is None
    assert content["rev"] == drawn_map.rev
    assert content["paint"]["kind"] == "scale"


def test_selection_zoom_and_lines_arrive(drawn_map):
    overlay = Overlay(lines=((1, 2),), rings=(1,))
    content = shown(drawn_map, overlay=overlay, selected=(3, 4))
    assert content["overlay"] == overlay.as_json()
    assert (content["selected"], content["focus"]) == ([3, 4], None)
    first = Shown().focused((5, 6))
    again = first.focused((5, 6))
    assert first.focus == (5, 6)
    assert first.focus_rev != again.focus_rev  # a second click on the same cluster zooms again


# --- colours ------------------------------------------------------------------------------------


def test_colours_by_cluster_are_the_clusters(drawn_map):
    painted = paint(drawn_map, Shown())
    named = [f"{c + 1}. {drawn_map.title(c)}" for c in drawn_map.clusters.labels]
    assert codes(painted) == named
    assert len(set(painted["colours"])) == drawn_map.clusters.count == 3


def test_unclustered_texts_are_grey(drawn_map):
    labels = drawn_map.clusters.labels.copy()
    labels[:5] = -1
    loose = replace(drawn_map, clusters=replace(drawn_map.clusters, labels=labels))
    assert codes(paint(loose, Shown()))[:5] == [UNCLUSTERED] * 5


def test_before_there_are_clusters_all_texts_look_alike(bert):
    first = next(steps(open_table(), bert, **IN_THREE))
    content = shown(first)
    assert set(codes(content["paint"])) == {"all texts"}
    assert content["names"] is None


@pytest.mark.parametrize("name", ["topic", "colour"])
def test_colours_by_a_label_are_its_values(drawn_map, name):
    painted = paint(drawn_map, Shown(colour=f"label: {name}"))
    assert painted["title"] == name
    assert codes(painted) == list(drawn_map.corpus.labels[name])


def test_colours_by_length_are_words(drawn_map):
    painted = paint(drawn_map, Shown(colour="length"))
    words = [len(text.split()) for text in TEXTS]
    assert unpacked(painted["values"]).tolist() == words
    assert painted["low"] == min(words)
    assert min(words) < painted["high"] <= max(words)


def test_colours_by_recall_are_those_of_the_fidelity(drawn_map):
    painted = paint(drawn_map, Shown(colour="kNN recall"))
    np.testing.assert_array_equal(unpacked(painted["values"]),
                                  drawn_map.fidelity.recall.astype(np.float32))  # fmt: skip
    assert (painted["low"], painted["high"]) == (0, 1)
    waiting = paint(replace(drawn_map, fidelity=None), Shown(colour="kNN recall"))
    assert waiting["title"] == "being measured"


def test_colours_by_similarity_are_the_cosines(drawn_map):
    similar = drawn_map.vectors @ drawn_map.vectors[7]
    painted = paint(drawn_map, Shown(colour=SIMILARITY, similar=similar))
    np.testing.assert_array_equal(unpacked(painted["values"]), similar)
    assert painted["high"] == pytest.approx(1, abs=1e-5)
    assert painted["low"] < painted["high"]
    for stale in (None, similar[:3]):  # of other texts
        empty = paint(drawn_map, Shown(colour=SIMILARITY, similar=stale))
        assert "type a sentence" in empty["title"]
        assert set(unpacked(empty["values"])) == {0}
    assert nearest(similar)[0] == 7
    assert nearest(similar) == tuple(np.argsort(-similar, kind="stable")[:10])


def test_every_colouring_on_offer_is_one(drawn_map):
    offered = list(painters(drawn_map.corpus.labels))
    assert offered[:4] == [CLUSTER, "label: topic", "label: colour", SIMILARITY]
    assert offered[4:] == ["length", "kNN recall"]
    for colour in offered:
        painted = paint(drawn_map, Shown(colour=colour))
        each = painted["values"] if painted["kind"] == "scale" else codes(painted)
        assert len(unpacked(each) if isinstance(each, str) else each) == len(TEXTS)


def by_vowels(drawn_map: DrawnMap, shown: Shown) -> Value:
    """A colouring that nobody needs."""
    vowels = [sum(text.count(letter) for letter in "aeiou") for text in drawn_map.corpus.texts]
    return scale("vowels", np.array(vowels), min(vowels), max(vowels))


def test_a_colouring_is_one_entry_of_the_registry(map_page, monkeypatch):
    monkeypatch.setitem(PAINTERS, "vowels", by_vowels)
    map_page.workbench.forget("ann")
    opened = map_page.call(("use-corpus-pasted", "click"), TABLE)
    assert "vowels" in [name for name, _ in opened["map-colour"].choices]
    map_page.draw("ann")
    painted = json.loads(map_page.call(("map-colour", "select"), "vowels")["map"])["paint"]
    assert painted["title"] == "vowels"
    assert unpacked(painted["values"])[0] == sum(TEXTS[0].count(letter) for letter in "aeiou")
    with pytest.raises(gr.Error, match=r"Choose one of: cluster, .*, vowels"):
        map_page.call(("map-colour", "select"), "consonants")
    map_page.draw("ann", dims="3-D")
    assert map_page.handlers.shown("ann").colour == "vowels"  # it stays on the next map


# --- names --------------------------------------------------------------------------------------


def test_names_stand_at_the_medians_of_the_clusters(drawn_map):
    names = cluster_names(drawn_map)
    assert [name["text"] for name in names] == [drawn_map.title(c) for c in range(3)]
    for cluster, name in enumerate(names):
        middle = np.median(
            drawn_map.projection.coordinates[drawn_map.clusters.labels == cluster], 0
        )
        assert (name["x"], name["y"]) == pytest.approx(tuple(middle), abs=1e-6)
    assert shown(drawn_map)["names"] == names
    assert shown(drawn_map, colour="length")["names"] is None


# --- hostile texts ------------------------------------------------------------------------------


def test_hostile_texts_arrive_as_the_texts_they_are(bert):
    texts = [text for text in ATTACKS + HARD if len(text) < 2_000]
    hostile = draw_map(open_list(texts), bert, **IN_THREE)
    titles = {0: "</script><script>alert(1)</script>"}
    hostile.titles[hostile.cluster_key] = titles
    for colour in painters(()):
        content = shown(hostile, colour=colour)
        assert len(content["points"]["text"]) == len(hostile.corpus)
        assert set(ATTACKS) <= set(content["points"]["text"])
    star = shown(hostile, overlay=Overlay(star=((0.0, 0.0), ATTACKS[0])))
    assert star["overlay"]["star"]["text"] == ATTACKS[0]


def test_a_hostile_column_is_a_label_like_any_other(bert):
    name = ATTACKS[0]
    cells = (ATTACKS[2], ATTACKS[5])
    table = f"text,{name}\n" + "".join(f"a text {n},{cells[n % 2]}\n" for n in range(12))
    marked = draw_map(open_table(table), bert, **IN_THREE)
    content = shown(marked, colour=f"label: {name}")
    assert content["paint"]["title"] == name
    assert set(content["paint"]["names"]) == set(cells)


@pytest.mark.parametrize("texts", [["One text."], ["One text.", "Two texts."], ["😀", "🎉", "🏳️‍🌈"]])
def test_the_smallest_maps_are_strict_json_in_every_colour(bert, texts):
    small = draw_map(open_list(texts), bert, **IN_THREE)
    for colour in painters(()):
        content = shown(small, colour=colour)
        assert np.isfinite(unpacked(content["points"]["x"])).all()
