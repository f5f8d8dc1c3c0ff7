"""Few queries and many, both ways of multiplying: the same numbers."""

import numpy as np
import pytest

from explore.products import FEW, TILE, products
from tests.explore.points import cloud


@pytest.mark.parametrize("queries", [0, 1, 2, FEW, FEW + 1, 40])
@pytest.mark.parametrize("rows", [0, 1, TILE, TILE * 2 + 9])
def test_products_are_dot_products(queries: int, rows: int):
    asked, corpus = cloud(queries, 33), cloud(rows, 33, seed=1)
    found = products(asked, corpus)
    assert found.shape == (queries, rows)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, asked.astype(float) @ corpus.T.astype(float), atol=1e-4)


def test_equal_rows_have_equal_products_wherever_they_stand():
    corpus = np.tile(cloud(1, 384), (TILE * 2 + 5, 1))
    assert all(len(set(row)) == 1 for row in products(cloud(3, 384, seed=1), corpus))


def test_other_types_and_layouts():
    corpus = np.asfortranarray(cloud(20, 8).astype(np.float64))
    asked = cloud(4, 16)[::2, ::2]
    np.testing.assert_allclose(products(asked, corpus), asked @ corpus.T, rtol=1e-6)
    assert products(asked, corpus).dtype == np.float64
