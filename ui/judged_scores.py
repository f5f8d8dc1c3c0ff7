"""Strategies measured on judged queries: those that were trained on apart from those held out."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from explore import Hits
from explore.relevance import MEASURES, Estimate, difference, estimate

K = 10
FEW = 30  # queries: below, an interval from resampling is too narrow
HELD_OUT, ALL, TRAINED = "Held out of training", "All judged queries", "Sent to training"

Judged = Mapping[str, Mapping[int, float]]  # query → row → grade


@dataclass(frozen=True)
class Strategy:
    """One way to rank, and the settings it stands for."""

    name: str
    settings: str
    hits: Hits  # of each judged query, in their order


@dataclass(frozen=True)
class Line:
    """One strategy on one group of queries. `gain` is paired, against the first strategy."""

    name: str
    settings: str
    scores: Mapping[str, Estimate]  # by measure
    gain: Estimate | None  # in nDCG; None for the first


@dataclass(frozen=True)
class Group:
    """All strategies on some of the queries."""

    title: str
    queries: int
    lines: tuple[Line, ...]
    shared: int = 0  # held-out queries with a relevant row that is trained on for another query

    @property
    def few(self) -> bool:
        """Whether the intervals cannot be trusted."""
        return self.queries < FEW


def compare_strategies(
    strategies: Sequence[Strategy],
    judged: Judged,
    trained: Collection[str] = (),
    k: int = K,
    seed: int = 0,
) -> tuple[Group, ...]:
    """Every strategy on every group of queries.

    Where none of the queries was sent to training there is one group; else first those held out,
    the only fair ones for a model that was trained. Raises ExploreError.
    """
    each = [
        {name: measure(strategy.hits, list(judged.values()), k)
         for name, measure in MEASURES.items()}
        for strategy in strategies
    ]  # fmt: skip
    sent = np.array([query in trained for query in judged], bool)
    everything = np.ones(len(judged), bool)
    groups = {ALL: everything}
    if sent.any():
        groups = {HELD_OUT: ~sent, ALL: everything, TRAINED: sent}
    shared = {HELD_OUT: _shared(judged, trained)}
    return tuple(
        Group(
            title, int(chosen.sum()), _lines(strategies, each, chosen, seed), shared.get(title, 0)
        )
        for title, chosen in groups.items()
        if chosen.any()
    )


def _shared(judged: Judged, trained: Collection[str]) -> int:
    """Queries not sent to training of which a relevant row was, with another query."""
    good = {query: {row for row, grade in rows.items() if grade > 0}
            for query, rows in judged.items()}  # fmt: skip
    seen = set().union(*(rows for query, rows in good.items() if query in trained))
    return sum(query not in trained and not seen.isdisjoint(rows) for query, rows in good.items())


def _lines(
    strategies: Sequence[Strategy],
    each: Sequence[Mapping[str, np.ndarray]],
    chosen: np.ndarray,
    seed: int,
) -> tuple[Line, ...]:
    first = each[0]["nDCG"][chosen] if each else np.zeros(0)
    return tuple(
        Line(
            strategy.name,
            strategy.settings,
            {name: estimate(values[chosen], seed=seed) for name, values in own.items()},
            difference(first, own["nDCG"][chosen], seed=seed) if at else None,
        )
        for at, (strategy, own) in enumerate(zip(strategies, each, strict=True))
    )
