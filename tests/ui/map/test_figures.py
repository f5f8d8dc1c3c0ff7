"""A map for its component: numbers arrive as they were, and colours can be told apart."""

import json
from itertools import combinations

import numpy as np
import pytest

from tests.ui.map.pages import unpacked
from tests.ui.test_hostile_text import ATTACKS
from ui.map.figures import (
    GREY,
    HOVER_CHARS,
    MOST_NAMES,
    MOST_VALUES,
    PALETTE,
    SCALE,
    SYMBOLS,
    UNCLUSTERED,
    Overlay,
    categories,
    centres,
    distinct_colours,
    label_codes,
    names_at,
    packed,
    points,
    scale,
    sweep_curve,
)

PLACES = np.random.default_rng(0).normal(size=(40, 3)).astype(np.float32)


# --- points -------------------------------------------------------------------------------------


@pytest.mark.parametrize("dims", [1, 2, 3])
def test_coordinates_come_out_as_they_went_in(dims):
    value = points(PLACES[:, :dims], ["a text"] * 40)
    assert value["n"] == 40
    np.testing.assert_array_equal(unpacked(value["x"]), PLACES[:, 0])
    expected = PLACES[:, 1] if dims > 1 else np.zeros(40)
    np.testing.assert_array_equal(unpacked(value["y"]), expected)
    if dims == 3:
        np.testing.assert_array_equal(unpacked(value["z"]), PLACES[:, 2])
    else:
        assert value["z"] is None


def test_packing_makes_the_numbers_it_says_of_any_array():
    odd = np.arange(20, dtype=">f8").reshape(4, 5)[:, ::2]  # big-endian, with gaps
    np.testing.assert_array_equal(unpacked(packed(odd)), odd.ravel())
    codes = unpacked(packed(np.array([0, 7, 300]), "<i2"), "<i2")
    assert codes.tolist() == [0, 7, 300]


def test_hovers_show_the_text_cut_where_it_is_long():
    texts = ["short", "x" * HOVER_CHARS, "y" * (HOVER_CHARS + 1), *ATTACKS]
    shown = points(np.zeros((len(texts), 2)), texts)["text"]
    assert shown[:2] == texts[:2]
    assert (shown[2][-1], len(shown[2])) == ("…", HOVER_CHARS)
    assert shown[3:] == ATTACKS  # the component shows texts, never HTML


# --- groups -------------------------------------------------------------------------------------


def test_a_group_has_a_code_a_name_a_colour_and_a_symbol():
    codes = np.array([0, 1, 1, 2, 0])
    value = categories("topic", codes, ["a", "b", "c"], PLACES[:5])
    assert (value["kind"], value["title"]) == ("categories", "topic")
    assert unpacked(value["codes"], "<i2").tolist() == codes.tolist()
    assert value["names"] == ["a", "b", "c"]
    assert len(set(value["colours"])) == 3
    assert set(value["colours"]) <= set(PALETTE)
    assert value["symbols"] == ["circle"] * 3


def test_what_is_in_no_group_is_grey_and_the_last_in_the_legend():
    value = categories("cluster", np.array([-1, 0, 1, -1]), ["a", "b"], PLACES[:4])
    assert unpacked(value["codes"], "<i2").tolist() == [2, 0, 1, 2]
    assert (value["names"][2], value["colours"][2]) == (UNCLUSTERED, GREY)
    nothing = categories("cluster", np.full(4, -1), [], PLACES[:4])
    assert nothing["names"] == [UNCLUSTERED]
    assert unpacked(nothing["codes"], "<i2").tolist() == [0] * 4


def test_labels_are_coded_by_how_common_they_are():
    codes, names = label_codes(["b", "a", "b", "", "b", "a"])
    assert names == ["b", "a", "(empty)"]
    assert codes.tolist() == [0, 1, 0, 2, 0, 1]


@pytest.mark.parametrize("values", [MOST_VALUES, MOST_VALUES + 1, 200])
def test_rare_labels_share_one_colour(values):
    column = [f"label {n}" for n in range(values) for _ in range(values - n)]
    codes, names = label_codes(column)
    assert len(names) == min(values, MOST_VALUES)
    assert set(codes.tolist()) == set(range(len(names)))
    by_code = {names[code]: {column[i] for i in np.flatnonzero(codes == code)}
               for code in range(len(names))}  # fmt: skip
    if values > MOST_VALUES:
        assert len(by_code.pop("(other)")) == values - MOST_VALUES + 1
    assert by_code == {name: {name} for name in by_code}


def test_groups_that_lie_side_by_side_have_different_colours():
    grid = np.array([(x, y) for x in range(9) for y in range(9)], float)
    grid += np.random.default_rng(1).normal(size=grid.shape) * 0.05
    colours, symbols = distinct_colours(grid)
    # No group looks like another one, as far as there are enough looks.
    assert len(set(zip(colours, symbols, strict=True))) > 0.9 * len(PALETTE) * len(SYMBOLS)
    apart = {pair: np.linalg.norm(grid[pair[0]] - grid[pair[1]])
             for pair in combinations(range(len(grid)), 2)}  # fmt: skip
    alike = [distance for (a, b), distance in apart.items() if colours[a] == colours[b]]
    assert min(alike) > 1.3  # never the next one, in a row or in a column
    by_chance = [PALETTE[i % len(PALETTE)] for i in range(len(grid))]
    assert min(d for (a, b), d in apart.items() if by_chance[a] == by_chance[b]) < 1.3


def test_as_many_groups_as_colours_use_each_once():
    colours, symbols = distinct_colours(np.zeros((len(PALETTE), 2)))
    assert sorted(colours) == sorted(PALETTE)
    assert set(symbols) == {"circle"}
    assert distinct_colours(np.zeros((0, 2))) == ([], [])


def test_a_group_without_members_takes_a_colour_from_no_other():
    middles = np.array([[0.0, 0.0], [np.nan, np.nan], [1.0, 1.0]] * 9)
    colours, symbols = distinct_colours(middles)
    assert (len(colours), len(symbols)) == (27, 27)
    assert set(colours) == set(PALETTE)


def test_hundreds_of_groups_are_coloured_at_once():
    import time

    begun = time.process_time()
    colours, _ = distinct_colours(np.random.default_rng(0).normal(size=(800, 2)))
    assert time.process_time() - begun < 2  # it took 6 seconds, at each touch of the map
    assert set(colours) == set(PALETTE)


def test_the_middle_of_a_group_is_its_median():
    places = np.array([[0, 0], [1, 1], [100, 100], [5, 6]], np.float32)
    middles = centres(places, np.array([0, 0, 0, 2]), 3)
    np.testing.assert_array_equal(middles[[0, 2]], [[1, 1], [5, 6]])
    assert np.isnan(middles[1]).all()


# --- numbers, names, overlays -------------------------------------------------------------------


def test_a_scale_has_ends_that_differ_and_what_is_unknown_is_no_low_end():
    value = scale("cosine", np.array([0.5, np.nan, 1.0]), 0.25, 1.0)
    np.testing.assert_array_equal(unpacked(value["values"]), np.float32([0.5, np.nan, 1.0]))
    assert (value["low"], value["high"]) == (0.25, 1.0)
    flat = scale("words", np.full(3, 4.0), 4, 4)
    assert flat["high"] > flat["low"] == 4
    json.dumps([value, flat], allow_nan=False)


def test_names_stand_at_the_middles_of_groups_that_are_there():
    middles = np.array([[1, 2, 3], [np.nan] * 3, [4, 5, 6]], float)
    names = names_at(middles, ["a", "gone", ""])
    assert names == [{"x": 1.0, "y": 2.0, "z": 3.0, "text": "a"}]
    flat = names_at(np.zeros((60, 2)), [str(n) for n in range(60)])
    assert len(flat) == MOST_NAMES
    assert {name["z"] for name in flat} == {None}


def test_an_overlay_is_plain_json():
    empty = Overlay().as_json()
    assert empty == {"lines": [], "torn": [], "crosses": [], "rings": [], "star": None}
    full = Overlay(((1, 2),), ((3, 4),), (5,), (6,), ((0.5, 1.5, 2.5), "<b>x</b>")).as_json()
    assert full == {
        "lines": [[1, 2]], "torn": [[3, 4]], "crosses": [5], "rings": [6],
        "star": {"x": 0.5, "y": 1.5, "z": 2.5, "text": "<b>x</b>"},
    }  # fmt: skip
    assert Overlay(star=((0.5, 1.5), "x")).as_json()["star"]["z"] is None
    json.dumps(full, allow_nan=False)


def test_the_sweep_curve_shows_both_numbers_and_the_size_in_use():
    from explore import SweepPoint

    swept = [SweepPoint(3, 9, 0.5), SweepPoint(5, 4, 0.25), SweepPoint(9, 2, 0.0)]
    figure = sweep_curve(swept, chosen=5).to_dict()
    clusters, share = figure["data"]
    assert (list(clusters["x"]), list(clusters["y"])) == ([3, 5, 9], [9, 4, 2])
    assert (list(share["x"]), list(share["y"])) == ([3, 5, 9], [50, 25, 0])
    [line] = figure["layout"]["shapes"]
    assert line["x0"] == line["x1"] == 5
    assert figure["layout"]["xaxis"]["type"] == "log"


def test_blue_is_high_on_the_map_as_on_every_other_picture():
    red, blue = (int(SCALE[-1][1][at : at + 2], 16) for at in (1, 5))
    assert blue > red
    red, blue = (int(SCALE[0][1][at : at + 2], 16) for at in (1, 5))
    assert blue < red
