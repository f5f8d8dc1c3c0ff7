"""Scores and vectors as CSV."""

import numpy as np

from ingest.templates import csv_text
from ui.pooling.comparison import Comparison

SETTING = ("model", "layer", "special_tokens_pooled")  # columns that both files begin with


def scores_csv(comparison: Comparison) -> str:
    """One row a strategy, with the settings and both sentences in every row."""
    view = comparison.view
    rows = [
        [
            *(*SETTING, "pooling", "cosine", "dot", "euclidean"),
            *("percentile_unrelated", "percentile_paraphrases", "sentence_a", "sentence_b"),
        ]
    ]
    for score in comparison.scores.values():
        numbers = [score.cosine, score.dot, score.distance]
        worth = [score.random_percentile, score.paraphrase_percentile]
        rows.append(
            [
                *_setting(comparison),
                score.pooling,
                *(f"{number:.6f}" for number in numbers),
                *("" if p is None else f"{p:.1f}" for p in worth),
                view.a,
                view.b,
            ]
        )
    return csv_text(rows)


def vectors_csv(comparison: Comparison) -> str:
    """One row per strategy and sentence, the vector's numbers as columns, not normalised."""
    vectors = comparison.vectors
    width = max(len(a) for a, _ in vectors.values())
    rows = [[*SETTING, "pooling", "sentence", "text", *(f"d{i}" for i in range(width))]]
    texts = {"A": comparison.view.a, "B": comparison.view.b}
    for pooling, pair in vectors.items():
        for name, vector in zip("AB", pair, strict=True):
            about = [*_setting(comparison), pooling, name, texts[name]]
            rows.append([*about, *_digits(vector)])
    return csv_text(rows)


def _setting(comparison: Comparison) -> list[str]:
    view = comparison.view
    return [comparison.model, str(view.layer), "yes" if view.pool_special else "no"]


def _digits(vector: np.ndarray) -> list[str]:
    return [f"{value:.7g}" for value in vector]
