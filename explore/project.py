"""Vectors → a map: PCA, UMAP or t-SNE, repeatable, with every odd case defined."""

import threading
from dataclasses import dataclass, field, fields

import numpy as np

from explore import tsne_fit, umap_fit
from explore.errors import ExploreError, Stopped, same_rows
from explore.neighbours import Hits, of_unit
from explore.vectors import OnProgress, checked, finite_rows, unit
from ingest.errors import outside

METHODS = ("pca", "umap", "tsne")
WHOLE = 2_048  # a matrix of this size is decomposed in about two seconds
FEWEST = 5  # with fewer distinct vectors there is nothing to unfold, and PCA shows them
BOUNDS = {
    "dims": (1, 50),
    "n_neighbors": (2, 200),
    "min_dist": (0.0, 0.99),
    "perplexity": (2.0, 100.0),
    "seed": (0, 2**31 - 1),
}


@dataclass(frozen=True)
class ProjectionConfig:
    """How a map is made.

    n_neighbors and min_dist are UMAP's (McInnes et al., arXiv 1802.03426), perplexity is t-SNE's
    (van der Maaten & Hinton, JMLR 9, 2008); both work on cosine distances.
    """

    method: str = "umap"
    dims: int = 2
    n_neighbors: int = 15
    min_dist: float = 0.1
    perplexity: float = 30.0
    seed: int = 0

    def __post_init__(self) -> None:
        problems = []
        if self.method not in METHODS:
            problems.append(f"Unknown method {self.method!r}. Choose one of: {', '.join(METHODS)}.")
        for name, (low, high) in BOUNDS.items():
            problems += outside(name, getattr(self, name), low, high)
        if self.method == "tsne" and self.dims not in (2, 3):
            problems.append(f"t-SNE makes maps of 2 or 3 dimensions, not {self.dims}.")
        if problems:
            raise ExploreError(*problems)

    @property
    def key(self) -> tuple[object, ...]:
        """What the coordinates depend on: settings that the method does not use are left out."""
        settings = {
            "pca": ("dims",),
            "umap": ("dims", "n_neighbors", "min_dist", "seed"),
            "tsne": ("dims", "perplexity", "seed"),
        }[self.method]
        return (self.method, *(getattr(self, f.name) for f in fields(self) if f.name in settings))


@dataclass(frozen=True, eq=False)
class Projection:
    """coordinates: float32 (N, dims), finite; `note` says what was out of the ordinary."""

    coordinates: np.ndarray
    method: str
    note: str = ""
    config: ProjectionConfig = field(default_factory=ProjectionConfig)


def project(
    vectors: np.ndarray,
    config: ProjectionConfig | None = None,
    near: Hits | None = None,
    on_progress: OnProgress | None = None,
    stop: threading.Event | None = None,
) -> Projection:
    """A map of (N, D) vectors under cosine distance.

    Equal vectors share one place. Rows that are not finite stand in the middle, and the note says
    so. With fewer than five distinct vectors PCA takes the place of UMAP and t-SNE. `near`: the
    rows' exact neighbours where they are known, at least `config.n_neighbors` of them. UMAP and
    t-SNE maps are turned to lie as the PCA map does. Raises ExploreError, and Stopped once `stop`
    is set.
    """
    config = config or ProjectionConfig()
    table = checked(vectors)
    if near is not None:
        same_rows(vectors=table, near=near.indices)
    good = finite_rows(table)
    notes = []
    if not good.all():
        notes.append(
            f"{(~good).sum():,} of {len(table):,} vectors are not finite; they stand in the middle."
        )
    points = unit(table)
    # Exact duplicates: one of each is laid out, and the others stand where it does.
    first, group = _distinct(points, good)
    distinct = points[first]
    method = config.method
    if method != "pca" and len(first) < FEWEST:
        method = "pca"
        notes.append(
            f"There are {len(first)} different vectors: too few for a neighbourhood, so PCA is "
            "shown."
        )
    flat = pca(distinct, config.dims, stop)
    if method == "pca":
        layout = flat
    elif method == "umap":
        layout = _turned(_umap(distinct, config, _of(near, first, len(table)), on_progress, stop),
                        flat)  # fmt: skip
    else:
        start = flat / max(float(pca(distinct, 1, stop).std()), 1e-12) * 1e-4
        laid = tsne_fit.fit(distinct, start, config.perplexity, config.seed, on_progress, stop)
        layout = _turned(laid, flat)
    coordinates = np.zeros((len(table), config.dims), np.float32)
    coordinates[good] = layout[group[good]]
    return Projection(coordinates, method, " ".join(notes), config)


def _distinct(points: np.ndarray, good: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rows that stand for all: their indices, and for each row which of them it equals."""
    numbers: dict[bytes, int] = {}
    group = np.zeros(len(points), np.int64)
    first: list[int] = []
    for at in np.flatnonzero(good):
        key = (points[at] + 0.0).tobytes()  # -0.0 and 0.0 are equal, but not in their bytes
        if key not in numbers:
            numbers[key] = len(first)
            first.append(int(at))
        group[at] = numbers[key]
    return np.array(first, np.int64), group


def _of(near: Hits | None, first: np.ndarray, n: int) -> Hits | None:
    """Neighbours that are known serve only where no row was left out."""
    return near if near is not None and len(first) == n else None


def pca(points: np.ndarray, dims: int, stop: threading.Event | None = None) -> np.ndarray:
    """Principal components (N, dims); missing ones are zero. The sign: the largest loading is +.

    Raises Stopped once `stop` is set.
    """
    if not len(points):
        return np.zeros((0, dims), np.float32)
    centred = points - points.mean(axis=0)
    axes = _leading_axes(centred, dims, stop)
    flip = np.sign(axes[np.abs(axes).argmax(axis=0), np.arange(axes.shape[1])])
    components = centred @ (axes * np.where(flip == 0, 1, flip)).astype(np.float32)
    missing = dims - components.shape[1]
    return np.pad(components, ((0, 0), (0, missing))).astype(np.float32)


def _check_stop(stop: threading.Event | None) -> None:
    if stop is not None and stop.is_set():
        raise Stopped


def _leading_axes(centred: np.ndarray, dims: int, stop: threading.Event | None) -> np.ndarray:
    """The directions (D, dims) in which (N, D) varies most, or all min(N, D) there are, if fewer.

    Of the D × D products of columns or the N × N of rows, the smaller are decomposed; where both
    are large only the axes asked for are, by Lanczos iterations, which `stop` ends.
    """
    _check_stop(stop)
    rows, columns = centred.shape
    if not centred.any():
        return np.zeros((columns, dims))
    if min(rows, columns) > WHOLE:
        from scipy.sparse.linalg import ArpackNoConvergence, LinearOperator, eigsh

        def product(vector: np.ndarray) -> np.ndarray:
            _check_stop(stop)
            return np.asarray(centred.T @ (centred @ vector.astype(centred.dtype)), np.float64)

        spread = LinearOperator((columns, columns), matvec=product, dtype=np.float64)
        start = np.random.default_rng(0).normal(size=columns)
        try:
            _, axes = eigsh(spread, k=dims, which="LA", v0=start, tol=1e-5)
        except ArpackNoConvergence as error:  # many directions are alike: any of them will do
            axes = error.eigenvectors
        return np.asarray(axes[:, ::-1])
    if rows < columns:
        _, weights = np.linalg.eigh((centred @ centred.T).astype(np.float64))
        axes = centred.T.astype(np.float64) @ weights[:, ::-1][:, :dims]
        lengths = np.linalg.norm(axes, axis=0)
        return np.asarray(axes / np.where(lengths == 0, 1, lengths))
    _, axes = np.linalg.eigh((centred.T @ centred).astype(np.float64))
    return np.asarray(axes[:, ::-1][:, :dims])


def _turned(layout: np.ndarray, flat: np.ndarray) -> np.ndarray:
    """The map centred and rotated or mirrored towards the PCA map: shapes stay as they are."""
    centred = layout - layout.mean(axis=0)
    left, _, right = np.linalg.svd(centred.T.astype(np.float64) @ flat.astype(np.float64))
    return (centred @ (left @ right)).astype(np.float32)


def _umap(
    points: np.ndarray,
    config: ProjectionConfig,
    near: Hits | None,
    on_progress: OnProgress | None,
    stop: threading.Event | None,
) -> np.ndarray:
    k = min(config.n_neighbors, len(points)) - 1  # UMAP counts the point itself
    if near is None or near.indices.shape[1] < k:
        near = of_unit(points, k, on_progress, stop)
    near = near.first(k)
    return umap_fit.fit(points, near, config.dims, config.min_dist, config.seed, on_progress, stop)


def warm() -> None:
    """Import UMAP and compile (or load) all it needs, so that the first map need not wait."""
    points = np.random.default_rng(0).normal(size=(60, 8))
    for dims in (2, 5):
        project(points, ProjectionConfig(dims=dims))
