"""Would another seed have found the same clusters?"""

import threading
from dataclasses import dataclass, replace

import numpy as np

from explore.cluster import (
    UMAP_DIMS,
    UMAP_NEIGHBORS,
    ClusterConfig,
    Clusters,
    cluster,
    density_clusters,
)
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
    (its mean co-association; Fred & Jain, IEEE PAMI 27, 2005). Both are None for a cluster with
    fewer than two of the texts looked at. agreement: the adjusted Rand index of each run with the
    clusters asked about; rows: how many texts were looked at; sampled: whether these are a sample.
    note: what was repeated, or, where no seed plays a part and runs is 0, why not.
    """

    runs: int
    kept: tuple[int | None, ...]
    pairs: tuple[float | None, ...]
    agreement: tuple[float, ...]
    rows: int
    sampled: bool = False
    note: str = ""


def stability(
    vectors: np.ndarray,
    clusters: Clusters,
    runs: int = RUNS,
    near: Hits | None = None,
    on_progress: OnProgress | None = None,
    stop: threading.Event | None = None,
    layout: ProjectionConfig | None = None,
) -> Stability:
    """Make the same clusters again with other seeds, and see what stays together.

    What is repeated is how `clusters` were made: HDBSCAN on another 5-D UMAP, HDBSCAN on another
    map (by `layout`, how the map was made), or k-means with as many clusters. A cluster stays
    together in a run where most of its texts are in one cluster, which is mostly made of them.
    Vectors that `cluster` leaves out are left out here.
    Raises ExploreError, Stopped.
    """
    if runs < 1:
        raise ExploreError(f"runs is {runs}; it must be at least 1.")
    table = checked(vectors)
    same_rows(vectors=table, labels=clusters.labels)
    good = sampled = np.flatnonzero(directed(table))
    why_not = _seedless(clusters, layout) if len(good) else "there is no vector to group"
    if why_not:
        none = (None,) * clusters.count
        return Stability(0, none, none, (), len(good), note=why_not)
    layout = _layout(clusters.config, layout, len(good))
    if layout is not None and len(good) > MOST_ROWS:  # k-means of all takes a moment
        sampled = np.sort(np.random.default_rng(0).choice(good, MOST_ROWS, replace=False))
    if len(sampled) < len(table):
        table, near = table[sampled], None
    labels = clusters.labels[sampled]
    if layout is None:
        partitions = _partitions(table, clusters, runs, on_progress, stop)
        note = f"k-means with {clusters.count} clusters on the vectors"
    else:
        # A sample has fewer of each cluster, in proportion.
        size = max(2, round(clusters.config.size_for(len(good)) * len(sampled) / len(good)))
        selection = clusters.config.selection
        partitions = _densities(table, layout, (size, selection), runs, near, on_progress, stop)
        place = "the map" if clusters.config.space == "map" else f"a {layout.dims}-D UMAP"
        note = f"HDBSCAN, at least {size} texts a cluster, on {place} ({_settings(layout)})"
    tell(on_progress, stop, "stability", 1.0)
    members = [np.flatnonzero(labels == group) for group in range(clusters.count)]
    enough = [len(rows) > 1 for rows in members]
    return Stability(
        runs,
        tuple(
            sum(_together(rows, run) for run in partitions) if many else None
            for rows, many in zip(members, enough, strict=True)
        ),
        tuple(
            float(np.mean([_pairs(rows, run) for run in partitions])) if many else None
            for rows, many in zip(members, enough, strict=True)
        ),
        tuple(agreement(labels, run) for run in partitions),
        len(table),
        len(sampled) < len(good),
        note,
    )


def _seedless(clusters: Clusters, layout: ProjectionConfig | None) -> str:
    """Why a seed has no part in these clusters; empty where it has one."""
    config = clusters.config
    if config.method == "agglomerative":
        return "agglomerative grouping joins the nearest step by step, and nothing in it is random"
    if config.method == "kmeans":
        one = "k-means with one cluster puts everything into it"
        return one if clusters.count < 2 else ""
    if config.space == "vectors":
        return "HDBSCAN on the vectors follows from the distances alone, and nothing is random"
    if config.space == "umap":
        return ""
    if layout is None:
        raise ExploreError(
            "These clusters were found on a map: to make it again, give its settings as `layout`."
        )
    fixed = {
        "pca": "HDBSCAN on a map by PCA: neither has anything random",
        "tsne": "HDBSCAN on a map by t-SNE, which starts from the PCA map here: nothing is random",
    }
    return fixed.get(layout.method, "")


def _layout(
    config: ClusterConfig, layout: ProjectionConfig | None, n: int
) -> ProjectionConfig | None:
    """What HDBSCAN looks at; None for k-means, which needs no layout."""
    if config.method == "kmeans":
        return None
    if config.space == "map":
        return layout
    return ProjectionConfig("umap", max(2, min(UMAP_DIMS, n - 2)), UMAP_NEIGHBORS, min_dist=0.0)


def _settings(layout: ProjectionConfig) -> str:
    return f"UMAP, {layout.n_neighbors} neighbours, min_dist {layout.min_dist:g}"


def _seeds(own: int, runs: int) -> list[int]:
    """Seeds other than the one of the clusters asked about."""
    return [seed for seed in range(1, runs + 2) if seed != own][:runs]


def _densities(
    vectors: np.ndarray,
    layout: ProjectionConfig,
    dense: tuple[int, str],
    runs: int,
    near: Hits | None,
    on_progress: OnProgress | None,
    stop: threading.Event | None,
) -> list[np.ndarray]:
    """What HDBSCAN finds on other layouts: labels (N,) for each run; dense: size, selection."""
    near = near or neighbours(vectors, layout.n_neighbors, on_progress, stop)
    partitions = []
    for run, seed in enumerate(_seeds(layout.seed, runs)):
        tell(on_progress, stop, "stability", run / runs)
        space = project(vectors, replace(layout, seed=seed), near, None, stop).coordinates
        partitions.append(density_clusters(space, *dense))
    return partitions


def _partitions(
    vectors: np.ndarray,
    clusters: Clusters,
    runs: int,
    on_progress: OnProgress | None,
    stop: threading.Event | None,
) -> list[np.ndarray]:
    """The same number of clusters by k-means from other starts: labels (N,) for each run."""
    config = replace(clusters.config, n_clusters=clusters.count)
    partitions = []
    for run, seed in enumerate(_seeds(config.seed, runs)):
        tell(on_progress, stop, "stability", run / runs)
        partitions.append(cluster(vectors, replace(config, seed=seed)).labels)
    return partitions


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
    """Share of pairs of these rows with the same label; unclustered ones share none. n > 1."""
    n = len(rows)
    counts = np.bincount(run[rows][run[rows] >= 0]).astype(float)
    return float((counts * (counts - 1)).sum() / (n * (n - 1)))
