"""What comes in: N vectors of D numbers, checked once."""

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager

import numpy as np

from explore.errors import ExploreError, Stopped

MOST_ROWS = 20_000  # up to here neighbours are exact
BLOCK = 1024  # rows of a matrix product at a time: (1024, 20,000) float32 are 80 MB

OnProgress = Callable[[str, float], None]  # stage, share done from 0 to 1


def checked(vectors: np.ndarray, most: int = MOST_ROWS) -> np.ndarray:
    """Float32 (N, D) of what was given. Raises ExploreError for another shape or too many rows."""
    table = np.asarray(vectors, dtype=np.float32)
    if table.ndim != 2 or not table.shape[1]:
        raise ExploreError(f"Vectors must be an (N, D) array with D ≥ 1, not {table.shape}.")
    if not len(table):
        raise ExploreError("There are no vectors. Give at least one text.")
    if len(table) > most:
        raise ExploreError(f"There are {len(table):,} vectors; at most {most:,} are looked at.")
    return table


def finite_rows(vectors: np.ndarray) -> np.ndarray:
    """Bool (N,): rows without NaN or infinity."""
    return np.isfinite(vectors).all(axis=1)


def directed(vectors: np.ndarray) -> np.ndarray:
    """Bool (N,): rows that point somewhere, neither zero nor with NaN or infinity."""
    return finite_rows(vectors) & (vectors != 0).any(axis=1)


def unit(vectors: np.ndarray) -> np.ndarray:
    """Rows scaled to length 1; a row that is zero or not finite becomes zero."""
    safe = np.where(finite_rows(vectors)[:, None], vectors, 0).astype(np.float32)
    # In float64, where no square of a float32 over- or underflows.
    norms = np.sqrt(np.einsum("nd,nd->n", safe, safe, dtype=np.float64))[:, None]
    scaled = np.divide(safe, norms, out=np.zeros(safe.shape), where=norms > 0)
    return scaled.astype(np.float32)


def one_thread() -> AbstractContextManager[object]:
    """Keep the loops of scikit-learn on this thread.

    Where cores are shared, threads that wait for each other at the end of every short loop cost
    four times what one thread takes. (Per thread, so it disturbs no other visitor.)
    """
    from threadpoolctl import threadpool_limits

    return threadpool_limits(1, user_api="openmp")


def tell(
    on_progress: OnProgress | None, stop: threading.Event | None, what: str, share: float
) -> None:
    """Report how far a stage is. Raises Stopped where that was asked for."""
    if stop is not None and stop.is_set():
        raise Stopped
    if on_progress is not None:
        on_progress(what, share)
