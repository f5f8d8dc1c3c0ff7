"""What all tests of training share: intervals from few resamples, which are most of a short run."""

from collections.abc import Iterator

import numpy as np
import pytest

from encoder import evaluation

FEW = 40  # how wide an interval is and what it covers is tested in test_evaluation.py


@pytest.fixture(scope="module", autouse=True)
def _few_resamples() -> Iterator[None]:
    draws = evaluation._draws

    def few(predictions, seed: int, resamples: int, on_batch=None) -> Iterator[np.ndarray]:
        return draws(predictions, seed, min(resamples, FEW), on_batch)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(evaluation, "_draws", few)
        yield
