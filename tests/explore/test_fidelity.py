"""Honesty measures: by hand, as scikit-learn has them, and true to what a map shows."""

import threading

import numpy as np
import pytest
from sklearn.manifold import trustworthiness
from sklearn.metrics import adjusted_rand_score

from explore import ExploreError, Stopped, agreement, distortion, map_fidelity, neighbours
from explore.neighbours import neighbours_on_map
from explore.project import pca
from explore.vectors import BLOCK, unit
from tests.explore.points import ODD, Told, cloud, on_circle, turned_map


def test_the_measures_of_four_points_by_hand():
    vectors = on_circle(0, 10, 30, 65)
    places = np.array([[0.0], [3.0], [1.0], [7.0]])
    # Nearest in the vectors: 1 0 1 2. On the map: 2 2 0 1, each of rank 2 in the vectors; the true
    # ones are each of rank 2 on the map. So 4 ranks in excess, of a worst case of 8 on both sides.
    found = map_fidelity(vectors, places, 1)
    assert (found.trustworthiness, found.continuity, found.k) == (0.5, 0.5, 1)
    assert found.recall.tolist() == [0, 0, 0, 0]
    # Only the last two change places: point 0 keeps its neighbour.
    found = map_fidelity(vectors, np.array([[0.0], [2.0], [9.0], [6.0]]), 1)
    assert found.recall.tolist() == [1, 1, 0, 1]
    assert found.mean_recall == 0.75


def test_a_map_without_distortion_is_perfect():
    vectors = on_circle(*np.linspace(0, 80, 60) ** 1.01)
    found = map_fidelity(vectors, vectors)
    assert (found.trustworthiness, found.continuity, found.mean_recall) == (1, 1, 1)


@pytest.mark.parametrize(("n", "k"), [(40, 3), (40, 15), (200, 15), (BLOCK + 50, 10)])
def test_both_measures_agree_with_scikit_learn(n, k):
    vectors = cloud(n, 8)
    places = pca(unit(vectors), 2)
    found = map_fidelity(vectors, places, k)
    theirs = trustworthiness(vectors, places, n_neighbors=k, metric="cosine")
    assert found.trustworthiness == pytest.approx(theirs, abs=1e-5)
    # Continuity is the same with both sides exchanged; of unit vectors Euclid orders as cosine.
    theirs = trustworthiness(places, unit(vectors), n_neighbors=k)
    assert found.continuity == pytest.approx(theirs, abs=1e-5)
    assert found.trustworthiness != pytest.approx(found.continuity, abs=1e-3)


def test_recall_agrees_with_comparing_sets():
    vectors = cloud(80, 8)
    places = pca(unit(vectors), 2)
    true, shown = neighbours(vectors, 15).indices, neighbours_on_map(places, 15)
    shares = [len(set(a) & set(b)) / 15 for a, b in zip(true.tolist(), shown.tolist(), strict=True)]
    found = map_fidelity(vectors, places)
    np.testing.assert_allclose(found.recall, shares)
    assert found.mean_recall == pytest.approx(np.mean(shares))
    assert 0.2 < found.mean_recall < 0.8


def test_which_of_many_duplicates_are_listed_does_not_count():
    vectors = np.repeat(cloud(3), 20, axis=0)
    found = map_fidelity(vectors, pca(unit(vectors), 2))
    assert (found.trustworthiness, found.continuity, found.mean_recall) == (1, 1, 1)


@pytest.mark.parametrize("dims", [2, 3])
def test_a_map_that_is_turned_mirrored_or_larger_is_as_good(dims):
    vectors = cloud(60)
    places = pca(unit(vectors), dims)
    one, other = map_fidelity(vectors, places), map_fidelity(vectors, turned_map(places))
    assert other.trustworthiness == pytest.approx(one.trustworthiness)
    assert other.continuity == pytest.approx(one.continuity)
    np.testing.assert_allclose(other.recall, one.recall)


def test_order_of_rows_does_not_matter():
    vectors = cloud(70)
    places = pca(unit(vectors), 2)
    order = np.random.default_rng(2).permutation(70)
    one, other = map_fidelity(vectors, places), map_fidelity(vectors[order], places[order])
    assert other.trustworthiness == pytest.approx(one.trustworthiness)
    np.testing.assert_allclose(other.recall, one.recall[order])


def test_neighbours_given_change_nothing_and_k_does():
    vectors = cloud(70)
    places = pca(unit(vectors), 2)
    first = map_fidelity(vectors, places, 7)
    for k in (7, 30, 2):
        given = map_fidelity(vectors, places, 7, neighbours(vectors, k))
        assert given.trustworthiness == first.trustworthiness
        assert np.array_equal(given.recall, first.recall)
    assert map_fidelity(vectors, places, 20).trustworthiness != first.trustworthiness


@pytest.mark.parametrize("name", ODD)
def test_every_odd_case_has_measures(name):
    vectors = ODD[name]
    n = len(vectors)
    places = pca(unit(vectors), 2)
    found = map_fidelity(vectors, places)
    assert found.k == min(15, (n - 1) // 2)
    assert found.recall.shape == (n,)
    if n < 3:
        assert np.isnan([found.trustworthiness, found.continuity, found.mean_recall]).all()
    else:
        assert 0 <= found.trustworthiness <= 1
        assert 0 <= found.continuity <= 1
        assert ((found.recall >= 0) & (found.recall <= 1)).all()
    wrong = distortion(vectors, places, neighbours(vectors, 5))
    assert wrong.torn.shape[1] == wrong.false.shape[1] == 2


# --- what is wrong, to draw ---------------------------------------------------------------------


def test_a_point_in_the_wrong_place_is_torn_from_its_own_and_false_among_others():
    labels = np.arange(30) % 3
    vectors = on_circle(*(120 * labels + np.arange(30)))
    places = vectors.copy()
    near = neighbours(vectors, 5)
    honest = distortion(vectors, places, near)
    assert honest.torn.shape == honest.false.shape == (0, 2)

    places[0] = places[1]  # of group 0, put into group 1
    wrong = distortion(vectors, places, near)
    assert len(wrong.torn) >= 5
    assert (wrong.torn == 0).any(axis=1).all()
    assert (labels[wrong.torn] == 0).all()
    assert len(wrong.false) >= 5
    assert (wrong.false[:, 0] == 0).all()
    assert (labels[wrong.false[:, 1]] == 1).all()


def test_a_faithful_map_of_few_has_nothing_torn_although_all_are_far_apart():
    vectors = on_circle(0, 60, 120, 180, 240, 300)
    wrong = distortion(vectors, vectors, neighbours(vectors, 2))
    assert (len(wrong.torn), len(wrong.false)) == (0, 0)


def test_wrong_pairs_come_once_each_the_worst_first_and_no_more_than_asked():
    vectors = cloud(80)
    places = cloud(80, 2, seed=5)
    near = neighbours(vectors, 8)
    wrong = distortion(vectors, places, near, most=1000)
    for pairs in (wrong.torn, wrong.false):
        assert (pairs[:, 0] < pairs[:, 1]).all()
        assert len(np.unique(pairs, axis=0)) == len(pairs) > 20
    apart = np.linalg.norm(places[wrong.torn[:, 0]] - places[wrong.torn[:, 1]], axis=1)
    assert (np.diff(apart) <= 1e-6).all()
    few = distortion(vectors, places, near, most=7)
    assert np.array_equal(few.torn, wrong.torn[:7])
    assert np.array_equal(few.false, wrong.false[:7])
    assert len(distortion(vectors, places, near, most=1000, k=2).torn) < len(wrong.torn)


# --- agreement, refusals, progress --------------------------------------------------------------


def test_agreement_is_scikit_learns_adjusted_rand_index():
    chance = np.random.default_rng(0)
    one, other = chance.integers(-1, 4, 200), chance.integers(-1, 6, 200)
    other[:100] = one[:100]
    assert agreement(one, other) == adjusted_rand_score(one, other)
    assert agreement(one, one + 7) == 1
    assert abs(agreement(one, chance.permutation(one))) < 0.05


def test_rows_must_fit():
    with pytest.raises(ExploreError, match="vectors 9, coordinates 8"):
        map_fidelity(cloud(9), cloud(8, 2))


def test_progress_rises_to_one_and_stop_is_heard():
    vectors, places = cloud(BLOCK + 1, 4), cloud(BLOCK + 1, 2)
    told, stop = Told(), threading.Event()
    map_fidelity(vectors, places, on_progress=told)
    assert told.rises_to_one("neighbours")
    assert told.rises_to_one("fidelity")

    def on_progress(stage: str, share: float) -> None:
        if stage == "fidelity" and share:
            stop.set()

    with pytest.raises(Stopped):
        map_fidelity(vectors, places, on_progress=on_progress, stop=stop)
