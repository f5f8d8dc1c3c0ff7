"""TODO."""

import threading
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from explore.neighbours import Hits
from explore.vectors import OnProgress, tell

# numba's default threading layer ends the whole process when two threads use it at once.
_lock = threading.Lock()
_ready = threading.Event()
POLL_S = 0.2
REPORTS = 50  # of a layout


def is_warm() -> bool:
    """Whether UMAP has been imported and compiled in this process."""
    return _ready.is_set()


def fit(
    points: np.ndarray,
    near: Hits,
    dims: int,
    min_dist: float,
    seed: int,
    on_progress: OnProgress | None = None,
    stop: threading.Event | None = None,
) -> np.ndarray:
    """Coordinates (N, dims) of distinct unit vectors (N, D) with their exact neighbours.

    Waits for its turn. Raises Stopped once `stop` is set, also in the middle of a layout.
    """

    def watch(share: float) -> None:
        tell(on_progress, stop, "layout", share)

    while not _lock.acquire(timeout=POLL_S):
        tell(on_progress, stop, "waiting for another map" if is_warm() else "warming up UMAP", 0.0)
    try:
        tell(on_progress, stop, "layout" if is_warm() else "warming up UMAP", 0.0)
        coordinates = _fit(points, near, dims, min_dist, seed, watch)
        _ready.set()
    finally:
        _lock.release()
    tell(on_progress, stop, "layout", 1.0)
    return coordinates


def _fit(
    points: np.ndarray,
    near: Hits,
    dims: int,
    min_dist: float,
    seed: int,
    watch: Callable[[float], None],
) -> np.ndarray:
    import warnings

    umap = _umap()
    # UMAP's lists begin with the point itself.
    own = np.arange(len(points))[:, None]
    indices = np.hstack([own, near.indices]).astype(np.int32)
    distances = np.hstack([np.zeros((len(points), 1)), 1 - near.scores]).astype(np.float32)
    few = len(points) <= 2 * (dims + 2)  # a spectral start needs more points than that
    model = umap.UMAP(
        n_components=dims,
        n_neighbors=indices.shape[1],
        min_dist=min_dist,
        metric="cosine",
        random_state=seed,
        init="random" if few else "spectral",
        precomputed_knn=(indices, np.maximum(distances, 0), None),
        tqdm_kwds={"watch": watch},
    )
    with warnings.catch_warnings():
        # That it cannot transform, runs on one thread, and found an unconnected graph: all known.
        warnings.simplefilter("ignore")
        coordinates = model.fit_transform(points)
    return np.where(np.isfinite(coordinates), coordinates, 0).astype(np.float32)


def _umap() -> Any:
    """The umap package; its compiled code is kept on disk, which saves 15 s in each process.

    Where nothing can be written numba refuses, and each process compiles for itself.
    """
    import umap
    import umap.layouts
    import umap.umap_

    umap.layouts.tqdm = _rounds
    for module in (umap.umap_, umap.layouts):
        for function in vars(module).values():
            if hasattr(function, "enable_caching") and not function.signatures:
                try:
                    function.enable_caching()
                except RuntimeError:
                    return umap
    return umap


def _rounds(
    rounds: range, watch: Callable[[float], None] | None = None, **bar: object
) -> Iterator[int]:
    """Stands where UMAP has tqdm's bar, around the rounds of a layout, which `watch` may end.

    To raise while tqdm draws, from the file that it writes to, would leave its lock taken, and the
    next bar of any other thread would wait for it for ever.
    """
    every = max(len(rounds) // REPORTS, 1)
    for at, value in enumerate(rounds):
        if watch is not None and at % every == 0:
            watch(at / len(rounds))
        yield value
