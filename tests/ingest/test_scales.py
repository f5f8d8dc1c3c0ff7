"""The scale of graded labels: from the column's name, from the numbers, or given by hand."""

import math
from io import StringIO

import numpy as np
import pytest

from ingest import (
    ColumnMapping,
    IngestError,
    check,
    guess_columns,
    read_pairs,
    read_table,
    to_pairs,
)
from ingest.scales import check_scale, named_scale, without_scale
from ingest.scaling import OUTSIDE, read_labels
from tests.growth import growth
from tests.ingest.files import file_of


def mapped(labels, scale, kind: str = "score"):
    mapping = ColumnMapping(kind, ("sentence1", "sentence2"), "score", scale)
    return to_pairs(read_table(StringIO(file_of(labels))), mapping)


def scaled_labels(pairs):
    return next(finding for finding in check(pairs) if finding.name == "scaled_labels")


# --- in the column's name -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "scale"),
    [
        ("Score (0-5)", (0, 5)), ("rating 1-4", (1, 4)), ("similarity (0..1)", (0, 1)),
        ("0–100", (0, 100)), ("Ähnlichkeit [0 bis 5]", (0, 5)), ("0 to 10", (0, 10)),
        ("score_1-7", (1, 7)), ("grade −1…1", (-1, 1)), ("note -1-1", (-1, 1)),
        ("0,0–1,0", (0, 1)), ("0 % – 100 %", (0, 100)), ("0% to 100%", (0, 100)),
        ("Bewertung (1–5, 5 = gleich)", (1, 5)), ("rating 1-4 (2019-2020)", (1, 4)),
        ("score", None), ("2019-2020", None), ("2024-01-05", None), ("01-05-2024", None),
        ("v1-2", None), ("Q1-4", None), ("1.2.3-4", None), ("score 5-0", None), ("3-5", None),
        ("0-5 or 1-4", None), ("0-99999", None), ("sentence1", None), ("1/5", None), ("", None),
    ],
)  # fmt: skip
def test_scale_in_a_name(name, scale):
    assert named_scale(name) == scale


def test_a_name_without_its_scale():
    assert without_scale("Score (0-5)") == "Score"
    assert without_scale("rating 1-4") == "rating"
    assert without_scale("0–100") == ""
    assert without_scale("sentence 2019-2020") == "sentence 2019-2020"


@pytest.mark.parametrize(
    ("name", "labels", "values"),
    [
        ("Score (0-5)", [0, 1, 2, 3], [0, 0.2, 0.4, 0.6]),
        ("Score (0-4)", [0, 1, 2, 3], [0, 0.25, 0.5, 0.75]),
        ("rating 1-4", ["1", "2,5", "4"], [0, 0.5, 1]),
        ("0–100", [0, 2, 5], [0, 0.02, 0.05]),
        ("Score (0-5)", [0, 1, 1, 0], [0, 0.2, 0.2, 0]),
        ("similarity (0..1)", [0, 0.5, 1], [0, 0.5, 1]),
    ],
)
def test_the_name_says_the_scale(name, labels, values):
    pairs = read_pairs(StringIO(file_of(labels, name)))
    assert pairs.kind == "score"
    assert pairs.labels.tolist() == pytest.approx(values)


def test_a_column_is_found_by_its_name_without_the_scale():
    rows = "\n".join(f"A dog {n};A cat {n};{n % 4};{n % 3}" for n in range(6))
    table = read_table(StringIO(f"sentence1;sentence2;Score (0-5);length\n{rows}"))
    assert guess_columns(table).label == "Score (0-5)"


def test_a_name_that_the_labels_do_not_fit_is_not_believed_and_said():
    pairs = read_pairs(StringIO(file_of([0, 20, 80, 100, 60], "Score (0-5)")))
    assert pairs.report.scaling == "0–100 divided by 100"
    assert "The column's name says 0–5, which they do not fit." in pairs.report.scaling_note
    mistyped = read_pairs(StringIO(file_of([0, 1, 2, 3, 4] * 4 + [55], "Score (0-5)")))
    assert mistyped.report.scaling == "0–5 divided by 5"
    assert mistyped.report.dropped == {"label outside the scale": (21,)}


def test_fractions_below_a_wide_scale_are_said():
    pairs = read_pairs(StringIO(file_of([0.1, 0.85, 1], "similarity 0-100")))
    assert "As no label is above 1, they may be on 0–1 already." in scaled_labels(pairs).what


def test_a_name_ten_times_as_long_takes_no_hundred_times_as_long():
    short, long = ("1" + " " * count + "x" for count in (20_000, 200_000))
    assert named_scale(long) is None
    assert growth(named_scale, short, long) < 40


# --- in the numbers -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lowest", "highest"),
    [
        (0, 2),
        (0, 3),
        (0, 4),
        (0, 5),
        (0, 6),
        (1, 3),
        (1, 4),
        (1, 5),
        (1, 6),
        (1, 7),
        (0, 10),
        (1, 10),
        (-1, 1),
        (-2, 2),
        (0, 20),
        (0, 100),
    ],
)
def test_whole_labels_that_reach_both_ends(lowest, highest):
    labels = np.resize(np.arange(lowest, highest + 1), max(24, highest + 1))
    pairs = read_pairs(StringIO(file_of(labels)))
    assert pairs.labels.min() == 0
    assert pairs.labels.max() == 1
    assert pairs.report.scale == (lowest, highest)
    words = scaled_labels(pairs).what
    assert f"The labels seen go from {str(lowest).replace('-', '−')} to {highest}." in words
    assert "may as well" not in words


@pytest.mark.parametrize(
    ("labels", "scale", "doubt"),
    [
        ([0, 1, 2, 3], (0, 5), "No label is 5, so the scale may as well be 0–3 or 0–4."),
        ([0, 1, 2, 2], (0, 5), "No label is 5, so the scale may as well be 0–2 or 0–3 or 0–4."),
        ([0, 0.5, 3] * 9, (0, 5), "No label is 5, so the scale may as well be 0–3 or 0–4."),
        ([0, 3, 7] * 9, (0, 10), "No label is 10, so the scale may as well be 0–7."),
        ([2, 3, 4] * 9, (1, 5), "No label is 1 or 5, so the scale may as well be 1–4"),
        ([0.4, 2.5, 4.8] * 9, (0, 5), ""),
        ([0, 2, 3.5, 5] * 9, (0, 5), ""),
    ],
)
def test_what_is_not_certain_is_said(labels, scale, doubt):
    pairs = read_pairs(StringIO(file_of(labels)))
    assert pairs.report.scale == scale
    found = scaled_labels(pairs)
    assert f"The labels seen go from {min(labels):g} to {max(labels):g}." in found.what
    assert doubt in found.what
    assert ("may as well" in found.what) == bool(doubt)
    assert "choose the lowest and highest label yourself" in found.effect


@pytest.mark.parametrize(
    ("labels", "values"),
    [
        ([0, 1, 2] * 3, [0, 0.5, 1]),
        ([0] * 850 + [1] * 130 + [2] * 15 + [3] * 5, [0, 1 / 3, 2 / 3, 1]),
        ([1] * 60 + [2, 2, 6, 6, 4], [0, 0.2, 0.6, 1]),
        ([0, 1, 3] * 9, [0, 1 / 3, 1]),
        ([0, 1] * 40 + [0.5], [0, 0.5, 1]),
        ([0, 1] * 8 + [-1] * 4, [0, 0.5, 1]),
    ],
)
def test_every_grade_is_kept_however_rare_and_the_highest_is_1(labels, values):
    pairs = read_pairs(StringIO(file_of(labels)))
    assert pairs.kind == "score"
    assert len(pairs) == len(labels)
    assert sorted(set(pairs.labels.tolist())) == pytest.approx(values)


@pytest.mark.parametrize(("grade", "zeros"), [(2, 100), (3, 100), (5, 30), (2, 12)])
def test_one_grade_among_zeros_and_ones_is_a_grade_within_reach(grade, zeros):
    pairs = read_pairs(StringIO(file_of([0, 1] * zeros + [grade])))
    assert (pairs.kind, pairs.report.dropped) == ("score", {})
    assert (pairs.labels[-1], pairs.report.scale) == (1, (0, grade))


@pytest.mark.parametrize("size", [12, 40, 100])
def test_one_number_far_off_is_dropped_and_named(size):
    pairs = read_pairs(StringIO(file_of([0, 1] * size + [57])))
    assert (pairs.kind, len(pairs)) == ("binary", 2 * size)
    [outside] = [f for f in check(pairs) if f.name == "label_outside_scale"]
    assert "They have the labels '57'." in outside.what
    pairs = read_pairs(StringIO(file_of([0, 2.5, 5, 4.25] * size + [400])))
    assert (pairs.report.scale, len(pairs)) == ((0, 5), 4 * size)


def test_counts_that_go_below_zero_are_said_to_be_counts():
    labels = [-2, -1, 0, 1, 2, 3, 0, 1, 1, 14, 55, 80] * 10
    with pytest.raises(IngestError, match=r"go from −2 to 80. They look like counts"):
        read_pairs(StringIO(file_of(labels)))


def test_numbers_on_no_usual_scale_are_not_called_unrecognised():
    with pytest.raises(IngestError, match=r"on no usual scale. The labels seen go from −37 to 412"):
        read_pairs(StringIO(file_of([-37, 0, 250, 412, 130] * 8)))


def test_one_other_number_among_many_zeros_and_ones_is_a_typing_error_and_named():
    pairs = read_pairs(StringIO(file_of([0, 1] * 40 + [10])))
    assert pairs.kind == "binary"
    assert pairs.report.dropped == {"number that is neither the no nor the yes": (81,)}
    assert set(pairs.report.codes.values()) == {"label_outside_scale"}


def test_numbers_with_a_long_tail_are_said_to_look_like_counts():
    pairs = read_pairs(StringIO(file_of([0] * 9 + [1] * 20 + [2] * 6 + [3, 5, 14])))
    [finding] = [f for f in check(pairs) if f.name == "counts_as_labels"]
    assert "look like counts, such as upvotes" in finding.what
    with pytest.raises(IngestError, match="look like counts, such as upvotes"):
        read_pairs(StringIO(file_of([12, 3, 5, 40, 2, 7, 4_000] * 5)))
    for grades in (range(0, 101, 4), [0] * 30 + [50, 100] * 3, [0, 1, 2, 3] * 9):
        findings = check(read_pairs(StringIO(file_of(grades))))
        assert "counts_as_labels" not in {finding.name for finding in findings}


def test_a_stray_or_minus_one_beside_whole_labels():
    found = read_labels([str(n % 4) for n in range(99)] + ["55"], "score")
    assert found.scale == (0, 3)
    assert found.dropped == {OUTSIDE: [99]}
    assert "from 0 to 55. Those outside 0–3 are left out." in found.note
    found = read_labels([str(n % 4) for n in range(99)] + ["-1"], "score")
    assert found.scale == (0, 3)


# --- given by hand ------------------------------------------------------------------------------


def test_a_given_scale_from_the_file_to_the_labels():
    pairs = mapped(["0", "1,5", "3", "-1", "3,5", "", "?", "yes"], (0, 3))
    assert pairs.labels.tolist() == [0, 0.5, 1]
    assert pairs.report.dropped == {
        "label outside the scale": (4, 5),
        "label missing": (6, 7),
        "label not recognised": (8,),
    }
    assert pairs.report.fixed == {"decimal comma read as a point": (2,)}
    assert (pairs.report.scaling, pairs.report.scale) == ("0–3 divided by 3", (0, 3))
    words = scaled_labels(pairs).what
    assert "from −1 to 3.5. Those outside 0–3 are left out. The scale was given." in words


def test_a_given_scale_wins_over_the_name_and_the_codes_of_snli():
    table = read_table(StringIO(file_of([0, 1, 2], "label (0-5)", "premise;hypothesis")))
    mapping = ColumnMapping("score", ("premise", "hypothesis"), "label (0-5)", (0, 2))
    assert to_pairs(table, mapping).labels.tolist() == [0, 0.5, 1]


@pytest.mark.parametrize(
    ("cells", "scale", "values"),
    [
        (["0 %", "12,5%", "100%"], (0, 100), [0, 0.125, 1]),
        (["0 %", "12,5%", "100%"], (0, 1), [0, 0.125, 1]),
        (["0", "50 %", "0,25"], (0, 1), [0, 0.5, 0.25]),
        (["-100%", "0", "1"], (-1, 1), [0, 0.5, 1]),
        (["-3", "0", "3"], (-3, 3), [0, 0.5, 1]),
        (["1.5", "2.0", "2.5"], (1.5, 2.5), [0, 0.5, 1]),
        (["no", "yes", "0.5"], (0, 1), [0, 1, 0.5]),
    ],
)
def test_decimal_commas_and_percent_on_a_given_scale(cells, scale, values):
    pairs = mapped(cells, scale)
    assert pairs.labels.tolist() == pytest.approx(values)
    assert not pairs.report.dropped


def test_for_yes_or_no_the_lowest_is_the_no():
    pairs = mapped(["3", "4", "3", "9", "yes"], (3, 4), "binary")
    assert pairs.labels.tolist() == [0, 1, 0, 1]
    assert pairs.report.dropped == {"label outside the scale": (4,)}
    assert pairs.report.scaling == "3 read as 0, 4 read as 1"


def test_no_label_on_the_given_scale_is_said_as_it_is():
    with pytest.raises(
        IngestError,
        match=r"No label in column 'score' lies on 10–20, as given. The labels seen go from 0 to 5",
    ):
        mapped([0, 5], (10, 20))
    with pytest.raises(IngestError, match=r"is 3 \(no\) or 4 \(yes\), as given.*from 0 to 5"):
        mapped([0, 5], (3, 4), "binary")
    with pytest.raises(
        IngestError, match=r"on no usual scale.*Give the lowest and the highest label yourself"
    ):
        read_pairs(
            StringIO(file_of([-2, 2])), ColumnMapping("score", ("sentence1", "sentence2"), "score")
        )


def test_a_scale_for_words_is_not_used_and_that_is_said():
    pairs = mapped(["yes", "no"], (1, 5))
    assert pairs.labels.tolist() == [1, 0]
    assert "the scale 1–5 is for numbers and was not used" in scaled_labels(pairs).what


@pytest.mark.parametrize(
    ("scale", "problem"),
    [
        ((5, 0), "The scale 5 to 0 is none: give the lowest label, then the highest."),
        ((2, 2), "The scale 2 to 2 is none"),
        ((0, math.inf), "The scale 0 to inf is none"),
        ((math.nan, 5), "The scale nan to 5 is none"),
        ((-1e308, 1e308), "is none"),
        ((None, 5), "A scale is two numbers, the lowest and the highest label; given: nothing and"),
        ((0, None), "given: 0 and nothing"),
        (("0", "5"), "given: '0' and '5'"),
        ((0, 1, 2), "A scale is two numbers"),
        ((), "A scale is two numbers"),
    ],
)
def test_scales_that_are_none_are_refused_in_words(scale, problem):
    with pytest.raises(IngestError) as caught:
        ColumnMapping("score", ("a", "b"), "c", scale)
    assert problem in str(caught.value)


def test_scales_that_are_fine():
    for scale in (None, (0, 1), [-1, 1], (np.float32(0.5), np.int64(3))):
        assert check_scale(scale) == []
    with pytest.raises(IngestError, match="has no labels, so it takes no scale"):
        ColumnMapping("positive", ("a", "b"), scale=(0, 1))


# --- whether anything was changed -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("cells", "kind", "scaled"),
    [
        (["0", "0.5", "1"], "score", False),
        (["0", "2.5", "5"], "score", True),
        (["yes", "no", "yes"], "score", True),
        (["0", "1", "1"], "binary", False),
        (["yes", "no", "yes"], "binary", True),
        (["3", "4"] * 12, "binary", True),
    ],
)
def test_labels_on_0_to_1_already_are_not_scaled(cells, kind, scaled):
    assert read_labels(cells, kind).scaled is scaled
