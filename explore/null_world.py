"""A world without structure: what the same pipeline makes of noise with the same covariance."""

import numpy as np

from explore.errors import ExploreError
from explore.vectors import checked, finite_rows, unit


def null_world(vectors: np.ndarray, seed: int = 0) -> np.ndarray:
    """Unit vectors (N, D) drawn from one Gaussian with the mean and covariance of the given ones.

    Whatever clusters a map of these shows are made by the method, not by the texts. Raises
    ExploreError for fewer than two finite vectors.
    """
    table = checked(vectors)
    points = unit(table[finite_rows(table)])
    if len(points) < 2:
        raise ExploreError("A null world needs at least two vectors to take its covariance from.")
    middle = points.mean(axis=0)
    # With N rows Z, Zᵀ(X - m)/√(N - 1) has the covariance of X without ever forming a D × D root.
    random = np.random.default_rng(seed)
    mix = random.standard_normal((len(table), len(points)), dtype=np.float32)
    centred = (points - middle) / np.sqrt(len(points) - 1)
    return unit(middle + mix @ centred)
