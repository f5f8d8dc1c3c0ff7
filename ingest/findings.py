"""What a check of pairs says: findings, each with its rows, its effect on training, its remedy."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Protocol

import numpy as np

from ingest.amounts import count as count
from ingest.columns import ColumnMapping
from ingest.pairs import PairSet
from ingest.report import Severity as Severity
from ingest.split import Split
from ingest.text import text_key

Similarity = Callable[[Sequence[str], Sequence[str]], np.ndarray]
CountTokens = Callable[[Sequence[str]], Sequence[int]]

FEWEST_TRAINED = 20  # rows, below which a remedy leaves too few to learn from; or half of few
TOO_FEW = "Without these rows too few would be left to train on: add pairs of other texts."


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

    It belongs to the pairs that were checked; check again after applying it. No remedy changes
    which rows are held out, as those judge: one `of_training` rows has no effect on them, and
    another, which reads every row anew, mends them where they stand.
    mapping: the choice of columns that says the same, where there is one. finding, rows: what it
    belongs to, by its name. leaves: the rows that it leaves out of training.
    """

    label: str
    change: Callable[[PairSet], PairSet]
    of_training: bool = False
    mapping: ColumnMapping | None = None
    finding: str = ""
    rows: tuple[int, ...] = ()
    leaves: tuple[int, ...] = ()

    def apply(self, pairs: PairSet) -> PairSet:
        """The pairs without what was wrong."""
        changed, whole = self.change(pairs), pairs.whole or pairs
        if changed.kind != pairs.kind:
            return replace(changed, whole=None)  # other pairs, which are split by their own labels
        if not self.of_training:
            whole = replace(self.change(whole), whole=pairs.origin)
        settled = {**changed.report.settled, self.finding: self.rows}
        return replace(changed, whole=whole, report=replace(changed.report, settled=settled))


@dataclass(frozen=True)
class Finding:
    """One thing that a check says of the pairs.

    name: no two findings of one check that have a remedy share it.
    rows: 1-based data rows of the file, sorted; empty where it concerns all of them.
    remedy: the first of `remedies`; alternatives: the others, of which one is meant at most.
    """

    name: str
    severity: Severity
    rows: tuple[int, ...]
    what: str
    effect: str
    remedy: Remedy | None = None
    alternatives: tuple[Remedy, ...] = ()

    @property
    def remedies(self) -> tuple[Remedy, ...]:
        """All that may be clicked, by their place: 0 is `remedy`."""
        return (*((self.remedy,) if self.remedy else ()), *self.alternatives)

    def of(self, context: "Context") -> "Finding":
        """With remedies that know it, of those that leave enough to train on.

        Once one was applied, what is left of its rows is a note.
        """
        settled = context.pairs.report.settled.get(self.name, ())
        if self.rows and set(self.rows) <= set(settled):
            return replace(self, severity="note", remedy=None, alternatives=())
        usable = [remedy for remedy in self.remedies if context.leaves_enough(remedy)]
        effect = self.effect if len(usable) == len(self.remedies) else f"{self.effect} {TOO_FEW}"
        remedies = [replace(r, finding=self.name, rows=self.rows) for r in usable]
        first, others = next(iter(remedies), None), tuple(remedies[1:])
        return replace(self, effect=effect, remedy=first, alternatives=others)


@dataclass(frozen=True, eq=False)
class Context:
    """The pairs, what the loss and the model are, and what several checks need, worked out once."""

    pairs: PairSet
    in_batch: bool | None = None  # None: as the losses for this kind of pairs are
    batch_size: int = 16
    similarity: Similarity | None = None
    count_tokens: CountTokens | None = None
    max_tokens: int | None = None
    split: Split | None = None
    read: Read | None = None
    compared_rows: int | None = None

    @property
    def numbers(self) -> tuple[int, ...]:
        """Of the rows in the file."""
        return self.pairs.row_numbers

    def rows(self, indices: Iterable[int]) -> tuple[int, ...]:
        """Row numbers of the file for indices of the pairs."""
        return tuple(sorted(self.numbers[int(index)] for index in indices))

    @cached_property
    def compared(self) -> "Context":
        """The rows whose labels are held against the model: all, or so many drawn by a seed."""
        if self.compared_rows is None or len(self.pairs) <= self.compared_rows:
            return self
        rows = np.random.default_rng(0).permutation(len(self.pairs))[: self.compared_rows]
        return replace(self, pairs=self.pairs.take(np.sort(rows)), split=None)

    @property
    def is_in_batch(self) -> bool:
        """Whether the other rows of a batch are the negatives."""
        own = self.pairs.kind in ("positive", "triplet")
        return own if self.in_batch is None else self.in_batch

    @cached_property
    def trained(self) -> "Context":
        """The rows to train on: what batches are drawn from."""
        if self.split is None:
            return self
        return self._of(self.split.train)

    @cached_property
    def of_training(self) -> "Context":
        """The rows to train on and to choose a step by: what a remedy may leave out."""
        if self.split is None:
            return self
        rows = np.sort(np.concatenate([self.split.train, self.split.validation]))
        return self._of(rows)

    def leaves_enough(self, remedy: Remedy) -> bool:
        """Whether enough rows to train on are left after it."""
        rows = set(self.trained.numbers)
        left = len(rows - set(remedy.leaves))
        return left == len(rows) or left >= max(2, min(FEWEST_TRAINED, len(rows) // 2))

    def _of(self, rows: np.ndarray) -> "Context":
        """Some rows; the model is not asked about single ones where there are too many in all."""
        similarity = self.similarity if self.compared is self else None
        return replace(self, pairs=self.pairs.take(rows), split=None, similarity=similarity)

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


def leave_out(rows: tuple[int, ...], reason: str, label: str = "") -> Remedy:
    """The remedy that drops rows from training, and lists them as dropped for `reason`."""
    return Remedy(
        label or f"Leave out {count(len(rows), 'row')}",
        lambda pairs: pairs.without(rows, reason),
        of_training=True,
        leaves=rows,
    )
