"""Lists in records: those not needed do not matter, those in a text's place are told."""

import io
import json
from io import StringIO

import pandas as pd
import pytest

from ingest import (
    IngestError,
    check,
    guess_columns,
    read_corpus,
    read_pairs,
    read_table,
)
from ingest.contents import is_nested

SNLI = [
    {
        "annotator_labels": ["neutral", "entailment", "neutral"],
        "captionID": f"34{n}.jpg#4",
        "gold_label": label,
        "pairID": f"34{n}.jpg#4r1n",
        "sentence1": f"Two women {n} are embracing.",
        "sentence2": f"The sisters {n} are hugging.",
        "meta": {"parse": ["ROOT", "NP"], "depth": {"n": n}},
        "nothing": [],
    }
    for n, label in enumerate(["neutral", "entailment", "contradiction"] * 4)
]
EMBEDDING = [
    {"query": f"What is number {n}?", "pos": [f"It is the number {n}."],
     "neg": [f"No idea {n}.", f"Ask again {n}.", f"It is {n + 1}."]} for n in range(12)
]  # fmt: skip


def as_list(records) -> bytes:
    return json.dumps(records).encode()


def lines(records) -> str:
    return "\n".join(map(json.dumps, records))


def as_lines(records) -> StringIO:
    return StringIO(lines(records))


def as_parquet(records) -> bytes:
    buffer = io.BytesIO()
    pd.DataFrame(records).to_parquet(buffer, index=False)
    return buffer.getvalue()


@pytest.mark.parametrize("written", [as_lines, as_list, as_parquet])
def test_lists_that_are_not_needed_do_not_matter(written):
    pairs = read_pairs(written(SNLI))
    assert pairs.texts[0] == ("Two women 0 are embracing.", "The sisters 0 are hugging.")
    assert pairs.labels.tolist()[:3] == [0.5, 1, 0]
    assert not pairs.report.dropped


def test_they_are_columns_of_json_and_no_texts():
    table = read_table(StringIO(lines(SNLI)))
    cells = table.frame.loc[1]
    assert json.loads(cells["annotator_labels"]) == SNLI[0]["annotator_labels"]
    assert json.loads(cells["meta"]) == SNLI[0]["meta"]
    without_names = [{"x": r["sentence1"], "y": r["annotator_labels"] * 9, "z": r["sentence2"]}
                     for r in SNLI]  # fmt: skip
    assert guess_columns(read_table(StringIO(lines(without_names)))).texts == ("x", "z")
    singles = [{"a": record["x"], "b": record["y"]} for record in without_names]
    corpus = read_corpus(StringIO(lines(singles)))
    assert corpus.columns.text == "a"
    assert corpus.report.notes == ("Lists and objects are not read: 'b'.",)
    notes = read_pairs(StringIO(lines(SNLI))).report.notes
    assert notes == ("Lists and objects are not read: 'annotator_labels', 'meta', 'nothing'.",)


@pytest.mark.parametrize("written", [as_lines, as_parquet])
def test_a_list_of_one_text_is_that_text(written):
    table = read_table(written(EMBEDDING))
    assert table.frame.loc[1, "pos"] == "It is the number 0."
    one = [record | {"neg": record["neg"][:1]} for record in EMBEDDING]
    pairs = read_pairs(written(one))
    assert (pairs.kind, len(pairs), pairs.report.notes) == ("triplet", 12, ())


def test_a_list_in_a_texts_place_is_dropped_by_row():
    records = [*EMBEDDING, {"query": ["Two", "of them?"], "pos": ["Yes it is."], "neg": ["No."]}]
    pairs = read_pairs(StringIO(lines(records)))
    assert pairs.report.dropped == {"a list or an object instead of a text": (37,)}
    found = next(f for f in check(pairs) if f.name == "unreadable_rows")
    assert found.rows == (37,)


def test_texts_that_are_all_lists_are_named():
    with pytest.raises(IngestError, match=r"found 1 among: query, neg\..*are no texts: neg\."):
        read_pairs(StringIO(lines([{"query": r["query"], "neg": r["neg"]} for r in EMBEDDING])))


def test_only_lines_that_are_no_records_are_unreadable():
    text = lines([*SNLI, 5, "text", []]) + '\n{"sentence1": "broken'
    pairs = read_pairs(StringIO(text))
    assert pairs.report.dropped == {"not a readable record": (13, 14, 15, 16)}


def test_a_text_in_brackets_is_a_text():
    assert not is_nested("[Laughs] No.")
    assert not is_nested("[sic]")
    assert not is_nested("{")
    assert not is_nested("[" * 2_000 + "]" * 2_000)
    assert is_nested('["a", {"b": 1}]')
    pairs = read_pairs(StringIO('a,b,label\n[1],"[2, 3]",1\nx y,z,0\n'))
    assert pairs.texts[0] == ("[1]", "[2, 3]"), "a CSV has no lists"


def test_texts_inside_objects_are_columns():
    records = [{"translation": {"de": f"Es regnet {n} mal.", "en": f"It rains {n} times."}}
               for n in range(4)]  # fmt: skip
    pairs = read_pairs(as_lines(records))
    assert pairs.texts[1] == ("Es regnet 1 mal.", "It rains 1 times.")
    assert "The objects in 'translation' are read as 'de', 'en'." in pairs.report.notes
    assert read_corpus(as_lines(records)).texts[0] == "It rains 0 times."
    described = [
        {"question": {"text": f"What is {n}?", "lang": "en"}, "answer": {"text": f"It is {n} it."}}
        for n in range(4)
    ]
    assert read_pairs(as_lines(described)).texts[2] == ("What is 2?", "It is 2 it.")


def test_objects_beside_two_texts_stay_unread():
    records = [{"a": f"It rains {n}.", "b": f"It pours {n}.", "meta": {"x": f"So it {n}.",
                "y": f"Is it {n}?"}} for n in range(4)]  # fmt: skip
    assert read_pairs(as_lines(records)).report.notes == (
        "Lists and objects are not read: 'meta'.",
    )
