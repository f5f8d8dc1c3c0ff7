"""The table of scores: one axis for all bars, ghosts of pinned scores, bands of what is usual."""

import math
import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.ui.visit import calibration, inputs, read_html, scale, score_rows
from ui.pooling.comparison import Comparison, Pinned
from ui.pooling.form import View
from ui.pooling.html import measuring_status, percent_cell, scores_table
from ui.state.workbench import Measuring
from ui.words import Axis, number

STYLE = re.compile(r"left:([\d.]+)%(?:;width:([\d.]+)%)?")


def span(node) -> tuple[float, float]:
    """(left, right) of a bar or a band, in percent of the axis."""
    left, width = STYLE.match(node.attributes["style"]).groups()
    return float(left), float(left) + float(width or 0)


@pytest.mark.parametrize(
    ("values", "low"),
    [([0.2, 0.9], 0), ([0.0, 1.0], 0), ([-0.01, 0.9], -0.25), ([-0.25, 0], -1), ([-0.6, 0.9], -1)],
)
def test_the_axis_of_cosines_goes_below_zero_only_where_it_must(values, low):
    axis = Axis.for_values("cosine", values)
    assert (axis.low, axis.high) == (low, 1)
    assert axis.at(1) == 100
    ticks = read_html(axis.ticks()).all(".tick")
    assert [float(tick.text.replace("−", "-")) for tick in ticks] == [
        low + 0.25 * i for i in range(round((1 - low) / 0.25) + 1)
    ]
    assert [span(tick)[0] for tick in ticks] == sorted(span(tick)[0] for tick in ticks)


@given(st.lists(st.floats(-1e6, 1e6), min_size=1), st.sampled_from(["cosine", "dot product"]))
def test_no_bar_leaves_its_axis(values, measure):
    axis = Axis.for_values(measure, values)
    assert axis.low <= 0 <= axis.high
    assert axis.low < axis.high
    places = [axis.at(value) for value in [0, *values]]
    assert all(0 <= place <= 100 for place in places)
    if measure != "cosine":  # from one round number to the next
        steps = (axis.high - axis.low) / axis.step
        assert steps == pytest.approx(round(steps))
        assert axis.high - axis.step <= max(0.0, *values) * (1 + 1e-9)


def test_a_bar_reaches_from_zero_to_its_value(handlers):
    sent = inputs(a="It is safe.", b="Photosynthesis turns light into energy.", layer="6")
    screen = handlers.screen(sent, "a visitor")
    rows = score_rows(screen.scores)
    values = {name: float(row.value) for name, row in rows.items()}
    assert min(values.values()) < 0  # what this test is about
    axis = Axis.for_values("cosine", list(values.values()))
    for row, value in zip(read_html(screen.scores).all(".bar"), values.values(), strict=True):
        ends = sorted((axis.at(0), axis.at(value)))
        assert span(row.one(".fill")) == pytest.approx(ends, abs=0.02)


def test_bands_stand_where_the_background_set_lies(bundled):
    measured = calibration(scale(0.0, 0.4, 0.5, 0.9), 6)
    table = scores_table(Comparison(bundled, View(), measured), None)
    row = next(r for r in read_html(table).all("tr") if r.attributes.get("data-pick") == "mean")
    assert span(row.one(".random")) == pytest.approx((2, 38), abs=0.1)
    assert span(row.one(".paraphrase")) == pytest.approx((52, 88), abs=0.1)
    for measure in ("dot product", "Euclidean distance"):
        other = scores_table(Comparison(bundled, View(measure=measure), measured), None)
        assert not read_html(other).all(".band")
        assert not read_html(other).all(".worth")
    assert not read_html(scores_table(Comparison(bundled, View(), None), None)).all(".band")


def test_where_nothing_is_measured_the_reason_stands(bundled):
    status = measuring_status(Measuring(done=2, total=5))
    table = scores_table(Comparison(bundled, View(), None), None, status)
    for row in score_rows(table).values():
        assert set(row.worth.values()) == {"measuring 40% …"}
    assert measuring_status(Measuring(failed="no memory")) == "not measured"
    assert measuring_status(None) == ""
    bare = scores_table(Comparison(bundled, View(), None), None)
    assert set(score_rows(bare)["mean"].worth.values()) == {"–"}


@pytest.mark.parametrize("measure", ["cosine", "dot product", "Euclidean distance"])
def test_a_pinned_score_stands_where_it_was_and_the_difference_beside_the_new(handlers, measure):
    before = inputs(a="It rains.", measure=measure)
    pinned = handlers.pin(before, "a visitor")
    assert pinned.scores[0].pooling == "mean"
    old = score_rows(handlers.screen(before, "a visitor").scores)
    screen = handlers.screen(inputs(measure=measure, pinned=pinned), "a visitor")
    new = score_rows(screen.scores)
    values = [float(row.value) for row in [*new.values(), *old.values()]]
    axis = Axis.for_values(measure, values)
    bars = read_html(screen.scores).all(".bar")
    for name, bar in zip(new, bars, strict=True):
        difference = float(new[name].value) - float(old[name].value)
        assert float(new[name].delta) == pytest.approx(difference, abs=1.01e-4)
        assert new[name].delta[0] in "+-"
        assert span(bar.one(".ghost"))[0] == pytest.approx(axis.at(float(old[name].value)), abs=0.1)
    legend = read_html(screen.scores).one(".lab-legend").text
    assert "“It rains.”" in legend
    assert "all-MiniLM-L6-v2, layer 6 of 6 (last)" in legend


def test_a_pinned_score_outside_the_axis_widens_it(bundled):
    comparison = Comparison(bundled, View(), None)
    low = tuple(replace(s, cosine=-0.5) for s in comparison.scores.values())
    pinned = Pinned("a", "b", "elsewhere", low)
    assert not read_html(scores_table(comparison, None)).one(".axis").text.startswith("−1")
    assert read_html(scores_table(comparison, pinned)).one(".axis").text.startswith("−1")


@pytest.mark.parametrize(
    ("percentile", "pairs", "words"),
    [
        (100, 230, "all"),
        (99.95, 230, "all"),  # 229.9 of 230
        (99.6, 230, "99.6%"),
        (0.1, 230, "none"),
        (38.26, 230, "38%"),
        (99.95, 96_580, ">99.9%"),
        (0.05, 96_580, "<0.1%"),
        (100, 96_580, "all"),
        (38.26, 96_580, "38.3%"),
    ],
)
def test_a_percentile_is_as_fine_as_the_number_of_pairs_allows(percentile, pairs, words):
    assert read_html(percent_cell(percentile, pairs)).text == words


@given(st.floats(-1e6, 1e6), st.integers(0, 6), st.booleans())
def test_numbers_have_a_true_minus_and_no_negative_zero(value, decimals, sign):
    text = number(value, decimals, sign)
    assert "-" not in text
    back = float(text.replace("−", "-"))
    assert math.isclose(back, value, abs_tol=0.51 * 10**-decimals)
    assert back != 0 or "−" not in text
    assert not sign or text[0] in "+−"
