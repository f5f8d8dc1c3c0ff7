"""A world without structure: the same spread in every direction, and nothing else."""

import numpy as np
import pytest

from explore import ClusterConfig, ExploreError, cluster, null_world, silhouette
from explore.vectors import unit
from tests.explore.points import ODD, blobs, cloud


def test_mean_and_covariance_are_those_of_the_vectors():
    spread = np.diag([0.3, 0.2, 0.1, 0.05, 0.02, 0.0]).astype(np.float32)
    given = unit(np.eye(6, dtype=np.float32)[5] + cloud(3000, 6) @ spread)
    made = null_world(given)
    np.testing.assert_allclose(made.mean(axis=0), given.mean(axis=0), atol=0.02)
    np.testing.assert_allclose(np.cov(made.T), np.cov(given.T), atol=0.1 * np.cov(given.T).max())
    spreads = made.std(axis=0)[:5] / given.std(axis=0)[:5]
    assert ((spreads > 0.85) & (spreads < 1.15)).all()


def test_groups_are_gone():
    vectors, labels = blobs(120)
    three = ClusterConfig("kmeans", n_clusters=3)
    found = cluster(vectors, three)
    made = null_world(vectors)
    again = cluster(made, three)
    assert silhouette(vectors, found.labels) > 0.8
    assert silhouette(made, again.labels) < silhouette(vectors, found.labels) - 0.2
    assert silhouette(made, labels) < 0.1


@pytest.mark.parametrize("name", ODD)
def test_every_odd_case_has_a_world_or_an_error(name):
    vectors = ODD[name]
    good = vectors[np.isfinite(vectors).all(axis=1)]
    if len(good) < 2:
        with pytest.raises(ExploreError, match="at least two vectors"):
            null_world(vectors)
        return
    made = null_world(vectors)
    assert made.shape == vectors.shape
    assert made.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(made, axis=1), float(good.any()), atol=1e-5)


def test_equal_vectors_have_a_world_of_themselves():
    np.testing.assert_allclose(null_world(ODD["all equal"]), unit(ODD["all equal"]), atol=1e-6)


def test_the_seed_decides():
    vectors = cloud(30)
    assert np.array_equal(null_world(vectors, 4), null_world(vectors, 4))
    assert np.abs(null_world(vectors, 4) - null_world(vectors, 5)).max() > 0.1
