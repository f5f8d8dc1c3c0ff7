"""Rankings of the same corpus against each other: fused, overlapping, and rank by rank.

A place with a negative index is empty (`explore.lexical` leaves such), and never counts as a hit.
"""

import math
from collections.abc import Mapping, Sequence

import numpy as np

from explore.errors import ExploreError, same_rows
from explore.neighbours import Hits

CONSTANT = 60
EMPTY = -1


def reciprocal_rank_fusion(rankings: Sequence[Hits], k: int, constant: float = CONSTANT) -> Hits:
    """The k best rows by Σ 1 / (constant + rank) over the rankings they stand in, ranks from 1.

    Cormack, Clarke & Büttcher, SIGIR 2009, with their constant 60. Scores are not looked at, so the
    rankings need no common scale. Rows that no ranking has are no hits; where there are fewer than
    k, the last places hold index -1 and score 0. Among equal sums the earlier row comes first.
    Raises ExploreError.
    """
    if k < 1:
        raise ExploreError(f"k is {k}; ask for at least one hit.")
    if not rankings:
        raise ExploreError("There is nothing to fuse: give at least one ranking.")
    if constant < 0:
        raise ExploreError(f"The constant is {constant}; it must not be negative.")
    same_rows(**{f"ranking_{at}": hits.indices for at, hits in enumerate(rankings, 1)})
    fused = [_fused([hits.indices[q] for hits in rankings], constant)[:k]
             for q in range(len(rankings[0].indices))]  # fmt: skip
    width = max(map(len, fused), default=0)
    indices = np.full((len(fused), width), EMPTY, np.int64)
    scores = np.zeros((len(fused), width), np.float32)
    for q, best in enumerate(fused):
        if best:
            indices[q, : len(best)], scores[q, : len(best)] = zip(*best, strict=True)
    return Hits(indices, scores)


def _fused(lists: Sequence[np.ndarray], constant: float) -> list[tuple[int, float]]:
    """Rows with their sums, the best first."""
    parts: dict[int, list[float]] = {}
    for rows in lists:
        for rank, row in enumerate(_real(rows), 1):
            parts.setdefault(row, []).append(1 / (constant + rank))
    # fsum does not depend on the order of the rankings, so that ties stay ties.
    sums = {row: math.fsum(part) for row, part in parts.items()}
    return sorted(sums.items(), key=lambda found: (-found[1], found[0]))


def _real(rows: np.ndarray) -> list[int]:
    """Rows of the hits that are there."""
    return [int(row) for row in rows if row >= 0]


def overlap_at(first: Hits, second: Hits, k: int) -> np.ndarray:
    """Float64 (Q,): of the k best hits, the share that both have.

    Where one found fewer than k, of the longer list; NaN where neither found anything.
    """
    same_rows(first=first.indices, second=second.indices)
    shares = []
    for one, other in zip(first.first(k).indices, second.first(k).indices, strict=True):
        a, b = set(_real(one)), set(_real(other))
        longer = max(len(a), len(b))
        shares.append(len(a & b) / longer if longer else math.nan)
    return np.array(shares, np.float64)


def ranks(
    strategies: Mapping[str, Hits], k: int, query: int = 0
) -> dict[int, dict[str, int | None]]:
    """{row: {strategy: its rank among the k best, from 1, or None}} of one query, for a bump chart.

    Every row that a strategy has among its k best; those with the best single rank first, of these
    the ones that more strategies have. Raises ExploreError.
    """
    lists = _lists(strategies, k, query)
    ranks_of: dict[int, dict[str, int | None]] = {}
    for name, rows in lists.items():
        for rank, row in enumerate(rows, 1):
            ranks_of.setdefault(row, dict.fromkeys(lists))[name] = rank

    def order(row: int) -> tuple[int, int, int]:
        there = [rank for rank in ranks_of[row].values() if rank is not None]
        return min(there), -len(there), row

    return {row: ranks_of[row] for row in sorted(ranks_of, key=order)}


def found_only_by(strategies: Mapping[str, Hits], k: int, query: int = 0) -> dict[str, list[int]]:
    """{strategy: rows among its k best that no other has among its own, best first}."""
    lists = _lists(strategies, k, query)
    counts: dict[int, int] = {}
    for rows in lists.values():
        for row in rows:
            counts[row] = counts.get(row, 0) + 1
    return {name: [row for row in rows if counts[row] == 1] for name, rows in lists.items()}


def _lists(strategies: Mapping[str, Hits], k: int, query: int) -> dict[str, list[int]]:
    """{strategy: the rows of its k best hits for one query}."""
    if k < 1:
        raise ExploreError(f"k is {k}; ask for at least one hit.")
    same_rows(**{name: hits.indices for name, hits in strategies.items()})
    queries = min((len(hits.indices) for hits in strategies.values()), default=0)
    if strategies and not 0 <= query < queries:
        raise ExploreError(f"There is no query {query}: there are {queries:,}, from 0.")
    return {name: _real(hits.indices[query, :k]) for name, hits in strategies.items()}
