"""Whatever is sent: a corpus or an IngestError, and every row read is kept or dropped, once."""

import csv
import gzip
import io
import json
from io import StringIO

from hypothesis import given
from hypothesis import strategies as st

from ingest import IngestError, guess_text_column, read_corpus, read_table, to_corpus
from tests.growth import growth
from tests.ingest.fuzz import CELL, FUZZ, NASTY, STARTS


def read_and_use(sent: bytes | str, filename: str = "") -> bool:
    """A corpus that holds what it says; False after an IngestError, and nothing else."""
    source = StringIO(sent) if isinstance(sent, str) else sent
    try:
        table = read_table(source, filename, singles=True)
        corpus = to_corpus(table, guess_text_column(table))
    except IngestError:
        return False
    report = corpus.report
    assert report.kept == len(corpus)
    dropped = [row for rows in report.dropped.values() for row in rows]
    assert sorted([*corpus.row_numbers, *dropped]) == list(range(1, table.rows_read + 1))
    assert all(text == " ".join(text.split()) for text in corpus.texts)
    assert read_corpus(source, filename).texts == corpus.texts
    assert len(corpus.sampled(2)) == min(2, len(corpus))
    return True


def test_the_fuzz_reaches_the_end_with_what_can_be_read():
    assert read_and_use("text;topic\nA dog runs.;x\n;y\nA dog runs.;x\nIt ran.;y\n")
    assert read_and_use("A dog runs, and so on.")
    assert not read_and_use("1\n2")


@FUZZ
@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(data):
    read_and_use(data)


@FUZZ
@given(st.sampled_from(STARTS), st.binary(max_size=200))
def test_bytes_that_begin_like_a_format_are_read_or_refused(start, data):
    read_and_use(start + data)
    read_and_use(gzip.compress(start + data), "a.txt.gz")


@FUZZ
@given(st.text(st.sampled_from(NASTY), max_size=200), st.sampled_from(["", "a.csv", "a.tsv"]))
def test_any_pasted_text_is_read_or_refused(text, filename):
    read_and_use(text, filename)


@FUZZ
@given(
    rows=st.lists(st.lists(CELL, min_size=1, max_size=4), min_size=1, max_size=10),
    header=st.sampled_from(["", "text", "text,topic", "a,b,c,d", "x,y"]),
    separator=st.sampled_from(",;\t|"),
    filename=st.sampled_from(["", "a.csv", "a.tsv", "a.txt"]),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
)
def test_any_rows_written_as_csv_are_read_or_refused(rows, header, separator, filename, quoting):
    buffer = io.StringIO()
    writer = csv.writer(buffer, delimiter=separator, quoting=quoting)
    writer.writerows(([header.split(",")] if header else []) + rows)
    read_and_use(buffer.getvalue(), filename)


@FUZZ
@given(st.recursive(st.none() | st.booleans() | st.floats() | st.text(max_size=9),
                    lambda inner: st.lists(inner, max_size=4)
                    | st.dictionaries(st.text(max_size=4), inner, max_size=4)))  # fmt: skip
def test_any_json_is_read_or_refused(value):
    read_and_use(json.dumps(value))


def test_cells_ten_times_as_long_take_no_hundred_times_as_long():
    short, long = (
        "@" * 20 * count + "\n" + "a@" * 5 * count + "\n" + "1," * 5 * count
        for count in (1_000, 10_000)
    )
    assert growth(read_and_use, short, long) < 40
