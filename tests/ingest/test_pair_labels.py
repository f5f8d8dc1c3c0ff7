"""Labels in all spellings and scales; what is not recognised is dropped, never guessed."""

from io import StringIO

import numpy as np
import pytest

from ingest import ColumnMapping, IngestError, read_pairs
from ingest.labels import label_number, label_word, looks_binary
from ingest.scales import find_scale
from ingest.scaling import MISSING, NEITHER, NOT_RECOGNISED, OUTSIDE, read_labels

NAN = float("nan")


@pytest.mark.parametrize(
    ("cells", "values", "scaling"),
    [
        (["0", "0.25", "1"], [0, 0.25, 1], "0–1 kept as it is"),
        (["0", "2.5", "5"], [0, 0.5, 1], "0–5 divided by 5"),
        (["0,0", "2,5", "5"], [0, 0.5, 1], "0–5 divided by 5"),
        (["1", "3", "5"], [0, 0.5, 1], "1–5: (label − 1) / 4"),
        (["-1", "0", "0.5"], [0, 0.5, 0.75], "−1–1: (label + 1) / 2"),
        (["−1", "1", "0"], [0, 1, 0.5], "−1–1: (label + 1) / 2"),
        (["0", "50", "100"], [0, 0.5, 1], "0–100 divided by 100"),
        (["0 %", "50%", "100%"], [0, 0.5, 1], "0–100 divided by 100"),
        (["0", "5", "10"], [0, 0.5, 1], "0–10 divided by 10"),
    ],
)
def test_scales(cells, values, scaling):
    found = read_labels(cells, "score")
    assert found.values.dtype == np.float32
    assert found.values.tolist() == pytest.approx(values)
    assert found.scaling == scaling
    assert not found.dropped


@pytest.mark.parametrize(
    ("word", "value"),
    [
        ("yes", 1), ("No", 0), ("TRUE", 1), ("false", 0), ("Duplicate", 1), ("not_duplicate", 0),
        ("not a duplicate", 0), ("non-duplicate", 0), ("paraphrase", 1), ("Not paraphrase", 0),
        ("entailment", 1), ("neutral", 0.5), ("contradiction", 0), ("not_entailment", 0),
        ("same", 1), ("different", 0), ("not the same", 0), ("y", 1), ("n", 0), ("ja", 1),
        ("nein", 0), ("maybe", None), ("", None), ("yesterday", None), ("12", None),
    ],
)  # fmt: skip
def test_words(word, value):
    assert label_word(word) == value


@pytest.mark.parametrize(
    ("cell", "number"),
    [("1", 1), ("-0,5", -0.5), (" 3.50 ", 3.5), ("1e-1", 0.1), (".5", 0.5), ("5.", 5), ("80 %", 80),
     ("1.2.3", None), ("1,000.5", None), ("inf", None), ("nan", None), ("", None), ("1/5", None),
     ("\u0663", 3), ("\u0664\u066b\u0665", 4.5), ("\u06f4/\u06f5", None), ("４．５", 4.5),
     ("０％", 0), ("\u096b", 5), ("0x1", None), ("1e999", None), ("--1", None)],
)  # fmt: skip
def test_numbers(cell, number):
    assert label_number(cell) == number


def test_three_way_words_become_scores():
    pairs = read_pairs(
        StringIO(
            "premise,hypothesis,gold_label\nA man sleeps.,Someone sleeps.,entailment\n"
            "A man sleeps.,He dreams.,neutral\nA man sleeps.,He runs.,contradiction\nA b.,C d.,-\n"
        )
    )
    assert pairs.kind == "score"
    assert pairs.labels.tolist() == [1, 0.5, 0]
    assert pairs.report.dropped == {"label missing": (4,)}
    assert pairs.report.scaling == "words: entailment = 1, neutral = 0.5, contradiction = 0"


def test_codes_of_snli_are_known_by_its_columns():
    text = "{},{},label\nA man sleeps.,Someone sleeps.,0\nA b.,C d.,1\nE f.,G h.,2\nI j.,K l.,-1\n"
    pairs = read_pairs(StringIO(text.format("premise", "hypothesis")))
    assert pairs.labels.tolist() == [1, 0.5, 0]
    assert pairs.report.dropped == {"label outside the scale": (4,)}
    other = read_pairs(StringIO(text.format("sentence1", "sentence2")))
    assert other.labels.tolist() == pytest.approx([0, 0.2, 0.4])


def test_unrecognised_and_missing_labels_are_dropped_by_row():
    found = read_labels(["yes", "maybe", "", "no", "n/a", "7"], "binary")
    np.testing.assert_array_equal(found.values, [1, NAN, NAN, 0, NAN, NAN])
    assert found.dropped == {MISSING: [2, 4], NOT_RECOGNISED: [1], NEITHER: [5]}


def test_minus_one_and_one():
    assert read_labels(["-1", "1", "1"], "binary").values.tolist() == [0, 1, 1]
    assert read_labels(["-1", "1", "1"], "binary").scaling == "−1 read as 0"


def test_words_among_numbers_only_where_they_mean_the_same():
    assert read_labels(["0", "0.5", "1", "yes"], "score").values.tolist() == [0, 0.5, 1, 1]
    found = read_labels(["0", "4", "5", "yes"], "score")
    assert found.dropped == {NOT_RECOGNISED: [3]}


def test_a_stray_does_not_change_the_scale():
    numbers = np.array([n % 6 for n in range(99)] + [55.0])
    assert find_scale(numbers) == (0, 5)
    assert find_scale(numbers[-10:]) == (0, 100), "too few to call it a stray"
    found = read_labels([f"{n:g}" for n in numbers], "score")
    assert found.dropped == {OUTSIDE: [99]}
    assert find_scale(np.array([1.0, 5, 3] * 40 + [0.0])) == (0, 5), "0 is a grade, not a stray"
    assert find_scale(np.array([0, 2, 5, -1.0])) == (0, 5), "−1 is often 'not labelled'"
    assert find_scale(np.array([-1.0, -1])) == (-1, 1)
    assert find_scale(np.array([300.0, 1])) is None
    assert find_scale(np.array([])) is None


def test_a_scale_given_by_hand_wins():
    cells = ["1", "2", "3"]
    assert read_labels(cells, "score").scaling == "1–5: (label − 1) / 4"
    assert read_labels(cells, "score", (1, 3)).values.tolist() == [0, 0.5, 1]
    assert read_labels(cells, "score", (0, 2)).dropped == {OUTSIDE: [2]}
    with pytest.raises(IngestError, match=r"scale 3 to 1"):
        ColumnMapping("score", ("a", "b"), "c", (3, 1))


def test_grades_read_as_binary_are_refused_with_what_to_do():
    with pytest.raises(IngestError, match=r"'4.5'.*choose the kind 'score'"):
        read_pairs(StringIO("a,b,c\nx,y,4.5\nz,w,3\n"), ColumnMapping("binary", ("a", "b"), "c"))


def test_binary_is_told_from_scores():
    assert looks_binary(["1", "0", "1.0", "yes", ""])
    assert looks_binary(["true"] * 9 + ["perhaps"])
    assert not looks_binary(["0", "0.5", "1"])
    assert not looks_binary(["entailment", "neutral", "contradiction"])
    assert not looks_binary([])
