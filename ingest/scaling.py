"""A column of labels → numbers in [0, 1]; what is not recognised is never guessed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from ingest.errors import IngestError
from ingest.labels import (
    as_array,
    blank_or_value,
    is_missing,
    label_number,
    label_word,
    two_values,
    words_of,
)
from ingest.report import Reason
from ingest.scales import describe, find_scale, look_like_counts, signed, span, why_scale
from ingest.votes import for_and_against, vote_shares, votes

ENTAILMENT_CODES = {0.0: 1.0, 1.0: 0.5, 2.0: 0.0}  # entailment, neutral, contradiction (SNLI, MNLI)
MISSING = Reason("label missing", "label_missing")
NOT_RECOGNISED = Reason("label not recognised", "label_unrecognised")
OUTSIDE = Reason("label outside the scale", "label_outside_scale")
NEITHER = Reason("number that is neither the no nor the yes", "label_outside_scale")
COUNTS = (
    "They look like counts, such as upvotes or views: a few are many times as large as most, and "
    "that says little about how alike two texts are."
)
Ends = tuple[float, float]


@dataclass(frozen=True, eq=False)
class Labels:
    """values: float32 (N,) in [0, 1], NaN where there is no usable label. The rest is by position.

    `scaling` says in words what was done, `scaled` whether that changed any label, `note` what was
    seen and is not certain; `scale` is the (lowest, highest) label, None for words; `counts`: the
    numbers look like counts, not grades. `fixed` says what was mended, `dropped` why there is no
    value.
    """

    values: np.ndarray
    scaling: str
    scaled: bool
    note: str
    scale: Ends | None
    counts: bool
    fixed: dict[str, list[int]]
    dropped: dict[Reason, list[int]]


@dataclass(frozen=True, eq=False)
class _Reading:
    """values (N,) with NaN; outside (N,): which numbers are off the scale, None for nowhere."""

    values: np.ndarray
    scaling: str
    outside: np.ndarray | None = None
    note: str = ""
    scale: Ends | None = None
    scaled: bool = True


@dataclass(frozen=True, eq=False)
class _Column:
    """The cells, and what each says as a word and as a number: (N,) with NaN.

    meanings: of words, where the visitor or the column as a whole says them.
    """

    cells: Sequence[str]
    name: str
    meanings: Mapping[str, float]
    words: np.ndarray = field(init=False)
    numbers: np.ndarray = field(init=False)

    def __post_init__(self) -> None:
        numbers = [None if is_missing(cell) else label_number(cell) for cell in self.cells]
        object.__setattr__(self, "words", as_array([self._word(cell) for cell in self.cells]))
        object.__setattr__(self, "numbers", as_array(numbers))

    @property
    def seen(self) -> np.ndarray:
        """The numbers among the cells."""
        return self.numbers[~np.isnan(self.numbers)]

    def _word(self, cell: str) -> float | None:
        if not self.meanings:
            return label_word(cell)
        return self.meanings.get(blank_or_value(cell).casefold())


def read_labels(
    cells: Sequence[str],
    kind: str,
    scale: Ends | None = None,
    entailment_codes: bool = False,
    name: str = "",
    meanings: Mapping[str, float] | None = None,
) -> Labels:
    """Labels of `kind` "score" or "binary"; `scale` (lowest, highest) overrides what is recognised.

    For "binary" the lowest is the no and the highest the yes. entailment_codes: 0, 1, 2 mean
    entailment, neutral, contradiction, as in SNLI and MNLI. name: of the column, may say the scale.
    meanings: {word in lower case: 0 … 1}, instead of the usual words and numbers; "" for blank
    cells.
    """
    column = _Column(cells, name, meanings or words_of(cells))
    if meanings:
        reading = _Reading(column.words, _words_used(column))
    else:
        reading = (_binary if kind == "binary" else _graded)(column, scale, entailment_codes)
    missing = np.array([is_missing(cell) for cell in cells], bool) & np.isnan(column.words)
    values = np.where(missing, np.nan, reading.values)
    outside = np.zeros(len(cells), bool) if reading.outside is None else reading.outside
    commas = ["," in cell and label_number(cell) is not None for cell in cells]
    fixed = {"decimal comma read as a point": np.array(commas, bool) & ~np.isnan(values)}
    unusable = np.isnan(values) & ~missing & ~outside
    numbers = ~np.isnan(column.numbers)
    dropped = {
        MISSING: missing,
        NOT_RECOGNISED: unusable & ~numbers,
        NEITHER: unusable & numbers,
        OUTSIDE: outside & ~missing,
    }
    return Labels(
        values.astype(np.float32),
        reading.scaling,
        reading.scaled,
        reading.note,
        reading.scale,
        kind == "score" and look_like_counts(column.seen),
        {what: np.flatnonzero(rows).tolist() for what, rows in fixed.items() if rows.any()},
        {why: np.flatnonzero(rows).tolist() for why, rows in dropped.items() if rows.any()},
    )


def none_usable(
    cells: Sequence[str], kind: str, name: str, scale: Ends | None = None
) -> IngestError:
    """Why no label of a column could be used."""
    seen = _Column(cells, name, {}).seen
    if not scale and look_like_counts(seen):
        return IngestError(
            f"No label in column {name!r} can be used. {_seen(seen)} {COUNTS} Choose another "
            "column, the kind 'positive' without a label, or the scale yourself."
        )
    if scale and seen.size:
        low, high = map(signed, scale)
        requirement = (
            f"is {low} (no) or {high} (yes)" if kind == "binary" else f"lies on {low}–{high}"
        )
        return IngestError(f"No label in column {name!r} {requirement}, as given. {_seen(seen)}")
    if kind == "score" and 2 * seen.size > len(cells):
        return IngestError(
            f"The labels in column {name!r} are on no usual scale. {_seen(seen)} Give the lowest "
            "and the highest label yourself, choose another column, or the kind 'positive' without "
            "a label."
        )
    examples = (
        ", ".join(repr(c[:30]) for c in dict.fromkeys(cells) if not is_missing(c)) or "nothing"
    )
    other = "Or give the lowest and the highest label yourself."
    if kind == "binary":
        other = "For grades choose the kind 'score'."
    return IngestError(
        f"No label in column {name!r} is recognised for the kind {kind!r}. It holds "
        f"{examples[:200]}; expected are numbers on one scale (0–1, 0–5, 1–5, −1–1, 0–100) or "
        f"words such as yes/no, duplicate/not duplicate, entailment/neutral/contradiction. {other}"
    )


def _binary(column: _Column, scale: Ends | None, entailment_codes: bool) -> _Reading:
    """Words, and two numbers: those given, or the only two there are, or 0 and 1."""
    low, high = scale or two_values(column.cells, entailment_codes) or (0, 1)
    numbers = column.numbers
    values = np.where(np.isin(column.words, (0, 1)), column.words, np.nan)
    values[numbers == low] = 0
    values[numbers == high] = 1
    outside = (numbers < low) | (numbers > high) if scale else None
    if (low, high) == (0, 1):
        words = _words_used(column)
        scaling = words or "0 and 1 kept as they are"
        return _Reading(values, scaling, outside, scaled=bool(words))
    note = "" if scale else "They are the only two numbers, so the larger one is taken for yes."
    return _Reading(values, _two(low, high), outside, note, (low, high))


def _graded(column: _Column, scale: Ends | None, entailment_codes: bool) -> _Reading:
    """Words, or the codes of SNLI, or numbers on a scale."""
    words, numbers, seen = column.words, column.numbers, column.seen
    shares = vote_shares(column.cells)
    if scale is None and shares is not None:
        return _Reading(shares, _votes_used(column))
    worded = int(np.sum(~np.isnan(words)))
    if scale and worded and not seen.size:
        note = f"The labels are words: the scale {span(*scale)} is for numbers and was not used."
        return _Reading(words, _words_used(column), None, note)
    if scale is None and entailment_codes and 2 in seen and set(seen) <= {-1, 0, 1, 2}:
        values = as_array([ENTAILMENT_CODES.get(number) for number in numbers])
        text = "codes: 0 (entailment) = 1, 1 (neutral) = 0.5, 2 (contradiction) = 0"
        return _Reading(values, text, numbers == -1)
    if scale is None and worded > seen.size:
        values = np.where(np.isnan(words) & np.isin(numbers, (0, 1)), numbers, words)
        return _Reading(values, _words_used(column))
    ends = scale or find_scale(seen, column.name)
    if ends is None:
        return _Reading(np.full(len(numbers), np.nan), "no scale recognised", ~np.isnan(numbers))
    low, high = ends
    if scale and low >= -1 and high <= 1:  # 50 % is 0.5
        percent = np.array([cell.rstrip().endswith("%") for cell in column.cells], bool)
        numbers = np.where(percent, numbers / 100, numbers)
    outside = (numbers < low) | (numbers > high)
    values = (np.where(outside, np.nan, numbers) - low) / (high - low)
    if ends == (0, 1):  # yes and no among 0s and 1s mean the same
        values = np.where(np.isnan(numbers), words, values)
    note = _seen(numbers[~np.isnan(numbers)])
    note += f" Those outside {span(low, high)} are left out." if outside.any() else ""
    why = "The scale was given." if scale else why_scale(seen, ends, column.name)
    note = f"{note} {why}".strip()
    if not scale and two_values(column.cells) not in (None, (0, 1), ends):
        note += " There are only two; if they mean no and yes, choose the kind 'yes or no'."
    return _Reading(values, describe(low, high), outside, note, ends, scaled=ends != (0, 1))


def _seen(numbers: np.ndarray) -> str:
    if not numbers.size:
        return "No label is a number."
    return f"The labels seen go from {signed(numbers.min())} to {signed(numbers.max())}."


def _two(low: float, high: float) -> str:
    """'−1 read as 0', '1 read as 0, 2 read as 1'."""
    changed = [f"{signed(n)} read as {to}" for n, to in ((low, 0), (high, 1)) if n != to]
    return ", ".join(changed)


def _votes_used(column: _Column) -> str:
    """'votes: 3 of 6 = 0.5'."""
    present = [pair for pair in map(votes, column.cells) if pair]
    one, other = next((pair for pair in present if all(pair)), present[0])
    if for_and_against(present):
        return f"votes: {one} for and {other} against = {one / (one + other):.2g}"
    return f"votes: {one} of {other} = {one / max(1, other):.2g}"


def _words_used(column: _Column) -> str:
    """'words: yes = 1, no = 0'; "" where there are none."""
    value_of: dict[str, float] = {}
    for cell, value in zip(column.cells, column.words, strict=True):
        if not np.isnan(value):
            value_of.setdefault(blank_or_value(cell).casefold()[:30] or "blank", float(value))
    ranking = sorted(value_of.items(), key=lambda item: (-item[1], item[0]))[:8]
    return "words: " + ", ".join(f"{w} = {v:g}" for w, v in ranking) if ranking else ""
