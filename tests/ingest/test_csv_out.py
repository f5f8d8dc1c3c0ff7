"""Templates, the cleaned file and the dropped rows: what goes out comes back the same."""

import csv
import io
from io import StringIO

import numpy as np
import pytest

from ingest import (
    TEXTS,
    ColumnMapping,
    IngestError,
    PairSet,
    Report,
    check,
    read_pairs,
    read_table,
    split_pairs,
    template,
    to_pairs,
    write_csv,
    write_dropped,
)
from ingest.kinds import LABELLED


def cells(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text, newline="")))


@pytest.mark.parametrize("kind", TEXTS)
def test_a_template_reads_as_its_kind(kind):
    pairs = read_pairs(StringIO(template(kind)))
    assert pairs.kind == kind
    assert len(pairs) == 3
    assert not pairs.report.dropped
    assert not pairs.report.fixed
    with pytest.raises(IngestError, match="Unknown kind 'pear'"):
        template("pear")


def test_the_cleaned_file_says_part_and_row_and_comes_back():
    rows = "".join(f'"left, {n}","right ""{n}""",{n % 6}\n' for n in range(100))
    pairs = read_pairs(StringIO("a,b,score\nx y, ,1\n" + rows))
    split = split_pairs(pairs)
    text = write_csv(pairs, split)
    top, *body = cells(text)
    assert top == ["sentence1", "sentence2", "score", "part", "row"]
    assert [row[-1] for row in body] == [str(n) for n in range(2, 102)]
    counts = {part: sum(row[-2] == part for row in body) for part in {row[-2] for row in body}}
    assert counts == {
        "train": len(split.train),
        "validation": len(split.validation),
        "held-out": len(split.held_out),
    }
    back = read_pairs(StringIO(text))
    assert back.texts == pairs.texts
    np.testing.assert_allclose(back.labels, pairs.labels, atol=1e-6)


@pytest.mark.parametrize("kind", TEXTS)
@pytest.mark.parametrize("start", ["=1+1", "+49 30", "-2 degrees", "@name", "it's", "'quoted'"])
def test_texts_that_begin_like_formulas_are_guarded_and_come_back(kind, start):
    width = len(TEXTS[kind])
    texts = ((start + " is it",) * width, ("plain text",) * width)
    labels = np.array([1, 0], np.float32) if kind in LABELLED else None
    pairs = PairSet(kind, texts, labels, (1, 2), Report(2))
    text = write_csv(pairs)
    assert not any(cell.startswith(("=", "+", "-", "@")) for row in cells(text) for cell in row)
    mapping = ColumnMapping(kind, TEXTS[kind], LABELLED.get(kind))
    assert read_pairs(StringIO(text), mapping).texts == texts


def test_a_split_of_other_pairs_is_refused():
    pairs = read_pairs(StringIO(template("score")))
    with pytest.raises(IngestError, match=r"split is of 3 rows, the pairs are 2"):
        write_csv(pairs.take([0, 1]), split_pairs(pairs))


def test_dropped_rows_are_listed_with_what_stood_in_them():
    table = read_table(
        StringIO("a,b,score\nx y,=z(),maybe\np q,r s,0.4\nu v,,1\nm n,o p,0.9\nx,y,z,w\n")
    )
    pairs = to_pairs(table, ColumnMapping("score", ("a", "b"), "score"))
    assert cells(write_dropped(pairs.report, table)) == [
        ["row", "reason", "a", "b", "score"],
        ["1", "label not recognised", "x y", "'=z()", "maybe"],
        ["3", "empty text", "u v", "", "1"],
        ["5", "more cells than columns", "", "", ""],
    ]
    assert cells(write_dropped(pairs.report))[1] == ["1", "label not recognised"]


def test_a_pair_set_refuses_what_does_not_fit_together():
    with pytest.raises(IngestError, match=r"differ in length: \[1, 2\]"):
        PairSet("positive", (("a", "b"),), None, (1, 2), Report(1))
    with pytest.raises(IngestError, match="between 0 and 1"):
        PairSet("score", (("a", "b"),), np.array([np.nan]), (1,), Report(1))
    with pytest.raises(IngestError, match="has labels: False"):
        PairSet("positive", (("a", "b"),), np.array([1.0]), (1,), Report(1))
    with pytest.raises(IngestError, match="do not have the 3 texts"):
        PairSet("triplet", (("a", "b"),), None, (1,), Report(1))
    pairs = read_pairs(StringIO(template("score")))
    with pytest.raises(ValueError, match="read-only"):
        pairs.labels[0] = 1
    assert check(pairs.take([])) == []
