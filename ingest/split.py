"""Train, validation and held-out parts that share no text."""

import hashlib
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ingest.errors import IngestError
from ingest.pairs import PairSet
from ingest.text import text_key

SCORE_BINS = 5
FEWEST_VALIDATION = 10  # rows; fewer choose no checkpoint
PARTS = ("train", "validation", "held-out")
TOO_LITTLE = 0.25  # of the wished held-out rows: then rows are split one by one
SHORT = 0.5  # of what was wished for a part: below, it is said


@dataclass(frozen=True, eq=False)
class Split:
    """Sorted row indices of each part, int64; together they are 0 … N − 1, each once.

    groups (N,): rows with the same number are connected by texts and stand in one part.
    by_row: texts stand on two sides, as too many rows are connected to keep them together;
    by_row_note: the one of the notes that says so.
    """

    train: np.ndarray
    validation: np.ndarray
    held_out: np.ndarray
    groups: np.ndarray
    notes: tuple[str, ...] = ()
    by_row: bool = False
    by_row_note: str = ""

    def part_names(self) -> list[str]:
        """'train', 'validation' or 'held-out' for each row."""
        names = [""] * len(self.groups)
        parts = (self.train, self.validation, self.held_out)
        for name, indices in zip(PARTS, parts, strict=True):
            for index in indices:
                names[index] = name
        return names


def split_pairs(
    pairs: PairSet, held_out_share: float = 0.2, validation_share: float = 0.1, seed: int = 0
) -> Split:
    """Split by connected texts, so that no text (case and punctuation aside) stands on two sides.

    Groups larger than a part go to train. If that leaves less than a quarter of the wished
    held-out rows, rows are split one by one, only equal pairs staying together; `by_row` and
    `notes` say so. Shares are kept within each label, for scores within each fifth of them. The
    same seed gives the same split, and where some rows are left out or more are held out, nearly
    all others stay on their side: a model trained before has not seen what is held out now.

    Raises IngestError for shares that are negative or leave nothing to train on.
    """
    shares = {"held_out_share": held_out_share, "validation_share": validation_share}
    problems = [f"{n} is {s}; give 0 to 0.9." for n, s in shares.items() if not 0 <= s <= 0.9]
    if not problems and held_out_share + validation_share > 0.9:
        problems = [f"The shares add up to {sum(shares.values()):g}; leave 0.1 or more to train."]
    if problems:
        raise IngestError(*problems)
    if pairs.whole is not None:
        split = split_pairs(pairs.origin, held_out_share, validation_share, seed)
        return _among(pairs, pairs.origin, split)
    total = len(pairs)
    notes, by_row_note = [], ""
    wished = round(held_out_share * total)
    if held_out_share and total > 1:
        wished = max(1, wished)
    validation = round(validation_share * total)
    if validation_share and validation < FEWEST_VALIDATION:
        notes.append(f"Too few rows ({total}) for a validation part: the last step is kept.")
        validation = 0
    wish = (total - wished - validation, validation, wished)
    strata = _strata(pairs)
    groups = connected_groups(pairs)
    part = _assign(pairs, groups, strata, wish, seed)
    if wished and np.sum(part == 2) < max(1, TOO_LITTLE * wished):
        rows_apart = equal_pairs(pairs)
        apart = _assign(pairs, rows_apart, strata, wish, seed)
        if np.sum(apart == 2) > np.sum(part == 2):
            largest = int(np.bincount(groups).max())
            by_row_note = (
                f"{largest} of {total} rows are connected by shared texts, so rows were split one "
                "by one: texts stand on both sides, and held-out results will look too good."
            )
            notes.append(by_row_note)
            part, groups = apart, rows_apart
    if wished and not np.any(part == 2):
        notes.append("All rows are one pair or connected texts: nothing could be held out.")
    train, valid, held_out = (np.flatnonzero(part == number) for number in range(3))
    if len(valid) < SHORT * validation or 0 < len(held_out) < SHORT * wished:
        notes.append(_short(groups, (len(valid), validation), (len(held_out), wished)))
    return Split(train, valid, held_out, groups, tuple(notes), bool(by_row_note), by_row_note)


def with_held_out(
    pairs: PairSet, held_out_share: float = 0.2, validation_share: float = 0.1, seed: int = 0
) -> PairSet:
    """The pairs, and of their whole every row that this split holds out.

    A remedy that left out a row to train on has no say where another split holds that row out.
    """
    whole, origin = pairs.whole, pairs.origin
    if whole is None:
        return pairs
    split = split_pairs(origin, held_out_share, validation_share, seed)
    present = {*pairs.row_numbers, *(origin.row_numbers[at] for at in split.held_out)}
    rows = [at for at, number in enumerate(whole.row_numbers) if number in present]
    return replace(whole.take(rows), report=pairs.report, whole=whole)


def _among(pairs: PairSet, origin: PairSet, split: Split) -> Split:
    """What a split of the pairs as they were read makes of the rows that are left of them."""
    present = set(pairs.row_numbers)
    rows = [at for at, number in enumerate(origin.row_numbers) if number in present]
    place = {at: now for now, at in enumerate(rows)}
    train, validation, held_out = (
        np.array([place[at] for at in part.tolist() if at in place], np.int64)
        for part in (split.train, split.validation, split.held_out)
    )
    notes, by_row = split.notes, split.by_row
    if by_row and not leaks(pairs, [*train, *validation], held_out):
        notes, by_row = tuple(note for note in notes if note != split.by_row_note), False
    if len(split.validation) and not len(validation):
        notes += ("Remedies left no row to choose a step by: the last one is kept.",)
    groups = np.unique(split.groups[rows], return_inverse=True)[1]
    return Split(train, validation, held_out, groups, notes, by_row, split.by_row_note)


def leaks(pairs: PairSet, learned: Iterable[int], judging: Iterable[int]) -> list[int]:
    """Of the rows `judging`, those with a text that stands in one of `learned`, too."""
    trained = {text_key(text) for at in learned for text in pairs.texts[at]}
    return [at for at in judging if any(text_key(text) in trained for text in pairs.texts[at])]


def _short(groups: np.ndarray, validation: tuple[int, int], held_out: tuple[int, int]) -> str:
    """That connected rows left little or nothing for a part; each is (rows, rows wished)."""
    largest = int(np.bincount(groups).max())
    note = (
        f"{largest:,} of {len(groups):,} rows are connected by shared texts and stay together in "
        f"train: {held_out[0]:,} of {held_out[1]:,} wished rows are held out, and "
        f"{validation[0]:,} of {validation[1]:,} choose the step."
    )
    return note if validation[0] or not validation[1] else f"{note} The last step is kept."


def connected_groups(pairs: PairSet) -> np.ndarray:
    """(N,) numbers from 0: rows that share a text, directly or through others, share the number."""
    return _components([[text_key(text) for text in row] for row in pairs.texts])


def equal_pairs(pairs: PairSet) -> np.ndarray:
    """(N,) numbers from 0, shared by rows that hold the same texts, in any order."""
    return _components([[tuple(sorted(map(text_key, row)))] for row in pairs.texts])


def _components(keys: Sequence[Sequence[Hashable]]) -> np.ndarray:
    """Union-find over rows that share a key; numbered in the order of their first rows."""
    parent = list(range(len(keys)))

    def root(row: int) -> int:
        while parent[row] != row:
            parent[row] = parent[parent[row]]  # halve the path
            row = parent[row]
        return row

    first: dict[Hashable, int] = {}
    for row, row_keys in enumerate(keys):
        for key in row_keys:
            a, b = sorted((root(row), root(first.setdefault(key, row))))
            parent[b] = a
    numbers: dict[int, int] = {}
    return np.array([numbers.setdefault(root(r), len(numbers)) for r in range(len(keys))], np.int64)


def _strata(pairs: PairSet) -> np.ndarray:
    """(N,) small numbers: the label, or for scores the fifth it lies in."""
    if pairs.labels is None or not len(pairs):
        return np.zeros(len(pairs), np.int64)
    values = np.unique(pairs.labels)
    if len(values) <= SCORE_BINS:
        return np.searchsorted(values, pairs.labels)
    edges = np.unique(np.quantile(pairs.labels, np.linspace(0, 1, SCORE_BINS + 1)[1:-1]))
    return np.searchsorted(edges, pairs.labels, side="right")


def _assign(
    pairs: PairSet, groups: np.ndarray, strata: np.ndarray, wish: tuple[int, int, int], seed: int
) -> np.ndarray:
    """(N,) 0 train, 1 validation, 2 held-out: groups as they come, while their labels are wanted.

    What is left of a part is then filled up with whatever fits.
    """
    total = len(groups)
    part = np.zeros(total, np.int64)
    if not total:
        return part
    counts = np.zeros((int(groups.max()) + 1, int(strata.max()) + 1), np.int64)
    np.add.at(counts, (groups, strata), 1)  # rows of each group in each stratum
    sizes = counts.sum(1)
    waiting = _order(pairs, groups, seed)
    of_group = np.zeros(len(sizes), np.int64)
    for number in (2, 1):
        room = wish[number]
        missing = _apportion(wish[number], counts.sum(0))
        for by_label in (True, False):
            waiting_still = []
            for group in waiting:
                fits = sizes[group] <= room and not (by_label and (counts[group] > missing).any())
                if fits:
                    of_group[group] = number
                    room -= int(sizes[group])
                    missing -= counts[group]
                else:
                    waiting_still.append(group)
            waiting = waiting_still
    return of_group[groups]


def _order(pairs: PairSet, groups: np.ndarray, seed: int) -> list[int]:
    """Groups in an order that looks random and hangs on the seed and on each one's own texts."""
    first: dict[int, tuple[str, ...]] = {}
    for group, row in zip(groups.tolist(), pairs.texts, strict=True):
        key = tuple(sorted(map(text_key, row)))
        first[group] = min(first.get(group, key), key)

    def drawn(group: int) -> bytes:
        text = "\0".join((str(seed), *first[group])).encode("utf-8", "surrogatepass")
        return hashlib.blake2b(text, digest_size=16).digest()

    return sorted(first, key=drawn)


def _apportion(rows: int, counts: np.ndarray) -> np.ndarray:
    """So many rows over the strata as they are (S,): whole numbers, largest remainders first."""
    exact = rows * counts / max(1, counts.sum())
    shares = np.floor(exact).astype(np.int64)
    most = np.argsort(shares - exact, kind="stable")[: rows - int(shares.sum())]
    shares[most] += 1
    return shares
