"""What drives the split: do the clusters follow meaning, or length, case and punctuation?"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from explore.errors import same_rows

LENGTH_BINS = 5
MOST_VALUES = 100  # distinct values of a label column


@dataclass(frozen=True)
class Driver:
    """How much the clusters tell about a feature of the texts.

    information: adjusted mutual information, 0 by chance and 1 for the same grouping (Vinh et al.,
    JMLR 11, 2010); values: how many values the feature takes.
    """

    name: str
    information: float
    values: int


def drivers(
    texts: Sequence[str], labels: np.ndarray, columns: Mapping[str, Sequence[str]] | None = None
) -> tuple[Driver, ...]:
    """Surface features and label columns by what the clusters tell about them, the most first.

    Only clustered rows count. A feature with one value everywhere, or a column in which every value
    is another, tells nothing and is left out.
    """
    from sklearn.metrics import adjusted_mutual_info_score

    extra = {f"column “{name}”": column for name, column in (columns or {}).items()}
    same_rows(texts=texts, labels=labels, **extra)
    rows = np.flatnonzero(np.asarray(labels) >= 0)
    if len(rows) < 2:
        return ()
    groups = np.asarray(labels)[rows]
    clustered = [texts[int(i)] for i in rows]
    features = surface(clustered)
    for name, column in extra.items():
        features[name] = [column[int(i)] for i in rows]
    results = []
    for name, values in features.items():
        distinct = len(set(values))
        if 2 <= distinct <= min(MOST_VALUES, len(rows) - 1):
            codes = np.unique([str(value) for value in values], return_inverse=True)[1]
            results.append(Driver(name, float(adjusted_mutual_info_score(groups, codes)), distinct))
    return tuple(sorted(results, key=lambda driver: -driver.information))


def surface(texts: Sequence[str]) -> dict[str, list[object]]:
    """What can be seen of each text without understanding it."""
    words = np.array([len(text.split()) for text in texts])
    edges = np.unique(np.quantile(words, np.linspace(0, 1, LENGTH_BINS + 1)[1:-1]))
    return {
        "length in words": np.digitize(words, edges).tolist(),
        "digits": [any(c.isdigit() for c in text) for text in texts],
        "case": [_case(text) for text in texts],
        "punctuation at the end": [_ending(text) for text in texts],
        "punctuation inside": [bool(re.search(r"[,;:()–—]", text)) for text in texts],
        "question mark": [text.rstrip().endswith(("?", "？", "؟")) for text in texts],
    }


def _case(text: str) -> str:
    letters = [c for c in text if c.isalpha()]
    if not letters or not any(c.isupper() for c in letters):
        return "lower"
    if all(c.isupper() for c in letters):
        return "UPPER"
    return "Capital" if letters[0].isupper() else "mixed"


def _ending(text: str) -> str:
    last = text.rstrip()[-1:]
    return last if last and not last.isalnum() else "none"
