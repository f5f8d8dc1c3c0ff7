"""Two numbers are a no and a yes, where they can be nothing else, and that is said."""

from io import StringIO

import pytest

from ingest import ColumnMapping, check, guess_columns, read_pairs, read_table, to_pairs
from ingest.labels import looks_binary, two_values
from ingest.scaling import NEITHER, read_labels
from tests.ingest.files import file_of


@pytest.mark.parametrize(
    ("labels", "name", "values"),
    [
        ([-1, 1, 1], "score", [0, 1, 1]),
        (["−1", "1", ""], "score", [0, 1]),
        ([1, 2, 2], "label", [0, 1, 1]),
        (["1.0", "2.0"], "is_duplicate", [0, 1]),
        ([2, 1], "class", [1, 0]),
        ([1, 2], "gleich?", [0, 1]),
        ([1, 2], "label (1-2)", [0, 1]),
        ([1] * 19 + [2], "label", [0] * 19 + [1]),
        ([1, 2] * 10, "score", [0, 1] * 10),
        ([0, 5] * 10, "score", [0, 1] * 10),
        ([3, 4] * 10, "rating", [0, 1] * 10),
        ([1, 4] * 10, "rating 1-4", [0, 1] * 10),
    ],
)
def test_two_numbers_are_read_as_no_and_yes_and_that_is_said(labels, name, values):
    pairs = read_pairs(StringIO(file_of(labels, name)))
    assert pairs.kind == "binary"
    assert pairs.labels.tolist() == values
    found = {finding.name: finding for finding in check(pairs)}["scaled_labels"]
    assert found.severity == "note"
    assert "read as" in found.what
    assert "the larger one is taken for yes" in found.what
    assert "choose the kind 'graded'" in found.effect


@pytest.mark.parametrize(
    ("labels", "name"),
    [
        ([1, 2, 1], "score"),
        ([1, 2] * 9, "rating"),
        ([1, 2] * 10, "rating 1-4"),
        ([0, 1] * 10, "Score (0-5)"),
        ([0.5, 1] * 10, "score"),
        ([1, 2, 3] * 10, "label"),
        ([-1, 0, 1] * 10, "label"),
    ],
)
def test_two_numbers_that_may_be_grades_are_grades(labels, name):
    assert read_pairs(StringIO(file_of(labels, name))).kind == "score"


def test_few_rows_of_one_and_two_are_grades_and_the_other_reading_is_said():
    pairs = read_pairs(StringIO(file_of([1, 2, 1])))
    assert pairs.report.scaling == "1–5: (label − 1) / 4"
    assert "if they mean no and yes, choose the kind 'yes or no'" in pairs.report.scaling_note


def test_zeros_and_ones_are_read_as_before():
    pairs = read_pairs(StringIO(file_of([0, 1] * 12)))
    assert (pairs.kind, pairs.report.scaling) == ("binary", "0 and 1 kept as they are")
    assert "scaled_labels" not in [finding.name for finding in check(pairs)]


def test_two_codes_of_snli_are_not_a_no_and_a_yes():
    for labels in ([0, 2] * 12, [0] * 22 + [2, 2], [1, 2] * 12):
        pairs = read_pairs(StringIO(file_of(labels, "label", "premise;hypothesis")))
        assert pairs.kind == "score"
        assert pairs.labels[-1] == 0, "2 is the contradiction"


def test_a_typing_error_is_no_second_value():
    cells = ["1"] * 60 + ["7"]
    assert two_values(cells) is None
    assert read_labels(cells, "binary").dropped == {NEITHER: [60]}
    assert two_values(["1"] * 60 + ["2"]) == (1, 2)
    assert two_values(["0"] * 20 + ["-1"] * 20) is None, "−1 is often 'not labelled'"
    assert two_values(["1", "2", "yes"]) is None


def test_looks_binary_asks_the_name():
    assert looks_binary(["1", "2"], "label")
    assert not looks_binary(["1", "2"], "score")
    assert not looks_binary(["1", "2"])
    assert looks_binary(["-1", "1"])
    assert not looks_binary(["0", "2"] * 20, "label", entailment_codes=True)


def test_the_kind_can_be_chosen_instead():
    table = read_table(StringIO(file_of([1, 2] * 12, "label")))
    assert guess_columns(table).kind == "binary"
    mapping = ColumnMapping("score", ("sentence1", "sentence2"), "label", (1, 4))
    assert to_pairs(table, mapping).labels.tolist()[:2] == pytest.approx([0, 1 / 3])
