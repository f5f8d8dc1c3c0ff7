"""Too few rows: the metric that is uncertain is the one that the kind of pairs is judged by."""

import numpy as np
import pytest

from ingest import TEXTS, PairSet, Report, check
from ingest.kinds import LABELLED

METRICS = {
    "score": "Spearman ρ",
    "binary": "average precision",
    "positive": "MRR or a recall",
    "triplet": "triplet accuracy",
}


def pairs_of(kind: str, count: int) -> PairSet:
    texts = tuple(tuple(f"{side} number {n}" for side in TEXTS[kind]) for n in range(count))
    labels = np.arange(count) % 2 if kind in LABELLED else None
    return PairSet(kind, texts, labels, tuple(range(1, count + 1)), Report(count))


@pytest.mark.parametrize("kind", TEXTS)
def test_the_metric_is_that_of_the_kind(kind):
    found = next(f for f in check(pairs_of(kind, 60)) if f.name == "few_rows")
    named = [metric for metric in METRICS.values() if metric in found.effect]
    assert named == [METRICS[kind]]


@pytest.mark.parametrize(("kind", "spread"), [("score", 0.65), ("triplet", 0.28)])
def test_how_uncertain(kind, spread):
    """12 held out: 1.96 / √(12 − 3) of a rank correlation, 1.96 · ½ / √12 of a share."""
    found = next(f for f in check(pairs_of(kind, 60)) if f.name == "few_rows")
    assert "With 12 held-out rows" in found.effect
    assert f"±{spread}" in found.effect
    assert f"a gain shows from about {0.63 * spread:.2f} on" in found.effect
