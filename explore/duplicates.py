"""Which texts say the same: all pairs that are near enough, exact, and the groups they form."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from explore.errors import ExploreError
from explore.topk import top_k
from explore.vectors import OnProgress, checked, directed, tell, unit
from ingest.errors import outside

ROWS = 256  # at a time: against 20,000 others 20 MB of cosines
SAME = 1e-6  # float32 knows a cosine no better: equal vectors may have 0.9999999
MOST = 1_000
MOST_ABOVE = 10_000_000  # pairs above a percentile: 5 % of those of 20,000 texts


@dataclass(frozen=True, eq=False)
class Duplicates:
    """Pairs of rows (i, j), i < j, int64 (M, 2), with their cosines float32 (M,), nearest first.

    M is at most what was asked for, `total` counts all pairs from `threshold` up. groups: int64
    row numbers of each connected component of all these pairs, the largest group first. A chain is
    one group, though its ends may be unlike each other.
    """

    pairs: np.ndarray
    scores: np.ndarray
    total: int
    threshold: float
    groups: tuple[np.ndarray, ...]


def near_duplicates(
    vectors: np.ndarray,
    threshold: float | None = None,
    percentile: float | None = None,
    most: int = MOST,
    on_progress: OnProgress | None = None,
    stop: threading.Event | None = None,
) -> Duplicates:
    """Pairs of (N, D) vectors with a cosine of at least `threshold`, or from a percentile up.

    `percentile` p makes the threshold the ⌈p/100 (M - 1)⌉-th of all M cosines of pairs, ascending
    from the 0-th: numpy's method "higher". A given threshold forgives 1e-6 of rounding. Among equal
    cosines the earlier pair comes first. Rows that are zero or not finite are in no pair.

    Every pair is looked at: O(N² D) time, twice for a percentile. Memory does not grow with the
    number of pairs, but for the cosines above a percentile (0.2 GB at most, while it is sought).
    Raises ExploreError, Stopped.
    """
    problems = outside("most", most, 1, 10_000_000)
    if (threshold is None) == (percentile is None):
        problems.append(
            f"Give a threshold or a percentile, not both or none: they are {threshold!r} and "
            f"{percentile!r}."
        )
    problems += [] if threshold is None else outside("threshold", threshold, -1.0, 1.0)
    problems += [] if percentile is None else outside("percentile", percentile, 0.0, 100.0)
    if problems:
        raise ExploreError(*problems)
    table = checked(vectors)
    rows = np.flatnonzero(directed(table))
    points = unit(table[rows])
    if threshold is not None:
        least = threshold - SAME
    elif percentile is not None and len(points) > 1:
        threshold = least = _percentile(points, percentile, on_progress, stop)
    else:
        threshold = least = 1.0
    pairs, scores, total, label = _pairs(points, least, most, on_progress, stop)
    return Duplicates(rows[pairs], np.clip(scores, -1, 1), total, threshold, _groups(label, rows))


def _blocks(
    points: np.ndarray, stage: str, on_progress: OnProgress | None, stop: threading.Event | None
) -> Iterator[tuple[int, np.ndarray]]:
    """First row i and cosines (B, N - i) of B rows with the rows from i on; -inf where j ≤ i."""
    n = len(points)
    for at in range(0, n, ROWS):
        tell(on_progress, stop, stage, 1 - ((n - at) / n) ** 2)
        block = points[at : at + ROWS] @ points[at:].T
        block[:, : len(block)][np.tri(len(block), dtype=bool)] = -np.inf
        yield at, block
    tell(on_progress, stop, stage, 1.0)


def _pairs(
    points: np.ndarray,
    least: float,
    most: int,
    on_progress: OnProgress | None,
    stop: threading.Event | None,
) -> tuple[np.ndarray, np.ndarray, int, np.ndarray]:
    """The best pairs, their cosines, how many there are, and each row's group, named by a row."""
    n = len(points)
    first = np.arange(n)
    pairs, scores = np.zeros((0, 2), np.int64), np.zeros(0, np.float32)
    total = 0
    for at, block in _blocks(points, "duplicates", on_progress, stop):
        if block.max() < least:
            continue
        near = np.flatnonzero(block >= np.float64(least))
        total += len(near)
        i, j = np.divmod(near, block.shape[1])
        first = _joined(first, i + at, j + at)
        values = block.ravel()[near]
        if len(scores) == most:  # a later pair has to be better to come in
            better = values > scores[-1]
            i, j, values = i[better], j[better], values[better]
        every = np.concatenate([scores, values])
        order, best = top_k(every[None], min(most, len(every)))
        pairs = np.concatenate([pairs, np.column_stack([i + at, j + at])])[order[0]]
        scores = best[0]
    return pairs, scores, total, first


def _joined(first: np.ndarray, i: np.ndarray, j: np.ndarray) -> np.ndarray:
    """The first row of each row's group (N,), once the rows i and j are joined too."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    apart = first[i] != first[j]
    if not apart.any():
        return first
    n = len(first)
    ends = np.concatenate([i[apart], np.arange(n)]), np.concatenate([j[apart], first])
    edges = coo_array((np.ones(len(ends[0]), bool), ends), shape=(n, n))
    _, label = connected_components(edges, directed=False)
    return np.unique(label, return_index=True)[1][label]


def _groups(first: np.ndarray, rows: np.ndarray) -> tuple[np.ndarray, ...]:
    """Rows of the groups of two and more, the largest first, then by their first row."""
    order = np.argsort(first, kind="stable")
    cuts = np.flatnonzero(np.diff(first[order])) + 1
    groups = [rows[group] for group in np.split(order, cuts) if len(group) > 1]
    return tuple(sorted(groups, key=lambda group: (-len(group), group[0])))


def _percentile(
    points: np.ndarray,
    percentile: float,
    on_progress: OnProgress | None,
    stop: threading.Event | None,
) -> float:
    """The cosine at a percentile of all pairs; only those that may be above it are kept."""
    n = len(points)
    pairs = n * (n - 1) // 2
    rank = pairs - int(np.ceil(percentile / 100 * (pairs - 1)))  # from that one up
    if rank > MOST_ABOVE:
        fewest = 100 * (1 - MOST_ABOVE / pairs)
        raise ExploreError(
            f"From percentile {percentile} up there are {rank:,} pairs of {n:,} texts; at most "
            f"{MOST_ABOVE:,} are looked at. Choose a percentile of at least {fewest + 0.05:.1f}."
        )
    highest = np.zeros(0, np.float32)
    least = np.float32(-np.inf)
    for _, block in _blocks(points, "percentile", on_progress, stop):
        if block.max() <= least:
            continue
        highest = np.concatenate([highest, block[block > least]])
        if len(highest) > 2 * rank + block.size:
            highest = np.partition(highest, len(highest) - rank)[-rank:]
            least = highest.min()
    return float(np.partition(highest, len(highest) - rank)[-rank])
