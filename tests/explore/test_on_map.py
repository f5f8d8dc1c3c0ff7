"""The clusters of a map: as those of the vectors were made, by what the map shows."""

import numpy as np
import pytest

from explore import ClusterConfig, Clusters, ExploreError, agreement, cluster
from explore.cluster import density_clusters
from explore.on_map import clusters_on_map
from tests.explore.points import ODD, blobs, cloud

CONFIGS = {
    "hdbscan": ClusterConfig(space="vectors", min_cluster_size=5),
    "kmeans": ClusterConfig("kmeans", n_clusters=3),
    "agglomerative": ClusterConfig("agglomerative", n_clusters=3),
}


def shells(n: int = 90) -> tuple[np.ndarray, np.ndarray]:
    """A map (n, 2) of three groups in one direction, so that only distances tell them apart."""
    labels = np.arange(n) % 3
    places = np.array([[2.0, 2.0], [20.0, 20.0], [60.0, 60.0]])[labels]
    return (places + 0.3 * cloud(n, 2, seed=4)).astype(np.float32), labels


@pytest.mark.parametrize("method", CONFIGS)
def test_the_map_is_grouped_by_its_distances(method):
    vectors, _ = blobs(90)
    places, expected = shells()
    asked = cluster(vectors, CONFIGS[method])
    assert agreement(clusters_on_map(vectors, places, asked), expected) == 1


@pytest.mark.parametrize("method", CONFIGS)
def test_a_map_that_lies_does_not_agree(method):
    vectors, labels = blobs(90)
    asked = cluster(vectors, CONFIGS[method])
    assert agreement(asked.labels, labels) == 1
    lie = shells()[0][np.random.default_rng(0).permutation(90)]
    assert agreement(asked.labels, clusters_on_map(vectors, lie, asked)) < 0.2


def test_the_settings_are_those_of_the_clusters():
    vectors, places = cloud(80), cloud(80, 2, seed=3)
    asked = Clusters(np.arange(80) % 7, ClusterConfig("kmeans", n_clusters=None))
    assert clusters_on_map(vectors, places, asked).max() == 6  # as many, however they were chosen
    asked = cluster(vectors, ClusterConfig(space="vectors", min_cluster_size=9))
    found = clusters_on_map(vectors, places, asked)
    assert agreement(found, density_clusters(places, 9)) == 1


@pytest.mark.parametrize("method", CONFIGS)
@pytest.mark.parametrize("name", ODD)
def test_every_odd_case_has_an_answer(name, method):
    vectors = ODD[name]
    asked = cluster(vectors, CONFIGS[method])
    found = clusters_on_map(vectors, np.zeros((len(vectors), 2), np.float32), asked)
    assert found.shape == (len(vectors),)
    assert found.max() <= 0  # one place is one cluster at most
    if method != "hdbscan":
        np.testing.assert_array_equal(found < 0, asked.labels < 0)


def test_other_rows_are_refused():
    with pytest.raises(ExploreError, match="vectors 9, coordinates 8"):
        clusters_on_map(cloud(9), cloud(8, 2), Clusters(np.zeros(9, int)))
