"""Exact nearest neighbours by cosine, in blocks; who is near, and who is near to too many."""

import threading
from dataclasses import dataclass

import numpy as np

from explore.errors import ExploreError
from explore.topk import top_k
from explore.vectors import BLOCK, OnProgress, checked, tell, unit


@dataclass(frozen=True, eq=False)
class Hits:
    """The k best rows of a corpus for each of Q queries, best first.

    indices: int64 (Q, k); scores: float32 (Q, k), cosines where both sides are unit vectors.
    """

    indices: np.ndarray
    scores: np.ndarray

    def first(self, k: int) -> "Hits":
        """Only the k best."""
        return Hits(self.indices[:, :k], self.scores[:, :k])


def search(query_vectors: np.ndarray, corpus_vectors: np.ndarray, k: int) -> Hits:
    """The k rows of the corpus with the largest dot product, for each query.

    (Q, D) and (N, D) in, unit vectors for cosines. k is cut to N. Among equal scores the earlier
    row comes first. Raises ExploreError for shapes that do not fit.
    """
    queries, corpus = np.atleast_2d(query_vectors), np.asarray(corpus_vectors)
    if corpus.ndim != 2 or queries.shape[1] != corpus.shape[1]:
        raise ExploreError(
            f"Queries have {queries.shape[1]} dimensions, the corpus is {corpus.shape}: both must "
            "come from the same model and pooling."
        )
    if k < 1:
        raise ExploreError(f"k is {k}; ask for at least one hit.")
    k = min(k, len(corpus))
    starts = range(0, max(len(queries), 1), BLOCK)
    blocks = [top_k(queries[at : at + BLOCK] @ corpus.T, k) for at in starts]
    scores = np.concatenate([s for _, s in blocks]).astype(np.float32, copy=False)
    return Hits(np.concatenate([i for i, _ in blocks]), scores)


def neighbours(
    vectors: np.ndarray,
    k: int,
    on_progress: OnProgress | None = None,
    stop: threading.Event | None = None,
) -> Hits:
    """The k nearest other rows of each row by cosine, exact; k is cut to N - 1.

    A row is never its own neighbour, but its duplicates are. Rows that are zero or not finite have
    cosine 0 with every other. O(N² D) time, O(N) memory. Raises ExploreError, Stopped.
    """
    return of_unit(unit(checked(vectors)), k, on_progress, stop)


def of_unit(
    points: np.ndarray,
    k: int,
    on_progress: OnProgress | None = None,
    stop: threading.Event | None = None,
) -> Hits:
    """The k nearest other rows of each row that `unit` made: no second normalising.

    To normalise twice changes the last digit.
    """
    n = len(points)
    k = min(k, n - 1)
    indices = np.empty((n, k), np.int64)
    scores = np.empty((n, k), np.float32)
    for at in range(0, n, BLOCK):
        tell(on_progress, stop, "neighbours", at / n)
        block = points[at : at + BLOCK] @ points.T
        rows = np.arange(len(block))
        block[rows, at + rows] = -np.inf
        if k:
            indices[at : at + BLOCK], scores[at : at + BLOCK] = top_k(block, k)
    tell(on_progress, stop, "neighbours", 1.0)
    return Hits(indices, np.clip(scores, -1, 1))


def neighbours_on_map(coordinates: np.ndarray, k: int) -> np.ndarray:
    """Int64 (N, k): the nearest other points of each point of a map, by Euclidean distance."""
    from sklearn.neighbors import NearestNeighbors

    n = len(coordinates)
    k = min(k, n - 1)
    if k < 1:
        return np.empty((n, 0), np.int64)
    # One more than k, since a point finds itself, though among duplicates not always first.
    model = NearestNeighbors(n_neighbors=k + 1).fit(coordinates)
    indices = model.kneighbors(coordinates, return_distance=False)
    other = indices != np.arange(n)[:, None]
    other[other.all(axis=1), -1] = False
    return indices[other].reshape(n, k)


def occurrences(indices: np.ndarray) -> np.ndarray:
    """Int64 (N,): in how many neighbour lists each row stands, of lists (N, k); the mean is k.

    Rows far above k are hubs, rows at 0 antihubs (Radovanović et al., JMLR 11, 2010).
    """
    return np.bincount(indices.ravel(), minlength=len(indices))


def hubness(indices: np.ndarray) -> float:
    """Skewness of the k-occurrences: 0 without hubs, above 1 with strong ones (same paper)."""
    counts = occurrences(indices).astype(float)
    spread = counts.std()
    return float(((counts - counts.mean()) ** 3).mean() / spread**3) if spread else 0.0
