"""Errors a person can act on: what, where, both values, and the remedy."""

from collections.abc import Sized

from ingest.errors import LabError


class ExploreError(LabError, ValueError):
    """Vectors or settings that nothing can be made of."""


class Stopped(Exception):
    """Work that was given up on request. It says nothing: whoever asked for it knows."""


def same_rows(**tables: Sized) -> None:
    """Raise ExploreError unless all have as many rows: one for each text."""
    counts = {name.replace("_", " "): len(rows) for name, rows in tables.items()}
    if len(set(counts.values())) > 1:
        sizes = ", ".join(f"{name} {count:,}" for name, count in counts.items())
        raise ExploreError(f"All must be of the same texts, but the numbers of rows are: {sizes}.")
