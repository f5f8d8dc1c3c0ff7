"""BM25: the formula by hand, why a hit is one, other languages, and texts without any word."""

import math
import threading

import numpy as np
import pytest

from explore import ExploreError, Stopped
from explore.lexical import Bm25Index, tokens
from tests.explore.points import Told, read_sample

TEXTS = ["a cat sat", "The dog barked at the dog!", "", "🙂", "a Cat, a cat", "fish"]


def by_hand(query: str, texts: list[str], k1: float = 1.5, b: float = 0.75) -> list[float]:
    """Written from the formula alone."""
    found = [tokens(text) for text in texts]
    mean = sum(map(len, found)) / len(found)
    scores = []
    for terms in found:
        score = 0.0
        for term in tokens(query):
            n = sum(term in others for others in found)
            idf = math.log(1 + (len(found) - n + 0.5) / (n + 0.5))
            f = terms.count(term)
            score += idf * f / (f + k1 * (1 - b + b * len(terms) / mean)) if f else 0
        scores.append(score)
    return scores


def test_one_value_with_every_number_written_out():
    # 2 texts of 1 and 3 terms, the mean is 2; "cat" stands once in 1 of 2: idf = ln(1 + 1.5 / 1.5).
    score = Bm25Index(["dog", "cat and dog"]).scores("cat")
    assert score.tolist() == [0, pytest.approx(math.log(2) / (1 + 1.5 * (0.25 + 0.75 * 3 / 2)))]


@pytest.mark.parametrize("query", ["cat", "a cat", "the dog at", "cat cat dog fish", "DOG? sat"])
def test_scores_are_the_formula(query: str):
    np.testing.assert_allclose(Bm25Index(TEXTS).scores(query), by_hand(query, TEXTS), rtol=1e-12)


def test_hits_are_ordered_and_places_that_nothing_fills_are_marked():
    index = Bm25Index(TEXTS)
    hits = index.search(["cat dog", "unheard of", "fish"], 4)
    best = by_hand("cat dog", TEXTS)
    order = sorted((0, 1, 4), key=lambda row: -best[row])
    assert hits.indices.tolist() == [[*order, -1], [-1] * 4, [5, -1, -1, -1]]
    np.testing.assert_allclose(hits.scores[0], [*(best[row] for row in order), 0], rtol=1e-6)
    assert hits.scores.dtype == np.float32
    assert hits.indices.dtype == np.int64
    assert (hits.scores[hits.indices < 0] == 0).all()


def test_among_equal_scores_the_earlier_text_comes_first_also_at_the_cut():
    index = Bm25Index(["none", *["same words"] * 40, "none"])
    assert index.search(["words"], 3).indices.tolist() == [[1, 2, 3]]
    assert index.search(["same"], 99).indices.tolist() == [[*range(1, 41), -1, -1]]


def test_the_parts_of_a_hit_sum_to_its_score():
    texts, _ = read_sample("topics.csv", "text", "topic")
    index = Bm25Index(texts)
    queries = [f"{a} {b}" for a, b in zip(texts[:40], texts[-40:], strict=True)]
    hits = index.search(queries, 5)
    assert (hits.indices[:, 0] >= 0).all()
    for at, query in enumerate(queries):
        for row, score in zip(hits.indices[at], hits.scores[at], strict=True):
            parts = index.why(query, int(row)) if row >= 0 else ()
            assert sum(part.score for part in parts) == pytest.approx(score, rel=1e-6)
            assert [p.score for p in parts] == sorted((p.score for p in parts), reverse=True)
            assert all(part.term in tokens(texts[row]) for part in parts)


def test_a_term_that_stands_twice_in_the_query_counts_twice():
    index = Bm25Index(TEXTS)
    once, twice = index.why("cat", 0), index.why("cat dog Cat", 0)
    assert [part.term for part in twice] == ["cat"]
    assert twice[0].score == pytest.approx(2 * once[0].score)
    assert index.why("dog", 0) == ()
    assert index.why("🙂", 3) == ()


@pytest.mark.parametrize("texts", [[], [""], ["", "🙂 ❤️", "…!?"]])
@pytest.mark.parametrize("query", ["", "🙂", "word", "?!"])
def test_where_no_word_is_there_is_no_hit(texts: list[str], query: str):
    hits = Bm25Index(texts).search([query, query], 2)
    assert hits.indices.shape == hits.scores.shape == (2, min(2, len(texts)))
    assert (hits.indices == -1).all()
    assert Bm25Index(TEXTS).search([query], 3).indices.tolist() == [[-1] * 3]


def test_no_queries_no_hits():
    assert Bm25Index(TEXTS).search([], 3).indices.shape == (0, 3)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("What's the Café's no. 42?", ["what", "s", "the", "café", "s", "no", "42"]),
        ("l'eau ÉCOUTÉE", ["l", "eau", "écoutée"]),
        ("Straße Über_all", ["straße", "über_all"]),
        ("cafe\u0301 ＡＢＣ", ["café", "abc"]),
        ("नमस्ते दुनिया", ["नमस्ते", "दुनिया"]),  # \w+ would cut at the vowel signs
        ("שָׁלוֹם بِكَ", ["שָׁלוֹם", "بِكَ"]),
        ("한국어 문장", ["한국어", "문장"]),
        ("黒い猫, abc中", ["黒", "い", "猫", "黒い", "い猫", "abc", "中"]),
        ("ไทย", ["ไ", "ท", "ย", "ไท", "ทย"]),
        ("𠀀々", ["𠀀", "々", "𠀀々"]),
        ("🙂 ❤️ — … \n\t", []),
        ("", []),
    ],
)
def test_tokens_of_many_languages(text: str, expected: list[str]):
    assert tokens(text) == expected


@pytest.mark.parametrize(
    ("query", "row"), [("猫", 0), ("хлеб", 1), ("LE CHÂTEAU", 2), ("नमस्ते", 3), ("แมว", 4)]
)
def test_a_word_is_found_in_other_languages(query: str, row: int):
    texts = ["黒い猫がいる", "Свежий хлеб", "un château fort", "नमस्ते दुनिया", "แมวดำ", "犬もいる"]
    assert Bm25Index(texts).search([query], 6).indices[0, 0] == row


def test_every_text_of_the_samples_finds_itself():
    texts, _ = read_sample("support_questions.csv", "text", "intent")
    distinct = list({" ".join(sorted(tokens(text))): text for text in texts}.values())
    hits = Bm25Index(texts).search(distinct, 3)
    found = [distinct[at] in [texts[i] for i in row] for at, row in enumerate(hits.indices)]
    assert len(found) > 50
    assert np.mean(found) > 0.97


def test_errors_say_what_was_given():
    index = Bm25Index(TEXTS)
    with pytest.raises(ExploreError, match="k is 0; ask for at least one hit"):
        index.search(["cat"], 0)
    with pytest.raises(ExploreError, match="queries is one text, 'cat'; give a list"):
        index.search("cat", 1)
    with pytest.raises(ExploreError, match="texts is one text, 'cat'; give a list"):
        Bm25Index("cat")
    with pytest.raises(ExploreError, match="no text 6: the index holds 6, from 0"):
        index.why("cat", 6)
    with pytest.raises(ExploreError, match="no text -1"):
        index.why("cat", -1)


def test_progress_rises_and_stop_is_heard():
    told = Told()
    Bm25Index(["a word"] * 2_500, on_progress=told)
    assert told.rises_to_one("keywords")
    assert len(set(told.shares("keywords"))) == 4
    stop = threading.Event()
    stop.set()
    with pytest.raises(Stopped):
        Bm25Index(TEXTS, stop=stop)
