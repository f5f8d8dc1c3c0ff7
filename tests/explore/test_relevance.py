"""nDCG, MRR, recall by hand and against scikit-learn; intervals that cover what they say."""

import math

import numpy as np
import pytest
from sklearn.metrics import ndcg_score

from explore import ExploreError, Hits, search
from explore.relevance import (
    MEASURES,
    Estimate,
    difference,
    estimate,
    ndcg,
    recall,
    reciprocal_rank,
)
from explore.vectors import unit
from tests.explore.points import cloud, hits


def test_measures_by_hand():
    found = hits([4, 2, 9, 7])
    judged = [{2: 1, 7: 1, 30: 1}]
    gained = 1 / math.log2(3) + 1 / math.log2(5)
    ideal = 1 + 1 / math.log2(3) + 1 / 2
    assert ndcg(found, judged, 4) == pytest.approx([gained / ideal])
    assert reciprocal_rank(found, judged, 4) == pytest.approx([1 / 2])
    assert recall(found, judged, 4) == pytest.approx([2 / 3])

    ideal_of_two = 1 + 1 / math.log2(3)
    assert ndcg(found, judged, 2) == pytest.approx([1 / math.log2(3) / ideal_of_two])
    assert reciprocal_rank(found, judged, 1).tolist() == [0]
    assert recall(found, judged, 1).tolist() == [0]


def test_grades_are_the_gain():
    judged = [{0: 3, 1: 2, 2: 0, 3: 1}]
    gained = 2 + 0 + 3 / 2
    ideal = 3 + 2 / math.log2(3) + 1 / 2
    assert ndcg(hits([1, 2, 0]), judged, 3) == pytest.approx([gained / ideal])
    assert ndcg(hits([0, 1, 3]), judged, 3) == pytest.approx([1])
    # A half grade is relevant, a zero is not.
    assert reciprocal_rank(hits([2, 3, 0]), judged, 3).tolist() == [0.5]
    assert recall(hits([2, 3, 0]), judged, 3) == pytest.approx([2 / 3])


@pytest.mark.parametrize("k", [1, 3, 10, 40])
@pytest.mark.parametrize("grades", [2, 5])
def test_ndcg_is_that_of_scikit_learn(k: int, grades: int):
    queries, corpus = cloud(25, 6), cloud(40, 6, seed=1)
    given = np.random.default_rng(k).integers(0, grades, (25, 40))
    judged = [{row: int(g) for row, g in enumerate(row_grades) if g} for row_grades in given]
    ours = ndcg(search(queries, corpus, 40), judged, k)
    scores = queries @ corpus.T
    theirs = [ndcg_score(given[q : q + 1], scores[q : q + 1], k=k) for q in range(25)]
    np.testing.assert_allclose(ours, theirs, rtol=1e-9)
    assert 0 < ours.mean() < 1


def test_a_query_without_relevant_rows_is_undefined_one_without_relevant_hits_is_zero():
    found = hits([1, 2], [1, 2], [1, 2], [-1, -1])
    judged = [{}, {1: 0, 2: 0}, {5: 1}, {5: 1}]
    for measure in MEASURES.values():
        np.testing.assert_equal(measure(found, judged, 2), [np.nan, np.nan, 0, 0])
    assert estimate(ndcg(found, judged, 2)) == Estimate(0, 0, 0, 2)


def test_empty_places_and_lists_are_not_relevant():
    assert reciprocal_rank(hits([-1, 3]), [{-1: 1, 3: 1}]).tolist() == [0.5]
    nothing = Hits(np.zeros((1, 0), np.int64), np.zeros((1, 0), np.float32))
    assert [m(nothing, [{3: 1}], 5).tolist() for m in MEASURES.values()] == [[0.0]] * 3


def test_an_estimate_is_the_mean_and_quantiles_of_means_of_resamples():
    values = np.array([0, 1, np.nan, 1, 0.5])
    found = estimate(values)
    assert found.value == 0.625
    assert found.queries == 4
    # All 4⁴ resamples, each as likely as any other.
    kept = values[~np.isnan(values)]
    every = np.array(np.meshgrid(*[kept] * 4)).reshape(4, -1).mean(axis=0)
    low, high = np.quantile(every, [0.025, 0.975])
    assert (found.low, found.high) == pytest.approx((low, high), abs=0.126)  # one step is 1/8
    assert 0 < found.low < 0.625 < found.high <= 1
    assert estimate(values) == found != estimate(values, seed=1, resamples=50)


def test_few_queries_know_no_interval():
    assert str(estimate(np.array([0.25, np.nan]))) == str(Estimate(0.25, np.nan, np.nan, 1))
    assert str(estimate(np.array([np.nan]))) == str(Estimate(np.nan, np.nan, np.nan, 0))
    assert not estimate(np.array([0.25])).is_clear
    assert estimate(np.full(5, 0.5)) == Estimate(0.5, 0.5, 0.5, 5)


def test_95_of_100_intervals_cover_the_truth():
    chance = np.random.default_rng(0)
    covered = 0
    for _ in range(300):
        found = estimate(chance.random(60), resamples=400)
        covered += found.low <= 0.5 <= found.high
    assert 0.90 <= covered / 300 <= 0.98


def test_intervals_of_many_queries_are_drawn_in_pieces():
    values = np.random.default_rng(0).random(5_000)
    found = estimate(values, resamples=450)
    usual = 1.96 * values.std() / 5_000**0.5
    assert (found.low, found.high) == pytest.approx(
        (values.mean() - usual, values.mean() + usual), abs=usual / 4
    )


def test_a_small_gain_on_every_query_is_clear_only_when_paired():
    before = np.random.default_rng(0).random(50) * 0.9
    after = before + 0.02 + 0.02 * np.random.default_rng(1).random(50)
    gain = difference(before, after)
    assert gain.value == pytest.approx((after - before).mean())
    assert gain.is_clear
    assert 0.02 < gain.low < gain.high < 0.04
    assert estimate(before).high > estimate(after).low
    assert difference(after, before).value == -gain.value
    assert difference(after, before).is_clear
    assert not difference(before, np.random.default_rng(2).permutation(before)).is_clear
    assert difference(np.array([np.nan, 0, 0]), np.array([1, np.nan, 1])).queries == 1


def test_every_measure_is_1_for_the_right_ranking_and_less_for_a_wrong_one():
    judged = [{row: 1} for row in range(20)]
    corpus = unit(cloud(20, 8))
    right = search(corpus, corpus, 5)
    wrong = Hits(right.indices[::-1], right.scores)
    assert list(MEASURES) == ["nDCG", "MRR", "recall"]
    for measure in MEASURES.values():
        assert estimate(measure(right, judged, 5)) == Estimate(1, 1, 1, 20)
        assert estimate(measure(wrong, judged, 5)).value < 0.5


def test_errors_name_both_values():
    with pytest.raises(ExploreError, match="hits 1, judged 2"):
        ndcg(hits([1]), [{}, {}])
    with pytest.raises(ExploreError, match="k is 0"):
        recall(hits([1]), [{}], 0)
    with pytest.raises(ExploreError, match=r"query 1 .* not -1 for row 4, nan for row 5; give 0"):
        ndcg(hits([1], [1]), [{}, {4: -1, 5: math.nan, 6: 1}])
    with pytest.raises(ExploreError, match="before 1, after 2"):
        difference(np.zeros(1), np.zeros(2))
    with pytest.raises(ExploreError, match="resamples is 0"):
        estimate(np.zeros(3), resamples=0)
