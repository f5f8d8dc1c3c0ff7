"""How good vectors are on pairs with known answers, with intervals that admit small samples.

Pairs are not independent where they share texts, so the bootstrap draws whole groups of connected
texts with replacement. Two models are compared on the same draws.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from encoder.errors import UnknownName
from encoder.metrics import METRICS, PRIMARY, best_threshold, one_class

RESAMPLES = 1000
ERROR_RESAMPLES = 100  # of a standard error, which needs no tails
LEVEL = 95  # percent
FEWEST_GROUPS = 3  # below, there is nothing to draw an interval from
DRAWS_A_WORD = 20  # resamples between two words on progress
ANCHORS_AT_ONCE = 512  # of which a row of cosines is held each

OnBatch = Callable[[int, int], None]  # done, in all

__all__ = [
    "METRICS",
    "PRIMARY",
    "Metric",
    "Predictions",
    "best_threshold",
    "difference",
    "evaluate",
    "measure",
    "predict",
    "standard_error",
]


@dataclass(frozen=True)
class Metric:
    """A figure and its bootstrap interval; NaN bounds where nothing is known of them."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, eq=False)
class Predictions:
    """What a model says about N labelled examples.

    `values` is the cosine of each pair; for positive pairs the rank (1 = best) of the pair's own
    positive among all distinct positives, the anchor's other right answers left out; for triplets
    cos(a, p) - cos(a, n).
    """

    kind: str
    values: np.ndarray  # (N,) float64
    labels: np.ndarray | None  # (N,) in [0, 1]
    groups: np.ndarray  # (N,) int, rows that share a text have one number


def predict(
    kind: str,
    columns: Sequence[np.ndarray],
    labels: np.ndarray | None,
    groups: np.ndarray,
    positive_ids: Sequence[int] | np.ndarray | None = None,
    on_batch: OnBatch | None = None,
    answers: Sequence[Collection[int]] | None = None,
) -> Predictions:
    """Predictions from unit vectors: two or three columns of (N, D).

    `positive_ids` numbers the distinct positives, so that a positive that occurs twice is one
    candidate; by default all are distinct. `answers` are, for each anchor, the ids of all positives
    that are right for it; by default its own alone. `on_batch` is told (anchors ranked, anchors in
    all).
    """
    if kind not in PRIMARY:
        raise UnknownName("kind of pairs", kind, PRIMARY)
    a, b = (np.asarray(column, np.float64) for column in columns[:2])
    if kind == "positive":
        ids = np.arange(len(b)) if positive_ids is None else np.asarray(positive_ids)
        values = _ranks(
            a, b, ids, [[int(own)] for own in ids] if answers is None else answers, on_batch
        )
    else:
        values = (a * b).sum(1)
        if kind == "triplet":
            values = values - (a * np.asarray(columns[2], np.float64)).sum(1)
    return Predictions(kind, values, labels, np.asarray(groups))


def _ranks(
    anchors: np.ndarray,
    positives: np.ndarray,
    ids: np.ndarray,
    answers: Sequence[Collection[int]],
    on_batch: OnBatch | None,
) -> np.ndarray:
    """Rank of each pair's own positive among the wrong answers to its anchor; ties count half.

    Other right answers of the anchor are no candidates, so that finding one of them first costs
    nothing: the "filtered" rank of Bordes et al., NIPS 2013, sec. 4.2.
    """
    distinct, first, own = np.unique(ids, return_index=True, return_inverse=True)
    candidates = positives[first].T
    ranks = np.empty(len(anchors))
    for start in range(0, len(anchors), ANCHORS_AT_ONCE):
        some = slice(start, start + ANCHORS_AT_ONCE)
        cosines = anchors[some] @ candidates  # (anchors, distinct positives)
        mine = np.take_along_axis(cosines, own[some][:, None], 1)
        for row, right in zip(cosines, answers[some], strict=True):
            row[np.searchsorted(distinct, list(right))] = -np.inf
        above, ties = (cosines > mine).sum(1), (cosines == mine).sum(1)
        ranks[some] = 1.0 + above + ties / 2
        if on_batch:
            on_batch(min(some.stop, len(anchors)), len(anchors))
    return ranks


def measure(predictions: Predictions, metric: str, rows: np.ndarray | None = None) -> float:
    """One metric, on all rows or on a selection (with repeats) of them."""
    values, labels = predictions.values, predictions.labels
    if rows is not None:
        values, labels = values[rows], None if labels is None else labels[rows]
    return METRICS[predictions.kind][metric](values, labels)


def evaluate(
    predictions: Predictions,
    seed: int = 0,
    resamples: int = RESAMPLES,
    on_batch: OnBatch | None = None,
) -> dict[str, Metric]:
    """Every metric of this kind of pairs with its 95 % bootstrap interval over groups.

    Empty without examples. A metric that needs both classes is NaN where there is one; so are the
    bounds where there are fewer than FEWEST_GROUPS groups. `on_batch` is told (resamples drawn, in
    all) now and then.
    """
    if not len(predictions.values):
        return {}
    spread: dict[str, list[float]] = {name: [] for name in METRICS[predictions.kind]}
    for rows in _draws(predictions, seed, resamples, on_batch):
        for name, values in spread.items():
            values.append(measure(predictions, name, rows))
    return {
        name: Metric(measure(predictions, name), *_interval(values))
        for name, values in spread.items()
    }


def difference(
    before: Predictions,
    after: Predictions,
    metric: str = "",
    seed: int = 0,
    resamples: int = RESAMPLES,
    on_batch: OnBatch | None = None,
) -> Metric:
    """What `after` gains over `before` on the same examples, by the paired bootstrap.

    Bounds are NaN, and `on_batch` is told, as in `evaluate`.
    """
    metric = metric or PRIMARY[before.kind]
    spread = [
        measure(after, metric, rows) - measure(before, metric, rows)
        for rows in _draws(before, seed, resamples, on_batch)
    ]
    return Metric(measure(after, metric) - measure(before, metric), *_interval(spread))


def standard_error(predictions: Predictions) -> float:
    """Of the primary metric, by the bootstrap over groups; NaN where nothing can be drawn."""
    metric = PRIMARY[predictions.kind]
    spread = [
        measure(predictions, metric, rows) for rows in _draws(predictions, 0, ERROR_RESAMPLES)
    ]
    return float(np.std(spread)) if spread else float("nan")


def _draws(
    predictions: Predictions, seed: int, resamples: int, on_batch: OnBatch | None = None
) -> Iterator[np.ndarray]:
    """Rows of each resample: as many groups as there are, drawn with replacement.

    None where there are fewer than FEWEST_GROUPS groups: draws of one or two groups are nearly all
    alike, and an interval of them would claim a certainty that nobody has.
    """
    names, members = np.unique(predictions.groups, return_inverse=True)
    if len(names) < FEWEST_GROUPS:
        return
    order = np.argsort(members, kind="stable")
    sizes = np.bincount(members)
    starts = sizes.cumsum() - sizes
    generator = np.random.default_rng(seed)
    for number in range(resamples):
        if on_batch and number % DRAWS_A_WORD == 0:
            on_batch(number, resamples)
        groups = generator.integers(0, len(names), len(names))
        counts = sizes[groups]
        within = np.arange(counts.sum()) - np.repeat(counts.cumsum() - counts, counts)
        rows = order[np.repeat(starts[groups], counts) + within]
        if _has_both(predictions, rows):
            yield rows


def _has_both(predictions: Predictions, rows: np.ndarray) -> bool:
    """False for a draw without one of the two classes, on which ROC-AUC and AP do not exist."""
    if predictions.kind != "binary":
        return True
    assert predictions.labels is not None
    return not one_class(predictions.labels[rows])


def _interval(spread: Sequence[float]) -> tuple[float, float]:
    if not spread:
        return float("nan"), float("nan")
    tail = (100 - LEVEL) / 2
    low, high = np.percentile(spread, [tail, 100 - tail])
    return float(low), float(high)
