"""Whatever is sent: pairs or an IngestError, and every row read is kept or dropped, once."""

import csv
import gzip
import io
import json
from io import StringIO

from hypothesis import given
from hypothesis import strategies as st

from ingest import (
    TEXTS,
    ColumnMapping,
    IngestError,
    check,
    guess_columns,
    read_pairs,
    read_table,
    split_pairs,
    to_pairs,
    write_csv,
    write_dropped,
)
from ingest.kinds import LABELLED
from tests.ingest.fuzz import CELL, FUZZ, NASTY, STARTS


def read_and_use(sent: bytes | str) -> bool:
    """Everything the app does with a file; False after an IngestError, and nothing else."""
    try:
        table = read_table(StringIO(sent) if isinstance(sent, str) else sent)
        mapping = guess_columns(table)
        pairs = to_pairs(table, mapping)
    except IngestError:
        return False
    report = pairs.report
    assert report.kept == len(pairs)
    assert report.read == table.rows_read
    dropped = [row for rows in report.dropped.values() for row in rows]
    assert sorted([*pairs.row_numbers, *dropped]) == list(range(1, table.rows_read + 1))
    split = split_pairs(pairs)
    for finding in check(pairs, loss_in_batch=True, split=split):
        if finding.remedy:
            after = finding.remedy.apply(pairs)
            assert after.report.read == table.rows_read
            assert after.report.kept == len(after)
    write_dropped(report, table)
    scale = None if pairs.labels is None else (0, 1)
    again = ColumnMapping(pairs.kind, TEXTS[pairs.kind], LABELLED.get(pairs.kind), scale)
    assert read_pairs(StringIO(write_csv(pairs, split)), again).texts == pairs.texts
    return True


def test_the_fuzz_reaches_the_end_with_what_can_be_read():
    assert read_and_use("sentence1;sentence2;score\nA dog runs.;It ran.;4,5\nx;;1\n=a;b;0\n")
    assert not read_and_use("A dog runs.")


@FUZZ
@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(data):
    read_and_use(data)


@FUZZ
@given(st.sampled_from(STARTS), st.binary(max_size=200))
def test_bytes_that_begin_like_a_format_are_read_or_refused(start, data):
    read_and_use(start + data)
    read_and_use(gzip.compress(start + data))


@FUZZ
@given(st.text(st.sampled_from(NASTY), max_size=200))
def test_any_pasted_text_is_read_or_refused(text):
    read_and_use(text)


@FUZZ
@given(
    rows=st.lists(st.lists(CELL, min_size=2, max_size=4), min_size=1, max_size=10),
    header=st.sampled_from(["", "sentence1,sentence2,score", "question,answer", "a,b,c,d", "x,y"]),
    separator=st.sampled_from(",;\t|"),
    encoding=st.sampled_from(["utf-8", "utf-16", "utf-8-sig", "cp1252"]),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
)
def test_any_rows_written_as_csv_are_read_or_refused(rows, header, separator, encoding, quoting):
    buffer = io.StringIO()
    writer = csv.writer(buffer, delimiter=separator, quoting=quoting)
    writer.writerows(([header.split(",")] if header else []) + rows)
    read_and_use(buffer.getvalue().encode(encoding, "replace"))


@FUZZ
@given(st.recursive(st.none() | st.booleans() | st.floats() | st.text(max_size=9),
                    lambda inner: st.lists(inner, max_size=4)
                    | st.dictionaries(st.text(max_size=4), inner, max_size=4)),
       st.sampled_from(["sentence1", "a", ""]))  # fmt: skip
def test_any_json_is_read_or_refused(value, name):
    read_and_use(json.dumps(value))
    line = json.dumps({name: value, "b": "two words", "label": 1})
    read_and_use(line + "\n" + line)


SCALE_NAMES = ["score", "Score (0-5)", "label", "0–100", "gleich?", "rating −1..1", "1-4 (0-5)"]
LABEL = st.one_of(CELL, st.integers(-2, 12).map(str), st.sampled_from(["2,5", "50 %", "-1", "1e3"]))


@FUZZ
@given(st.lists(LABEL, min_size=1, max_size=25), st.sampled_from(SCALE_NAMES),
       st.none() | st.tuples(st.floats(-10, 10), st.floats(-10, 110)),
       st.sampled_from(["score", "binary"]))  # fmt: skip
def test_any_labels_on_any_scale(labels, name, scale, kind):
    buffer = io.StringIO()
    rows = [[f"A dog {n}.", f"A cat {n}.", label] for n, label in enumerate(labels)]
    csv.writer(buffer).writerows([["sentence1", "sentence2", name], *rows])
    read_and_use(buffer.getvalue())
    try:
        table = read_table(StringIO(buffer.getvalue()))
        pairs = to_pairs(table, ColumnMapping(kind, ("sentence1", "sentence2"), name, scale))
    except IngestError:
        return
    dropped = [row for rows in pairs.report.dropped.values() for row in rows]
    assert sorted([*pairs.row_numbers, *dropped]) == list(range(1, table.rows_read + 1))
    assert all(0 <= label <= 1 for label in pairs.labels.tolist())
    check(pairs)


def test_nested_a_thousand_deep():
    read_and_use("[" * 100_000)
    read_and_use('{"a":' * 100_000)
    read_and_use('{"a": "x", "b": ' + "[" * 900 + "]" * 900 + "}")
    read_and_use('{"a": "x y", "b": ' + "9" * 6000 + "}")
