"""Labels in words that nothing explains: found under any name, and answered once."""

from io import StringIO

import pytest

from ingest import ColumnMapping, PairSet, check, read_pairs
from ingest.orders import grades_of
from tests.ingest.test_label_choice import finding, table_of


def pairs_of(**columns: list[object]) -> PairSet:
    return read_pairs(StringIO(table_of(**columns)))


def severity_of(name: str, values: list[object]) -> str:
    pairs = pairs_of(**{name: values})
    unread = finding(pairs, "unread_label")
    assert unread is None or repr(name) in unread.what
    return unread.severity if unread else pairs.kind


EIGHT = ["oak", "ash", "elm", "fir", "yew", "box", "bay", "fig"]
SAY_SO = "They mean the same thing, as far as I can see"
DENY = "They do not mean the same thing at all, sorry"


@pytest.mark.parametrize(
    ("name", "values", "severity"),
    [
        # values that judge need no name that says so
        ("category", ["similar", "not similar"], "binary"),
        ("topic", ["yes", "no"], "binary"),
        ("source", ["good", "bad"], "error"),
        ("comment", ["good", "bad", "good"], "error"),
        ("note", ["accepted", "rejected"], "error"),
        ("n_votes", ["strong", "weak", "moderate"], "error"),
        # signs and blank cells are values
        ("vote", ["👍", "👎"], "error"),
        ("vote", ["👍🏽", "👎"], "error"),
        ("sign", ["+", "-"], "error"),
        ("label", ["+", "-"], "error"),
        ("sign", ["+", "?"], "error"),
        ("wrong", ["x", "", "", ""], "error"),
        ("checked", ["", "", "", "", "", "", "", "x"], "error"),
        ("flag", ["", "", "", "dup", "typo"], "error"),
        # more values, longer values
        ("relation", EIGHT, "error"),
        ("relation", [*EIGHT, "may", "tea", "gum", "nut"], "warning"),
        ("assessment", [SAY_SO, DENY], "error"),
        # a name that describes: said, but no error
        ("genre", ["sport", "art", "law"], "warning"),
        ("topic", ["a", "b"], "warning"),
        ("category", EIGHT, "note"),
        ("source", ["0", "1"], "warning"),
        # no label: numbers that describe, links, dates, lists, ids
        ("year", ["2019", "2020"], "positive"),
        ("n_words", ["3", "4"], "positive"),
        ("ref", ["https://a.org/1", "https://a.org/2"], "positive"),
        ("seen", ["2020-01-02", "2021-05-06"], "positive"),
        ("everywhere", ["same here"], "positive"),
    ],
)
def test_few_values_that_recur_are_never_passed_over(name, values, severity):
    assert severity_of(name, values) == severity


def test_triplets_keep_the_rows_of_one_value_or_all_by_a_click():
    text = table_of(negative=[f"He met a fox {n} times." for n in range(40)],
                    verdict=["keep", "drop"])  # fmt: skip
    text = text.replace("sentence1\tsentence2", "anchor\tpositive", 1)
    pairs = read_pairs(StringIO(text))
    unread = finding(pairs, "unread_label")
    assert (pairs.kind, unread.severity) == ("triplet", "error")
    remedies = {remedy.label: remedy for remedy in unread.remedies}
    keep = remedies["Keep only the 20 rows with 'keep'"]
    read_anew = read_pairs(StringIO(text), keep.mapping)
    for kept in (keep.apply(pairs), read_anew):
        assert kept.row_numbers == tuple(range(1, 41, 2))
        assert list(kept.report.dropped.values()) == [tuple(range(2, 41, 2))]
        assert finding(kept, "unread_label") is None
    assert finding(remedies["Train without it"].apply(pairs), "unread_label") is None


def test_after_one_column_is_left_aside_the_next_is_named():
    pairs = pairs_of(status=["ok", "bad"], verdict=["keep", "drop"], genre=["art", "law"])
    names = []
    while unread := finding(pairs, "unread_label"):
        names.append((unread.what.split("'")[1], unread.severity))
        remedy = unread.remedies[-1]
        pairs = remedy.apply(pairs)
    assert names == [("status", "error"), ("verdict", "error"), ("genre", "warning")]
    assert remedy.mapping.ignored == ("status", "verdict", "genre")
    text = table_of(status=["ok", "bad"], verdict=["keep", "drop"], genre=["art", "law"])
    assert finding(read_pairs(StringIO(text), remedy.mapping), "unread_label") is None


def test_blank_cells_can_mean_yes_or_no():
    pairs = pairs_of(wrong=["x", "", "", ""])
    unread = finding(pairs, "unread_label")
    assert "it holds 'x', and blank cells" in unread.what
    remedies = {remedy.label: remedy for remedy in unread.remedies}
    assert list(remedies) == ["blank = 1, x = 0", "x = 1, blank = 0", "Train without it"]
    mapping = remedies["blank = 1, x = 0"].mapping
    for labelled in (
        remedies["blank = 1, x = 0"].apply(pairs),
        read_pairs(StringIO(table_of(wrong=["x", "", "", ""])), mapping),
    ):
        assert labelled.labels.tolist()[:5] == [0, 1, 1, 1, 0]


def test_values_in_an_order_are_offered_as_grades_in_both_directions():
    pairs = pairs_of(label=["low", "high", "medium"])
    labels = [remedy.label for remedy in finding(pairs, "unread_label").remedies]
    assert labels[:2] == ["high = 1, medium = 0.5, low = 0", "low = 1, medium = 0.5, high = 0"]
    assert labels[2] == "low = 1, high = 0, medium = 0"
    assert len(labels) == 6
    up, down = (r.apply(pairs) for r in finding(pairs, "unread_label").remedies[:2])
    assert (up.kind, up.labels.tolist()[:3]) == ("score", [0, 1, 0.5])
    assert down.labels.tolist()[:3] == [1, 0, 0.5]
    meaning = ColumnMapping("score", ("sentence1", "sentence2"), "label", None,
                            (("low", 0.2), ("high", 0.9), ("medium", 0.4)))  # fmt: skip
    told = read_pairs(StringIO(table_of(label=["low", "high", "medium"])), meaning)
    assert told.labels.tolist()[:3] == pytest.approx([0.2, 0.9, 0.4])


@pytest.mark.parametrize(
    ("values", "grades"),
    [
        (["E", "S", "C", "I"], [1, 0.1, 0.01, 0]),
        (["Substitute", "Exact", "Irrelevant"], [0.1, 1, 0]),
        (["always", "never", "often", "sometimes", "rarely"], [1, 0, 0.75, 0.5, 0.25]),
        (["excellent", "bad", "good"], [1, 0, 0.5]),
        (["not_relevant", "Relevant", "highly relevant"], [0, 0.5, 1]),
        (["grade 1", "grade 2", "grade 4"], [0, 0.3333, 1]),
        (["3 von 5", "1 von 5", "5 von 5"], [0.5, 0, 1]),
        (["★★★", "★", "★★"], [1, 0, 0.5]),
        (["+", "+++", "++"], [0, 1, 0.5]),
        (["two", "one", "three"], [0.5, 0, 1]),
        (["B", "A", "C"], [0.5, 1, 0]),
        (["nein", "vielleicht", "ja"], [0, 0.5, 1]),
        (["oak", "ash", "elm"], None),
        (["low", "high"], None),
    ],
)
def test_orders_that_people_know(values, grades):
    assert grades_of(values) == (grades and dict(zip(values, grades, strict=True)))


def test_a_column_beside_a_label_is_no_error():
    names = {f.name for f in check(pairs_of(score=[0, 1, 2, 3], verdict=["keep", "drop"]))}
    assert "unread_label" not in names
