"""Judgements: kept by query and text, undone, written and read back."""

import math
import threading
from io import StringIO

import pytest

from ingest import LabError, read_corpus
from ui.state.judgements import (
    Judgements,
    judged_rows,
    judgements_csv,
    read_judgements,
    sample_judgements,
)
from ui.state.pairs import SAMPLES_FOLDER

TEXTS = ("a cat sleeps", "a dog barks", "the bank is shut", "=SUM(A1)", "it's raining")


def corpus(*texts):
    return read_corpus(StringIO("\n".join(texts or TEXTS)))


def of(grades):
    found = Judgements()
    found.add(grades)
    return found


# --- keeping ------------------------------------------------------------------------------------


def test_a_judgement_is_changed_taken_away_and_undone():
    judged = Judgements()
    judged.judge("cats", "a cat sleeps", 1)
    judged.judge("cats", "a dog barks", 0)
    assert judged.grades == {"cats": {"a cat sleeps": 1.0, "a dog barks": 0.0}}
    judged.judge("cats", "a dog barks", 1)
    judged.judge("cats", "a cat sleeps", None)
    judged.judge("cats", "a dog barks", None)
    assert judged.grades == {}
    for left in (1, 2, 2, 1, 0):
        judged.undo()
        assert len(judged) == left
    with pytest.raises(LabError, match="no judgement to take back"):
        judged.undo()


def test_what_was_read_once_does_not_change():
    judged = of({"cats": {"a cat sleeps": 1}})
    before = judged.grades
    judged.judge("cats", "a cat sleeps", 0)
    judged.clear()
    assert before == {"cats": {"a cat sleeps": 1}}


@pytest.mark.parametrize("grade", [-1, math.nan, math.inf, 101])
def test_a_grade_that_is_none_is_refused(grade):
    judged = of({"cats": {"a cat sleeps": 1}})
    with pytest.raises(LabError, match=r"A grade is .* from 0"):
        judged.judge("cats", "a dog barks", grade)
    assert len(judged) == 1


def test_there_is_a_most(monkeypatch):
    monkeypatch.setattr("ui.state.judgements.MOST", 2)
    judged = of({"a": {"x": 1, "y": 0}})
    with pytest.raises(LabError, match="3 judgements; at most 2"):
        judged.judge("b", "x", 1)
    assert len(judged) == 2


def test_many_clicks_at_once_are_all_counted():
    judged = Judgements()
    clicks = [threading.Thread(target=judged.judge, args=(f"q{n}", "x", 1)) for n in range(30)]
    for click in clicks:
        click.start()
    for click in clicks:
        click.join()
    assert len(judged) == 30


# --- files --------------------------------------------------------------------------------------


def test_a_file_comes_back_as_it_was():
    grades = {
        "=cmd()": {"=SUM(A1)": 1.0, "a dog barks": 0.0},
        "two, with a comma": {"it's raining": 2.5},
    }
    found, remarks = read_judgements(judgements_csv(grades).encode(), "mine.csv", corpus())
    assert found == grades
    assert remarks == ["3 judgements of 2 queries read."]


def test_what_cannot_be_used_is_counted():
    sent = (
        b"Query,text,grade\ncats,a cat sleeps,1\ncats,no such text,1\ncats,a dog barks,-2\n"
        b",a dog barks,1\ndogs,a dog barks,good\n"
    )
    found, remarks = read_judgements(sent, "mine.csv", corpus())
    assert found == {"cats": {"a cat sleeps": 1.0}}
    assert remarks == [
        "1 judgement of 1 query read.",
        "Left out: 1 of texts that are not in this corpus.",
        "Left out: 3 without a query or a grade from 0.",
    ]


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        (b"", "no text"),
        (b"query,text\ncats,a cat sleeps\n", "no column grade.*it has: query, text"),
        (b"query,text,grade\ncats,unknown,1\ncats,other,1\n", "None of the 2 rows"),
    ],
)
def test_a_file_of_no_use_is_refused_in_words(sent, words):
    with pytest.raises(LabError, match=words):
        read_judgements(sent, "mine.csv", corpus())


def test_the_samples_queries_are_judged_on_the_samples_passages():
    passages = read_corpus(SAMPLES_FOLDER / "search_passages.csv")
    found = sample_judgements(passages)
    assert len(found) == 178
    texts = found["pool opening hours sunday"]
    assert len(texts) == 2
    assert all("swim" in text.lower() or "pool" in text.lower() for text in texts)
    half = passages.take(range(len(passages) // 2))
    assert 0 < len(sample_judgements(half)) < 178
    with pytest.raises(LabError, match="Choose that sample"):
        sample_judgements(corpus())


def test_only_queries_with_a_relevant_text_of_the_corpus_are_measured():
    grades = {
        "cats": {"a cat sleeps": 1, "gone": 1},
        "bad": {"a dog barks": 0},
        "gone": {"no such text": 1},
    }
    assert judged_rows(grades, TEXTS) == {"cats": {0: 1}}
