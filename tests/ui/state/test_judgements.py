"""Judgements: kept by query and text, undone, written and read back, and sent to training."""

import math
import threading
from io import StringIO

import numpy as np
import pytest

from encoder import EncoderError
from explore import Hits
from ingest import read_corpus
from tests.ui.test_hostile_text import ATTACKS
from ui.search.judged import (
    ALL,
    ASSUMED,
    HELD_OUT,
    JUDGED,
    TRAINED,
    Strategy,
    compare_strategies,
    split_queries,
    to_csv,
    to_desk,
    to_triplets,
)
from ui.search.state import SearchState
from ui.state.judgements import (
    SAMPLE_TEXTS,
    Judgements,
    judged_rows,
    judgements_csv,
    read_judgements,
    sample_judgements,
)
from ui.state.pairs import SAMPLES_FOLDER
from ui.state.texts import VisitorTexts, open_texts

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
    with pytest.raises(EncoderError, match="no judgement to take back"):
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
    with pytest.raises(EncoderError, match=r"A grade is .* from 0"):
        judged.judge("cats", "a dog barks", grade)
    assert len(judged) == 1


def test_there_is_a_most(monkeypatch):
    monkeypatch.setattr("ui.state.judgements.MOST", 2)
    judged = of({"a": {"x": 1, "y": 0}})
    with pytest.raises(EncoderError, match="3 judgements; at most 2"):
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


def test_they_survive_what_is_computed_and_not_other_texts():
    texts = VisitorTexts(10**8)
    first = ["A cat sleeps.", "A dog barks."]
    texts.open(open_texts(first, "texts", texts.stages))
    state = texts.state(SearchState)
    state.judged.judge("cats", first[0], 1)
    state.sent.add("cats")
    texts.stages.clear()  # another model
    assert len(state.judged) == 1
    texts.open(open_texts(["other texts", "two of them"], "others", texts.stages))
    assert len(state.judged) == 0
    assert state.sent == {"cats"}  # models trained on it are still there
    texts.open(open_texts(first, "texts again", texts.stages))
    assert state.judged.grades == {"cats": {first[0]: 1}}


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
    with pytest.raises(EncoderError, match=words):
        read_judgements(sent, "mine.csv", corpus())


def test_the_samples_queries_are_judged_on_the_samples_passages():
    passages = read_corpus(SAMPLES_FOLDER / SAMPLE_TEXTS)
    found = sample_judgements(passages)
    assert len(found) == 178
    texts = found["pool opening hours sunday"]
    assert len(texts) == 2
    assert all("swim" in text.lower() or "pool" in text.lower() for text in texts)
    half = passages.take(range(len(passages) // 2))
    assert 0 < len(sample_judgements(half)) < 178
    with pytest.raises(EncoderError, match="Choose that sample"):
        sample_judgements(corpus())


# --- triplets -----------------------------------------------------------------------------------


def many(queries=20):
    return {f"query {n}": {f"text {n}": 1.0} for n in range(queries)}


def test_every_judged_text_is_used_and_a_judged_negative_is_preferred():
    grades = {"q": {"good": 1, "better": 2, "bad": 0}, "p": {"one": 1, "no": 0, "never": 0}}
    sent = to_triplets(grades, {"q": ["hard"], "p": []}, share=1)
    assert [(t.query, t.relevant, t.irrelevant) for t in sent.triplets] == [
        ("q", "better", "bad"), ("q", "good", "bad"), ("p", "one", "no"), ("p", "one", "never"),
    ]  # fmt: skip
    assert sent.assumed == 0


def test_where_none_was_judged_irrelevant_the_best_other_hit_is_assumed():
    grades = {"q": {"good": 1, "fine": 1}}
    sent = to_triplets(grades, {"q": ["good", "fine", "third", "fourth"]}, share=1)
    assert {(t.relevant, t.irrelevant, t.assumed) for t in sent.triplets} == {
        ("good", "third", True), ("fine", "third", True),
    }  # fmt: skip
    assert sent.assumed == 2
    assert ASSUMED in to_csv(sent)


def test_queries_that_teach_nothing_are_left_out_and_counted():
    grades = {"only bad": {"x": 0}, "no other": {"y": 1}, "fine": {"x": 1, "y": 0}}
    sent = to_triplets(grades, {"no other": ["y"]}, share=1)
    assert (sent.trained, sent.held_out, sent.left_out) == (("fine",), (), 2)
    with pytest.raises(EncoderError, match="each needs a text judged relevant"):
        to_triplets({"only bad": {"x": 0}}, {})


def test_the_split_is_by_query_seeded_and_stays_when_others_come():
    queries = [f"query {n}" for n in range(100)]
    trained, held_out = split_queries(queries, 0.7)
    assert (len(trained), len(held_out)) == (70, 30)
    assert sorted([*trained, *held_out]) == sorted(queries)
    assert split_queries(queries[::-1], 0.7)[0] == trained[::-1]
    assert split_queries(queries, 0.7, seed=1)[0] != trained
    more = split_queries([*queries, *(f"new {n}" for n in range(100))], 0.7)[0]
    moved = set(trained) ^ {query for query in more if query in queries}
    assert len(moved) < 15


@pytest.mark.parametrize(("share", "sizes"), [(0.01, (1, 2)), (0.99, (2, 1)), (1, (3, 0))])
def test_both_sides_get_a_query_unless_all_are_wanted(share, sizes):
    trained, held_out = split_queries(["a", "b", "c"], share)
    assert (len(trained), len(held_out)) == sizes
    assert split_queries(["a"], share) == (("a",), ())


@pytest.mark.parametrize("share", [0, -1, 1.1, math.nan])
def test_a_share_that_is_none_is_refused(share):
    with pytest.raises(EncoderError, match="share for training"):
        split_queries(["a", "b"], share)


def test_held_out_queries_that_share_a_text_with_training_are_counted():
    grades = {f"query {n}": {f"text {n // 2}": 1.0, "bad": 0.0} for n in range(40)}
    sent = to_triplets(grades, {}, share=0.5)
    taught = {t.relevant for t in sent.triplets}
    assert sent.shared == sum(set(grades[q]) & taught != set() for q in sent.held_out)
    assert 0 < sent.shared < len(sent.held_out)


def test_the_desk_reads_them_as_triplets_whatever_they_hold():
    texts = [*ATTACKS, "=1+1", "a,b;c\t|d", "two  spaces"]
    grades = {f"ask {n}: {text}": {f"{text} yes": 1, f"no {text}": 0}
              for n, text in enumerate(texts)}  # fmt: skip
    sent = to_triplets(grades, {}, share=1)
    desk = to_desk(sent)
    assert desk.problem == ""
    assert desk.pairs.kind == "triplet"
    assert len(desk.pairs) == len(texts)
    assert set(desk.table.frame["negative is"]) == {JUDGED}
    assert desk.pairs.texts[0] == ("ask 0: " + ATTACKS[0], ATTACKS[0] + " yes", "no " + ATTACKS[0])


# --- scores -------------------------------------------------------------------------------------


def ranking(rows):
    indices = np.array(rows, np.int64)
    return Hits(indices, np.zeros(indices.shape, np.float32))


def strategies(n, good=0.5):
    """The first finds every text first, the second only the queries up to a share of them."""
    first = ranking([[0, 1]] * n)
    other = ranking([[0, 1] if at < good * n else [1, 0] for at in range(n)])
    return [Strategy("a", "one", first), Strategy("b", "two", other)]


def test_strategies_are_scored_with_intervals_and_against_the_first():
    judged = {f"q{n}": {0: 1.0} for n in range(40)}
    [group] = compare_strategies(strategies(40), judged)
    assert (group.title, group.queries, group.few) == (ALL, 40, False)
    first, other = group.lines
    assert first.gain is None
    assert first.scores["nDCG"].value == 1
    assert other.scores["MRR"].value == pytest.approx(0.75)
    assert other.scores["recall"].value == 1
    assert other.scores["MRR"].low < 0.75 < other.scores["MRR"].high
    assert other.gain.value == pytest.approx(other.scores["nDCG"].value - 1)
    assert other.gain.high < 0


def test_queries_sent_to_training_are_told_apart():
    judged = {f"q{n}": {0: 1.0} for n in range(20)}
    sent = {f"q{n}" for n in range(10)} | {"of another corpus"}
    held, everything, trained = compare_strategies(strategies(20), judged, sent)
    assert [(g.title, g.queries) for g in (held, everything, trained)] == [
        (HELD_OUT, 10), (ALL, 20), (TRAINED, 10),
    ]  # fmt: skip
    assert trained.lines[1].scores["MRR"].value == 1
    assert held.lines[1].scores["MRR"].value == 0.5
    assert held.few


def test_where_all_were_trained_on_none_is_held_out():
    judged = {"q": {0: 1.0}}
    groups = compare_strategies(strategies(1), judged, {"q"})
    assert [group.title for group in groups] == [ALL, TRAINED]
    assert math.isnan(groups[0].lines[0].scores["nDCG"].low)


def test_only_queries_with_a_relevant_text_of_the_corpus_are_measured():
    grades = {
        "cats": {"a cat sleeps": 1, "gone": 1},
        "bad": {"a dog barks": 0},
        "gone": {"no such text": 1},
    }
    assert judged_rows(grades, TEXTS) == {"cats": {0: 1}}
