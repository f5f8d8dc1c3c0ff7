"""How far a map can be trusted: what it tore apart, and what it pushed together."""

import threading
from dataclasses import dataclass

import numpy as np

from explore.errors import same_rows
from explore.neighbours import Hits, neighbours, neighbours_on_map
from explore.vectors import BLOCK, OnProgress, checked, tell, unit

K = 15
TIE = 1e-6  # two cosines this near are one


@dataclass(frozen=True, eq=False)
class Fidelity:
    """All from 0 (worst) to 1, over k neighbours.

    trustworthiness: near on the map is near in the vectors; continuity: the reverse (Venna & Kaski,
    Neural Networks 19, 2006). recall (N,): the share of each point's nearest points on the map that
    are among its nearest texts, or as near as the last of these. NaN where there are too few points
    to say.
    """

    trustworthiness: float
    continuity: float
    recall: np.ndarray
    k: int

    @property
    def mean_recall(self) -> float:
        """The mean kNN recall: that of the whole map."""
        return float(self.recall.mean()) if len(self.recall) else float("nan")


def map_fidelity(
    vectors: np.ndarray,
    coordinates: np.ndarray,
    k: int = K,
    near: Hits | None = None,
    on_progress: OnProgress | None = None,
    stop: threading.Event | None = None,
) -> Fidelity:
    """Trustworthiness, continuity and kNN recall of a map (N, dims) of vectors (N, D), by cosine.

    `near`: the exact neighbours where they are known, at least k of them. k is cut so that the
    measures are defined (k < N / 2).
    """
    table = checked(vectors)
    same_rows(vectors=table, coordinates=coordinates)
    n = len(table)
    k = min(k, (n - 1) // 2)
    if k < 1:
        return Fidelity(float("nan"), float("nan"), np.full(n, np.nan), 0)
    points = unit(table)
    if near is None or near.indices.shape[1] < k:
        near = neighbours(table, k, on_progress, stop)
    true = near.indices[:, :k]
    mapped = neighbours_on_map(coordinates, k)
    recall = np.empty(n)
    false, missed = 0.0, 0.0
    places = np.asarray(coordinates, np.float32)
    squares = (places**2).sum(axis=1)
    for at in range(0, n, BLOCK):
        tell(on_progress, stop, "fidelity", at / n)
        rows = slice(at, at + BLOCK)
        similar = points[rows] @ points.T
        last = np.take_along_axis(similar, true[rows], 1).min(axis=1, keepdims=True)
        preserved = np.take_along_axis(similar, mapped[rows], 1) >= last - TIE  # (B, k)
        recall[rows] = preserved.mean(axis=1)
        false += _excess(-similar, mapped[rows], at, k)
        # Squared distances on the map, up to a term that is the same for the whole row.
        apart = squares - 2 * places[rows] @ places.T
        missed += _excess(apart, true[rows], at, k)
    tell(on_progress, stop, "fidelity", 1.0)
    worst = n * k * (2 * n - 3 * k - 1) / 2
    return Fidelity(1 - false / worst, 1 - missed / worst, recall, k)


def _excess(distances: np.ndarray, near_rows: np.ndarray, offset: int, k: int) -> float:
    """Sum over chosen neighbours (B, k) of how far their rank in a row lies beyond k."""
    rows = np.arange(len(distances))
    distances[rows, offset + rows] = -np.inf  # the point itself is its own rank 0
    total = 0.0
    for column in range(near_rows.shape[1]):
        own = distances[rows, near_rows[:, column]]
        rank = (distances < own[:, None]).sum(axis=1)
        total += float(np.maximum(rank - k, 0).sum())
    return total


@dataclass(frozen=True, eq=False)
class Distortion:
    """Pairs (i, j) of row numbers, int64 (M, 2), the worst first.

    torn: one is among the nearest texts of the other, and far apart on the map; false: one is among
    the nearest of the other on the map, and they are unlike in the vectors. Far and unlike: at
    least twice as far as all k that are nearest in that respect; a faithful map has neither.
    all_torn, all_false: how many there are in all, of which these are the worst.
    """

    torn: np.ndarray
    false: np.ndarray
    all_torn: int = 0
    all_false: int = 0


def distortion(
    vectors: np.ndarray, coordinates: np.ndarray, near: Hits, most: int = 150, k: int = 5
) -> Distortion:
    """The pairs that a map shows most wrongly, for drawing them onto it."""
    n = len(coordinates)
    k = min(k, near.indices.shape[1])
    if n < 3 or k < 1:
        return Distortion(np.zeros((0, 2), np.int64), np.zeros((0, 2), np.int64))
    points = unit(np.asarray(vectors))
    own = np.repeat(np.arange(n), k)
    true = np.column_stack([own, near.indices[:, :k].ravel()])
    apart = np.linalg.norm(coordinates[true[:, 0]] - coordinates[true[:, 1]], axis=1)
    mapped = np.column_stack([own, neighbours_on_map(coordinates, k).ravel()])
    gaps = np.linalg.norm(coordinates[mapped[:, 0]] - coordinates[mapped[:, 1]], axis=1)
    reach = gaps.reshape(n, k).max(axis=1)
    unlike = 1 - np.einsum("nd,nd->n", points[mapped[:, 0]], points[mapped[:, 1]])
    own_reach = 1 - near.scores[:, :k].min(axis=1)
    usual = np.linalg.norm(coordinates - coordinates.mean(axis=0), axis=1).mean()
    torn = _worst(true, apart, (apart > usual / 2) & (apart > 2 * reach[own]))
    excess = unlike - own_reach[own]
    false = _worst(mapped, excess, unlike > 2 * own_reach[own] + TIE)
    return Distortion(torn[:most], false[:most], len(torn), len(false))


def _worst(pairs: np.ndarray, badness: np.ndarray, bad: np.ndarray) -> np.ndarray:
    pairs, badness = np.sort(pairs[bad], axis=1), badness[bad]
    order = np.argsort(-badness, kind="stable")
    _, first = np.unique(pairs[order], axis=0, return_index=True)
    return pairs[order][np.sort(first)]


def agreement(labels: np.ndarray, others: np.ndarray) -> float:
    """Adjusted Rand index of two groupings of the same rows: 1 the same, 0 chance.

    Hubert & Arabie, J. Classification 2, 1985. Unclustered rows count as groups of their own only
    together: each grouping's -1 is one group.
    """
    from sklearn.metrics import adjusted_rand_score

    return float(adjusted_rand_score(labels, others))
