"""Scores and vectors as CSV."""

import csv
import io

import numpy as np

from ui.comparison import Comparison

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def scores_csv(comparison: Comparison) -> str:
    """One row a strategy, with the settings and both sentences in every row."""
    view = comparison.view
    setting = [comparison.encoder.name, view.layer, "yes" if view.pool_special else "no"]
    rows = [
        [
            *("model", "layer", "special_tokens_pooled", "pooling", "cosine", "dot", "euclidean"),
            *("percentile_unrelated", "percentile_paraphrases", "sentence_a", "sentence_b"),
        ]
    ]
    for score in comparison.scores.values():
        numbers = [score.cosine, score.dot, score.distance]
        worth = [score.random_percentile, score.paraphrase_percentile]
        rows.append(
            [
                *(str(value) for value in setting),
                score.pooling,
                *(f"{number:.6f}" for number in numbers),
                *("" if p is None else f"{p:.1f}" for p in worth),
                cell(view.a),
                cell(view.b),
            ]
        )
    return _csv(rows)


def vectors_csv(comparison: Comparison) -> str:
    """One row per strategy and sentence, the vector's numbers as columns, not normalised."""
    vectors = comparison.vectors
    width = max(len(a) for a, _ in vectors.values())
    rows = [["pooling", "sentence", "text", *(f"d{i}" for i in range(width))]]
    texts = {"A": comparison.view.a, "B": comparison.view.b}
    for pooling, pair in vectors.items():
        for name, vector in zip("AB", pair, strict=True):
            rows.append([pooling, name, cell(texts[name]), *_digits(vector)])
    return _csv(rows)


def cell(text: str) -> str:
    """A visitor's text for a spreadsheet, which would run one that begins like a formula."""
    return "'" + text if text.startswith(FORMULA_STARTS) else text


def _digits(vector: np.ndarray) -> list[str]:
    return [f"{value:.7g}" for value in vector]


def _csv(rows: list[list[str]]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n").writerows(rows)
    return buffer.getvalue()
