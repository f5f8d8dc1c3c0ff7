"""Scoring labelled pairs, with a finished encoder or with a model that is still learning."""

from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np
import torch
from torch import Tensor, nn

from encoder.encoder import Encoder, unit_rows
from encoder.evaluation import (
    METRICS,
    PRIMARY,
    Predictions,
    measure,
    predict,
    standard_error,
)
from ingest import PairSet, connected_groups

BATCH = 64  # texts
CHUNK = 256  # texts between two words on progress
OnBatch = Callable[[int, int], None]  # done, in all


class Learner(Protocol):
    """What `Trainable` and `LinearMap` have in common."""

    @property
    def parameters(self) -> list[nn.Parameter]:
        """What trains."""

    def prepare(self, texts: Sequence[str], on_batch: OnBatch | None = None) -> None:
        """Compute once what training does not change."""

    def length(self, text: str) -> int:
        """Tokens of a prepared text, as far as they cost anything."""

    def embed(self, texts: Sequence[str]) -> Tensor:
        """(N, D) of prepared texts, with gradients where enabled."""

    def train(self, mode: bool) -> None:
        """Dropout on or off."""

    def finished(self) -> Encoder:
        """The tuned encoder."""


def predictions(encoder: Encoder, pairs: PairSet, on_batch: OnBatch | None = None) -> Predictions:
    """What an encoder says about labelled pairs."""
    return predicted_by(lambda texts: in_chunks(encoder, texts, on_batch), pairs)


def in_chunks(encoder: Encoder, texts: Sequence[str], on_batch: OnBatch | None) -> np.ndarray:
    """(N, D) of an encoder, with a word on progress in between."""
    order = sorted(range(len(texts)), key=lambda i: len(texts[i]))  # like lengths together
    vectors = np.empty((len(texts), encoder.dimensions), np.float32)
    for start in range(0, len(texts), CHUNK):
        rows = order[start : start + CHUNK]
        vectors[rows] = encoder.encode([texts[row] for row in rows])
        if on_batch:
            on_batch(start + len(rows), len(texts))
    return vectors


def predictions_of(model: Learner, pairs: PairSet) -> Predictions:
    """What a model that is still learning says about labelled pairs."""
    model.prepare([text for row in pairs.texts for text in row])
    return predicted_by(lambda texts: _embed(model, texts), pairs)


def predicted_by(embed: Callable[[list[str]], np.ndarray], pairs: PairSet) -> Predictions:
    """Predictions from whatever turns N texts into (N, D); each text is embedded once."""
    texts = list(dict.fromkeys(text for row in pairs.texts for text in row))
    vectors = unit_rows(embed(texts)) if texts else np.zeros((0, 1), np.float32)
    index = {text: i for i, text in enumerate(texts)}
    sides = list(zip(*pairs.texts, strict=True)) or [()] * 3
    columns = [vectors[[index[text] for text in side]] for side in sides]
    positives = [index[row[1]] for row in pairs.texts]
    return predict(pairs.kind, columns, pairs.labels, connected_groups(pairs), positives)


@torch.no_grad()
def _embed(model: Learner, texts: Sequence[str]) -> np.ndarray:
    model.train(False)
    order = sorted(range(len(texts)), key=lambda i: model.length(texts[i]))
    parts = [
        model.embed([texts[i] for i in order[start : start + BATCH]]).numpy()
        for start in range(0, len(order), BATCH)
    ]
    stacked = np.concatenate(parts)
    vectors = np.empty_like(stacked)
    vectors[order] = stacked
    return vectors


class BestKeeper:
    """Scores the validation part and keeps a copy of the parameters that did best there.

    On few rows the highest of several scores is often highest by luck, and then an early one. So
    the latest checkpoint within one standard error of the highest is kept (the one-standard-error
    rule, Hastie, Tibshirani & Friedman, The Elements of Statistical Learning, sec. 7.10).
    """

    def __init__(self, model: Learner, validation: PairSet) -> None:
        self._model, self._validation = model, validation
        self._highest, self._error = -np.inf, 0.0
        self._kept: list[Tensor] = []
        self.step: int | None = None  # whose parameters are kept

    def look(self, step: int) -> tuple[dict[str, float], bool]:
        """Metrics now, and whether these parameters are kept. Step 0 is only looked at."""
        found = predictions_of(self._model, self._validation)
        metrics = {name: measure(found, name) for name in METRICS[found.kind]}
        value = metrics[PRIMARY[found.kind]]
        keep = step > 0 and value >= self._highest - self._error
        if step > 0 and value > self._highest:
            self._highest, self._error = value, standard_error(found)
        if keep:
            self.step = step
            self._kept = [p.detach().clone() for p in self._model.parameters]
        return metrics, keep

    def restore(self) -> None:
        """Put the best parameters back, if there are any."""
        if self.step is not None:
            with torch.no_grad():
                for parameter, kept in zip(self._model.parameters, self._kept, strict=True):
                    parameter.copy_(kept)


def metrics_of(model: Learner, pairs: PairSet) -> dict[str, float]:
    """Every metric of this kind of pairs, as the model is now."""
    found = predictions_of(model, pairs)
    return {name: measure(found, name) for name in METRICS[pairs.kind]}
