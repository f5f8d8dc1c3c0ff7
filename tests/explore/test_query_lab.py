"""Steered queries and analogies by hand, what they find, and how ranks change."""

import numpy as np
import pytest

from explore import ExploreError, search
from explore.query_lab import RankChange, analogy, rank_changes, steer
from explore.vectors import unit
from tests.explore.points import blobs, cloud, hits

X, Y, Z = np.eye(3, dtype=np.float32)


def test_steering_by_hand():
    moved = steer(X, more_like=[Y, Z], less_like=[Z], alpha=1, beta=0.5, gamma=0.1)
    expected = np.array([1, 0.25, 0.25 - 0.1])
    np.testing.assert_allclose(moved, expected / np.linalg.norm(expected), rtol=1e-6)
    assert moved.dtype == np.float32
    assert moved.shape == (3,)


def test_the_usual_weights():
    expected = np.array([1, 0.75, -0.15])
    np.testing.assert_allclose(
        steer(X, Y[None], Z[None]), expected / np.linalg.norm(expected), rtol=1e-6
    )


def test_nothing_chosen_changes_nothing_and_one_vector_is_a_choice():
    assert np.array_equal(steer(X), X)
    assert np.array_equal(steer(X, np.zeros((0, 3)), []), X)
    assert np.array_equal(steer(X, Y), steer(X, [Y]))


def test_lengths_do_not_count():
    np.testing.assert_allclose(steer(5 * X, [0.1 * Y]), steer(X, [Y]), rtol=1e-6)
    np.testing.assert_allclose(analogy(5 * X, 0.1 * Y, 2 * Z), analogy(X, Y, Z), rtol=1e-6)


def test_more_and_less_like_this_move_the_hits():
    points, groups = blobs(90)
    corpus = unit(points)
    query = unit(corpus[groups == 0].mean(axis=0)[None] + corpus[groups == 1].mean(axis=0))[0]

    def share(vector: np.ndarray, group: int) -> float:
        return float((groups[search(vector, corpus, 20).indices[0]] == group).mean())

    assert 0.2 < share(query, 1) < 0.8
    assert share(steer(query, more_like=corpus[groups == 1][:3]), 1) == 1
    assert share(steer(query, less_like=corpus[groups == 0][:3], gamma=0.75), 1) == 1


def test_analogy_by_hand():
    expected = np.array([1, -1, 1]) / 3**0.5
    np.testing.assert_allclose(analogy(X, Y, Z), expected, rtol=1e-6)
    np.testing.assert_allclose(analogy(X, Y, Y), X, atol=1e-7)


def test_an_analogy_finds_the_fourth_corner():
    # Rows are a royal or common, and a male or female part, and noise.
    royal, common, male, female = unit(cloud(4, 60))
    king, queen, man, woman = unit(
        np.stack([royal + male, royal + female, common + male, common + female])
    )
    corpus = np.vstack([king, queen, man, woman, unit(cloud(50, 60, seed=1))])
    found = search(analogy(king, man, woman), corpus, 3).indices[0]
    assert found[0] == 1
    assert set(found) == {0, 1, 3}


def test_changes_of_ranks():
    before, after = hits([4, 7, 2, 9], [0, 1, 2, 3]), hits([7, 1, 4, -1], [0, 1, 3, 2])
    changes = rank_changes(before, after, 4)
    assert changes == (
        RankChange(7, 2, 1),
        RankChange(1, None, 2),
        RankChange(4, 1, 3),
        RankChange(2, 3, None),
        RankChange(9, 4, None),
    )
    assert [change.moved for change in changes] == [1, None, -2, None, None]
    assert [change.moved for change in rank_changes(before, after, 4, query=1)] == [0, 0, 1, -1]
    assert rank_changes(before, after, 1) == (RankChange(7, None, 1), RankChange(4, 1, None))


def test_errors_name_both_values():
    with pytest.raises(ExploreError, match=r"more_like has the shape \(1, 2\).* 3 dimensions"):
        steer(X, np.ones((1, 2)))
    with pytest.raises(ExploreError, match=r"c has the shape \(4,\).* 3 dimensions"):
        analogy(X, Y, np.ones(4))
    with pytest.raises(ExploreError, match="less_like has a vector that is zero"):
        steer(X, less_like=[Y, 0 * Y])
    with pytest.raises(ExploreError, match=r"alpha is -1, gamma is nan; weights are finite"):
        steer(X, alpha=-1, gamma=np.nan)
    with pytest.raises(ExploreError, match="cancel out: change a weight"):
        steer(X, less_like=[X], gamma=1)
    a, b, c = np.array([[1, 0], [0.5, 3**0.5 / 2], [-0.5, 3**0.5 / 2]])  # at 0°, 60° and 120°
    with pytest.raises(ExploreError, match=r"A − B \+ C is zero"):
        analogy(a, b, c)
    with pytest.raises(ExploreError, match="before 1, after 2"):
        rank_changes(hits([1]), hits([1], [2]), 1)
    with pytest.raises(ExploreError, match="no query 1: there are 1, from 0"):
        rank_changes(hits([1]), hits([1]), 1, query=1)
    with pytest.raises(ExploreError, match="k is 0"):
        rank_changes(hits([1]), hits([1]), 0)
