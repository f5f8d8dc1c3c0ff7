"""What the cells of a label column say, one by one and together: words, numbers, yes or no."""

import re
import unicodedata
from collections.abc import Mapping, Sequence

import numpy as np

from ingest.names import YES_OR_NO, plain
from ingest.scales import SEVERAL, STRAY, find_scale, fits, named_scale, without_scale
from ingest.votes import is_vote, vote_shares

MISSING = {"", "nan", "na", "n/a", "none", "null", "nil", "-", "--", "?", "unknown", "#n/a"}
BLANK = {"", "nan", "na", "n/a", "null", "#n/a"}  # what programs write where nothing is
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
LETTERS = {"e": 1.0, "n": 0.5, "c": 0.0}  # entailment, neutral, contradiction
ARABIC = str.maketrans({"\u066a": "%", "\u066b": ".", "\u2212": "-"})
NEARLY_ALL = 0.85
QUESTION_MARKS = ("?", "\uff1f", "\u061f")  # also full-width and Arabic


def label_word(cell: str) -> float | None:
    """1, 0.5 or 0 for a word that says so, else None."""
    return WORDS.get(re.sub(r"[\W_]+", " ", cell.casefold()).strip())


def label_number(cell: str) -> float | None:
    """A number with a decimal point or comma, with or without a percent sign, else None.

    In any script's digits, also full-width.
    """
    text = _western(cell.strip()).removesuffix("%").rstrip()
    number = float(text.replace(",", ".")) if NUMBER.fullmatch(text) else np.inf
    return number if np.isfinite(number) else None


def _western(text: str) -> str:
    """'\u0663\u066b\u0665' → '3.5'."""
    if text.isascii():
        return text
    plain_width = unicodedata.normalize("NFKC", text).translate(ARABIC)
    return "".join(str(unicodedata.decimal(s)) if s.isdecimal() else s for s in plain_width)


def label_value(cell: str) -> float | None:
    """What a cell says as a word, or else as a number."""
    word = label_word(cell)
    return label_number(cell) if word is None else word


def is_label(cell: str) -> bool:
    """A word that says yes, no or in between; a number; or votes, such as 3/5."""
    return label_value(cell) is not None or is_vote(cell)


def words_of(cells: Sequence[str]) -> Mapping[str, float]:
    """What one-letter labels mean where the column as a whole says it: e, n and c.

    Two or three of them and nothing else are entailment, neutral and contradiction: n is no "no".
    """
    letters = {cell.strip().casefold() for cell in cells if not is_missing(cell)}
    return LETTERS if len(letters) > 1 and letters <= set(LETTERS) else {}


def is_missing(cell: str) -> bool:
    """Empty, or one of the usual ways to say so."""
    return cell.strip().casefold() in MISSING


def blank_or_value(cell: str) -> str:
    """The cell as one line, "" for one that a program left blank: a person's "-" is a value."""
    text = " ".join(cell.split())
    return "" if text.casefold() in BLANK else text


def yes_or_no(cell: str) -> float | None:
    """1 or 0 for a cell that says so, else None."""
    value = label_value(cell)
    return value if value in (0.0, 1.0) else None


def looks_binary(cells: Sequence[str], name: str = "", entailment_codes: bool = False) -> bool:
    """Nearly all labels say yes or no, true or false, 1 or 0, or are one of two whole numbers.

    Numbers other than 0 and 1, or −1 and 1, must be many to be a yes and a no, or be 1 and 2 below
    a `name` that asks for one; and the name may not say a scale that has more than these two. Among
    zeros and ones, any other number on the scale is a grade, however rare.
    entailment_codes: 0, 1, 2 mean entailment, neutral, contradiction.
    """
    present = [cell for cell in cells if not is_missing(cell)]
    if words_of(present) or vote_shares(present) is not None:
        return False
    parsed = as_array([label_number(cell) for cell in present])
    numbers = parsed[~np.isnan(parsed)]
    pair = two_values(present, entailment_codes)
    named = named_scale(name)
    if named and named not in ((0, 1), pair) and fits(numbers, named):
        return False
    if pair and pair != (0, 1):
        usual = pair == (-1, 1) or (pair == (1, 2) and asks_yes_or_no(name))
        return usual or len(present) >= SEVERAL
    if entailment_codes and 2 in numbers:
        return False
    worded = sum(label_word(cell) is not None for cell in present)
    if worded <= numbers.size and _has_grades(numbers):
        return False
    clear = sum(yes_or_no(cell) is not None for cell in present)
    halves = any(label_word(cell) == 0.5 for cell in cells)
    return not halves and clear >= max(1, NEARLY_ALL * len(present))


def _has_grades(numbers: np.ndarray) -> bool:
    """Numbers beside 0 and 1 that are on one scale with them, however rare.

    Far off it a number is a typing error; a few −1 are "not labelled".
    """
    others = numbers[~np.isin(numbers, (-1, 0, 1))]
    if not others.size:
        return find_scale(numbers) == (-1, 1)
    return bool(np.any(others != np.round(others))) or find_scale(numbers) != (0, 1)


def two_values(cells: Sequence[str], entailment_codes: bool = False) -> tuple[float, float] | None:
    """(no, yes) where nearly all cells are one of two whole numbers, else None.

    A rare third or second number may be a typing error, and a −1 often means "not labelled".
    """
    present = [cell for cell in cells if not is_missing(cell)]
    parsed = as_array([label_number(cell) for cell in present])
    numbers = parsed[~np.isnan(parsed)]
    values, counts = np.unique(numbers, return_counts=True)
    if len(values) != 2 or np.any(values != np.round(values)):
        return None
    pair = float(values[0]), float(values[1])
    words = any(label_word(cell) is not None for cell in present)
    if pair == (-1, 1):
        return pair
    if words or numbers.size < NEARLY_ALL * len(present) or (entailment_codes and 2 in pair):
        return None
    typing_error = counts.min() < max(2, STRAY * numbers.size) and pair not in ((0, 1), (1, 2))
    return None if typing_error or -1 in pair else pair


def asks_yes_or_no(name: str) -> bool:
    """A column's name that asks a question, or is usual for a yes and a no."""
    bare = without_scale(name)
    return plain(bare) in YES_OR_NO or bare.endswith(QUESTION_MARKS)


def as_array(values: Sequence[float | None]) -> np.ndarray:
    """(N,) with NaN for None."""
    return np.array([np.nan if value is None else value for value in values], float)
