"""Strategies measured on judged queries: those that were trained on apart from those held out."""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from encoder import EncoderError
from explore import Hits
from explore.relevance import MEASURES, Estimate, difference, estimate
from ingest import text_key
from ui.state.judgements import Grades, irrelevant, relevant
from ui.state.models import OwnModel
from ui.state.pairs import TrainingPairs, open_data
from ui.words import csv_text

K = 10
FEW = 30  # queries: below, an interval from resampling is too narrow
HELD_OUT, ALL, TRAINED = "Held out of training", "All judged queries", "Trained on"

Judged = Mapping[str, Mapping[int, float]]  # query → row → grade


@dataclass(frozen=True)
class Known:
    """What models of a visitor's own have seen, as keys of texts (`ingest.text_key`).

    unsure: whether there is a model among them of which that is not known.
    """

    keys: frozenset[str] = frozenset()
    unsure: bool = False

    @staticmethod
    def of(models: Sequence[OwnModel | None]) -> "Known":
        """Of models of the catalog (None) nothing is known, and nothing suspected."""
        own = [model for model in models if model is not None]
        runs = [model.run for model in own if model.run is not None]
        keys = frozenset[str]().union(*(run.seen for run in runs))
        return Known(keys, len(runs) < len(own))

    def queries(self, judged: Judged) -> set[str]:
        """Those that were seen in training."""
        return {query for query in judged if text_key(query) in self.keys}

    def rows(self, texts: Sequence[str]) -> set[int]:
        """Rows of a corpus that were seen in training."""
        return {row for row, text in enumerate(texts) if text_key(text) in self.keys}


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
    shared: int = 0  # queries not trained on with a relevant row that was, for another query

    @property
    def few(self) -> bool:
        """Whether the intervals cannot be trusted."""
        return self.queries < FEW


def compare_strategies(
    strategies: Sequence[Strategy],
    judged: Judged,
    trained: Collection[str] = (),
    trained_rows: Collection[int] = (),
    k: int = K,
    seed: int = 0,
) -> tuple[Group, ...]:
    """Every strategy on every group of queries.

    `trained` and `trained_rows` are the queries and the rows of the corpus that a model among the
    strategies has seen in training. Where it has seen no query there is one group; else first those
    held out, the only fair ones for it. Raises ExploreError.
    """
    each = [
        {name: measure(strategy.hits, list(judged.values()), k)
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
        Group(
            title,
            int(chosen.sum()),
            _lines(strategies, each, chosen, seed),
            _shared(judged, trained, trained_rows) if title == fair else 0,
        )
        for title, chosen in groups.items()
        if chosen.any()
    )


def _shared(judged: Judged, trained: Collection[str], trained_rows: Collection[int]) -> int:
    """Queries that were not trained on, of which a relevant row was."""
    seen = set(trained_rows)
    return sum(
        query not in trained and any(grade > 0 and row in seen for row, grade in rows.items())
        for query, rows in judged.items()
    )


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


# --- Judgements as training data: triplets of the queries that are sent, the others held out ------


NAME = "judged_queries.csv"
COLUMNS = ("anchor", "positive", "negative", "negative is")
JUDGED, ASSUMED = "judged irrelevant", "assumed: a good hit that nobody judged relevant"
SHARE = 0.7  # of the queries, for training


@dataclass(frozen=True)
class Triplet:
    """A query, a text that is relevant for it, and one that is not, or is assumed not to be."""

    query: str
    relevant: str
    irrelevant: str
    assumed: bool


@dataclass(frozen=True)
class Sent:
    """What goes to training, and what is held out of it."""

    triplets: tuple[Triplet, ...]
    trained: tuple[str, ...]  # queries
    held_out: tuple[str, ...]
    shared: int  # held-out queries with a relevant text that is trained on for another query
    left_out: int  # queries without a relevant text, or without any other text to set against it

    @property
    def assumed(self) -> int:
        """Triplets whose negative nobody judged."""
        return sum(triplet.assumed for triplet in self.triplets)


def split_queries(
    queries: Sequence[str], share: float, seed: int = 0
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """(trained, held out), each in the order given; drawn by query and seed alone.

    So a query hardly ever changes sides when others are judged. Of two and more, both sides get one
    unless all are wanted. Raises EncoderError for a share outside 0 … 1.
    """
    if not 0 < share <= 1:
        raise EncoderError(
            f"The share for training is {share:.0%}; it must be above 0 and at most 100%."
        )

    def drawn(query: str) -> bytes:
        return hashlib.blake2b(f"{seed}\0{query}".encode("utf-8", "surrogatepass")).digest()

    most = len(queries) if share == 1 else max(len(queries) - 1, 1)
    taken = set(sorted(queries, key=drawn)[: min(max(round(share * len(queries)), 1), most)])
    return (
        tuple(query for query in queries if query in taken),
        tuple(query for query in queries if query not in taken),
    )


def to_triplets(
    grades: Grades, best_hits: Mapping[str, Sequence[str]], share: float = SHARE, seed: int = 0
) -> Sent:
    """Triplets of a share of the queries.

    `best_hits` are the texts found for each query, the best first. Where nothing was judged
    irrelevant, the first of them that was not judged relevant is the negative, and marked as
    assumed. Every judged text is used: the shorter list starts over. Raises EncoderError where
    nothing is left.
    """
    usable: dict[str, tuple[list[str], list[str], bool]] = {}
    for query, texts in grades.items():
        good, bad = relevant(texts), irrelevant(texts)
        hard = [text for text in best_hits.get(query, ()) if text not in texts][:1]
        if good and (bad or hard):
            usable[query] = (good, bad or hard, not bad)
    if not usable:
        raise EncoderError(
            "No judged query can be trained on: each needs a text judged relevant. Judge some "
            "hits, or load the sample's judged queries."
        )
    trained, held_out = split_queries(list(usable), share, seed)
    triplets = []
    for query in trained:
        good, bad, assumed = usable[query]
        triplets += [
            Triplet(query, good[at % len(good)], bad[at % len(bad)], assumed)
            for at in range(max(len(good), len(bad)))
        ]
    positives = {triplet.relevant for triplet in triplets}
    shared = sum(not positives.isdisjoint(usable[query][0]) for query in held_out)
    return Sent(tuple(triplets), trained, held_out, shared, len(grades) - len(usable))


def to_csv(sent: Sent) -> str:
    """The triplets as a file that the Fine-tune tab reads: texts as they are, with no guard
    against spreadsheets, which would be trained on.
    """
    rows = (
        [t.query, t.relevant, t.irrelevant, ASSUMED if t.assumed else JUDGED] for t in sent.triplets
    )
    return csv_text([COLUMNS, *rows])


def to_training_pairs(sent: Sent) -> TrainingPairs:
    """The triplets as a file to train on, read as any that is uploaded. Raises IngestError."""
    return open_data(to_csv(sent).encode("utf-8", "replace"), NAME)
