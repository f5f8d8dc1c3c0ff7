"""Where a new sentence lands: by hand, and where sentences that are on the map already are."""

import numpy as np
import pytest

from explore import ExploreError, place, project
from explore.place import K
from explore.vectors import unit
from tests.explore.points import ODD, blobs, cloud, on_circle, unclusterable


def nearest(place_: np.ndarray, places: np.ndarray, k: int = 15) -> np.ndarray:
    return np.argsort(np.linalg.norm(places - place_, axis=1), kind="stable")[:k]


# --- by hand ------------------------------------------------------------------------------------


def test_between_two_as_near_is_on_the_line_between_them():
    vectors, places = on_circle(0, 20, 180), np.array([[0.0, 0], [4, 2], [90, 90]], np.float32)
    found = place(on_circle(10)[0], vectors, places, k=2)
    assert found.neighbours.tolist() == [0, 1]
    np.testing.assert_allclose(found.cosines, np.cos(np.radians([10, 10])), atol=1e-6)
    across = found.coordinates[0] * 2 - found.coordinates[1] * 4
    assert across == pytest.approx(0, abs=1e-4)
    assert 0 <= found.coordinates[0] <= 4


def test_it_stays_with_the_majority_and_out_of_the_water_between():
    vectors = on_circle(*range(1, 8), *range(-3, 0))
    island = cloud(10, 2, seed=3)
    places = np.where(np.arange(10)[:, None] < 7, island, island + 100)
    found = place(on_circle(2.5)[0], vectors, places, k=10)
    assert np.abs(found.coordinates).max() < 5  # their mean lies at 30
    torn = place(on_circle(2.5)[0], vectors, np.where(places > 50, places, places - 100), k=10)
    assert np.linalg.norm(torn.coordinates + 100) < 10


def test_spread_tells_one_island_from_two():
    vectors, labels = blobs(60)
    middles = np.array([[0, 0], [100, 0], [0, 100]])
    places = middles[labels] + cloud(60, 2)
    inside = place(vectors[labels == 0].mean(axis=0), vectors, places)
    one, other = (unit(vectors[labels == group]).mean(axis=0) for group in (0, 1))
    between = place(one + other, vectors, places, k=40)
    assert inside.spread < 0.03
    assert between.spread > 5 * inside.spread


def test_one_near_neighbour_outweighs_three_far_ones():
    vectors = on_circle(2, 40, 41, 42)
    places = np.array([[0, 0], [9, 0], [9, 1], [9, 2]], np.float32)
    # Weights, from how much nearer than the last each is: 1.05, 0.14, 0.09, 0.05.
    np.testing.assert_allclose(place(on_circle(0)[0], vectors, places).coordinates, 0, atol=0.01)
    # Half way all are about as near, and the three are the majority.
    assert place(on_circle(21.5)[0], vectors, places).coordinates[0] > 8.9


# --- on the map already -------------------------------------------------------------------------


@pytest.mark.parametrize("dims", [2, 3])
@pytest.mark.parametrize("name", ODD)
def test_a_vector_of_the_map_lands_where_it_is_also_in_odd_cases(name, dims):
    vectors = ODD[name]
    places = project(vectors, None).coordinates
    places = np.pad(places, ((0, 0), (0, dims - 2)))
    for row in range(len(vectors)):
        found = place(7 * vectors[row], vectors, places)
        if unclusterable(vectors)[row]:
            np.testing.assert_allclose(found.coordinates, places.mean(axis=0), atol=1e-5)
        else:
            same = places[found.neighbours[found.cosines > 1 - 1e-6]]
            assert (np.abs(same - found.coordinates).max(axis=1) < 1e-6).any()
            assert found.neighbours.shape == (min(K, len(vectors)),)
        assert np.isfinite(found.spread)


def test_a_sentence_taken_off_the_map_is_put_back_into_its_neighbourhood(topics, topics_map):
    every = np.arange(len(topics.texts))
    ranks = []
    for row in every[::4]:
        rest = np.delete(every, row)
        found = place(topics.vectors[row], topics.vectors[rest], topics_map[rest])
        away = np.linalg.norm(topics_map[row] - found.coordinates)
        nearer = np.linalg.norm(topics_map[rest] - found.coordinates, axis=1) < away
        ranks.append(nearer.sum())
    within = np.mean(np.array(ranks) < 15)
    print(f"\ntrue place: median rank {np.median(ranks):.0f} of {len(every)}, "
          f"{within:.0%} among the 15 nearest points")  # fmt: skip
    assert np.median(ranks) <= 5  # by chance 324
    assert within >= 0.8  # by chance 2%


def test_sentences_that_the_map_has_never_seen_land_among_their_own(topics):
    known, new = topics.without(slice(None, None, 10))
    places = project(topics.vectors[known]).coordinates
    labels = np.array(topics.labels)
    settled, landed, recalled = [], [], []
    for i in range(0, len(known), 5):  # what the map does for its own sentences
        others = np.delete(nearest(places[i], places, 16), 0)
        settled.append((labels[known[others]] == labels[known[i]]).mean())
    for row in new:
        found = place(topics.vectors[row], topics.vectors[known], places)
        around = nearest(found.coordinates, places)
        landed.append((labels[known[around]] == labels[row]).mean())
        recalled.append(np.isin(around, found.neighbours).sum() / K)
    print(f"\nsame topic among the 15 nearest: {np.mean(landed):.0%} of new sentences, "
          f"{np.mean(settled):.0%} of those on the map; {np.mean(recalled):.0%} of the ten "
          "nearest texts are among them")  # fmt: skip
    assert np.mean(landed) >= 0.7  # by chance 8%
    assert np.mean(landed) >= np.mean(settled) - 0.1
    assert np.mean(recalled) >= 0.3  # by chance 3%


# --- settings, refusals -------------------------------------------------------------------------


def test_neighbours_are_exact_and_k_moves_the_place():
    vectors, places, new = cloud(50), cloud(50, 2), cloud(1, seed=4)[0]
    few, many = place(new, vectors, places, k=3), place(new, vectors, places, k=30)
    exact = np.argsort(-(vectors @ new) / np.linalg.norm(vectors, axis=1), kind="stable")
    assert few.neighbours.tolist() == exact[:3].tolist()
    assert many.neighbours.tolist() == exact[:30].tolist()
    assert np.abs(few.coordinates - many.coordinates).max() > 0.01


def test_the_map_may_be_turned_and_its_rows_in_any_order():
    vectors, places, new = cloud(50), cloud(50, 2), cloud(1, seed=4)[0]
    found = place(new, vectors, places).coordinates
    turn = np.array([[0, 1], [-1, 0]])
    order = np.random.default_rng(0).permutation(50)
    turned = place(new, vectors[order], 3 * places[order] @ turn + 8).coordinates
    np.testing.assert_allclose(turned, 3 * found @ turn + 8, atol=1e-3)


def test_errors_name_both_values():
    with pytest.raises(ExploreError, match="vectors 9, coordinates 8"):
        place(cloud(1)[0], cloud(9), cloud(8, 2))
    with pytest.raises(ExploreError, match=r"have 3 dimensions, the corpus is \(9, 16\)"):
        place(np.ones(3), cloud(9), cloud(9, 2))
