"""Labels as people write them → numbers in [0, 1]; what is not recognised is never guessed."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ingest.errors import IngestError

MISSING = {"", "nan", "na", "n/a", "none", "null", "nil", "-", "--", "?", "unknown", "#n/a"}
NUMBER = re.compile(r"[+-]?(\d+([.,]\d*)?|[.,]\d+)([eE][+-]?\d{1,3})?", re.ASCII)
YES = (
    *("yes", "y", "true", "t", "ja", "oui", "si", "sí", "wahr", "vrai"),
    *("duplicate", "duplicates", "dup", "is duplicate", "paraphrase", "is paraphrase"),
    *("same", "the same", "identical", "similar", "equivalent", "match", "matching", "matched"),
    *("positive", "pos", "relevant", "related", "entailment", "entails", "entailed", "correct"),
)
NO = (
    *("no", "n", "false", "f", "nein", "non", "falsch", "faux", "different", "dissimilar"),
    *("negative", "neg", "irrelevant", "unrelated", "mismatch", "nonduplicate", "nonparaphrase"),
    *("contradiction", "contradicts", "contradictory", "incorrect", "distinct"),
)
NEGATIONS = ("not ", "not a ", "not the ", "no ", "non ", "is not ", "is not a ")
WORDS: dict[str, float] = {
    **dict.fromkeys(YES, 1.0),
    **{negation + word: 0.0 for negation in NEGATIONS for word in YES},
    **dict.fromkeys(NO, 0.0),
    "neutral": 0.5,
}
SCALES = ((0, 1), (-1, 1), (1, 5), (0, 5), (1, 10), (0, 10), (0, 100))
ENTAILMENT_CODES = {0.0: 1.0, 1.0: 0.5, 2.0: 0.0}  # entailment, neutral, contradiction (SNLI, MNLI)
STRAY = 0.02  # the share of typing errors that do not change the scale
ENOUGH = 50  # labels needed before a share of them says anything


@dataclass(frozen=True, eq=False)
class Labels:
    """values: float32 (N,) in [0, 1], NaN where there is no usable label. The rest is by position.

    `fixed` says what was mended, `dropped` why there is no value.
    """

    values: np.ndarray
    scaling: str
    fixed: dict[str, list[int]]
    dropped: dict[str, list[int]]


def label_word(cell: str) -> float | None:
    """1, 0.5 or 0 for a word that says so, else None."""
    return WORDS.get(re.sub(r"[\W_]+", " ", cell.casefold()).strip())


def label_number(cell: str) -> float | None:
    """A number with a decimal point or comma, with or without a percent sign, else None."""
    text = cell.strip().replace("\u2212", "-").removesuffix("%").rstrip()
    number = float(text.replace(",", ".")) if NUMBER.fullmatch(text) else np.inf
    return number if np.isfinite(number) else None


def label_value(cell: str) -> float | None:
    """What a cell says as a word, or else as a number."""
    word = label_word(cell)
    return label_number(cell) if word is None else word


def is_missing(cell: str) -> bool:
    """Empty, or one of the usual ways to say so."""
    return cell.strip().casefold() in MISSING


def looks_binary(cells: Sequence[str]) -> bool:
    """Nearly all labels say yes or no, true or false, 1 or 0."""
    values = [_yes_or_no(cell) for cell in cells if not is_missing(cell)]
    known = [value for value in values if value is not None]
    words = {label_word(cell) for cell in cells}
    return 0.5 not in words and len(known) >= max(1, 0.85 * len(values))


def read_labels(
    cells: Sequence[str],
    kind: str,
    scale: tuple[float, float] | None = None,
    entailment_codes: bool = False,
) -> Labels:
    """Labels of `kind` "score" or "binary"; `scale` (lowest, highest) overrides what is recognised.

    entailment_codes: 0, 1, 2 mean entailment, neutral, contradiction, as in SNLI and MNLI.
    """
    missing = [i for i, cell in enumerate(cells) if is_missing(cell)]
    present = np.ones(len(cells), bool)
    present[missing] = False
    values, scaling, outside = _valued(cells, present, kind, scale, entailment_codes)
    unknown = np.flatnonzero(np.isnan(values) & present & ~outside).tolist()
    used = ~np.isnan(values)
    commas = [
        i for i in np.flatnonzero(used).tolist() if "," in cells[i] and label_word(cells[i]) is None
    ]
    dropped = {
        "label missing": missing,
        "label not recognised": unknown,
        "label outside the scale": np.flatnonzero(outside & present).tolist(),
    }
    fixed = {"decimal comma read as a point": commas}
    return Labels(
        values.astype(np.float32),
        scaling,
        {what: rows for what, rows in fixed.items() if rows},
        {why: rows for why, rows in dropped.items() if rows},
    )


def _valued(
    cells: Sequence[str],
    present: np.ndarray,
    kind: str,
    scale: tuple[float, float] | None,
    entailment_codes: bool,
) -> tuple[np.ndarray, str, np.ndarray]:
    """(values with NaN, the scaling in words, which are numbers outside the scale)."""
    words = _array([label_word(cell) for cell in cells])
    numbers = _array([label_number(cell) for cell in cells])
    numbers[~present] = np.nan
    nowhere = np.zeros(len(cells), bool)
    if kind == "binary":
        values = _array([_yes_or_no(cell) for cell in cells])
        if scale is None and set(numbers[~np.isnan(numbers)]) == {-1.0, 1.0}:
            values = np.where(numbers == -1, 0.0, values)
            return values, "−1 read as 0", nowhere
        values[~present] = np.nan
        return values, _words_used(cells, words, "0 and 1 kept as they are"), nowhere
    seen = numbers[~np.isnan(numbers)]
    if entailment_codes and seen.size and set(seen) <= {-1.0, 0.0, 1.0, 2.0} and 2.0 in seen:
        values = _array([ENTAILMENT_CODES.get(number) for number in numbers])
        text = "codes: 0 (entailment) = 1, 1 (neutral) = 0.5, 2 (contradiction) = 0"
        return values, text, numbers == -1
    if scale is None and np.sum(~np.isnan(words)) > seen.size:
        values = np.where(np.isnan(words) & np.isin(numbers, (0, 1)), numbers, words)
        values[~present] = np.nan
        return values, _words_used(cells, words, ""), nowhere
    found = scale or find_scale(seen)
    if found is None:
        return np.full(len(cells), np.nan), "no scale recognised", ~np.isnan(numbers)
    low, high = found
    values = (numbers - low) / (high - low)
    outside = (numbers < low) | (numbers > high)
    values[outside] = np.nan
    if found == (0, 1):  # yes and no among 0s and 1s mean the same
        values = np.where(np.isnan(values) & present & ~outside, words, values)
    return values, describe(low, high), outside


def find_scale(numbers: np.ndarray) -> tuple[float, float] | None:
    """The smallest usual scale that holds the numbers, a few typing errors aside; else None.

    Strays count as errors only where the scale that holds them too is ten times as wide: among
    labels up to 5, a 55 is one; a −1 among labels in [0, 1], as often for "not labelled", too.
    """
    if not numbers.size:
        return None
    negative = numbers < 0
    if negative.any() and set(numbers[negative]) == {-1.0} and not _grades_below_zero(numbers):
        return find_scale(numbers[~negative])
    strays = {s: int(np.sum((numbers < s[0]) | (numbers > s[1]))) for s in SCALES}
    exact = next((scale for scale in SCALES if not strays[scale]), None)
    allowed = int(STRAY * numbers.size) if numbers.size >= ENOUGH else 0
    best = min((s for s in SCALES if s != exact), key=lambda s: strays[s])
    if strays[best] <= allowed and (exact is None or _width(exact) >= 10 * _width(best)):
        return best
    return exact


def _grades_below_zero(numbers: np.ndarray) -> bool:
    """Whether −1 can be a grade: numbers stay in [−1, 1] and are not just a few −1 among grades."""
    few = np.mean(numbers < 0) < 0.1 and numbers.size >= 20
    return not (few or numbers.max() > 1) or numbers.max() <= 0


def describe(low: float, high: float) -> str:
    """A scaling in words: '0–5 divided by 5'."""
    sign = {True: "−", False: ""}
    span = f"{sign[low < 0]}{abs(low):g}–{sign[high < 0]}{abs(high):g}"
    if (low, high) == (0, 1):
        return f"{span} kept as it is"
    if low == 0:
        return f"{span} divided by {high:g}"
    moved = f"label − {low:g}" if low > 0 else f"label + {-low:g}"
    return f"{span}: ({moved}) / {high - low:g}"


def check_scale(scale: tuple[float, float] | None) -> list[str]:
    """Problems of a scale given by hand."""
    if scale is None or (np.isfinite(scale).all() and scale[0] < scale[1]):
        return []
    return [
        f"The scale {scale[0]:g} to {scale[1]:g} is none: give the lowest label, then the highest."
    ]


def none_usable(cells: Sequence[str], kind: str, column: str) -> IngestError:
    """Why no label of a column could be used."""
    shown = ", ".join(repr(c[:30]) for c in dict.fromkeys(cells) if not is_missing(c)) or "nothing"
    other = " For grades choose the kind 'score'." if kind == "binary" else ""
    return IngestError(
        f"No label in column {column!r} is recognised for the kind {kind!r}. It holds "
        f"{shown[:200]}; expected are numbers on one scale (0–1, 0–5, 1–5, −1–1, 0–100) or words "
        f"such as yes/no, duplicate/not duplicate, entailment/neutral/contradiction.{other}"
    )


def _width(scale: tuple[float, float]) -> float:
    return scale[1] - scale[0]


def _yes_or_no(cell: str) -> float | None:
    value = label_value(cell)
    return value if value in (0.0, 1.0) else None


def _array(values: Sequence[float | None]) -> np.ndarray:
    return np.array([np.nan if value is None else value for value in values], float)


def _words_used(cells: Sequence[str], words: np.ndarray, otherwise: str) -> str:
    used: dict[str, float] = {}
    for cell, value in zip(cells, words, strict=True):
        if not np.isnan(value):
            used.setdefault(cell.strip().casefold()[:30], float(value))
    shown = sorted(used.items(), key=lambda item: (-item[1], item[0]))[:8]
    return "words: " + ", ".join(f"{w} = {v:g}" for w, v in shown) if shown else otherwise
