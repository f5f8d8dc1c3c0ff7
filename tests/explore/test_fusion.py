"""Fusion by hand, overlap, ranks; places that no hit fills count nowhere."""

import numpy as np
import pytest

from explore import ExploreError, Hits, search
from explore.fusion import found_only_by, overlap_at, ranks, reciprocal_rank_fusion
from explore.lexical import Bm25Index
from tests.explore.points import cloud


def hits(*rows: list[int]) -> Hits:
    """Lists of row numbers, with scores that fall."""
    indices = np.array(rows, np.int64)
    return Hits(indices, -np.ones(indices.shape, np.float32).cumsum(axis=1))


def test_fusion_by_hand():
    fused = reciprocal_rank_fusion([hits([7, 3, 5]), hits([3, 9, 7])], k=3)
    assert fused.indices.tolist() == [[3, 7, 9]]
    expected = [1 / 62 + 1 / 61, 1 / 61 + 1 / 63, 1 / 62]
    np.testing.assert_allclose(fused.scores, [expected], rtol=1e-6)
    assert fused.scores.dtype == np.float32
    assert fused.indices.dtype == np.int64


def test_the_constant_says_how_much_the_first_rank_is_worth():
    rankings = [hits([1, 2, 0]), hits([3, 2, 4])]
    assert reciprocal_rank_fusion(rankings, 1).indices.tolist() == [[2]]
    assert reciprocal_rank_fusion(rankings, 1, constant=0).indices.tolist() == [[1]]


def test_ties_go_to_the_earlier_row_whatever_the_order_of_the_rankings():
    lists = [hits([8, 2, 6, 0]), hits([2, 6, 8, 1]), hits([6, 8, 2, 3])]
    for order in ([0, 1, 2], [2, 0, 1], [1, 2, 0], [2, 1, 0]):
        fused = reciprocal_rank_fusion([lists[at] for at in order], 6)
        assert fused.indices.tolist() == [[2, 6, 8, 0, 1, 3]]


def test_one_ranking_keeps_its_order():
    one = search(cloud(5, 4), cloud(30, 4, seed=1), 10)
    assert np.array_equal(reciprocal_rank_fusion([one], 10).indices, one.indices)


def test_empty_places_are_no_hits():
    fused = reciprocal_rank_fusion([hits([4, -1, -1], [-1] * 3), hits([4, 2, -1], [-1] * 3)], 3)
    assert fused.indices.tolist() == [[4, 2], [-1, -1]]
    assert fused.scores[1].tolist() == [0, 0]
    assert fused.scores[0, 1] == pytest.approx(1 / 62)


def test_lists_of_different_lengths_and_no_queries():
    fused = reciprocal_rank_fusion([hits([1]), hits([2, 1, 0])], 9)
    assert fused.indices.tolist() == [[1, 2, 0]]
    assert reciprocal_rank_fusion([search(np.zeros((0, 2)), cloud(3, 2), 2)], 2).indices.size == 0


def test_words_and_vectors_are_fused():
    texts = ["a red apple", "a green pear", "a blue plum"]
    words = Bm25Index(texts).search(["pear"], 3)
    vectors = search(np.array([[1.0, 0]]), np.array([[1, 0], [0.8, 0.6], [0, 1]]), 3)
    assert words.indices.tolist() == [[1, -1, -1]]
    assert reciprocal_rank_fusion([words, vectors], 3).indices.tolist() == [[1, 0, 2]]


def test_overlap_by_hand():
    first = hits([0, 1, 2, 3], [0, 1, -1, -1], [-1] * 4, [5, -1, -1, -1])
    second = hits([2, 9, 0, 3], [1, 0, 7, 8], [-1] * 4, [-1] * 4)
    np.testing.assert_equal(overlap_at(first, second, 4), [0.75, 0.5, np.nan, 0])
    np.testing.assert_equal(overlap_at(first, second, 2), [0, 1, np.nan, 0])
    assert np.array_equal(overlap_at(second, first, 3), overlap_at(first, second, 3), True)


STRATEGIES = {"mean": hits([0, 1, 2], [5, 6, 7]), "cls": hits([1, 3, 0], [7, 5, 4]),
              "bm25": hits([9, -1, -1], [-1, -1, -1])}  # fmt: skip


def test_ranks_for_a_bump_chart():
    table = ranks(STRATEGIES, 3)
    assert table == {
        0: {"mean": 1, "cls": 3, "bm25": None},
        1: {"mean": 2, "cls": 1, "bm25": None},
        9: {"mean": None, "cls": None, "bm25": 1},
        3: {"mean": None, "cls": 2, "bm25": None},
        2: {"mean": 3, "cls": None, "bm25": None},
    }
    assert list(table) == [0, 1, 9, 3, 2]
    assert list(table[3]) == list(STRATEGIES)
    assert ranks(STRATEGIES, 1, query=1) == {
        5: {"mean": 1, "cls": None, "bm25": None}, 7: {"mean": None, "cls": 1, "bm25": None}
    }  # fmt: skip


def test_found_only_by():
    assert found_only_by(STRATEGIES, 3) == {"mean": [2], "cls": [3], "bm25": [9]}
    assert found_only_by(STRATEGIES, 2) == {"mean": [0], "cls": [3], "bm25": [9]}
    assert found_only_by(STRATEGIES, 3, query=1) == {"mean": [6], "cls": [4], "bm25": []}
    assert ranks({}, 3) == found_only_by({}, 3) == {}


def test_errors_name_both_values():
    with pytest.raises(ExploreError, match="ranking 1 1, ranking 2 2"):
        reciprocal_rank_fusion([hits([1]), hits([1], [2])], 1)
    with pytest.raises(ExploreError, match="k is 0"):
        reciprocal_rank_fusion([hits([1])], 0)
    with pytest.raises(ExploreError, match="nothing to fuse"):
        reciprocal_rank_fusion([], 1)
    with pytest.raises(ExploreError, match="constant is -61"):
        reciprocal_rank_fusion([hits([1])], 1, constant=-61)
    with pytest.raises(ExploreError, match="first 1, second 2"):
        overlap_at(hits([1]), hits([1], [2]), 1)
    with pytest.raises(ExploreError, match="no query 2: there are 2, from 0"):
        ranks(STRATEGIES, 3, query=2)
    with pytest.raises(ExploreError, match="k is 0"):
        found_only_by(STRATEGIES, 0)
