"""Clusters by places on the map, not by vectors: what they would be to the eye."""

from dataclasses import replace

import numpy as np

from explore.cluster import Clusters, by_size, cluster
from explore.errors import same_rows
from explore.vectors import one_thread


def clusters_on_map(vectors: np.ndarray, coordinates: np.ndarray, clusters: Clusters) -> np.ndarray:
    """Labels int64 (N,) of the coordinates (N, dims): as `clusters` were made of vectors (N, D).

    HDBSCAN with the same least size of a cluster; k-means and agglomerative with as many clusters,
    by the distances on the map. Rows that `cluster` leaves out are left out here. Raises
    ExploreError.
    """
    same_rows(vectors=vectors, coordinates=coordinates, labels=clusters.labels)
    if clusters.config.method == "hdbscan":
        config = replace(clusters.config, space="map")
        return cluster(vectors, config, space=coordinates).labels
    labels = np.full(len(coordinates), -1, np.int64)
    rows = np.flatnonzero(clusters.labels >= 0)
    places = coordinates[rows]
    k = min(clusters.count, len(np.unique(places, axis=0)))
    labels[rows] = _parts(places, k, clusters) if k > 1 else 0
    return by_size(labels)


def _parts(places: np.ndarray, k: int, clusters: Clusters) -> np.ndarray:
    # Not by `cluster`, which would see nothing of a place but its direction.
    from sklearn.cluster import AgglomerativeClustering, KMeans

    if clusters.config.method == "agglomerative":
        return AgglomerativeClustering(k, linkage="average").fit_predict(places)
    with one_thread():
        return KMeans(k, random_state=clusters.config.seed, n_init=4).fit_predict(places)
