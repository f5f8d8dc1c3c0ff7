"""Which column is the label; and what is said of those that are not taken."""

from io import StringIO

import pytest

from ingest import PairSet, check, read_pairs
from ingest.columns import guess_columns
from ingest.names import says_counts, says_label
from ingest.table import read_table
from ingest.votes import vote_shares


def table_of(**columns: list[object]) -> str:
    """40 rows of two sentences and, for each column, its cells over and over."""
    rows = [
        "\t".join(
            [f"The tap {n} drips all night.", f"Tap number {n} leaks a little."]
            + [str(cells[n % len(cells)]) for cells in columns.values()]
        )
        for n in range(40)
    ]
    return "\n".join(["\t".join(["sentence1", "sentence2", *columns]), *rows])


def label_of(**columns: list[object]) -> str | None:
    return guess_columns(read_table(StringIO(table_of(**columns)))).label


def finding(pairs: PairSet, name: str):
    return next((found for found in check(pairs) if found.name == name), None)


WHOLE, PARTS, YES_NO = [0, 1, 2, 3, 4, 5], [0.5, 2.25, 4], ["yes", "no"]


@pytest.mark.parametrize(
    ("columns", "label"),
    [
        ({"human_score": WHOLE, "n_votes": [3, 4, 7]}, "human_score"),
        ({"n_votes": [3, 4, 7], "similarityScore": WHOLE}, "similarityScore"),
        ({"gold label": [0, 1], "page": [4, 9, 2]}, "gold label"),
        ({"mean": PARTS, "r1": WHOLE, "r2": WHOLE}, "mean"),
        ({"rater1": WHOLE, "rater2": WHOLE, "avg_score": WHOLE}, "avg_score"),
        ({"score_1": WHOLE, "score_2": WHOLE, "score": WHOLE}, "score"),
        ({"score_bert": PARTS, "score_human": WHOLE}, "score_human"),
        ({"whole": WHOLE, "exact": PARTS}, "exact"),
        ({"fold": [0, 1, 2]}, None),
        ({"label": ["alike", "apart"], "confidence": PARTS}, None),
        ({"label": ["alike", "apart"], "exact": PARTS}, None),
        ({"len1": [9, 12, 5], "len2": [7, 5, 4]}, None),
        ({"label_id": [7, 3, 3], "month": [1, 5, 12]}, None),
        ({"score_std": PARTS, "rating_count": WHOLE}, None),
        ({"votes": ["(3, 6)", "(0, 6)", "(6, 6)"]}, "votes"),
        ({"label": ["same", "other"]}, None),
        ({"model_score": PARTS, "target": [0, 1]}, "target"),
        ({"annotation": WHOLE, "pred": PARTS}, "annotation"),
        ({"prediction": PARTS, "gold": WHOLE, "bleu": PARTS}, "gold"),
        ({"logit": PARTS, "bewertung": WHOLE}, "bewertung"),
        ({"model_score": PARTS}, "model_score"),
        ({"Note": [1, 2, 3, 5]}, "Note"),
        ({"note": [12.5, 20, 0]}, "note"),
        ({"note": [120, 30]}, None),
        ({"anzahl_stimmen": [3, 4, 7]}, None),
        ({"cluster": WHOLE, "userid": [4, 9], "temperature": PARTS}, None),
        ({"nb votos": [3, 4, 7], "âge": [30, 40], "docId": [7, 8]}, None),
        ({"valid": [0, 1]}, "valid"),
    ],
)
def test_the_name_says_which_column_is_the_label_not_its_place(columns, label):
    assert label_of(**columns) == label


@pytest.mark.parametrize(
    ("name", "counts", "label"),
    [
        ("n_votes", True, False), ("numTokens", True, False), ("upvotes", True, False),
        ("query_id", True, False), ("confidence score", True, False), ("age", True, False),
        ("human_score", False, True), ("Gold Label", False, True), ("is_duplicate", False, True),
        ("average", False, True), ("score_count", True, False), ("answer", False, False),
        ("unscored", False, False),
    ],
)  # fmt: skip
def test_what_a_name_says(name, counts, label):
    assert (says_counts(name), says_label(name)) == (counts, label)


def test_columns_that_are_not_taken_are_named():
    pairs = read_pairs(StringIO(table_of(score=WHOLE, mark=WHOLE, n_votes=[3, 4])))
    found = finding(pairs, "left_over_columns")
    assert found.severity == "warning"
    assert found.what == (
        "Not used, though it may be the label, too: 'mark'. "
        "Other columns of numbers, not used: 'n_votes'."
    )
    assert finding(read_pairs(StringIO(table_of(score=WHOLE))), "left_over_columns") is None


def test_a_label_that_only_its_numbers_show_is_a_warning():
    found = finding(read_pairs(StringIO(table_of(foo=WHOLE))), "left_over_columns")
    assert found.severity == "warning"
    assert "Column 'foo' is taken for the label because of what it holds" in found.what


def test_a_column_of_unknown_words_is_named_beside_numbers_that_nothing_calls_a_label():
    pairs = read_pairs(StringIO(table_of(foo=WHOLE, verdict=["keep", "drop"])))
    assert "may be the label, too: 'verdict'" in finding(pairs, "left_over_columns").what
    called = read_pairs(StringIO(table_of(score=WHOLE, verdict=["keep", "drop"])))
    left = finding(called, "left_over_columns")
    assert (left.severity, left.what) == (
        "note", "Not used, by what they hold: 'verdict' (few values)."
    )  # fmt: skip


@pytest.mark.parametrize(
    ("name", "cells", "holds"),
    [
        ("pos", ["DT NN VBZ", "DT NN VBZ JJ", "PRP VBD", "NN NN"], "tags"),
        ("credit", ["By the town of Ely, 2019"], "one value"),
        ("source", [f"https://example.org/{n}" for n in range(40)], "links"),
        ("path", [f"/data/May {n}/part {n}.txt" for n in range(40)], "paths"),
        ("seen", [f"2020-01-{n:02}" for n in range(1, 41)], "dates"),
        ("meta", [f'{{"k": {n}, "t": "It rains."}}' for n in range(40)], "lists or objects"),
        ("comment", ["Check it", *[""] * 6], "mostly empty"),
        ("author", [f"Ann of the house {n}" for n in range(40)], "texts"),
    ],
)
def test_every_column_of_words_that_is_not_used_is_named_by_what_it_holds(name, cells, holds):
    left = finding(read_pairs(StringIO(table_of(score=WHOLE, **{name: cells}))),
                   "left_over_columns")  # fmt: skip
    assert left.severity == "note"
    assert f"Not used, by what they hold: {name!r} ({holds})." in left.what


def test_numbers_ids_and_blanks_beside_a_label_are_not_worth_a_word():
    beside = {"id": [f"p{n:03}" for n in range(40)], "row": list(range(40)), "column": [""]}
    pairs = read_pairs(StringIO(table_of(score=WHOLE, **beside)))
    assert finding(pairs, "left_over_columns") is None


def test_a_label_with_nothing_in_it_is_a_warning():
    left = finding(read_pairs(StringIO(table_of(score=["", "n/a"]))), "left_over_columns")
    assert left.severity == "warning"
    assert "Called a label, with nothing in it: 'score'." in left.what


def test_a_negative_that_only_its_place_shows_is_a_warning():
    rows = "\n".join(f"I saw {n} birds.\tWe saw {n} birds.\tI saw no bird {n}." for n in range(9))
    pairs = read_pairs(StringIO(rows))
    assert pairs.kind == "triplet"
    found = finding(pairs, "left_over_columns")
    assert found.severity == "warning"
    assert "Column 'column 3' is taken for the negatives" in found.what


# --- words that are not known ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("label", ["good", "bad"]),
        ("label", ["round", "square", "flat"]),
        ("맞음?", ["맞음", "아님"]),
        ("ответ", ["да", "нет"]),
        ("outcome", ["pass", "fail"]),
        ("judge", ["K", "S", "R", "T"]),
        ("label", ["same", "other"]),
        ("verdict", ["n", "m"]),
    ],
)
def test_a_label_in_unknown_words_is_never_read_as_positive_in_silence(name, words):
    pairs = read_pairs(StringIO(table_of(**{name: words})))
    assert pairs.kind == "positive"
    found = finding(pairs, "unread_label")
    assert found.severity == "error"
    assert f"Column {name!r} looks like a label" in found.what
    assert all(repr(word) in found.what for word in words)
    assert len(found.remedies) == len(words) + 1
    for remedy, word in zip(found.remedies[:-1], words, strict=True):
        after = remedy.apply(pairs)
        assert remedy.label.startswith(f"{word} = 1, ")
        assert after.kind == "binary"
        assert (after.labels > 0).tolist() == [words[n % len(words)] == word for n in range(40)]


@pytest.mark.parametrize(("times", "severity"), [(1, "warning"), (6, "error")])
def test_a_word_that_many_rows_have_is_an_error_where_it_is_not_understood(times, severity):
    words = ["yes", "no"] * 17 + ["perhaps"] * times
    pairs = read_pairs(StringIO(table_of(label=[*words, *["yes"] * (40 - len(words))])))
    found = finding(pairs, "label_unrecognised")
    assert (found.severity, len(found.rows)) == (severity, times)
    assert "Labels not recognised: 'perhaps'." in found.what


def test_the_parts_of_a_split_and_languages_are_no_labels():
    text = table_of(split=["train", "test"], src_lang=["en", "de"], locale=["pt-BR", "fr"])
    assert finding(read_pairs(StringIO(text)), "unread_label") is None


def test_a_known_label_that_is_not_chosen_can_be_used_by_one_click():
    table = read_table(StringIO(table_of(score=WHOLE)))
    mapping = guess_columns(table)
    chosen = type(mapping)("positive", mapping.texts)
    pairs = read_pairs(StringIO(table_of(score=WHOLE)), chosen)
    remedies = {remedy.label: remedy for remedy in finding(pairs, "unread_label").remedies}
    assert list(remedies) == ["Use 'score' as the label", "Train without it"]
    used = remedies["Use 'score' as the label"].apply(pairs)
    assert (used.kind, used.labels.tolist()[:3]) == ("score", pytest.approx([0, 0.2, 0.4]))


def test_rows_without_a_word_are_dropped_with_the_choice():
    text = table_of(verdict=["keep", "drop", "keep", ""])
    pairs = read_pairs(StringIO(text))
    after = finding(pairs, "unread_label").remedy.apply(pairs)
    assert len(after) == 30
    assert after.report.dropped == {"label missing": tuple(range(4, 41, 4))}


# --- votes ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cells", "shares"),
    [
        (["3/6", "0/6", "6/6"], [0.5, 0, 1]),
        (["(3, 6)", "(0, 6)", "(6, 6)"], [0.5, 0, 1]),
        (["(3, 2)", "(0, 5)", "(5, 0)"], [0.6, 0, 1]),
        (["[1; 4]", "2 of 4", "1 out of 4"], [0.25, 0.5, 0.25]),
        (["٣/٦", "6/6"], [0.5, 1]),
        (["4,5", "0,5"], None),
        (["1/2/2020"], None),
    ],
)
def test_votes_are_grades(cells, shares):
    found = vote_shares(cells)
    assert (found if shares is None else found.tolist()) == (shares and pytest.approx(shares))


def test_votes_are_read_as_labels_and_that_is_said():
    pairs = read_pairs(StringIO(table_of(score=["3/5", "0/5", "5/5"])))
    assert (pairs.kind, pairs.labels.tolist()[:3]) == ("score", pytest.approx([0.6, 0, 1]))
    assert pairs.report.scaling == "votes: 3 of 5 = 0.6"
