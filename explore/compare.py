"""Two sets of vectors of the same texts: what moved on the map, and who has other neighbours."""

from dataclasses import dataclass

import numpy as np

from explore.errors import ExploreError, same_rows
from explore.neighbours import Hits, neighbours

K = 10


@dataclass(frozen=True, eq=False)
class Comparison:
    """Row by row. aligned: float32 (N, dims), the second map laid over the first.

    moved (N,): distance between both places, in units of the first map's spread. overlap (N,): the
    share of each text's k nearest texts that both sets of vectors agree on, in the original space:
    the map has no part in it. NaN where there is only one text.
    """

    aligned: np.ndarray
    moved: np.ndarray
    overlap: np.ndarray
    k: int

    @property
    def mean_overlap(self) -> float:
        """Over all texts; NaN for one text."""
        return float(self.overlap.mean())

    def moved_most(self, count: int = 10) -> np.ndarray:
        """Rows with the least overlap first, those that moved farther before others."""
        return np.lexsort((-self.moved, self.overlap))[:count]


def compare(
    vectors: np.ndarray,
    others: np.ndarray,
    coordinates: np.ndarray,
    other_coordinates: np.ndarray,
    k: int = K,
    near: Hits | None = None,
    other_near: Hits | None = None,
) -> Comparison:
    """Compare (N, D) with (N, E) vectors and their maps (N, dims).

    The second map is moved, turned, mirrored and scaled onto the first (Procrustes; Schönemann,
    Psychometrika 31, 1966), which changes no shape. Raises ExploreError where rows or the maps'
    dimensions differ.
    """
    same_rows(
        vectors=vectors, others=others, coordinates=coordinates, other_coordinates=other_coordinates
    )
    dims, other_dims = coordinates.shape[1], other_coordinates.shape[1]
    if dims != other_dims:
        raise ExploreError(f"Maps of {dims} and {other_dims} dimensions: draw both in the same.")
    aligned, spread = procrustes(coordinates, other_coordinates)
    moved = np.linalg.norm(aligned - coordinates, axis=1) / spread
    k = min(k, len(vectors) - 1)
    if k < 1:
        return Comparison(aligned, moved, np.full(len(vectors), np.nan), 0)
    first = _lists(vectors, near, k)
    second = _lists(others, other_near, k)
    both = (first[:, :, None] == second[:, None, :]).any(axis=2)
    return Comparison(aligned, moved, both.mean(axis=1), k)


def _lists(vectors: np.ndarray, near: Hits | None, k: int) -> np.ndarray:
    suffices = near is not None and near.indices.shape[1] >= k
    return (near if suffices and near else neighbours(vectors, k)).indices[:, :k]


def procrustes(fixed: np.ndarray, moving: np.ndarray) -> tuple[np.ndarray, float]:
    """`moving` (N, dims) laid over `fixed` by shift, rotation, mirroring and scale; and the spread.

    The spread is the root mean square distance of `fixed` from its middle, 1 where that is 0.
    """
    middle = fixed.mean(axis=0)
    a = (fixed - middle).astype(np.float64)
    b = (moving - moving.mean(axis=0)).astype(np.float64)
    left, values, right = np.linalg.svd(b.T @ a)
    size = (b**2).sum()
    scale = values.sum() / size if size else 1.0
    spread = float(np.sqrt((a**2).sum(axis=1).mean()))
    return (scale * b @ (left @ right) + middle).astype(np.float32), spread or 1.0
