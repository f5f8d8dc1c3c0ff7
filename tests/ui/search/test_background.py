"""What hits are held against: unrelated queries, and how often such are called relevant."""

import csv
import json
import threading
from collections import Counter
from io import StringIO
from pathlib import Path

import numpy as np
import pytest

from encoder.background import FOLDER
from explore import search
from explore.language import language_of
from explore.verdict import ENOUGH, BestHits
from ingest import read_corpus
from tests.ui.search.lab import quiet
from ui.search.answer import InMemory, find, verdict
from ui.search.background import MOST, TRANSLATED, background_pairs, background_queries
from ui.search.index import SearchSettings, build_index
from ui.state.pairs import SAMPLES_FOLDER
from ui.state.stages import Stages
from ui.state.texts import open_texts

LABELLED = json.loads(
    (Path(__file__).parents[3] / "bench" / "data" / "verdict.json").read_text(encoding="utf-8")
)


def column(file: str, name: str = "text") -> list[str]:
    with (SAMPLES_FOLDER / file).open(encoding="utf-8", newline="") as opened:
        return [row[name] for row in csv.DictReader(opened)]


def queries(*texts: str) -> list[str]:
    return background_queries(read_corpus(StringIO("\n".join(texts))))


def test_questions_come_first_and_there_are_enough():
    found = queries("a cat", "a dog")
    assert len(found) == len(set(found)) == MOST > ENOUGH
    asked = [query.endswith("?") for query in found]
    assert sum(asked) > MOST / 2
    assert all(asked[220:270])  # those of the sample, then those among the sentences


def test_every_language_asks_the_same_questions_and_answers_them():
    corpus = read_corpus(StringIO("a cat\na dog"))
    with (FOLDER / TRANSLATED).open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    counts = Counter(row["language"] for row in rows)
    assert set(counts.values()) == {40}
    assert {"en", "de", "es", "ar", "ko"} <= set(counts)
    for row in rows:
        assert language_of(row["question"], row["language"]) == row["language"]
    asked, answered = (rows[at] for at in (0, 40))
    assert background_pairs(corpus, asked["language"], answered["language"])[0] == (
        asked["question"], answered["answer"],
    )  # fmt: skip
    assert background_pairs(corpus, "sw", "en") == []


def test_what_stands_in_the_corpus_is_not_asked_of_it_nor_what_it_answers():
    everything = queries("a cat")
    question, answer = (column("question_answer.csv", name)[0] for name in ("question", "answer"))
    assert everything[0] == question
    for text in (question, answer):
        left = queries("a cat", text)
        assert question not in left
        assert len(left) == MOST  # another takes its place


@pytest.mark.slow
@pytest.mark.parametrize(
    ("corpus", "asked"),
    [("search_passages.csv", "support_questions.csv"), ("search_passages.csv", "topics.csv"),
     ("support_questions.csv", "search_queries.csv"), ("topics.csv", "search_queries.csv")],
    ids=str,
)  # fmt: skip
def test_real_queries_of_other_texts_are_seldom_called_relevant(bundled, corpus, asked):
    """The null of the page, a real model, and queries that are not of this corpus."""
    texts = column(corpus)
    vectors = bundled.encode(texts)
    null = BestHits.of(search(bundled.encode(queries(*texts)), vectors, 1))
    others = column(asked, "query" if asked == "search_queries.csv" else "text")[:250]
    best = search(bundled.encode(others), vectors, 1).scores[:, 0]
    p = np.array([null.p_value(float(score)) for score in best])
    shares = {most: float(np.mean(p <= most)) for most in (0.01, 0.05)}
    print(f"{asked} of {corpus}: " + ", ".join(f"p <= {m}: {s:.1%}" for m, s in shares.items()))
    assert shares[0.01] <= 0.03
    assert 0.005 <= shares[0.05] <= 0.11


def test_queries_of_these_texts_are_called_relevant_far_more_often(bundled):
    texts = column("search_passages.csv")
    vectors = bundled.encode(texts)
    null = BestHits.of(search(bundled.encode(queries(*texts)), vectors, 1))
    best = search(bundled.encode(column("search_queries.csv", "query")), vectors, 1).scores[:, 0]
    share = np.mean([null.p_value(float(score)) <= 0.05 for score in best])
    print(f"its own queries: p <= 0.05: {share:.1%}")
    assert share >= 0.45


@pytest.mark.parametrize("language", ["de", "ar", "ko"])
def test_an_english_model_gives_no_verdict_in_another_language_and_says_why(bundled, language):
    texts = LABELLED[language]
    opened = open_texts(texts["corpus"], "texts", Stages(2**24))
    index = build_index(
        opened, opened.corpus, bundled, SearchSettings(bundled.name), "", quiet, threading.Event()
    )
    for query in (texts["relevant"][0], texts["irrelevant"][0]):
        answer = find(index, query, "dense", 3, InMemory(), None)
        found = verdict(answer, quiet, threading.Event())
        assert (found.level, found.reason) == ("unknown", "blind")
        assert found.queries == 40
        assert "of 40 questions with a known answer, only" in found.words
