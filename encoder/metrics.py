"""Figures of merit: pure functions of what a model says (N,) and of the labels (N,) or None."""

from collections.abc import Callable

import numpy as np

RECALL_AT = (1, 5)

PRIMARY = {  # the one number that checkpoints are chosen by and verdicts are about
    "score": "spearman",
    "binary": "average_precision",
    "positive": "mrr",
    "triplet": "accuracy",
}

TITLES = {  # for people
    "spearman": "Spearman ρ",
    "pearson": "Pearson r",
    "average_precision": "average precision",
    "roc_auc": "ROC-AUC",
    "best_f1": "best F1",
    "mrr": "MRR",
    "recall@1": "recall@1",
    "recall@5": "recall@5",
    "accuracy": "triplet accuracy",
}
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
    """Sum over thresholds of (R_n - R_(n-1)) P_n, as scikit-learn has it."""
    if one_class(labels):
        return float("nan")
    hits, called, _ = _at_thresholds(values, labels)
    return float((np.diff(hits, prepend=0) / hits[-1] * (hits / called)).sum())


def _roc_auc(values: np.ndarray, labels: np.ndarray | None) -> float:
    """The trapezoids below hits against false alarms."""
    if one_class(labels):
        return float("nan")
    hits, called, _ = _at_thresholds(values, labels)
    alarms = called - hits
    widths, heights = np.diff(alarms, prepend=0), hits + np.r_[0, hits[:-1]]
    return float((widths * heights).sum() / 2 / (hits[-1] * alarms[-1]))


def _best_f1(values: np.ndarray, labels: np.ndarray | None) -> float:
    return float("nan") if one_class(labels) else best_threshold(values, labels)[0]


def best_threshold(values: np.ndarray, labels: np.ndarray | None) -> tuple[float, float]:
    """(F1, cosine): the threshold at which calling pairs duplicates gives the best F1."""
    hits, called, thresholds = _at_thresholds(values, labels)
    f1 = 2 * hits / (called + hits[-1]) if hits[-1] else np.zeros(len(hits))
    best = len(f1) - 1 - int(f1[::-1].argmax())  # of equals the lowest threshold
    return float(f1[best]), float(thresholds[best])


def _at_thresholds(
    values: np.ndarray, labels: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Right calls, calls, and the threshold itself, for each distinct value, highest first.

    A bootstrap asks thousands of times, and the checks of scikit-learn take 30 times as long.
    """
    order = np.argsort(-values, kind="stable")
    ordered = values[order]
    last = np.r_[np.flatnonzero(np.diff(ordered)), len(ordered) - 1]  # of equal values
    return np.cumsum(_positive(labels)[order])[last], last + 1, ordered[last]


def _positive(labels: np.ndarray | None) -> np.ndarray:
    assert labels is not None
    return labels > 0.5


def one_class(labels: np.ndarray | None) -> bool:
    """True where all labels say the same: average precision and ROC-AUC do not exist."""
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
