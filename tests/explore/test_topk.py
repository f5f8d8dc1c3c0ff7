"""The k largest of each row: what a stable sort of whole rows gives, ties included."""

import numpy as np
import pytest

from explore.topk import DEPTH, top_k


@pytest.mark.parametrize("n", [1, 7, DEPTH, 5 * DEPTH - 1, 40 * DEPTH, 40 * DEPTH + 3])
@pytest.mark.parametrize("values", [2, 50, 10**6])
def test_the_same_as_a_stable_sort(n, values):
    scores = np.random.default_rng(n).integers(0, values, (6, n)).astype(np.float32)
    for k in {1, min(5, n), min(9, n)}:
        indices, found = top_k(scores, k)
        order = np.argsort(-scores, axis=1, kind="stable")[:, :k]
        np.testing.assert_array_equal(indices, order)
        np.testing.assert_array_equal(found, np.take_along_axis(scores, order, 1))


def test_a_row_that_is_its_own_neighbour_can_be_ruled_out():
    scores = np.ones((1, 60 * DEPTH), np.float32)
    scores[0, 0] = -np.inf
    assert top_k(scores, 3)[0].tolist() == [[1, 2, 3]]


def test_rows_with_and_without_many_equal_scores_together():
    scores = np.random.default_rng(0).standard_normal((3, 40 * DEPTH), dtype=np.float32)
    scores[1] = 0.5  # every block reaches the bound: read as a whole
    indices, values = top_k(scores, 4)
    np.testing.assert_array_equal(indices[1], [0, 1, 2, 3])
    np.testing.assert_array_equal(indices, np.argsort(-scores, axis=1, kind="stable")[:, :4])
    np.testing.assert_array_equal(values, np.take_along_axis(scores, indices, 1))
