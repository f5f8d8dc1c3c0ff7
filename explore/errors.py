"""Errors a person can act on: what, where, both values, and the remedy."""

from collections.abc import Sized
from numbers import Integral, Real
from typing import Any

from ingest.errors import LabError


class ExploreError(LabError, ValueError):
    """Vectors or settings that nothing can be made of."""


class Stopped(Exception):
    """Work that was given up on request. It says nothing: whoever asked for it knows."""


def outside(name: str, value: Any, low: float, high: float) -> list[str]:
    """What is wrong with a setting from low to high, which is whole where both of these are."""
    whole = isinstance(low, int) and isinstance(high, int)
    fits = isinstance(value, Integral if whole else Real) and not isinstance(value, bool)
    if fits and low <= value <= high:  # NaN is not in between either
        return []
    kind = "a whole number" if whole else "a number"
    return [f"{name} is {value!r}; it must be {kind} from {low} to {high}."]


def same_rows(**tables: Sized) -> None:
    """Raise ExploreError unless all have as many rows: one for each text."""
    counts = {name.replace("_", " "): len(rows) for name, rows in tables.items()}
    if len(set(counts.values())) > 1:
        sizes = ", ".join(f"{name} {count:,}" for name, count in counts.items())
        raise ExploreError(f"All must be of the same texts, but the numbers of rows are: {sizes}.")
