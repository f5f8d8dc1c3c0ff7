"""Single texts: which column they are in, cleaned as those of pairs are, and each once."""

import csv
import gzip
import io
from dataclasses import replace
from io import StringIO

import pytest

from ingest import (
    Corpus,
    CorpusColumns,
    IngestError,
    Limits,
    OverLimit,
    corpus_of_pairs,
    guess_text_column,
    read_corpus,
    read_pairs,
    read_table,
    to_corpus,
)
from tests.ingest.files import SMALL
from tests.samples import SAMPLES

# --- columns ------------------------------------------------------------------------------------


def guess(text: str) -> CorpusColumns:
    return guess_text_column(read_table(StringIO(text), singles=True))


@pytest.mark.parametrize(
    ("name", "text", "labels", "rows"),
    [
        ("topics.csv", "text", ("topic",), 648),
        ("support_questions.csv", "text", ("intent", "channel"), 341),
        ("search_passages.csv", "text", ("section",), 243),
        ("search_queries.csv", "query", (), 178),
        ("graded_pairs.csv", "sentence1", ("score", "topic"), None),
    ],
)
def test_the_samples_have_their_texts_and_labels(name, text, labels, rows):
    corpus = read_corpus(SAMPLES / name)
    assert corpus.columns == CorpusColumns(text, labels)
    assert rows is None or len(corpus) == rows
    assert set(corpus.labels) == set(labels)
    assert not corpus.report.fixed


A, B = "The train was late again today.", "My soup is cold."


@pytest.mark.parametrize(
    ("header", "cells", "text"),
    [
        ("id,text", f"1,{A}", "text"),
        ("Title,Body", f"Trains,{A}", "Body"),
        ("question,answer", f"{B},{A}", "question"),
        ("query,passage", f"{B},{A}", "passage"),
        ("Customer message,note", f"{A},ok", "Customer message"),
        ("text,description", f"12,{A}", "description"),
        ("link,text,when", f"https://a.org/{'x' * 90},{B},2024-05-01", "text"),
        ("text,Zeit,Satz", f"https://a.org/x,Monday 3 May 2021,{B}", "Satz"),
        ("hash,Satz", f"{'3fa9' * 12},{B}", "Satz"),
    ],
)
def test_texts_by_name_then_by_content(header, cells, text):
    assert guess(f"{header}\n{cells}\n{cells[:-1]}2\n").text == text


def test_a_name_does_not_help_a_column_of_few_values():
    rows = "\n".join(f"{('good', 'bad')[n % 2]},{A} {n}" for n in range(30))
    assert guess(f"review,details\n{rows}") == CorpusColumns("details", ("review",))


def test_labels_are_few_short_values():
    names = "text,n,topic,stars,nearly,one,score,remark,empty"
    rows = [f"{A} {n},{n},{'ab'[n % 2]}x,{n % 3},{n // 2 if n < 4 else n},same,{n % 4 / 2},"
            f"{B * 4 if n % 2 else A * 3},{'' if n > 2 else n % 2}" for n in range(12)]  # fmt: skip
    assert guess("\n".join([names, *rows])).labels == ("topic", "stars", "score")


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("1\n2\n3", "text: '1'"),
        ("size,weight\n1,2\n3,4", "size: '1'; weight: '2'"),
        ("id,link\np1,https://a.org\np2,https://b.org", "id: 'p1'; link: 'https://a.org'"),
        ("2024-01-02\n2024-01-03", "text: '2024-01-02'"),
    ],
)
def test_a_file_without_texts_is_refused_with_what_it_holds(text, seen):
    with pytest.raises(IngestError, match="No column holds texts") as caught:
        read_corpus(StringIO(text))
    assert seen in str(caught.value)
    assert "Expected are sentences or words" in str(caught.value)


def test_chosen_columns_need_no_guess():
    table = read_table(StringIO(f"n,a,b\n1,{A},x\n2,{B},y\n"), singles=True)
    corpus = to_corpus(table, CorpusColumns("n", ("b",)))
    assert (corpus.texts, corpus.labels) == (("1", "2"), {"b": ("x", "y")})
    with pytest.raises(IngestError, match=r"No column 'x', 'y'. The file has: n, a, b."):
        to_corpus(table, CorpusColumns("x", ("b", "y")))
    with pytest.raises(IngestError, match=r"'a' is chosen twice"):
        CorpusColumns("a", ("b", "a"))


# --- rows ---------------------------------------------------------------------------------------


def test_texts_are_cleaned_as_those_of_pairs_are():
    cells = ["  x\u00a0 y\u200b ", "'=1+1 and so on", "fine", "  ", "\u200b", "z" * 30]
    limits = Limits(cell_chars=20)
    frame = [["text", "text2"], *([cell, f"{n} word"] for n, cell in enumerate(cells))]
    buffer = io.StringIO()
    csv.writer(buffer).writerows(frame)
    corpus = read_corpus(StringIO(buffer.getvalue()), limits=limits)
    pairs = read_pairs(StringIO(buffer.getvalue()), limits=limits)
    assert corpus.texts == ("x y", "=1+1 and so on", "fine")
    assert corpus.texts == tuple(text for text, _ in pairs.texts)
    assert corpus.row_numbers == pairs.row_numbers
    assert corpus.report.fixed == pairs.report.fixed
    assert corpus.report.dropped == pairs.report.dropped
    assert set(corpus.report.dropped) == {"empty text", "text longer than 20 characters"}


def test_a_text_stands_once_with_the_labels_of_its_first_row():
    corpus = read_corpus(StringIO("text,topic\na b,x\nc d,y\n a  b,y\nA b,x\nc d, y\n"))
    assert corpus.texts == ("a b", "c d", "A b")
    assert corpus.row_numbers == (1, 2, 4)
    assert corpus.labels == {"topic": ("x", "y", "x")}
    assert corpus.report.dropped == {"same text again": (3, 5)}
    assert corpus.report.fixed == {}
    assert (corpus.report.kept, corpus.report.read) == (3, 5)


def test_a_text_that_comes_again_with_another_label_is_said_with_its_rows():
    corpus = read_corpus(StringIO("text,topic\na b,x\nc d,y\na b,y\nA b,x\nc d,y\na b,z\n"))
    assert corpus.report.notes == (
        "Rows 3, 6 hold a text again, with another label; the label of its first row counts.",
    )
    one = read_corpus(StringIO("text,topic\na b,x\nc d,y\na b,y\nA b,x\n"))
    assert one.report.notes[0].startswith("Row 3 holds a text again")
    same = read_corpus(StringIO("text,topic\na b,x\nc d,y\na b,x\na b,\n"))
    assert same.report.notes == ()  # a label that is missing is no other one


def test_blank_lines_keep_their_row_numbers():
    corpus = read_corpus(StringIO("First one.\n\n   \nSecond one, here.\n\n"))
    assert corpus.row_numbers == (1, 4)
    assert corpus.report.dropped == {"blank line": (2, 3)}


def test_lists_and_objects_of_records_are_no_texts():
    corpus = read_corpus(
        StringIO('{"text": "a b"}\n{"text": {"en": "c d"}}\n{"text": ["e f"]}\n[]')
    )
    assert corpus.texts == ("a b", "e f")
    assert corpus.report.dropped == {
        "not a readable record": (4,),
        "a list or an object instead of a text": (2,),
    }


def test_labels_that_are_missing_are_empty():
    rows = "".join(f"text {n},{'ab'[n % 2]}\n" for n in range(8))
    assert read_corpus(StringIO(f"text,topic\n{rows}nothing,\n")).labels["topic"][-2:] == ("b", "")


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (StringIO(""), "no text in it. Send texts, one a line"),
        (b"", "no text in it. Send texts, one a line"),
        (StringIO(" \n\n "), "no text in it"),
        (StringIO(",,\n,,\n"), "Every cell is empty. Send texts"),
        (StringIO("text,topic\n"), "no row of texts below the columns' names: text, topic"),
        (b"%PDF-1.7 ...", "a PDF"),
    ],
)
def test_what_holds_no_texts_is_refused_with_a_reason(source, message):
    with pytest.raises(IngestError, match=message):
        read_corpus(source)


def test_no_usable_row_says_why():
    with pytest.raises(IngestError, match=r"No usable row is left \(text longer than 20 char.*: 1"):
        read_corpus(StringIO("word " * 9), limits=SMALL)


def test_a_file_is_read_in_its_encoding_packed_or_not(tmp_path):
    path = tmp_path / "texts.txt"
    path.write_text("I came, I saw\nÀ bientôt, Zoë\n", "utf-16")
    wanted = ("I came, I saw", "À bientôt, Zoë")
    assert read_corpus(path).texts == wanted
    assert read_corpus(gzip.compress(path.read_bytes()), "texts.txt.gz").texts == wanted
    assert read_corpus(path).report.encoding == "UTF-16"


def test_over_a_limit_there_is_an_error_or_a_sample_on_request():
    lines = "\n".join(f"text no. {n}" for n in range(60))
    assert len(read_corpus(StringIO("\n".join(lines.split("\n")[:10])), limits=SMALL)) == 10
    with pytest.raises(OverLimit, match=r"more than 10 rows.*ask for a sample"):
        read_corpus(StringIO(lines), limits=SMALL)
    sample = read_corpus(StringIO(lines), limits=SMALL, sample=True)
    assert len(sample) == 10
    assert "A sample of 10 of 60 rows was read." in sample.report.notes
    with pytest.raises(OverLimit, match=r"larger than 2.0 kB"):
        read_corpus(StringIO(lines * 4), limits=SMALL)


# --- Corpus -------------------------------------------------------------------------------------


def test_a_sample_is_seeded_and_in_the_order_of_the_file():
    rows = "".join(f"text no. {n},{'ab'[n % 2]}\n" for n in range(1_200))
    corpus = read_corpus(StringIO("text,topic\n" + rows))
    sample = corpus.sampled(1_000, seed=3)
    assert len(sample) == 1_000
    assert list(sample.row_numbers) == sorted(sample.row_numbers)
    assert sample.texts == tuple(f"text no. {n - 1}" for n in sample.row_numbers)
    assert sample.labels["topic"] == tuple("ab"[(n - 1) % 2] for n in sample.row_numbers)
    assert sample.texts == corpus.sampled(1_000, seed=3).texts
    assert sample.texts != corpus.sampled(1_000, seed=4).texts
    assert sample.report.notes == (*corpus.report.notes, "A sample of 1,000 of 1,200 texts.")
    assert sample.report.read == 1_200
    assert corpus.sampled(1_200) is corpus
    why = corpus.sampled(2, why="is on the map").report.notes[-1]
    assert why == "A sample of 2 of 1,200 texts is on the map."
    with pytest.raises(IngestError, match="sample of 0"):
        corpus.sampled(0)


def test_a_corpus_that_cannot_be():
    corpus = read_corpus(
        StringIO("text,topic\na b,x\nc d,y\n"), columns=CorpusColumns("text", ("topic",))
    )
    with pytest.raises(IngestError) as caught:
        replace(corpus, texts=("a", "a", "b"), labels={"other": ("x", "y")})
    assert len(caught.value.problems) == 3
    with pytest.raises(IngestError, match="needs a text"):
        Corpus((), (), {}, CorpusColumns("text"), corpus.report)


def test_the_texts_of_pairs():
    pairs = read_pairs(StringIO(f"anchor,positive,negative\n{A},{B},x y\n{B},{A},z w\n"))
    corpus = corpus_of_pairs(pairs)
    assert corpus.texts == (A, B, "x y", "z w")
    assert corpus.labels == {"side": ("anchor", "positive", "negative", "negative")}
    assert corpus.row_numbers == (1, 1, 1, 2)
    assert corpus.report.kept == 4
    assert corpus.report.notes[-1] == "4 distinct texts of 2 pairs."
    scored = corpus_of_pairs(read_pairs(SAMPLES / "graded_pairs.csv"))
    assert set(scored.labels["side"]) == {"sentence1", "sentence2"}
