"""Near duplicates against all pairs at once; groups, percentiles, ties, bounded memory."""

import threading
import tracemalloc

import numpy as np
import pytest
from scipy.sparse.csgraph import connected_components

from explore import ExploreError, Stopped
from explore.duplicates import ROWS, Duplicates, near_duplicates
from tests.explore.points import ODD, Told, cloud, unclusterable


def signs(n: int, d: int = 16, seed: int = 0) -> np.ndarray:
    """Rows whose cosines are exact in float32, with many ties: multiples of 1/8 for d = 16."""
    return np.random.default_rng(seed).choice([-1, 1], (n, d)).astype(np.float32)


def brute(vectors: np.ndarray, threshold: float) -> list[tuple[int, int, float]]:
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    cosines = unit @ unit.T
    found = [
        (i, j, float(cosines[i, j]))
        for i, j in zip(*np.triu_indices(len(vectors), 1), strict=True)
        if cosines[i, j] >= threshold
    ]
    return sorted(found, key=lambda pair: (-pair[2], pair[0], pair[1]))


def as_list(found: Duplicates) -> list[tuple[int, int, float]]:
    return [(i, j, float(s)) for (i, j), s in zip(found.pairs.tolist(), found.scores, strict=True)]


def groups_of(vectors: np.ndarray, threshold: float) -> list[list[int]]:
    edges = np.zeros((len(vectors), len(vectors)))
    for i, j, _ in brute(vectors, threshold):
        edges[i, j] = 1
    _, label = connected_components(edges, directed=False)
    found = [np.flatnonzero(label == g).tolist() for g in range(label.max() + 1)]
    return sorted((g for g in found if len(g) > 1), key=lambda g: (-len(g), g))


@pytest.mark.parametrize("n", [2, 60, ROWS, ROWS + 37])
@pytest.mark.parametrize("threshold", [0.75, 0.5, 0.125, -1])
def test_all_pairs_all_groups(n: int, threshold: float):
    vectors = signs(n)
    found = near_duplicates(vectors, threshold, most=n * n)
    expected = brute(vectors, threshold)
    assert as_list(found) == expected
    assert found.total == len(expected)
    assert found.threshold == threshold
    assert [group.tolist() for group in found.groups] == groups_of(vectors, threshold)


@pytest.mark.parametrize("most", [1, 7, 100, 1_500])
def test_most_keeps_the_nearest_the_earlier_of_equals_and_counts_all(most: int):
    vectors = signs(ROWS * 2 + 37)
    every = near_duplicates(vectors, 0.5, most=10_000)
    found = near_duplicates(vectors, 0.5, most=most)
    assert every.total > 1_500
    assert as_list(found) == as_list(every)[:most]
    assert found.total == every.total
    assert [g.tolist() for g in found.groups] == [g.tolist() for g in every.groups]


@pytest.mark.parametrize("percentile", [0, 3.3, 50, 90, 99, 99.97, 100])
@pytest.mark.parametrize("vectors", [signs(700), cloud(700, 12)], ids=["ties", "no ties"])
def test_a_percentile_is_numpys_of_all_pairs(vectors: np.ndarray, percentile: float):
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    cosines = (unit @ unit.T)[np.triu_indices(len(vectors), 1)]
    found = near_duplicates(vectors, percentile=percentile, most=250_000)
    expected = np.percentile(cosines, percentile, method="higher")
    assert found.threshold == pytest.approx(expected, abs=3e-7)
    assert found.scores.min() == np.float32(found.threshold)
    assert found.total == len(found.pairs) == (cosines >= expected).sum()


def test_equal_texts_are_pairs_at_threshold_one_whatever_the_rounding():
    vectors = np.repeat(cloud(40, 37), 3, axis=0)
    vectors *= np.linspace(0.1, 3, 120, dtype=np.float32)[:, None]
    found = near_duplicates(vectors, 1.0)
    assert found.total == 40 * 3
    assert [group.tolist() for group in found.groups] == [[3 * g, 3 * g + 1, 3 * g + 2]
                                                          for g in range(40)]  # fmt: skip
    assert found.scores.max() <= 1


def test_a_chain_is_one_group():
    angles = np.deg2rad([0, 20, 40, 60, 180, 190, 300])
    circle = np.column_stack([np.cos(angles), np.sin(angles)])
    found = near_duplicates(circle, np.cos(np.deg2rad(21)))
    assert [group.tolist() for group in found.groups] == [[0, 1, 2, 3], [4, 5]]
    assert found.pairs[0].tolist() == [4, 5]
    assert found.total == 4


def test_a_group_that_grows_together_over_blocks_is_one():
    # Rows r, r + 100, … are alike, so every group spans three blocks.
    vectors = np.eye(100, dtype=np.float32)[np.arange(ROWS * 3) % 100]
    found = near_duplicates(vectors, 0.99)
    assert [group.tolist() for group in found.groups] == sorted(
        (list(range(r, ROWS * 3, 100)) for r in range(100)), key=lambda g: (-len(g), g)
    )


@pytest.mark.parametrize("name", ODD)
@pytest.mark.parametrize("asked", [{"threshold": 0.99}, {"percentile": 50.0}])
def test_every_odd_case_has_pairs_of_what_can_be_compared(name: str, asked: dict[str, float]):
    found = near_duplicates(ODD[name], **asked)
    assert found.pairs.shape == (len(found.scores), 2)
    assert not unclusterable(ODD[name])[found.pairs].any()
    assert np.isfinite(found.scores).all()
    assert (found.pairs[:, 0] < found.pairs[:, 1]).all()
    assert sum(map(len, found.groups)) <= len(ODD[name])


def test_row_numbers_are_those_of_what_was_given():
    vectors = ODD["two rows not finite"]
    found = near_duplicates(np.vstack([vectors, vectors]), 1.0)
    assert sorted(found.pairs.tolist()) == [[r, r + 24] for r in range(24) if r not in (3, 7)]
    assert [g.tolist() for g in found.groups] == sorted(found.pairs.tolist())


def test_memory_does_not_grow_with_the_pairs():
    vectors = np.tile(cloud(1, 8), (4_000, 1))  # eight million pairs: 128 MB of row numbers
    tracemalloc.start()
    try:
        found = near_duplicates(vectors, 0.9, most=10)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert found.total == 4_000 * 3_999 // 2
    assert found.pairs.tolist() == [[0, j] for j in range(1, 11)]
    assert len(found.groups) == 1
    assert peak < 100e6


def test_progress_rises_and_stop_is_heard():
    told = Told()
    near_duplicates(cloud(ROWS * 3), percentile=99, on_progress=told)
    assert all(told.rises_to_one(s) for s in ("percentile", "duplicates"))
    stop = threading.Event()
    with pytest.raises(Stopped):
        near_duplicates(
            cloud(ROWS * 3), 0.5, on_progress=lambda s, share: stop.set() if share else None,
            stop=stop,
        )  # fmt: skip


def test_errors_name_both_values():
    with pytest.raises(ExploreError, match=r"they are 0.9 and 99"):
        near_duplicates(cloud(3), 0.9, 99)
    with pytest.raises(ExploreError, match="not both or none: they are None and None"):
        near_duplicates(cloud(3))
    with pytest.raises(ExploreError, match=r"most is 0.*\n.*threshold is 1.5; .* from -1.0 to 1.0"):
        near_duplicates(cloud(3), 1.5, most=0)
    with pytest.raises(ExploreError, match="percentile is 101"):
        near_duplicates(cloud(3), percentile=101)
    with pytest.raises(ExploreError, match=r"11,247,750 pairs of 5,000 .*10,000,000.* least 20.0"):
        near_duplicates(cloud(5_000), percentile=10)
