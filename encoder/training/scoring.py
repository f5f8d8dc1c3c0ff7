"""Scoring labelled pairs, with a finished encoder or with a model that is still learning."""

from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

import numpy as np
import torch
from torch import Tensor, nn

from encoder.batching import batches, pieces
from encoder.encoder import Encoder, unit_rows
from encoder.evaluation import (
    METRICS,
    PRIMARY,
    OnBatch,
    Predictions,
    measure,
    predict,
)
from ingest import PairSet, connected_groups, text_key


class Learner(Protocol):
    """What `Trainable` and `LinearMap` have in common."""

    @property
    def blocks(self) -> Iterable[nn.Module]:
        """What runs, one after the other, where something is embedded."""

    @property
    def parameters(self) -> list[nn.Parameter]:
        """What trains."""

    def prepare(self, texts: Sequence[str], on_batch: OnBatch | None = None) -> None:
        """Compute once what training does not change."""

    def length(self, text: str) -> int:
        """Tokens of a prepared text, as far as they cost anything."""

    def graph_bytes(self, text: str) -> int:
        """What autograd keeps of a prepared text, about."""

    def embed(self, texts: Sequence[str]) -> Tensor:
        """(N, D) of prepared texts, with gradients where enabled."""

    def train(self, mode: bool) -> None:
        """Dropout on or off."""

    def finished(self) -> Encoder:
        """The tuned encoder."""


def predictions(encoder: Encoder, pairs: PairSet, on_batch: OnBatch | None = None) -> Predictions:
    """What an encoder says about labelled pairs."""
    return predicted_by(lambda texts: in_chunks(encoder, texts, on_batch), pairs, on_batch)


def in_chunks(encoder: Encoder, texts: Sequence[str], on_batch: OnBatch | None) -> np.ndarray:
    """(N, D) of an encoder for N distinct texts, with a word on progress after every batch."""
    vectors = np.empty((len(texts), encoder.dimensions), np.float32)
    before = 0

    def heard(done: int, _: int) -> None:
        if on_batch:
            on_batch(before + done, len(texts))

    for piece in pieces(texts):
        vectors[piece] = encoder.encode([texts[i] for i in piece], on_batch=heard)
        before += len(piece)
        heard(0, 0)
    return vectors


def predictions_of(model: Learner, pairs: PairSet, on_batch: OnBatch | None = None) -> Predictions:
    """What a model that is still learning says about labelled pairs."""
    model.prepare([text for row in pairs.texts for text in row], on_batch)
    return predicted_by(lambda texts: _embed(model, texts, on_batch), pairs, on_batch)


def predicted_by(
    embed: Callable[[list[str]], np.ndarray], pairs: PairSet, on_batch: OnBatch | None = None
) -> Predictions:
    """Predictions from whatever turns N texts into (N, D); each text is embedded once."""
    texts = list(dict.fromkeys(text for row in pairs.texts for text in row))
    vectors = unit_rows(embed(texts)) if texts else np.zeros((0, 1), np.float32)
    index = {text: i for i, text in enumerate(texts)}
    sides = list(zip(*pairs.texts, strict=True)) or [()] * 3
    columns = [vectors[[index[text] for text in side]] for side in sides]
    ids = [index[row[1]] for row in pairs.texts]
    groups = connected_groups(pairs)
    right = right_answers(pairs, ids)
    return predict(pairs.kind, columns, pairs.labels, groups, ids, on_batch, right)


def right_answers(pairs: PairSet, ids: Sequence[int]) -> list[set[int]]:
    """For each row the ids of all positives that these pairs give to its anchor.

    `ids` are those of the rows' own positives. Texts that differ only in case and punctuation are
    the same text here, as they are in a split.
    """
    answers: dict[str, set[str]] = {}  # to each question
    spellings: dict[str, set[int]] = {}  # of each answer
    for row, own in zip(pairs.texts, ids, strict=True):
        question, answer = map(text_key, row[:2])
        answers.setdefault(question, set()).add(answer)
        spellings.setdefault(answer, set()).add(own)
    right = {
        question: set().union(*(spellings[answer] for answer in each))
        for question, each in answers.items()
    }
    return [right[text_key(row[0])] for row in pairs.texts]


@torch.no_grad()
def _embed(model: Learner, texts: Sequence[str], on_batch: OnBatch | None) -> np.ndarray:
    model.train(False)
    order: list[int] = []
    parts = []
    for batch in batches([model.length(text) for text in texts]):
        parts.append(model.embed([texts[i] for i in batch]).numpy())
        order += batch
        if on_batch:
            on_batch(len(order), len(texts))
    stacked = np.concatenate(parts)
    vectors = np.empty_like(stacked)
    vectors[order] = stacked
    return vectors


class BestKeeper:
    """Scores the validation part and keeps a copy of the parameters that did best there.

    All looks are at the same rows, so their differences are paired. A later look is kept where it
    scores no lower: of equals the later one, whose learning rate has fallen further. What is kept
    is never worse on these rows than another look; `bench/checkpoint.py` holds this against rules
    that wait for a clear difference, either way. `tired` counts the looks since the score rose.
    """

    def __init__(self, model: Learner, validation: PairSet) -> None:
        self._model, self._validation = model, validation
        self._kept: list[Tensor] = []
        self.step: int | None = None  # whose parameters are kept
        self.highest = -np.inf  # of the scores after a step
        self.tired = 0
        self.before: Predictions | None = None  # of step 0
        self.kept: Predictions | None = None

    def look(self, step: int, on_batch: OnBatch | None = None) -> tuple[dict[str, float], bool]:
        """Metrics now, and whether these parameters are kept. Step 0 is only looked at."""
        scored = predictions_of(self._model, self._validation, on_batch)
        metrics = {name: measure(scored, name) for name in METRICS[scored.kind]}
        value = metrics[PRIMARY[scored.kind]]
        if step == 0:
            self.before = scored
            return metrics, False
        # Where all labels are equal there is no score: the last look is kept, and none is tired of.
        unscored = bool(np.isnan(value))
        self.tired = 0 if unscored or value > self.highest else self.tired + 1
        keep = unscored or value >= self.highest
        if keep:
            self.highest, self.step, self.kept = value, step, scored
            self._kept = [p.detach().clone() for p in self._model.parameters]
        return metrics, keep

    def restore(self) -> None:
        """Put the best parameters back, if there are any."""
        if self.step is not None:
            with torch.no_grad():
                for parameter, best in zip(self._model.parameters, self._kept, strict=True):
                    parameter.copy_(best)


def metrics_of(model: Learner, pairs: PairSet, on_batch: OnBatch | None = None) -> dict[str, float]:
    """Every metric of this kind of pairs, as the model is now."""
    scored = predictions_of(model, pairs, on_batch)
    return {name: measure(scored, name) for name in METRICS[pairs.kind]}
