"""How good rankings are by what people judged: nDCG, MRR and recall, with their uncertainty."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from explore.errors import ExploreError, same_rows
from explore.neighbours import Hits

K = 10
RESAMPLES = 10_000
LEVEL = 0.95
DRAWN_AT_ONCE = 1_000_000  # numbers, so that memory does not grow with the queries

# One for each query: {row of the corpus: grade}. 0 is judged irrelevant; a row that is not there
# was not judged, and counts as 0 too.
Judgements = Sequence[Mapping[int, float]]


@dataclass(frozen=True)
class Estimate:
    """A mean over queries with its 95 % bootstrap interval.

    Bounds are NaN below two queries, the value too where there is none. `queries`: those that the
    measure is defined for; with few of them a bootstrap interval is too narrow.
    """

    value: float
    low: float
    high: float
    queries: int

    @property
    def is_clear(self) -> bool:
        """Whether 0 lies outside the interval: of a difference, whether it is more than chance."""
        return self.low > 0 or self.high < 0


def ndcg(hits: Hits, judged: Judgements, k: int = K) -> np.ndarray:
    """nDCG@k (Q,): the sum of grade / log2(1 + rank), over that of the best order there could be.

    Järvelin & Kekäläinen, ACM TOIS 20, 2002, with the logarithm of trec_eval and scikit-learn; the
    gain is the grade itself. NaN for a query with no relevant row, 0 where none was found.
    """
    return _per_query(hits, judged, k, _ndcg)


def _ndcg(grades: list[float], best: list[float], k: int) -> float:
    return _dcg(grades) / _dcg(best[:k])


def _dcg(grades: list[float]) -> float:
    return math.fsum(grade / math.log2(1 + rank) for rank, grade in enumerate(grades, 1))


def reciprocal_rank(hits: Hits, judged: Judgements, k: int = K) -> np.ndarray:
    """1 / rank of the first relevant hit (Q,), 0 where none is among the first k.

    Its mean is MRR@k (Voorhees, TREC-8, 1999). NaN for a query with no relevant row.
    """
    return _per_query(hits, judged, k, _reciprocal_rank)


def _reciprocal_rank(grades: list[float], best: list[float], k: int) -> float:
    return next((1 / rank for rank, grade in enumerate(grades, 1) if grade > 0), 0.0)


def recall(hits: Hits, judged: Judgements, k: int = K) -> np.ndarray:
    """Of the relevant rows, the share among the first k hits (Q,). NaN for a query with none.

    With more than k relevant rows it cannot reach 1.
    """
    return _per_query(hits, judged, k, _recall)


def _recall(grades: list[float], best: list[float], k: int) -> float:
    return sum(grade > 0 for grade in grades) / len(best)


MEASURES: dict[str, Callable[[Hits, Judgements, int], np.ndarray]] = {
    "nDCG": ndcg,
    "MRR": reciprocal_rank,
    "recall": recall,
}


def _per_query(
    hits: Hits,
    judged: Judgements,
    k: int,
    measure: Callable[[list[float], list[float], int], float],
) -> np.ndarray:
    """The measure of the grades of the first k hits and of those of all relevant rows, sorted."""
    if k < 1:
        raise ExploreError(f"k is {k}; look at one hit at least.")
    same_rows(hits=hits.indices, judged=judged)
    values = np.full(len(judged), np.nan)
    for at, (rows, grades) in enumerate(zip(hits.indices, judged, strict=True)):
        wrong = [f"{grade!r} for row {row}" for row, grade in grades.items()
                 if not (grade >= 0 and math.isfinite(grade))]  # fmt: skip
        if wrong:
            raise ExploreError(
                f"Grades of query {at} must be finite and not negative, not {', '.join(wrong)}; "
                "give 0 to what is irrelevant."
            )
        best = sorted((float(grade) for grade in grades.values() if grade > 0), reverse=True)
        if best:
            # An index of -1 is an empty place, and never judged.
            gains = [float(grades.get(int(row), 0)) if row >= 0 else 0.0 for row in rows[:k]]
            values[at] = measure(gains, best, k)
    return values


def estimate(values: np.ndarray, resamples: int = RESAMPLES, seed: int = 0) -> Estimate:
    """Mean of a measure (Q,) and its percentile bootstrap interval over queries, NaN left out.

    Efron & Tibshirani, An Introduction to the Bootstrap, 1993, ch. 13; its use on queries: Sakai,
    SIGIR 2006.
    """
    if resamples < 1:
        raise ExploreError(f"resamples is {resamples}; it must be at least 1.")
    numbers = np.asarray(values, np.float64)
    finite = numbers[~np.isnan(numbers)]
    n = len(finite)
    if n < 2:
        return Estimate(float(finite[0]) if n else math.nan, math.nan, math.nan, n)
    chance = np.random.default_rng(seed)
    step = max(1, DRAWN_AT_ONCE // n)
    means = [
        finite[chance.integers(0, n, (min(step, resamples - at), n))].mean(axis=1)
        for at in range(0, resamples, step)
    ]
    tail = (1 - LEVEL) / 2
    low, high = np.quantile(np.concatenate(means), [tail, 1 - tail])
    return Estimate(float(finite.mean()), float(low), float(high), n)


def difference(
    before: np.ndarray, after: np.ndarray, resamples: int = RESAMPLES, seed: int = 0
) -> Estimate:
    """What `after` gains over `before` (Q,), paired: the same queries are drawn for both.

    Far narrower than the intervals of the two where the same queries are hard for both.
    """
    same_rows(before=before, after=after)
    return estimate(np.asarray(after, np.float64) - before, resamples, seed)
