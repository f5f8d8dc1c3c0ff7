"""Where the texts of a map come from, and what is said of input that is none."""

import gzip
import json
from io import StringIO

import pytest

from encoder import EncoderError
from ingest import IngestError, read_pairs
from tests.ui.map.pages import BYTES, EACH, TABLE, TEXTS, an_atlas, listed
from ui.state.texts import (
    FIRST_SAMPLE,
    SAMPLES,
    Atlas,
    choose_columns,
    on_map,
    open_data,
    open_pairs,
    open_sample,
    open_texts,
)

LIMIT = 20_000  # rows of a file
ON_MAP = 5_000


@pytest.fixture
def atlas() -> Atlas:
    return Atlas(BYTES)


def lines(count: int) -> str:
    return "".join(f"Sentence number {at} of a rather long file.\n" for at in range(count))


# --- samples ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("title", "least", "label", "values"),
    [("Twelve everyday topics", 600, "topic", 12),
     ("Support questions, fifteen intents", 300, "intent", 15)],
)  # fmt: skip
def test_a_sample_is_large_enough_and_labelled(atlas, title, least, label, values):
    open_sample(atlas, title)
    assert atlas.name == SAMPLES[title]
    assert len(atlas.corpus) >= least
    assert len(set(atlas.corpus.labels[label])) == values
    assert not atlas.corpus.report.dropped


def test_there_are_these_samples_and_no_others(atlas):
    assert FIRST_SAMPLE in SAMPLES
    for title in ("../../etc/passwd", "topics.csv", "", "x" * 10_000):
        with pytest.raises(EncoderError, match=r"Unknown sample .* Choose one of: Twelve"):
            open_sample(atlas, title)
    assert atlas.corpus is None


# --- files and pasted lines ---------------------------------------------------------------------


def test_a_table_opens_with_its_texts_and_labels(atlas):
    open_data(atlas, TABLE.encode(), "texts.csv")
    assert list(atlas.corpus.texts) == TEXTS
    assert atlas.corpus.columns.text == "text"
    assert list(atlas.corpus.labels) == ["topic", "colour"]
    assert atlas.table.columns == ("text", "topic", "colour")


def test_every_kind_of_file_gives_the_same_texts(atlas, tmp_path):
    import pyarrow as pa
    from pyarrow import parquet

    path = tmp_path / "texts.parquet"
    parquet.write_table(pa.table({"text": TEXTS}), path)
    records = "\n".join(json.dumps({"text": text}) for text in TEXTS)
    for source, name in [
        (path, "texts.parquet"),
        (records.encode(), "texts.jsonl"),
        (json.dumps(TEXTS).encode(), "texts.json"),
        ("\n".join(TEXTS).encode("utf-16"), "texts.txt"),
        (gzip.compress("\n".join(TEXTS).encode()), "texts.txt.gz"),
        ("\n".join(TEXTS), "pasted texts"),
    ]:
        open_data(atlas, source, name)
        assert (list(atlas.corpus.texts), atlas.name) == (TEXTS, name)


@pytest.mark.parametrize(
    ("source", "why"),
    [
        (b"", "There is no text in it"),
        (b"text\n", "There is no row of texts below"),
        (b"text,topic\n,\n,\n", "no row of texts|No usable row|No column holds"),
        (b"\x00\x01\x02", "no text in it"),
        (b"PAR1 but no more", "broken"),
        (b"\x1f\x8b broken", "."),
        (b"n\n1\n2\n3\n4\n", "No column holds texts. Seen are n: '1'"),
        ("1.5\n2.5\n3.5", "numbers, ids, links and dates are no texts"),
        (",".join(f"c{n}" for n in range(60)).encode() + b"\n" + b"a b," * 59 + b"x", "at most 50"),
        ("", "Nothing was pasted"),
        (" \n\t ", "Nothing was pasted"),
        (b"word " * 2_000_000, "text longer than 5,000 characters"),
    ],
    ids=["empty", "a header", "empty cells", "control characters", "half a Parquet file",
         "half a gzip", "numbers", "pasted numbers", "60 columns", "no paste", "blank paste",
         "10 MB in one line"],
)  # fmt: skip
def test_what_cannot_be_mapped_is_told_and_the_old_texts_stay(source, why):
    atlas = an_atlas()
    corpus, table, identity = atlas.corpus, atlas.table, atlas.identity
    with pytest.raises(EncoderError, match=why) as error:
        open_data(atlas, source, "other.csv")
    assert len(str(error.value)) < 1_000
    assert (atlas.corpus, atlas.table, atlas.identity) == (corpus, table, identity)
    assert atlas.name == "texts.csv"


def test_one_row_is_a_corpus_of_one(atlas):
    open_data(atlas, "Just one sentence.", "pasted texts")
    assert atlas.corpus.texts == ("Just one sentence.",)


def test_equal_rows_are_one_text_and_the_others_are_told(atlas):
    open_data(atlas, b"text\n" + b"The same again.\n" * 50, "same.csv")
    assert atlas.corpus.texts == ("The same again.",)
    assert {why: len(rows) for why, rows in atlas.corpus.report.dropped.items()} == {
        "same text again": 49
    }


def test_emoji_are_texts(atlas):
    emoji = ["😀", "🎉🎉", "👩‍👩‍👧‍👦", "🏳️‍🌈"]
    open_data(atlas, "\n".join(emoji), "pasted texts")
    assert list(atlas.corpus.texts) == emoji


def test_of_ten_megabytes_a_sample_is_read_and_told(atlas):
    data = lines(250_000).encode()
    assert len(data) > 10**7
    open_data(atlas, data, "long.txt")
    assert len(atlas.corpus) == LIMIT
    assert f"A sample of {LIMIT:,} of the first" in atlas.corpus.report.notes[-1]


def test_of_too_many_rows_a_sample_is_read_and_told(atlas):
    open_data(atlas, lines(LIMIT + 1), "long.txt")
    assert len(atlas.corpus) == LIMIT
    assert f"A sample of {LIMIT:,} of {LIMIT + 1:,} rows was read." in atlas.corpus.report.notes


# --- other columns ------------------------------------------------------------------------------

COLUMNS = "text,topic,note\n" + "".join(f"text {n},topic {n % 3},a note {n}\n" for n in range(12))


def test_other_columns_of_the_same_file_can_be_chosen():
    atlas = an_atlas(COLUMNS)
    before = atlas.identity
    choose_columns(atlas, "note", ["topic", "text"])
    assert atlas.corpus.texts[0] == "a note 0"
    assert list(atlas.corpus.labels) == ["topic", "text"]
    assert atlas.identity != before
    choose_columns(atlas, "text", [])
    assert (atlas.corpus.labels, atlas.identity) == ({}, before)
    choose_columns(atlas, "topic", [])
    assert len(atlas.corpus) == 3  # each text once


@pytest.mark.parametrize(
    ("text", "labels", "why"),
    [("absent", [], "No column 'absent'. The file has: text, topic, note"),
     (None, [], "No column 'None'"), ([], [], "No column"),
     ("text", ["absent"], "No column 'absent'"), ("text", [5], "No column '5'"),
     ("text", ["text"], "'text' is chosen twice"),
     ("text", ["topic", "topic"], "'topic' is chosen twice")],
)  # fmt: skip
def test_columns_that_do_not_exist_are_told(text, labels, why):
    atlas = an_atlas(COLUMNS)
    corpus = atlas.corpus
    with pytest.raises(EncoderError, match=why):
        choose_columns(atlas, text, labels)
    assert atlas.corpus is corpus


# --- the texts of pairs -------------------------------------------------------------------------


def test_the_texts_of_pairs_are_each_taken_once_with_their_side(atlas):
    rows = "\n".join(f"A cat is here {n}.,A dog ran off {n % 4}.,{n % 6}" for n in range(20))
    open_pairs(atlas, read_pairs(StringIO(f"sentence1,sentence2,score\n{rows}")), "pairs.csv")
    assert atlas.name == "texts of pairs.csv"
    assert len(atlas.corpus) == 24
    assert set(atlas.corpus.labels) == {"side"}
    assert len(set(atlas.corpus.labels["side"])) == 2
    with pytest.raises(EncoderError, match="without columns to choose"):
        choose_columns(atlas, "text", [])


def test_where_there_are_no_pairs_that_is_told(atlas):
    with pytest.raises(EncoderError, match="There are no pairs yet"):
        open_pairs(atlas, None, "")


# --- a list of texts ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "texts",
    [["text", "a text"], ["a, b", "c, d", "e, f"], ['He said "no', "It is", 'He said "yes'],
     ["a; b", "c; d"], ["sep=;", "a;b"], ["=1+1", "-2"], ["1", "2", "3"],
     ['{"a": 1}', '["b"]'], ["http://example.org", "2020-01-01"], ["<b>", "&amp;"]],
    ids=str,
)  # fmt: skip
def test_a_list_is_taken_as_it_is_and_never_read_as_a_table(texts):
    assert listed(texts).corpus.texts == tuple(texts)


def test_texts_of_a_list_are_tidied_and_empty_ones_left_out():
    found = listed(["  two\n lines ", "", "\u200b", "\x00", "half \ud83d", "half \ud83d", "end"])
    assert found.corpus.texts == ("two lines", "half \ufffd", "end")
    assert found.corpus.row_numbers == (1, 5, 7)
    assert found.corpus.report.dropped == {"empty text": (2, 3, 4), "same text again": (6,)}


@pytest.mark.parametrize("texts", [[""], [" "], ["\x00", "\u200b"], ["x" * 5_001]])
def test_a_list_without_a_text_is_told(texts):
    with pytest.raises(EncoderError, match="No usable row is left"):
        listed(texts)


# --- how many fit on a map ----------------------------------------------------------------------


def test_more_texts_than_fit_are_sampled_and_it_says_so():
    atlas = listed([f"Sentence {n}." for n in range(ON_MAP + 1)])
    chosen = on_map(atlas.corpus, ON_MAP)
    assert len(chosen) == ON_MAP
    note = chosen.report.notes[-1]
    assert note.startswith("A sample of 5,000 of 5,001 texts is on the map")
    assert on_map(atlas.corpus, ON_MAP).texts == chosen.texts  # the same ones each time
    assert list(chosen.row_numbers) == sorted(chosen.row_numbers)
    assert chosen.report.notes[:-1] == atlas.corpus.report.notes


def test_texts_that_fit_are_all_on_the_map():
    corpus = an_atlas().corpus
    assert on_map(corpus, 3 * EACH) is corpus
    assert len(on_map(corpus, 10)) == 10
    with pytest.raises(IngestError):
        on_map(corpus, 0)


def test_more_texts_than_a_file_may_have_can_still_be_sent_as_a_list():
    found = Atlas(BYTES)
    open_texts(found, [f"Sentence {n}." for n in range(LIMIT + 5)], "texts")
    assert len(on_map(found.corpus, 50)) == 50
