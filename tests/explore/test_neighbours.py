"""Neighbours: exact, ties by row, never oneself; hubs by hand."""

import threading

import numpy as np
import pytest
from sklearn.neighbors import NearestNeighbors

from explore import ExploreError, Stopped, hubness, neighbours, occurrences, search
from explore.neighbours import neighbours_on_map
from explore.vectors import BLOCK
from tests.explore.points import ODD, Told, blobs, cloud, unclusterable

CORPUS = np.array([[1, 0], [0, 1], [-1, 0], [0.6, 0.8]], np.float32)


def brute(scores: np.ndarray, k: int) -> np.ndarray:
    """The k best of each row of scores, all of them sorted, ties by column."""
    columns = np.arange(scores.shape[1])
    return np.array([np.lexsort((columns, -row))[:k] for row in scores])


def cosines(vectors: np.ndarray) -> np.ndarray:
    """In float64, with nothing on the diagonal that could be a neighbour."""
    exact = vectors.astype(np.float64)
    exact /= np.linalg.norm(exact, axis=1, keepdims=True)
    found = exact @ exact.T
    np.fill_diagonal(found, -np.inf)
    return found


def test_search_by_hand():
    hits = search(np.array([[1, 0], [0, -1]], np.float32), CORPUS, 3)
    assert hits.indices.tolist() == [[0, 3, 1], [0, 2, 3]]
    np.testing.assert_allclose(hits.scores, [[1, 0.6, 0], [0, 0, -0.8]], rtol=1e-6)
    assert hits.scores.dtype == np.float32
    assert hits.first(1).indices.tolist() == [[0], [0]]


@pytest.mark.parametrize("k", [1, 2, 5, 17, 39, 40])
def test_among_equal_scores_the_earlier_row_comes_first_also_at_the_cut(k):
    chance = np.random.default_rng(k)
    corpus = chance.integers(-1, 2, (40, 2)).astype(np.float32)  # nine different rows
    queries = chance.integers(-1, 2, (25, 2)).astype(np.float32)
    found = search(queries, corpus, k).indices
    assert np.array_equal(found, brute(queries @ corpus.T, k))
    assert search(np.ones((1, 2)), np.ones((30, 2)), k).indices.tolist() == [list(range(30))[:k]]


@pytest.mark.parametrize("n", [2, 50, BLOCK + 77])
def test_neighbours_agree_with_comparing_all(n):
    vectors = cloud(n, 7)
    exact = cosines(vectors)
    k = min(12, n - 1)
    hits = neighbours(vectors, k)
    assert np.array_equal(hits.indices, brute(exact, k))
    np.testing.assert_allclose(hits.scores, np.take_along_axis(exact, hits.indices, 1), atol=1e-6)


def test_neighbours_agree_with_scikit_learn():
    vectors, _ = blobs(200)
    theirs = NearestNeighbors(n_neighbors=10, metric="cosine").fit(vectors)
    distances, indices = theirs.kneighbors()
    hits = neighbours(vectors, 10)
    assert np.array_equal(hits.indices, indices)
    np.testing.assert_allclose(1 - hits.scores, distances, atol=1e-6)


def test_duplicates_are_neighbours_and_the_row_itself_is_not():
    vectors = np.repeat(cloud(100), 3, axis=0)
    hits = neighbours(vectors, 4)
    own = np.arange(300)[:, None]
    assert (hits.indices != own).all()
    assert (hits.indices[:, :2] // 3 == own // 3).all()
    np.testing.assert_allclose(hits.scores[:, :2], 1, atol=1e-6)
    assert (hits.scores[:, 2] < 0.99).all()
    best = np.sort(cosines(vectors), axis=1)[:, ::-1][:, :4]
    np.testing.assert_allclose(hits.scores, best, atol=1e-6)


def test_equal_rows_are_listed_in_their_order():
    hits = neighbours(np.ones((5, 4)), 3)
    assert hits.indices.tolist() == [[1, 2, 3], [0, 2, 3], [0, 1, 3], [0, 1, 2], [0, 1, 2]]


def test_order_of_rows_does_not_matter():
    vectors = cloud(90)
    order = np.random.default_rng(5).permutation(90)
    shuffled = neighbours(vectors[order], 8)
    assert np.array_equal(order[shuffled.indices], neighbours(vectors, 8).indices[order])


def test_length_does_not_matter_however_large_or_small():
    vectors = cloud(40)
    lengths = np.geomspace(1e-35, 1e30, 40, dtype=np.float32)[:, None]
    plain, scaled = neighbours(vectors, 5), neighbours(vectors * lengths, 5)
    assert np.array_equal(scaled.indices, plain.indices)
    np.testing.assert_allclose(scaled.scores, plain.scores, atol=1e-6)


@pytest.mark.parametrize("name", ODD)
def test_odd_rows_have_neighbours_too(name):
    vectors = ODD[name]
    n = len(vectors)
    hits = neighbours(vectors, 5)
    assert hits.indices.shape == hits.scores.shape == (n, min(5, n - 1))
    assert (hits.indices != np.arange(n)[:, None]).all()
    assert (np.abs(hits.scores) <= 1).all()
    assert (hits.scores[unclusterable(vectors)] == 0).all()


def test_k_moves_the_width_only():
    vectors = cloud(30)
    few, many = neighbours(vectors, 3), neighbours(vectors, 9)
    assert np.array_equal(few.indices, many.indices[:, :3])
    assert np.array_equal(few.scores, many.first(3).scores)
    assert neighbours(vectors, 500).indices.shape == (30, 29)
    assert search(vectors, vectors, 500).indices.shape == (30, 30)


def test_no_queries_or_no_corpus_is_no_hits():
    assert search(np.zeros((0, 2)), CORPUS, 3).indices.shape == (0, 3)
    assert search(CORPUS, np.zeros((0, 2)), 3).indices.shape == (4, 0)


def test_errors_name_both_values():
    with pytest.raises(ExploreError, match=r"have 3 dimensions, the corpus is \(4, 2\)"):
        search(np.ones((1, 3)), CORPUS, 1)
    with pytest.raises(ExploreError, match=r"k is 0; ask for at least one"):
        search(CORPUS, CORPUS, 0)
    with pytest.raises(ExploreError, match=r"\(N, D\) array with D ≥ 1, not \(3,\)"):
        neighbours(np.ones(3), 1)


def test_progress_rises_and_stop_is_heard():
    told = Told()
    vectors = cloud(BLOCK * 2 + 1, 3)
    neighbours(vectors, 2, told)
    assert told.rises_to_one("neighbours")
    assert len(set(told.shares("neighbours"))) == 4

    stop = threading.Event()
    with pytest.raises(Stopped):
        neighbours(vectors, 2, lambda stage, share: stop.set() if share else None, stop)


def test_neighbours_on_a_map_by_hand():
    line = np.array([[0, 0], [1, 0], [3, 0], [7, 0]], np.float32)
    assert neighbours_on_map(line, 2).tolist() == [[1, 2], [0, 2], [1, 0], [2, 1]]
    assert neighbours_on_map(line, 9).shape == (4, 3)
    assert neighbours_on_map(line[:1], 2).shape == (1, 0)


def test_neighbours_on_a_map_of_one_place_are_never_the_point_itself():
    found = neighbours_on_map(np.zeros((30, 2)), 5)
    assert found.shape == (30, 5)
    assert (found != np.arange(30)[:, None]).all()
    assert all(len(set(row)) == 5 for row in found.tolist())


def test_occurrences_and_hubness_by_hand():
    star = np.array([[1], [0], [0], [0]])
    assert occurrences(star).tolist() == [3, 1, 0, 0]
    # Away from the mean of 1 by 2, 0, -1, -1: third moment 6/4, variance 6/4.
    assert hubness(star) == pytest.approx(1.5 / 1.5**1.5)
    assert hubness(np.array([[1], [2], [0]])) == 0


def test_many_dimensions_off_the_centre_make_hubs_and_few_do_not():
    assert hubness(neighbours(cloud(500, 100) + 1, 10).indices) > 2
    assert abs(hubness(neighbours(cloud(500, 3) + 1, 10).indices)) < 0.5
