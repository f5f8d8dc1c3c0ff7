"""Where the texts of a map come from, and what is said of input that is none."""

import gzip
import json
from io import StringIO

import pytest

from ingest import IngestError, LabError, Limits, OverLimit, read_pairs
from tests.ui.corpus import EACH, TABLE, TEXTS
from ui.finetune.handlers import FinetuneHandlers
from ui.page.texts import TextsHandlers
from ui.settings import Settings
from ui.state.judgements import read_judgements
from ui.state.pairs import open_data as open_pasted_pairs
from ui.state.stages import Stages
from ui.state.texts import (
    OpenTexts,
    TabState,
    VisitorTexts,
    choose_columns,
    on_map,
    open_data,
    open_pairs,
    open_texts,
)
from ui.state.workbench import Workbench

BYTES = 10**8
LIMIT = 20_000  # rows of a file
ON_MAP = 5_000


@pytest.fixture
def texts() -> VisitorTexts:
    return VisitorTexts(BYTES)


def opened(source, name: str = "texts.csv") -> OpenTexts:
    return open_data(source, name, Stages(BYTES))


def listed(texts: list[str]) -> OpenTexts:
    return open_texts(texts, "texts", Stages(BYTES))


def lines(count: int) -> str:
    return "".join(f"Sentence number {at} of a rather long file.\n" for at in range(count))


# --- files and pasted lines ---------------------------------------------------------------------


def test_a_table_opens_with_its_texts_and_labels():
    texts = opened(TABLE.encode(), "texts.csv")
    assert list(texts.corpus.texts) == TEXTS
    assert texts.corpus.columns.text == "text"
    assert list(texts.corpus.labels) == ["topic", "colour"]
    assert texts.table.columns == ("text", "topic", "colour")


def test_every_kind_of_file_gives_the_same_texts(tmp_path):
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
        texts = opened(source, name)
        assert (list(texts.corpus.texts), texts.name) == (TEXTS, name)


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
def test_what_cannot_be_mapped_is_told(source, why):
    with pytest.raises(LabError, match=why) as error:
        opened(source, "other.csv")
    assert len(str(error.value)) < 1_000


def test_one_row_is_a_corpus_of_one():
    texts = opened("Just one sentence.", "pasted texts")
    assert texts.corpus.texts == ("Just one sentence.",)


def test_equal_rows_are_one_text_and_the_others_are_told():
    texts = opened(b"text\n" + b"The same again.\n" * 50, "same.csv")
    assert texts.corpus.texts == ("The same again.",)
    assert {why: len(rows) for why, rows in texts.corpus.report.dropped.items()} == {
        "same text again": 49
    }


def test_emoji_are_texts():
    emoji = ["😀", "🎉🎉", "👩‍👩‍👧‍👦", "🏳️‍🌈"]
    texts = opened("\n".join(emoji), "pasted texts")
    assert list(texts.corpus.texts) == emoji


def test_of_ten_megabytes_a_sample_is_read_and_told():
    data = lines(250_000).encode()
    assert len(data) > 10**7
    texts = opened(data, "long.txt")
    assert len(texts.corpus) == LIMIT
    assert f"A sample of {LIMIT:,} of the first" in texts.corpus.report.notes[-1]


def test_of_too_many_rows_a_sample_is_read_and_told():
    texts = opened(lines(LIMIT + 1), "long.txt")
    assert len(texts.corpus) == LIMIT
    assert f"A sample of {LIMIT:,} of {LIMIT + 1:,} rows was read." in texts.corpus.report.notes


# --- other columns ------------------------------------------------------------------------------

COLUMNS = "text,topic,note\n" + "".join(f"text {n},topic {n % 3},a note {n}\n" for n in range(12))


def test_other_columns_of_the_same_file_can_be_chosen():
    first = opened(COLUMNS)
    notes = choose_columns(first, "note", ["topic", "text"])
    assert notes.corpus.texts[0] == "a note 0"
    assert list(notes.corpus.labels) == ["topic", "text"]
    assert notes.identity != first.identity
    again = choose_columns(notes, "text", [])
    assert (again.corpus.labels, again.identity) == ({}, first.identity)
    assert again.token != first.token  # opened anew all the same
    assert len(choose_columns(again, "topic", []).corpus) == 3  # each text once


@pytest.mark.parametrize(
    ("text", "labels", "why"),
    [("absent", [], "No column 'absent'. The file has: text, topic, note"),
     (None, [], "No column 'None'"), ([], [], "No column"),
     ("text", ["absent"], "No column 'absent'"), ("text", [5], "No column '5'"),
     ("text", ["text"], "'text' is chosen twice"),
     ("text", ["topic", "topic"], "'topic' is chosen twice")],
)  # fmt: skip
def test_columns_that_do_not_exist_are_told(text, labels, why):
    with pytest.raises(LabError, match=why):
        choose_columns(opened(COLUMNS), text, labels)


# --- the texts of pairs -------------------------------------------------------------------------


def test_the_texts_of_pairs_are_each_taken_once_with_their_side():
    rows = "\n".join(f"A cat is here {n}.,A dog ran off {n % 4}.,{n % 6}" for n in range(20))
    pairs = read_pairs(StringIO(f"sentence1,sentence2,score\n{rows}"))
    texts = open_pairs(pairs, "pairs.csv", Stages(BYTES))
    assert texts.name == "texts of pairs.csv"
    assert len(texts.corpus) == 24
    assert set(texts.corpus.labels) == {"side"}
    assert len(set(texts.corpus.labels["side"])) == 2
    with pytest.raises(LabError, match="without columns to choose"):
        choose_columns(texts, "text", [])


def test_where_there_are_no_pairs_that_is_told():
    with pytest.raises(LabError, match="There are no pairs yet"):
        open_pairs(None, "", Stages(BYTES))


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
    with pytest.raises(LabError, match="No usable row is left"):
        listed(texts)


# --- how many fit on a map ----------------------------------------------------------------------


def test_more_texts_than_fit_are_sampled_and_it_says_so():
    texts = listed([f"Sentence {n}." for n in range(ON_MAP + 1)])
    chosen = on_map(texts.corpus, ON_MAP)
    assert len(chosen) == ON_MAP
    note = chosen.report.notes[-1]
    assert note.startswith("A sample of 5,000 of 5,001 texts is on the map")
    assert on_map(texts.corpus, ON_MAP).texts == chosen.texts  # the same ones each time
    assert list(chosen.row_numbers) == sorted(chosen.row_numbers)
    assert chosen.report.notes[:-1] == texts.corpus.report.notes


def test_texts_that_fit_are_all_on_the_map():
    corpus = opened(TABLE).corpus
    assert on_map(corpus, 3 * EACH) is corpus
    assert len(on_map(corpus, 10)) == 10
    with pytest.raises(IngestError):
        on_map(corpus, 0)


def test_more_texts_than_a_file_may_have_can_still_be_sent_as_a_list():
    found = listed([f"Sentence {n}." for n in range(LIMIT + 5)])
    assert len(on_map(found.corpus, 50)) == 50


# --- what lies open -----------------------------------------------------------------------------


class Notes(TabState):
    """What a tab could keep: which texts it was told of, and whether it works."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self.busy = False

    @property
    def at_work(self) -> bool:
        return self.busy

    def reopen(self, texts: OpenTexts | None) -> None:
        self.told.append(texts.name if texts else "nothing")


def test_a_tab_hears_of_other_texts_and_of_the_end_of_the_visit(texts):
    early = texts.state(Notes)
    texts.open(opened(TABLE))
    assert texts.state(Notes) is early
    texts.open(opened(COLUMNS, "others.csv"))
    texts.close()
    assert early.told == ["nothing", "texts.csv", "others.csv", "nothing"]
    assert texts.opened is None


def test_a_tab_that_comes_late_learns_what_lies_open(texts):
    texts.open(opened(TABLE))
    assert texts.state(Notes).told == ["texts.csv"]


def test_other_texts_end_what_was_under_way_and_forget_what_came_of_it(texts):
    texts.open(opened(TABLE))
    stop = texts.tasks.begin("compare")
    texts.tasks.results["compare"] = "the old ones"
    texts.stages.get("encode", ("a",), lambda: 1)
    assert texts.at_work
    texts.open(opened(COLUMNS))
    assert stop.is_set()
    assert (texts.tasks.results, texts.stages.bytes, texts.at_work) == ({}, 0, False)


def test_a_visitor_is_at_work_while_a_tab_is(texts):
    texts.state(Notes).busy = True
    assert texts.at_work


def test_the_identity_of_texts_is_theirs_alone():
    assert opened(TABLE).identity == opened(TABLE).identity
    assert opened("one thing\ntwo things").identity != opened("one\nthing two things").identity


# --- what the host lets visitors send ------------------------------------------------------------


def test_the_upload_limit_of_the_host_counts_wherever_rows_are_read(bert):
    workbench = Workbench(Settings(upload=Limits(rows=30)), lambda spec, **limits: bert)
    texts = TextsHandlers(workbench).open_text("ann", lines(40))
    assert "A sample of 30 of 40 rows was read." in texts.corpus.report.notes
    rows = "".join(f"A cat {n}.,A dog {n}.,{n % 6}\n" for n in range(40))
    with pytest.raises(OverLimit, match="30"):
        FinetuneHandlers(workbench).open_text("ann", "sentence1,sentence2,score\n" + rows)
    grades = "query,text,grade\n" + "".join(f"q{n},t{n},1\n" for n in range(40))
    with pytest.raises(OverLimit, match="30"):
        read_judgements(grades.encode(), "mine.csv", texts.corpus, workbench.settings.upload)


@pytest.mark.parametrize("read", ["texts", "pairs"])
def test_what_a_visitor_pastes_is_never_read_as_a_path(tmp_path, monkeypatch, read):
    (tmp_path / "secret.csv").write_text("sentence1,sentence2,score\nA secret.,Another.,3\n" * 3)
    monkeypatch.chdir(tmp_path)
    for name in ("secret.csv", str(tmp_path / "secret.csv")):
        if read == "texts":
            try:
                shown = opened(name, "pasted texts").corpus.texts
            except IngestError as error:  # a path is no sentence
                shown = (str(error),)
            assert "A secret." not in shown
        else:
            pairs = open_pasted_pairs(name, "pasted rows")
            assert "secret.," not in repr(pairs.table.frame.to_dict())
            assert pairs.pairs is None
