"""Vectors → groups: HDBSCAN, k-means or agglomerative, with what is left over kept apart."""

import threading
from dataclasses import dataclass, field, fields

import numpy as np

from explore.errors import ExploreError, same_rows
from explore.neighbours import Hits
from explore.project import Projection, ProjectionConfig, project
from explore.vectors import OnProgress, checked, directed, one_thread, tell, unit
from ingest.errors import outside

METHODS = ("hdbscan", "kmeans", "agglomerative")
SPACES = {
    "umap": "a UMAP of the vectors to 5 dimensions: dense where the vectors are near each other, "
    "but distances between clusters mean little",
    "vectors": "the vectors themselves: nothing is distorted, but in hundreds of dimensions "
    "density hardly varies, so HDBSCAN leaves much unclustered",
    "map": "the map on the screen: clusters look right on it by design, whether or not they are "
    "there in the vectors",
}
SELECTIONS = {
    "eom": "the clusters that persist longest, which may be few and large",
    "leaf": "the finest ones, the leaves of the tree of clusters",
}
UMAP_DIMS = 5
UMAP_NEIGHBORS = 20
FEWEST_IN_CLUSTER = 5
GROWTH = 0.6  # times the square root of the number of texts: 6 of 100, 19 of 1,000, 42 of 5,000
CORE = 3  # points around a dense one; more would leave more unclustered
MOST_CLUSTERS = 60
TRIED = (2, 3, 4, 6, 8, 10, 12, 15, 20, 30)  # numbers of clusters, where none was asked for
NEARLY_ALL = 0.95  # in one cluster: outliers were split off, however good the silhouette
SCORED_ROWS = 2_000  # silhouettes are of a seeded sample beyond this


@dataclass(frozen=True)
class ClusterConfig:
    """How texts are grouped.

    min_cluster_size is HDBSCAN's (Campello et al., PAKDD 2013); None: it grows
    with the square root of the number of texts. n_clusters is for k-means and agglomerative
    (average linkage on cosines); None: the number with the best silhouette of a few. `space` names
    what HDBSCAN looks at, see SPACES; `selection` which clusters of its tree it takes, see
    SELECTIONS.
    """

    method: str = "hdbscan"
    space: str = "umap"
    min_cluster_size: int | None = None
    n_clusters: int | None = None
    seed: int = 0
    selection: str = "eom"

    def __post_init__(self) -> None:
        problems = []
        if self.method not in METHODS:
            problems.append(f"Unknown method {self.method!r}. Choose one of: {', '.join(METHODS)}.")
        if self.space not in SPACES:
            problems.append(f"Unknown space {self.space!r}. Choose one of: {', '.join(SPACES)}.")
        if self.selection not in SELECTIONS:
            problems.append(
                f"Unknown selection {self.selection!r}. Choose one of: {', '.join(SELECTIONS)}."
            )
        for name, low, high in (("min_cluster_size", 2, 5_000), ("n_clusters", 1, MOST_CLUSTERS)):
            value = getattr(self, name)
            problems += [] if value is None else outside(name, value, low, high)
        problems += outside("seed", self.seed, 0, 2**31 - 1)
        if problems:
            raise ExploreError(*problems)

    @property
    def key(self) -> tuple[object, ...]:
        """What the labels depend on: settings that the method does not use are left out."""
        settings = {
            "hdbscan": ("space", "min_cluster_size", "selection"),
            "kmeans": ("n_clusters", "seed"),
            "agglomerative": ("n_clusters",),
        }[self.method]
        return (self.method, *(getattr(self, f.name) for f in fields(self) if f.name in settings))

    def size_for(self, n: int) -> int:
        """The least size of a cluster of n texts."""
        size = self.min_cluster_size or max(FEWEST_IN_CLUSTER, round(GROWTH * n**0.5))
        return max(2, min(size, n))


@dataclass(frozen=True, eq=False)
class Clusters:
    """labels: int64 (N,), -1 = unclustered; 0 is the largest cluster. `note` says how."""

    labels: np.ndarray
    config: ClusterConfig = field(default_factory=ClusterConfig)
    note: str = ""

    @property
    def count(self) -> int:
        """How many clusters there are."""
        return int(self.labels.max(initial=-1)) + 1

    @property
    def unclustered(self) -> float:
        """Share of rows in none of them."""
        return float((self.labels < 0).mean())

    def members(self, cluster: int) -> np.ndarray:
        """Rows of one cluster."""
        return np.flatnonzero(self.labels == cluster)


def cluster(
    vectors: np.ndarray,
    config: ClusterConfig | None = None,
    near: Hits | None = None,
    space: np.ndarray | None = None,
    on_progress: OnProgress | None = None,
    stop: threading.Event | None = None,
) -> Clusters:
    """Group (N, D) vectors.

    `space` (N, d): what HDBSCAN is to look at, where it was computed before (`cluster_space`). Rows
    that are not finite, and zero vectors, are never part of a cluster.

    Raises ExploreError, Stopped.
    """
    config = config or ClusterConfig()
    rows = checked(vectors)
    points = unit(rows)
    good = np.flatnonzero(directed(rows))
    labels = np.full(len(rows), -1, np.int64)
    if config.method == "hdbscan":
        if space is None:
            space = cluster_space(rows, config, near, on_progress, stop)
        same_rows(vectors=rows, space=space)
        tell(on_progress, stop, "clusters", 0.0)
        size = config.size_for(len(good))
        labels[good] = density_clusters(space[good], size, config.selection)
        finest = ", the finest ones" if config.selection == "leaf" else ""
        asked = config.min_cluster_size or size
        cut = f" ({asked:,} were asked, there are no more)" if asked > size else ""
        note = f"HDBSCAN{finest}, at least {size} texts a cluster{cut}, on {_named(config.space)}"
    elif not len(good):
        note = "no vector to group"
    else:
        tell(on_progress, stop, "clusters", 0.0)
        groups, note = _partition(points[good], config, on_progress, stop)
        labels[good] = groups
    tell(on_progress, stop, "clusters", 1.0)
    return Clusters(by_size(labels), config, note)


def _named(space: str) -> str:
    dense = f"a {UMAP_DIMS}-D UMAP ({UMAP_NEIGHBORS} neighbours, min_dist 0, seed 0)"
    return {"umap": dense, "vectors": "the vectors", "map": "the map"}[space]


def cluster_space(
    vectors: np.ndarray,
    config: ClusterConfig | None = None,
    near: Hits | None = None,
    on_progress: OnProgress | None = None,
    stop: threading.Event | None = None,
) -> np.ndarray:
    """What HDBSCAN looks at for `config.space`, but for "map", which the caller has."""
    config = config or ClusterConfig()
    if config.space == "vectors":
        return unit(checked(vectors))  # where Euclidean distance orders pairs as cosine does
    if config.space == "map":
        raise ExploreError("To cluster what is on the map, give its coordinates as `space`.")
    return dense_projection(vectors, near, on_progress, stop).coordinates


def dense_projection(
    vectors: np.ndarray,
    near: Hits | None = None,
    on_progress: OnProgress | None = None,
    stop: threading.Event | None = None,
) -> Projection:
    """The 5-D UMAP (min_dist 0) that HDBSCAN's default looks at; its seed is always 0."""
    n = len(vectors)
    dims = max(2, min(UMAP_DIMS, n - 2))
    config = ProjectionConfig("umap", dims=dims, n_neighbors=UMAP_NEIGHBORS, min_dist=0.0)
    return project(vectors, config, near, on_progress, stop)


def density_clusters(space: np.ndarray, size: int, selection: str = "eom") -> np.ndarray:
    """HDBSCAN's labels (N,) of points (N, d); with fewer than two clusters' worth, all -1."""
    from sklearn.cluster import HDBSCAN

    if len(space) < size or len(space) < 2:
        return np.full(len(space), -1, np.int64)
    if np.ptp(space, axis=0).max() == 0:  # all in one place, which is one cluster
        return np.zeros(len(space), np.int64)
    model = HDBSCAN(
        min_cluster_size=size,
        min_samples=min(CORE, size),
        cluster_selection_method=selection,
        copy=True,
    ).fit(space)
    return model.labels_.astype(np.int64)


def _partition(
    points: np.ndarray,
    config: ClusterConfig,
    on_progress: OnProgress | None,
    stop: threading.Event | None,
) -> tuple[np.ndarray, str]:
    """Labels of unit vectors, and how they were found."""
    distinct = len(np.unique(points, axis=0))
    title = {"kmeans": "k-means", "agglomerative": "agglomerative (average linkage)"}[config.method]
    if config.n_clusters:
        k = min(config.n_clusters, distinct)
        why = "as asked"
        if k < config.n_clusters:
            why = f"({config.n_clusters} were asked, no more texts have vectors of their own)"
        return _labels(points, k, config), f"{title}, {_number(k)} {why}, on the vectors"
    tried = [k for k in TRIED if k <= distinct and k < len(points)]
    if not tried:
        return _labels(points, 1, config), f"{title}, 1 cluster: there is nothing to tell apart"
    labels_of = {}
    for at, k in enumerate(tried):
        tell(on_progress, stop, "clusters", at / len(tried))
        labels_of[k] = _labels(points, k, config)
    best = max(tried, key=lambda k: _quick_silhouette(points, labels_of[k]))
    note = f"{title}, {_number(best)} (the best silhouette of {', '.join(map(str, tried))})"
    return labels_of[best], note


def _number(k: int) -> str:
    return f"{k} cluster{'' if k == 1 else 's'}"


def _labels(points: np.ndarray, k: int, config: ClusterConfig) -> np.ndarray:
    from sklearn.cluster import AgglomerativeClustering, KMeans

    if k < 2:
        return np.zeros(len(points), np.int64)
    if config.method == "kmeans":
        with one_thread():
            labels = KMeans(k, random_state=config.seed, n_init=4).fit_predict(points)
        return labels.astype(np.int64)
    grouping = AgglomerativeClustering(k, metric="cosine", linkage="average")
    return grouping.fit_predict(points).astype(np.int64)


def _quick_silhouette(points: np.ndarray, labels: np.ndarray) -> float:
    if np.bincount(labels).max() > NEARLY_ALL * len(labels):
        return -1.0
    score = silhouette(points, labels)
    return -1.0 if score is None else score


def silhouette(vectors: np.ndarray, labels: np.ndarray) -> float | None:
    """Mean silhouette of the clustered rows in the original space, cosine distance, from -1 to 1.

    Rousseeuw, J. Comput. Appl. Math. 20, 1987. Of a seeded sample beyond 2,000 rows; None where
    there are not two clusters to compare.
    """
    from sklearn.metrics import silhouette_score

    same_rows(vectors=vectors, labels=labels)
    rows = np.flatnonzero(labels >= 0)
    if len(rows) > SCORED_ROWS:
        rows = np.sort(np.random.default_rng(0).choice(rows, SCORED_ROWS, replace=False))
    groups = labels[rows]
    if not 2 <= len(np.unique(groups)) < len(rows):
        return None
    return float(silhouette_score(unit(vectors[rows]), groups, metric="cosine"))


def by_size(labels: np.ndarray) -> np.ndarray:
    """Labels (N,) of the groups numbered from the largest; ties by who comes first."""
    names, first, counts = np.unique(labels[labels >= 0], return_index=True, return_counts=True)
    order = np.lexsort((first, -counts))
    renamed = {int(names[old]): new for new, old in enumerate(order)}
    return np.array([renamed.get(int(label), -1) for label in labels], np.int64)
