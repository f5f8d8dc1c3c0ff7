"""How good vectors are on pairs with known answers, with intervals that admit small samples.

Pairs are not independent where they share texts, so the bootstrap draws whole groups of connected
texts with replacement. Two models are compared on the same draws.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from encoder.errors import UnknownName

RESAMPLES = 1000
LEVEL = 95  # percent
RECALL_AT = (1, 5)

PRIMARY = {  # the one number that checkpoints are chosen by and verdicts are about
    "score": "spearman",
    "binary": "average_precision",
    "positive": "mrr",
    "triplet": "accuracy",
}


@dataclass(frozen=True)
class Metric:
    """A figure and its bootstrap interval; equal bounds where there is nothing to resample."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, eq=False)
class Predictions:
    """What a model says about N labelled examples.

    `values` is the cosine of each pair; for positive pairs the rank (1 = best) of each anchor's own
    positive among all distinct positives; for triplets cos(a, p) - cos(a, n).
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
) -> Predictions:
    """Predictions from unit vectors: two or three columns of (N, D).

    `positive_ids` numbers the distinct positives, so that a positive that occurs twice is one
    candidate; by default all are distinct.
    """
    if kind not in PRIMARY:
        raise UnknownName("kind of pairs", kind, PRIMARY)
    a, b = (np.asarray(column, np.float64) for column in columns[:2])
    if kind == "positive":
        values = _ranks(a, b, np.arange(len(b)) if positive_ids is None else positive_ids)
    else:
        values = (a * b).sum(1)
        if kind == "triplet":
            values = values - (a * np.asarray(columns[2], np.float64)).sum(1)
    return Predictions(kind, values, labels, np.asarray(groups))


def _ranks(
    anchors: np.ndarray, positives: np.ndarray, ids: Sequence[int] | np.ndarray
) -> np.ndarray:
    """Rank of each anchor's own positive among the distinct ones; ties count half."""
    _, first, own = np.unique(np.asarray(ids), return_index=True, return_inverse=True)
    cosines = anchors @ positives[first].T  # (N, distinct positives)
    mine = cosines[np.arange(len(anchors)), own][:, None]
    above = (cosines > mine).sum(1)
    ties = (cosines == mine).sum(1) - 1
    return 1.0 + above + ties / 2


MetricFn = Callable[[np.ndarray, np.ndarray | None], float]


def _spearman(values: np.ndarray, labels: np.ndarray | None) -> float:
    from scipy.stats import rankdata

    return _pearson(rankdata(values), rankdata(labels))


def _pearson(values: np.ndarray, labels: np.ndarray | None) -> float:
    assert labels is not None
    if np.ptp(values) == 0 or np.ptp(labels) == 0:
        return 0.0  # a constant is correlated with nothing
    return float(np.corrcoef(values, labels)[0, 1])


def _average_precision(values: np.ndarray, labels: np.ndarray | None) -> float:
    from sklearn.metrics import average_precision_score

    if _one_class(labels):
        return float("nan")
    return float(average_precision_score(_positive(labels), values))


def _roc_auc(values: np.ndarray, labels: np.ndarray | None) -> float:
    from sklearn.metrics import roc_auc_score

    if _one_class(labels):
        return float("nan")
    return float(roc_auc_score(_positive(labels), values))


def _best_f1(values: np.ndarray, labels: np.ndarray | None) -> float:
    return float("nan") if _one_class(labels) else best_threshold(values, labels)[0]


def best_threshold(values: np.ndarray, labels: np.ndarray | None) -> tuple[float, float]:
    """(F1, cosine): the threshold at which calling pairs duplicates gives the best F1."""
    from sklearn.metrics import precision_recall_curve

    precision, recall, thresholds = precision_recall_curve(_positive(labels), values)
    total = precision + recall
    f1 = np.divide(2 * precision * recall, total, out=np.zeros_like(total), where=total > 0)[:-1]
    best = int(f1.argmax())
    return float(f1[best]), float(thresholds[best])


def _positive(labels: np.ndarray | None) -> np.ndarray:
    assert labels is not None
    return labels > 0.5


def _one_class(labels: np.ndarray | None) -> bool:
    positive = _positive(labels)
    return bool(positive.all() or not positive.any())


def _recall(k: int) -> MetricFn:
    return lambda values, _: float((values <= k).mean())


METRICS: dict[str, dict[str, MetricFn]] = {
    "score": {"spearman": _spearman, "pearson": _pearson},
    "binary": {
        "average_precision": _average_precision,
        "roc_auc": _roc_auc,
        "best_f1": _best_f1,
    },
    "positive": {
        "mrr": lambda values, _: float((1 / values).mean()),
        **{f"recall@{k}": _recall(k) for k in RECALL_AT},
    },
    "triplet": {"accuracy": lambda values, _: float((values > 0).mean())},
}


def measure(predictions: Predictions, metric: str, rows: np.ndarray | None = None) -> float:
    """One metric, on all rows or on a selection (with repeats) of them."""
    values, labels = predictions.values, predictions.labels
    if rows is not None:
        values, labels = values[rows], None if labels is None else labels[rows]
    return METRICS[predictions.kind][metric](values, labels)


def evaluate(
    predictions: Predictions, seed: int = 0, resamples: int = RESAMPLES
) -> dict[str, Metric]:
    """Every metric of this kind of pairs with its 95 % bootstrap interval over groups.

    Empty without examples. A metric that needs both classes is NaN where there is one.
    """
    if not len(predictions.values):
        return {}
    draws = list(_draws(predictions, seed, resamples))
    out = {}
    for name in METRICS[predictions.kind]:
        value = measure(predictions, name)
        spread = [measure(predictions, name, rows) for rows in draws] or [value]
        out[name] = Metric(value, *_interval(spread))
    return out


def difference(
    before: Predictions, after: Predictions, metric: str = "", seed: int = 0,
    resamples: int = RESAMPLES,
) -> Metric:  # fmt: skip
    """What `after` gains over `before` on the same examples, by the paired bootstrap."""
    metric = metric or PRIMARY[before.kind]
    value = measure(after, metric) - measure(before, metric)
    spread = [
        measure(after, metric, rows) - measure(before, metric, rows)
        for rows in _draws(before, seed, resamples)
    ] or [value]
    return Metric(value, *_interval(spread))


def standard_error(predictions: Predictions, seed: int = 0, resamples: int = 100) -> float:
    """Of the primary metric, by the bootstrap over groups; 0 where there is nothing to resample."""
    metric = PRIMARY[predictions.kind]
    spread = [measure(predictions, metric, rows) for rows in _draws(predictions, seed, resamples)]
    return float(np.std(spread)) if spread else 0.0


def _draws(predictions: Predictions, seed: int, resamples: int) -> list[np.ndarray]:
    """Rows of each resample: as many groups as there are, drawn with replacement."""
    names, members = np.unique(predictions.groups, return_inverse=True)
    if len(names) < 2:
        return []
    order = np.argsort(members, kind="stable")
    rows_of = np.split(order, np.cumsum(np.bincount(members))[:-1])
    generator = np.random.default_rng(seed)
    drawn = (generator.integers(0, len(names), len(names)) for _ in range(resamples))
    draws = (np.concatenate([rows_of[group] for group in groups]) for groups in drawn)
    return [rows for rows in draws if _has_both(predictions, rows)]


def _has_both(predictions: Predictions, rows: np.ndarray) -> bool:
    """False for a draw without one of the two classes, on which ROC-AUC and AP do not exist."""
    if predictions.kind != "binary":
        return True
    assert predictions.labels is not None
    return not _one_class(predictions.labels[rows])


def _interval(spread: Sequence[float]) -> tuple[float, float]:
    tail = (100 - LEVEL) / 2
    low, high = np.percentile(spread, [tail, 100 - tail])
    return float(low), float(high)
