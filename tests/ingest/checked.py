"""Pairs to check, clean or not, and the one finding of a name."""

import random
from io import StringIO

import numpy as np

from ingest import PairSet, check, read_pairs
from ingest.text import words

SUBJECTS = ["The baker", "My aunt", "A young fox", "Our teacher", "The old clock", "Every sailor"]
VERBS = ["admires", "forgets", "paints", "follows", "repairs", "hides"]
OBJECTS = ["the red gate", "a broken cup", "that long road", "wet stones", "six lemons", "old maps"]


def clean_rows(count: int = 216) -> list[str]:
    """Rows with nothing wrong: pairs of 216 different sentences and an answer each, labels even."""
    texts = [f"{s} {v} {o}" for s in SUBJECTS for v in VERBS for o in OBJECTS]
    random.Random(0).shuffle(texts)
    return [f"{text}.,Word{n} word{n + 1000} word{n + 2000}.,{n % 2}" for n, text in
            enumerate(texts[:count])]  # fmt: skip


def pairs_of(*rows: str, header: str = "sentence1,sentence2,label", **options) -> PairSet:
    return read_pairs(StringIO("\n".join([header, *rows])), **options)


def named(pairs: PairSet, name: str, **options):
    found = [finding for finding in check(pairs, **options) if finding.name == name]
    assert len(found) <= 1
    return found[0] if found else None


def by_words(one, other) -> np.ndarray:
    """A model that counts common words."""
    sets = [(set(words(a)), set(words(b))) for a, b in zip(one, other, strict=True)]
    return np.array([len(a & b) / max(1, len(a | b)) for a, b in sets])
