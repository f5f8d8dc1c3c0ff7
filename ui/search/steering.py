"""Queries made of vectors on the Search tab: hits that are liked or not, and A − B + C."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from explore import search
from explore.query_lab import ALPHA, BETA, GAMMA, RankChange, analogy, rank_changes, steer
from ui.checks import in_range, row_number
from ui.search.answer import Answer
from ui.search.index import Index

NO_HIT = "That text is not among the hits any more"
DEEP = 1_000  # ranks that are told; what lies below is "beyond"
MOST_WEIGHT = 2.0


@dataclass(frozen=True)
class Choice:
    """Rows of the hits that the query is to come nearer to, or to leave."""

    more: tuple[int, ...] = ()
    less: tuple[int, ...] = ()

    def toggled(self, name: str, rows: Sequence[int]) -> "Choice":
        """After a click on "more:<row>" or "less:<row>"; a second click takes it back.

        A row is in one of both. Raises EncoderError for what is none of the hits `rows`.
        """
        side, _, word = name.partition(":")
        row = row_number(word, rows if side in ("more", "less") else 0, NO_HIT)
        left = Choice(*(tuple(r for r in side_ if r != row) for side_ in (self.more, self.less)))
        if row in getattr(self, side):
            return left
        return replace(left, **{side: (*getattr(left, side), row)})


@dataclass(frozen=True)
class Weights:
    """How much the query, the liked and the disliked hits count."""

    query: float = ALPHA
    more: float = BETA
    less: float = GAMMA


@dataclass(frozen=True)
class Moved:
    """One text of the new or the old hits: its cosine with the new query, and its ranks."""

    change: RankChange
    cosine: float


@dataclass(frozen=True, eq=False)
class Shift:
    """What another query vector does to the k best hits."""

    index: Index
    k: int
    moved: tuple[Moved, ...]  # the new hits, best first, then what fell out
    between: float  # cosine of the old and the new query


def parse_weights(*values: object) -> Weights:
    """Three weights from 0 to 2. Raises EncoderError."""
    names = ("query", "more like", "less like")
    return Weights(*(
        in_range(value, f"The weight of “{name}”", 0, MOST_WEIGHT)
        for name, value in zip(names, values, strict=True)
    ))  # fmt: skip


def steered(answer: Answer, choice: Choice, weights: Weights) -> Shift:
    """The hits of the last query, moved by what is liked. Raises ExploreError."""
    vectors = answer.index.vectors
    moved = steer(
        answer.vector, vectors[list(choice.more)], vectors[list(choice.less)],
        weights.query, weights.more, weights.less,
    )  # fmt: skip
    return shift(answer.index, answer.vector, moved, answer.k)


def analogous(index: Index, a: str, b: str, c: str, k: int) -> Shift:
    """The hits of A − B + C beside those of C alone. Raises ExploreError."""
    first, second, third = index.encode_queries([a, b, c])
    return shift(index, third, analogy(first, second, third), k)


def shift(index: Index, before: np.ndarray, after: np.ndarray, k: int) -> Shift:
    """The k best texts of two query vectors (D,), by vectors alone, with the ranks under both."""
    old, new = (search(query[None], index.vectors, DEEP) for query in (before, after))
    shown = [
        change
        for change in rank_changes(old, new, DEEP)
        if (change.after or DEEP + 1) <= k or (change.before or DEEP + 1) <= k
    ]
    cosines = index.vectors[[change.row for change in shown]] @ after
    moved = tuple(
        Moved(change, float(cosine)) for change, cosine in zip(shown, cosines, strict=True)
    )
    return Shift(index, k, moved, float(before @ after))
