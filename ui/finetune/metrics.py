"""How figures of merit, intervals and times are written, the same everywhere."""

from math import isfinite

from encoder.evaluation import Metric
from ui.words import NONE, hundred, interval

KINDS = {
    "score": "graded pairs",
    "binary": "yes/no pairs",
    "positive": "positive pairs",
    "triplet": "triplets",
}
WORDS = {
    "better": "beyond chance",
    "worse": "beyond chance",
    "unclear": "could be chance",
    "unknown": "too few texts to say",
}


def direction_of(change: Metric) -> str:
    """A change is "better" or "worse", "unclear" where its interval holds 0, else "unknown"."""
    if not (isfinite(change.low) and isfinite(change.high)):
        return "unknown"
    if change.low > 0:
        return "better"
    return "worse" if change.high < 0 else "unclear"


def smallest_shown(change: Metric) -> float:
    """About the smallest change that these rows would have shown: half its interval's width.

    A change beyond that has an interval without 0, as wide as this one; NaN where there is none.
    """
    return (change.high - change.low) / 2


def change_cell(change: Metric) -> str:
    """HTML: a change × 100, its interval below, and what that says in words."""
    if not isfinite(change.value):
        return NONE
    return (
        f"{hundred(change.value, sign=True)}<small>{interval(change, sign=True)}</small>"
        f'<small class="word">{WORDS[direction_of(change)]}</small>'
    )
