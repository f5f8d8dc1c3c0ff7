"""Strategies measured on judged queries: those that were trained on apart from those held out."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from explore.relevance import MEASURES, Estimate, difference, estimate
from ingest import text_key
from ui.search.strategies import Strategy
from ui.state.models import OwnModel

K = 10
FEW = 30  # queries: below, an interval from resampling is too narrow
HELD_OUT, ALL, TRAINED = "Held out of training", "All judged queries", "Trained on"

RowGrades = Mapping[str, Mapping[int, float]]  # query → row → grade


@dataclass(frozen=True)
class TrainingTexts:
    """What models of a visitor's own have seen, as keys of texts (`ingest.text_key`).

    unsure: whether there is a model among them of which that is not known.
    """

    keys: frozenset[str] = frozenset()
    unsure: bool = False

    @staticmethod
    def of(models: Sequence[OwnModel | None]) -> "TrainingTexts":
        """Of models of the catalog (None) nothing is known, and nothing suspected."""
        own = [model for model in models if model is not None]
        runs = [model.run for model in own if model.run is not None]
        keys = frozenset[str]().union(*(run.seen for run in runs))
        return TrainingTexts(keys, len(runs) < len(own))

    def queries(self, judged: RowGrades) -> set[str]:
        """Those that were seen in training."""
        return {query for query in judged if text_key(query) in self.keys}

    def rows(self, texts: Sequence[str]) -> set[int]:
        """Rows of a corpus that were seen in training."""
        return {row for row, text in enumerate(texts) if text_key(text) in self.keys}


@dataclass(frozen=True)
class StrategyScores:
    """One strategy on one group of queries. `gain` is paired, against the first strategy."""

    name: str
    settings: str
    scores: Mapping[str, Estimate]  # by measure
    gain: Estimate | None  # in nDCG; None for the first


@dataclass(frozen=True)
class QueryGroup:
    """All strategies on some of the queries."""

    title: str
    queries: int
    strategies: tuple[StrategyScores, ...]
    shared: int = 0  # queries not trained on with a relevant row that was, for another query

    @property
    def few(self) -> bool:
        """Whether the intervals cannot be trusted."""
        return self.queries < FEW


def compare_strategies(
    strategies: Sequence[Strategy],
    judged: RowGrades,
    trained: Collection[str] = (),
    trained_rows: Collection[int] = (),
) -> tuple[QueryGroup, ...]:
    """Every strategy on every group of queries.

    `trained` and `trained_rows` are the queries and the rows of the corpus that a model among the
    strategies has seen in training. Where it has seen no query there is one group; else first those
    held out, the only fair ones for it. Raises ExploreError.
    """
    each = [
        {name: measure(strategy.hits, list(judged.values()), K)
         for name, measure in MEASURES.items()}
        for strategy in strategies
    ]  # fmt: skip
    seen = np.array([query in trained for query in judged], bool)
    everything = np.ones(len(judged), bool)
    groups = {ALL: everything}
    if seen.any():
        groups = {HELD_OUT: ~seen, ALL: everything, TRAINED: seen}
    fair = next(iter(groups))
    return tuple(
        QueryGroup(
            title,
            int(chosen.sum()),
            _scores(strategies, each, chosen),
            _shared(judged, trained, trained_rows) if title == fair else 0,
        )
        for title, chosen in groups.items()
        if chosen.any()
    )


def _shared(judged: RowGrades, trained: Collection[str], trained_rows: Collection[int]) -> int:
    """Queries that were not trained on, of which a relevant row was."""
    seen = set(trained_rows)
    return sum(
        query not in trained and any(grade > 0 and row in seen for row, grade in rows.items())
        for query, rows in judged.items()
    )


def _scores(
    strategies: Sequence[Strategy],
    each: Sequence[Mapping[str, np.ndarray]],
    chosen: np.ndarray,
) -> tuple[StrategyScores, ...]:
    first = each[0]["nDCG"][chosen] if each else np.zeros(0)
    return tuple(
        StrategyScores(
            strategy.name,
            strategy.settings,
            {name: estimate(values[chosen]) for name, values in own.items()},
            difference(first, own["nDCG"][chosen]) if at else None,
        )
        for at, (strategy, own) in enumerate(zip(strategies, each, strict=True))
    )
