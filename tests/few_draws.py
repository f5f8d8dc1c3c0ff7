"""Intervals from few draws of the bootstrap, where what they are worth is not the point."""

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pytest

from encoder import evaluation
from encoder.evaluation import OnBatch, Predictions

FEW = 40  # how wide an interval is and what it covers is tested in tests/encoder/test_evaluation.py


@contextmanager
def few_draws() -> Iterator[None]:
    """Inside, at most FEW resamples are drawn; afterwards as many as asked for."""
    draws = evaluation._draws

    def few(
        predictions: Predictions, seed: int, resamples: int, on_batch: OnBatch | None = None
    ) -> Iterator[np.ndarray]:
        return draws(predictions, seed, min(resamples, FEW), on_batch)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(evaluation, "_draws", few)
        yield
