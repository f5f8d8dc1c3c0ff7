"""Where a new sentence lands on a map that is already drawn."""

from dataclasses import dataclass

import numpy as np

from explore.errors import same_rows
from explore.neighbours import search
from explore.vectors import unit

K = 10
SAME = 1 - 1e-6  # cosine of a text with itself, as float32 has it
ROUNDS = 50


@dataclass(frozen=True, eq=False)
class Place:
    """coordinates: float32 (dims,); between whom: rows (k,) and their cosines (k,), nearest first.

    spread: how far these neighbours lie from the place, as a share of the map's extent; a large one
    says that the map has no single place for the sentence.
    """

    coordinates: np.ndarray
    neighbours: np.ndarray
    cosines: np.ndarray
    spread: float


def place(vector: np.ndarray, vectors: np.ndarray, coordinates: np.ndarray, k: int = K) -> Place:
    """Place a vector (D,) on a map (N, dims) of vectors (N, D).

    Exact neighbours, then their weighted geometric median (Weiszfeld's algorithm), which stays with
    the majority where the neighbours lie on several islands, while a mean would fall into the water
    between them. A vector that is already on the map lands where it is; one that is zero or
    not finite, in the middle. (umap-learn cannot
    `transform` on a map that was made from given neighbours.)
    """
    same_rows(vectors=vectors, coordinates=coordinates)
    points = unit(np.asarray(vectors))
    query = unit(np.atleast_2d(vector))
    hits = search(query, points, k)
    rows, cosines = hits.indices[0], hits.scores[0]
    places = np.asarray(coordinates, np.float64)[rows]
    if not query.any():
        spot = np.asarray(coordinates, np.float64).mean(axis=0)
    elif cosines[0] >= SAME:
        spot = places[0]
    else:
        gap = np.maximum(cosines - cosines[-1], 0)
        weights = gap / gap.max() if gap.max() > 0 else np.ones(len(rows))
        spot = _median(places, weights + 0.05)
    extent = np.ptp(coordinates, axis=0).max()
    spread = float(np.median(np.linalg.norm(places - spot, axis=1)) / extent) if extent else 0.0
    return Place(spot.astype(np.float32), rows, np.clip(cosines, -1, 1), spread)


def _median(places: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Weighted geometric median of (k, dims) places."""
    median = np.average(places, axis=0, weights=weights)
    tiny = 1e-9 + 1e-6 * float(np.ptp(places, axis=0).max())
    for _ in range(ROUNDS):
        pull = weights / np.maximum(np.linalg.norm(places - median, axis=1), tiny)
        new = np.average(places, axis=0, weights=pull)
        if np.abs(new - median).max() <= tiny:
            return new
        median = new
    return median
