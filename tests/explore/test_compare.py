"""Two sets of vectors of the same texts: maps laid over each other, neighbours in the original."""

import numpy as np
import pytest
from scipy.spatial import procrustes as theirs

from explore import ExploreError, compare, neighbours
from explore.compare import procrustes
from explore.project import pca
from explore.vectors import unit
from tests.explore.points import ODD, cloud, turned_map


@pytest.mark.parametrize("dims", [2, 3])
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_a_turned_mirrored_and_scaled_copy_is_restored(dims, seed):
    vectors, places = cloud(50), cloud(50, dims, seed=7)
    found = compare(vectors, vectors, places, turned_map(places, seed))
    np.testing.assert_allclose(found.aligned, places, atol=1e-4)
    np.testing.assert_allclose(found.moved, 0, atol=1e-4)
    assert found.mean_overlap == 1


def test_a_square_by_hand():
    square = np.array([[1, 1], [1, -1], [-1, -1], [-1, 1]], np.float32)
    aligned, spread = procrustes(square, 5 * square[[1, 2, 3, 0]] + 9)
    np.testing.assert_allclose(aligned, square, atol=1e-6)
    assert spread == pytest.approx(2**0.5)
    # One corner is pulled in to the middle. The best scale is Σ ab / Σ b² of the centred squares,
    # 6 / 5.5, around the middle; the corner that moved is farthest from its place.
    dented = square.copy()
    dented[0] = 0
    found = compare(square, square, square, dented)
    expected = 6 / 5.5 * (dented - dented.mean(axis=0))
    np.testing.assert_allclose(found.aligned, expected, atol=1e-6)
    np.testing.assert_allclose(
        found.moved, np.linalg.norm(expected - square, axis=1) / 2**0.5, atol=1e-6
    )
    assert found.moved.argmax() == 0


def test_what_is_left_agrees_with_scipy():
    fixed, moving = cloud(40, 3), cloud(40, 3) + 0.5 * cloud(40, 3, seed=8)
    aligned, spread = procrustes(fixed, moving)
    left = ((aligned - fixed) ** 2).sum() / (len(fixed) * spread**2)
    assert left == pytest.approx(theirs(fixed, moving)[2], rel=1e-4)


def test_overlap_by_hand():
    def at(*degrees):
        return np.column_stack([np.cos(np.radians(degrees)), np.sin(np.radians(degrees))])

    # Two nearest: 0: 1 2, 1: 0 2, 2: 1 0, 3: 2 1. With the last two exchanged: 0: 1 3, 1: 0 3,
    # 3: 1 0, 2: 3 1.
    found = compare(at(0, 10, 25, 60), at(0, 10, 60, 25), cloud(4, 2), cloud(4, 2), k=2)
    assert found.overlap.tolist() == [0.5, 0.5, 0.5, 0.5]
    found = compare(at(0, 10, 25, 60), at(0, 10, 25, 60), cloud(4, 2), cloud(4, 2), k=2)
    assert found.overlap.tolist() == [1, 1, 1, 1]


def test_overlap_agrees_with_comparing_sets_and_the_maps_have_no_part_in_it():
    vectors, others = cloud(60), cloud(60, 9, seed=3)
    others[:, :9] += 2 * vectors[:, :9]
    first, second = neighbours(vectors, 10).indices, neighbours(others, 10).indices
    shares = [len(set(a) & set(b)) / 10 for a, b in zip(first, second, strict=True)]
    for seed in (5, 6):
        found = compare(vectors, others, cloud(60, 2, seed), cloud(60, 2, seed + 10))
        np.testing.assert_allclose(found.overlap, shares)
    assert 0.2 < found.mean_overlap < 0.8


def test_what_moved_most_has_other_neighbours_first_and_then_moved_far():
    vectors, places = cloud(30), cloud(30, 2)
    others, moved = vectors.copy(), places.copy()
    others[4] = -others[4]
    calm = int(np.flatnonzero(compare(vectors, others, places, places, k=3).overlap == 1)[7])
    moved[calm] += 3
    found = compare(vectors, others, places, moved, k=3)
    ranks = found.moved_most(30).tolist()
    assert ranks[0] == 4
    assert found.overlap[4] == 0
    assert ranks.index(calm) == (found.overlap < 1).sum()  # the first of those that kept theirs
    assert found.moved.argmax() == calm
    assert sorted(ranks) == list(range(30))
    assert len(found.moved_most()) == 10


def test_neighbours_given_change_nothing_and_k_does():
    vectors, others, places = cloud(40), cloud(40, seed=1), cloud(40, 2)
    first = compare(vectors, others, places, places, 5)
    for k in (5, 12, 2):
        near, other_near = neighbours(vectors, k), neighbours(others, k)
        given = compare(vectors, others, places, places, 5, near, other_near)
        assert np.array_equal(given.overlap, first.overlap)
    more = compare(vectors, others, places, places, 20)
    assert (first.k, more.k) == (5, 20)
    assert more.mean_overlap != first.mean_overlap


def test_order_of_rows_does_not_matter():
    vectors, others, places, moved = cloud(40), cloud(40, seed=1), cloud(40, 2), cloud(40, 2, 3)
    order = np.random.default_rng(2).permutation(40)
    one = compare(vectors, others, places, moved)
    other = compare(vectors[order], others[order], places[order], moved[order])
    np.testing.assert_allclose(other.overlap, one.overlap[order])
    np.testing.assert_allclose(other.moved, one.moved[order], atol=1e-5)


@pytest.mark.parametrize("dims", [2, 3])
@pytest.mark.parametrize("name", ODD)
def test_every_odd_case_compares_with_itself(name, dims):
    vectors = ODD[name]
    places = pca(unit(vectors), dims)
    found = compare(vectors, vectors, places, places)
    np.testing.assert_allclose(found.moved, 0, atol=1e-5)
    if len(vectors) == 1:
        assert np.isnan(found.overlap).all()
        assert np.isnan(found.mean_overlap)
    else:
        assert (found.overlap == 1).all()
    # Against a map of one place: finite all the same.
    assert np.isfinite(compare(vectors, vectors, places, 0 * places).moved).all()
    assert np.isfinite(compare(vectors, vectors, 0 * places, places).moved).all()


def test_errors_name_both_values():
    message = "vectors 9, others 8, coordinates 9, other coordinates 9"
    with pytest.raises(ExploreError, match=message):
        compare(cloud(9), cloud(8), cloud(9, 2), cloud(9, 2))
    with pytest.raises(ExploreError, match="Maps of 2 and 3 dimensions"):
        compare(cloud(9), cloud(9), cloud(9, 2), cloud(9, 3))
