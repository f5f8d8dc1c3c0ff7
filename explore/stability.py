"""Would another seed have found the same clusters?"""

import threading
from dataclasses import dataclass

import numpy as np

from explore.cluster import UMAP_DIMS, UMAP_NEIGHBORS, Clusters, density_clusters
from explore.errors import ExploreError, same_rows
from explore.fidelity import agreement
from explore.neighbours import Hits, neighbours
from explore.project import ProjectionConfig, project
from explore.vectors import OnProgress, checked, directed, tell

RUNS = 8
MOST_ROWS = 1_500  # of a seeded sample, so that eight runs take seconds
TOGETHER = 0.5  # of a cluster's texts, in one cluster of another run


@dataclass(frozen=True)
class Stability:
    """kept: for each cluster, in how many of the runs it stays together.

    pairs: for each cluster, the share of its pairs of texts that share a cluster, over all runs
    (its mean co-association; Fred & Jain, IEEE PAMI 27, 2005); agreement: the adjusted Rand index
    of each run with the clusters asked about; rows: how many texts were looked at.
    """

    runs: int
    kept: tuple[int, ...]
    pairs: tuple[float, ...]
    agreement: tuple[float, ...]
    rows: int


def stability(
    vectors: np.ndarray,
    clusters: Clusters,
    runs: int = RUNS,
    near: Hits | None = None,
    on_progress: OnProgress | None = None,
    stop: threading.Event | None = None,
) -> Stability:
    """Cluster the same vectors again with other seeds of UMAP, and see what stays together.

    HDBSCAN on a 5-D UMAP each time, with the least cluster size of `clusters`. A cluster stays
    together in a run where most of its texts are in one cluster, which is mostly made of them.
    Vectors that `cluster` leaves out are left out here.
    Raises ExploreError, Stopped.
    """
    if runs < 1:
        raise ExploreError(f"runs is {runs}; it must be at least 1.")
    given = checked(vectors)
    same_rows(vectors=given, labels=clusters.labels)
    good = chosen = np.flatnonzero(directed(given))
    if not len(good):
        none = (0.0,) * clusters.count
        return Stability(runs, (0,) * clusters.count, none, (1.0,) * runs, 0)
    if len(good) > MOST_ROWS:
        chosen = np.sort(np.random.default_rng(0).choice(good, MOST_ROWS, replace=False))
    if len(chosen) < len(given):
        given, near = given[chosen], None
    labels = clusters.labels[chosen]
    # A sample has fewer of each cluster, in proportion.
    size = max(2, round(clusters.config.size_for(len(good)) * len(chosen) / len(good)))
    near = near or neighbours(given, UMAP_NEIGHBORS, on_progress, stop)
    found = []
    for run in range(1, runs + 1):
        tell(on_progress, stop, "stability", (run - 1) / runs)
        dims = max(2, min(UMAP_DIMS, len(given) - 2))
        config = ProjectionConfig("umap", dims, UMAP_NEIGHBORS, min_dist=0.0, seed=run)
        space = project(given, config, near, None, stop).coordinates
        found.append(density_clusters(space, size))
    tell(on_progress, stop, "stability", 1.0)
    members = [np.flatnonzero(labels == cluster) for cluster in range(clusters.count)]
    return Stability(
        runs,
        tuple(sum(_together(rows, run) for run in found) for rows in members),
        tuple(float(np.mean([_pairs(rows, run) for run in found])) for rows in members),
        tuple(agreement(labels, run) for run in found),
        len(given),
    )


def _together(rows: np.ndarray, run: np.ndarray) -> bool:
    """Whether most of these rows share one cluster, and most of that cluster are these rows."""
    counts = np.bincount(run[rows][run[rows] >= 0])
    if not counts.size:
        return False
    best = int(counts.argmax())
    return bool(
        counts[best] > TOGETHER * len(rows) and counts[best] > TOGETHER * (run == best).sum()
    )


def _pairs(rows: np.ndarray, run: np.ndarray) -> float:
    """Share of pairs of these rows with the same label; unclustered ones share none."""
    n = len(rows)
    if n < 2:
        return 1.0
    counts = np.bincount(run[rows][run[rows] >= 0]).astype(float)
    return float((counts * (counts - 1)).sum() / (n * (n - 1)))
