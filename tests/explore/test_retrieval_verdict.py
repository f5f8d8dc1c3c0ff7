"""Best hits against best hits of unrelated queries: by hand, under the null, with signal."""

import numpy as np
import pytest

from encoder import Encoder
from explore import ExploreError, search
from explore.lexical import Bm25Index
from explore.vectors import unit
from explore.verdict import ENOUGH, BestHits
from tests.explore.points import cloud, read_sample


def best_hits(queries: np.ndarray, corpus: np.ndarray) -> BestHits:
    return BestHits.of(search(queries, corpus, 1))


def test_p_values_and_percentiles_by_hand():
    null = BestHits(np.array([0.3, 0.1, 0.2, 0.2]))
    scores = (0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.31)
    assert [null.p_value(score) * 5 for score in scores] == pytest.approx([5, 5, 4, 4, 2, 2, 1])
    assert [null.percentile(score) for score in scores] == pytest.approx([0, 0, 20, 20, 60, 60, 80])
    assert null.queries == 4


@pytest.mark.parametrize("n", [1, 7, 300])
def test_no_p_value_is_smaller_than_the_sample_allows(n: int):
    null = BestHits(np.linspace(0.1, 0.2, n))
    assert null.p_value(1e9) == 1 / (n + 1)
    assert null.percentile(np.inf) == pytest.approx(100 * n / (n + 1))
    assert null.p_value(-np.inf) == 1


def test_a_verdict_has_a_level_and_says_the_percentile():
    null = BestHits(np.arange(1, 1001) / 1000)
    said = {score: null.verdict(score) for score in (2, 0.995, 0.97, 0.85, 0.5, 0)}
    assert [v.level for v in said.values()] == [
        "strong", "strong", "likely", "weak", "none", "none"
    ]  # fmt: skip
    for score, parts in {
        2: ("better than 99 %",),
        0.97: ("better than 96 %", "probably relevant"),
        0.85: ("better than 84 %", "perhaps"),
        0.5: ("nothing stands out", "49 %"),
        0: ("nothing stands out",),
    }.items():
        assert all(part in said[score].words for part in parts), said[score].words
    assert said[0.97].p_value == pytest.approx(32 / 1001)
    assert said[0.97].percentile == pytest.approx(100 - 3200 / 1001)


def test_keywords_and_fusions_never_say_that_nothing_is_relevant():
    null = BestHits(np.arange(1, 1001) / 1000)
    verdict = null.verdict(0.5, conclusive=False)
    assert verdict.level == "none"
    assert verdict.words.startswith("no better than what unrelated queries find: only better than")
    assert null.verdict(0.97, conclusive=False) == null.verdict(0.97)


def test_three_hundred_queries_are_enough_for_99_percent_and_nothing_is_added():
    verdict = BestHits(np.linspace(0, 0.5, ENOUGH)).verdict(0.6)
    assert (verdict.level, verdict.words) == ("strong", "better than 99 % of unrelated queries")
    assert verdict.queries == ENOUGH


@pytest.mark.parametrize(
    ("n", "level", "words"),
    [
        (1, "unknown", "too few to say (1 query; 300 say more)"),
        (18, "unknown", "too few to say (18 queries; 300 say more)"),
        (19, "likely", "better than 95 % of unrelated queries: probably relevant (19 queries;"),
        (98, "likely", "better than 98 % of unrelated queries: probably relevant (98 queries;"),
        (99, "strong", "better than 99 % of unrelated queries (99 queries; 300 say more)"),
    ],
)
def test_small_samples_claim_no_more_than_they_can(n: int, level: str, words: str):
    verdict = BestHits(np.linspace(0.1, 0.2, n)).verdict(0.9)
    assert (verdict.level, verdict.reason) == (level, "few" if level == "unknown" else "")
    assert words in verdict.words


def test_a_small_sample_still_says_when_nothing_is_there():
    assert BestHits(np.array([0.4, 0.5, 0.6])).verdict(0.45).level == "none"


@pytest.mark.parametrize(("standing", "level"), [(4, "unknown"), (5, "strong")])
def test_a_model_that_cannot_tell_gives_no_verdict(standing, level):
    """10 questions with known answers, of which some stand out from 300 unrelated ones."""
    answered = np.array([0.9] * standing + [0.3] * (10 - standing))
    null = BestHits(np.linspace(0, 0.5, ENOUGH), answered)
    assert null.standing_out == standing
    verdict = null.verdict(0.95)
    assert verdict.level == level
    assert verdict.reason == ("blind" if level == "unknown" else "")
    assert verdict.p_value == 1 / (ENOUGH + 1)  # which stays true
    assert (f"of 10 questions with a known answer, only {standing} stand" in verdict.words) == (
        level == "unknown"
    )


def test_unrelated_queries_are_called_strong_one_time_in_a_hundred():
    corpus, queries = unit(cloud(400, 24)), unit(cloud(2_000, 24, seed=1))
    null = best_hits(queries[:1_000], corpus)
    found = search(queries[1_000:], corpus, 1).scores[:, 0]
    p = np.array([null.p_value(score) for score in found])
    for level in (0.01, 0.05, 0.2, 0.5):
        assert np.mean(p <= level) == pytest.approx(level, abs=0.005 + 0.2 * level)


def test_relevant_queries_are_told_from_unrelated_ones():
    corpus = unit(cloud(500, 48))
    null = best_hits(unit(cloud(ENOUGH, 48, seed=1)), corpus)
    relevant = unit(corpus[:100] + 0.08 * cloud(100, 48, seed=2))
    unrelated = unit(cloud(100, 48, seed=3))
    strong = [
        np.mean([null.verdict(s).level == "strong" for s in search(q, corpus, 1).scores[:, 0]])
        for q in (relevant, unrelated)
    ]
    assert strong[0] >= 0.98
    assert strong[1] <= 0.05


def test_a_larger_corpus_asks_for_a_better_hit():
    corpus, queries = unit(cloud(3_000, 24)), unit(cloud(ENOUGH, 24, seed=1))
    score = float(np.median(best_hits(queries, corpus[:100]).scores))
    small, large = best_hits(queries, corpus[:100]), best_hits(queries, corpus)
    assert small.percentile(score) == pytest.approx(50, abs=2)
    assert large.percentile(score) < 5


def test_questions_about_a_real_corpus_are_told_from_others(bundled: Encoder):
    answers, _ = read_sample("support_questions.csv", "text", "intent")
    others, _ = read_sample("topics.csv", "text", "topic")
    corpus = bundled.encode(answers[::6])
    null = best_hits(bundled.encode(others[::11]), corpus)
    assert null.queries > 50

    def levels(*queries: str) -> set[str]:
        best = search(bundled.encode(queries), corpus, 1).scores[:, 0]
        return {null.verdict(score).level for score in best}

    asked = levels("How do I get a refund?", "My parcel has not arrived", "I forgot my password")
    assert asked <= {"strong", "likely"}
    odd = levels("Mitochondria make the energy of a cell", "Basalt is a volcanic rock")
    assert odd <= {"none"}


def test_keyword_scores_too_where_most_queries_find_nothing():
    index = Bm25Index(["red apple", "green pear", "blue plum"])
    null = BestHits.of(index.search(["a red car", *["unheard of"] * 399], 2))
    best = index.search(["green pear", "red", "nothing"], 1).scores[:, 0]
    assert [null.verdict(score).level for score in best] == ["strong", "strong", "none"]
    assert null.percentile(0) == 0
    assert BestHits.of(Bm25Index([]).search(["a", "b"], 1)).percentile(0) == 0


def test_errors_say_what_is_wrong():
    with pytest.raises(ExploreError, match="no scores"):
        BestHits(np.array([]))
    with pytest.raises(ExploreError, match="2 of 3 background scores are not finite"):
        BestHits(np.array([np.nan, 1, np.inf]))
    with pytest.raises(ExploreError, match="score is NaN"):
        BestHits(np.array([1.0])).percentile(np.nan)
