"""The four kinds of pairs a file can hold."""

from typing import Literal

Kind = Literal["score", "binary", "positive", "triplet"]
TEXTS: dict[str, tuple[str, ...]] = {
    "score": ("sentence1", "sentence2"),
    "binary": ("sentence1", "sentence2"),
    "positive": ("anchor", "positive"),
    "triplet": ("anchor", "positive", "negative"),
}
LABELLED = {"score": "score", "binary": "label"}


def check_kind(kind: str) -> list[str]:
    """Problems of a kind's name."""
    if kind in TEXTS:
        return []
    return [f"Unknown kind {kind!r}. Choose one of: {', '.join(TEXTS)}."]
