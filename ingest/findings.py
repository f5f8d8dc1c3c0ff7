"""What a check of pairs says: findings, each with its rows, its effect on training, its remedy."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal, Protocol

import numpy as np

from ingest.pairs import PairSet
from ingest.split import Split
from ingest.text import text_key

Severity = Literal["error", "warning", "note"]
Similarity = Callable[[Sequence[str], Sequence[str]], np.ndarray]
CountTokens = Callable[[Sequence[str]], Sequence[int]]


class Reading(Protocol):
    """What a model reads of texts; rows are places in their list."""

    @property
    def unknown(self) -> Sequence[int]:
        """Rows of texts that are mostly unknown tokens."""

    @property
    def alike(self) -> Sequence[Sequence[int]]:
        """Groups of rows of other texts that are the same tokens."""

    @property
    def advice(self) -> str:
        """Which model would read them."""


Read = Callable[[Sequence[str]], Reading]


@dataclass(frozen=True)
class Remedy:
    """One click: `apply` gives new pairs and leaves the old ones unchanged.

    It belongs to the pairs that were checked; check again after applying it.
    """

    label: str
    apply: Callable[[PairSet], PairSet]


@dataclass(frozen=True)
class Finding:
    """One thing that a check says of the pairs.

    name: no two findings of one check that have a remedy share it.
    rows: 1-based data rows of the file, sorted; empty where it concerns all of them.
    """

    name: str
    severity: Severity
    rows: tuple[int, ...]
    what: str
    effect: str
    remedy: Remedy | None = None


@dataclass(frozen=True, eq=False)
class Context:
    """The pairs, what the loss and the model are, and what several checks need, worked out once."""

    pairs: PairSet
    in_batch: bool = False
    batch_size: int = 16
    similarity: Similarity | None = None
    count_tokens: CountTokens | None = None
    max_tokens: int | None = None
    split: Split | None = None
    read: Read | None = None
    numbers: tuple[int, ...] = field(init=False, default=())

    def __post_init__(self) -> None:
        object.__setattr__(self, "numbers", self.pairs.row_numbers)

    def rows(self, indices: Iterable[int]) -> tuple[int, ...]:
        """Row numbers of the file for indices of the pairs."""
        return tuple(sorted(self.numbers[int(index)] for index in indices))

    @cached_property
    def keys(self) -> list[tuple[str, ...]]:
        """Per row its texts without case and punctuation."""
        return [tuple(text_key(text) for text in row) for row in self.pairs.texts]

    @cached_property
    def row_keys(self) -> list[tuple[str, ...]]:
        """Equal for rows that are the same pair; labelled pairs have no direction."""
        directed = self.pairs.labels is None
        return [row if directed else tuple(sorted(row)) for row in self.keys]

    @property
    def twins(self) -> list[int | None]:
        """Per row an earlier one that uses nearly the same words, or None."""
        return self.pairs.twins

    def cosines(self, one: int = 0, other: int = 1) -> np.ndarray | None:
        """(N,) the current model's similarity of two columns, or None without a model."""
        if self.similarity is None or not len(self.pairs):
            return None
        first = [row[one] for row in self.pairs.texts]
        second = [row[other] for row in self.pairs.texts]
        return np.nan_to_num(np.asarray(self.similarity(first, second), float))

    @cached_property
    def pair_cosines(self) -> np.ndarray | None:
        """(N,) of the first two columns, asked for once."""
        return self.cosines()


def leave_out(rows: tuple[int, ...], reason: str) -> Remedy:
    """The remedy that drops rows, and lists them as dropped for `reason`."""
    return Remedy(f"Leave out {count(len(rows), 'row')}", lambda pairs: pairs.without(rows, reason))


def count(number: int, noun: str) -> str:
    """'1 row', '2 rows'."""
    return f"{number:,} {noun}" + ("" if number == 1 else "s")
