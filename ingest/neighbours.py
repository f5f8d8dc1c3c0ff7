"""Rows that nearly repeat an earlier one, found without comparing all with all.

Prefix filtering (Chaudhuri, Ganti and Kaushik, ICDE 2006; Bayardo, Ma and Srikant, WWW 2007): two
sets with Jaccard similarity t or more share one of their rarest (1 − t)·size + 1 words, so only
rows that share one of those are compared.
"""

from collections import Counter
from collections.abc import Sequence
from math import ceil

CANDIDATES = 100  # earlier rows compared with one row at most: bounds the time on templates
NEAR = 0.8  # Jaccard similarity of the words from which two texts nearly repeat each other
FEWEST_WORDS = 4  # shorter texts differ in one word and mean something else

ROUNDING = 1e-9


def earlier_twins(
    sets: Sequence[frozenset[str]], threshold: float, fewest: int = FEWEST_WORDS
) -> list[int | None]:
    """For each set of words, an earlier one with Jaccard similarity ≥ threshold, or None.

    Sets of fewer than `fewest` words have no twin. Where more than CANDIDATES earlier sets share a
    rare word, the latest of them are compared.
    """
    frequency = Counter(word for words in sets for word in words)
    index: dict[str, list[int]] = {}
    twins: list[int | None] = [None] * len(sets)
    for at, words in enumerate(sets):
        if len(words) < fewest:
            continue
        rare_first = sorted(words, key=lambda word: (frequency[word], word))
        prefix = rare_first[: len(words) - ceil(threshold * len(words) - ROUNDING) + 1]
        twins[at] = _twin(words, prefix, sets, index, threshold)
        for word in prefix:
            index.setdefault(word, []).append(at)
    return twins


def _twin(
    words: frozenset[str],
    prefix: Sequence[str],
    sets: Sequence[frozenset[str]],
    index: dict[str, list[int]],
    threshold: float,
) -> int | None:
    compared: set[int] = set()
    shortest, longest = threshold * len(words) - ROUNDING, len(words) / threshold + ROUNDING
    for word in prefix:
        for other in reversed(index.get(word, ())[-CANDIDATES:]):
            if other in compared:
                continue
            if len(compared) >= CANDIDATES:
                return None
            compared.add(other)
            if not shortest <= len(sets[other]) <= longest:
                continue
            shared = len(words & sets[other])
            if shared >= threshold * (len(words) + len(sets[other]) - shared) - ROUNDING:
                return other
    return None
