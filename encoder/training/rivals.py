"""Two rivals of fine-tuning that need no training steps: linear maps fitted in closed form.

Both are fitted on a run's training pairs, on the sentence vectors the source encoder gives already,
and come back as encoders, like a linear map that was trained: saved and explained like any other.
"""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from encoder.encoder import Encoder
from encoder.evaluation import PRIMARY, OnBatch, Predictions, measure
from encoder.head import Dense
from encoder.training.linear import LinearMap
from encoder.training.scoring import predictions_of
from ingest import PairSet

SHRINKAGES = (1.0, 0.9, 0.8, 0.5, 0.2, 0.1)  # the base first: it wins ties
SHRINKAGE = 0.5  # where no validation pairs choose
NO_VARIANCE = 1e-9  # of unit vectors, summed over dimensions: rounding leaves less than 1e-12


def whitening(source: Encoder, pairs: PairSet, on_batch: OnBatch | None = None) -> Encoder:
    """(x - mu) W, under which the distinct texts of `pairs` have mean 0 and covariance I.

    `on_batch` is told (texts encoded, texts in all). Source: Su et al., arXiv 2103.15316, eq. 3-5,
    all D dimensions kept.
    """
    model = LinearMap(source)
    texts = list(dict.fromkeys(text for row in pairs.texts for text in row))
    model.prepare(texts, on_batch)
    _set(model, *whitening_map(_vectors(model, texts)))
    return model.finished()


def linear_map(
    source: Encoder, pairs: PairSet, validation: PairSet, on_batch: OnBatch | None = None
) -> Encoder:
    """W x that shrinks the directions in which texts that belong together differ.

    Relevant component analysis, W = C^(-1/2) with C from `within_map` (Bar-Hillel et al., JMLR 6,
    2005, section 3), C being shrunk to (1 - s) C + s I. The s is the best of SHRINKAGES on
    `validation` by its primary metric; s = 1 is the identity map, the base. `on_batch` is told
    (texts encoded, texts in all).
    """
    model = LinearMap(source)
    model.prepare([text for part in (pairs, validation) for row in part.texts for text in row],
                  on_batch)  # fmt: skip
    a, b = (_vectors(model, [row[side] for row in pairs.texts]) for side in (0, 1))
    weights = np.ones(len(pairs)) if pairs.labels is None else pairs.labels.astype(np.float64)
    spread, directions = within(a - b, weights)
    none = np.zeros(len(spread))
    maps = {s: inverse_root((1 - s) * spread + s, directions) for s in SHRINKAGES}
    maps[1.0] = np.eye(len(spread))  # to the last digit
    worth = {}
    for share in SHRINKAGES if len(validation) else ():
        _set(model, maps[share], none)
        worth[share] = measure(predictions_of(model, validation), PRIMARY[validation.kind])
    # Average precision does not exist where all labels are equal: then nothing was chosen.
    measured = any(np.isfinite(value) for value in worth.values())
    _set(model, maps[max(worth, key=worth.__getitem__) if measured else SHRINKAGE], none)
    return model.finished()


def is_identity(mapped: Encoder) -> bool:
    """True for a map that leaves its source as it was."""
    weight, bias = _dense(mapped)
    return torch.equal(weight, torch.eye(len(weight))) and not bias.any()


def mapped_predictions(
    source: Encoder, mapped: Encoder, pairs: PairSet, on_batch: OnBatch | None = None
) -> Predictions:
    """What the source with one of these maps says, from vectors of its own that it has cached."""
    model = LinearMap(source)
    _set(model, *_dense(mapped))
    return predictions_of(model, pairs, on_batch)


def whitening_map(vectors: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Weight (D, D) and bias (D,) of a Dense that whitens N >= 1 vectors, float64 (N, D).

    With fewer texts than dimensions their covariance S is singular, so it is shrunk to
    (1 - s) S + s (tr S / D) I by the oracle approximating share s, which is above 0 wherever S has
    small eigenvalues (Chen et al., IEEE TSP 58, 2010, eq. 23). Without variance (one text, equal
    vectors) there is nothing to whiten: the identity map.
    """
    from sklearn.covariance import oas

    width, mean = vectors.shape[1], vectors.mean(0)
    centred = vectors - mean
    covariance = centred.T @ centred / len(centred)
    level = np.trace(covariance) / width
    if level * width <= NO_VARIANCE:
        return np.eye(width), np.zeros(width)
    # Where S is a multiple of I the share is x / 0, which rounding can make hugely negative.
    share = max(0.0, oas(centred, assume_centered=True)[1])
    variances, directions = np.linalg.eigh(covariance)
    weight = (directions / np.sqrt((1 - share) * variances + share * level)).T
    return weight, -weight @ mean  # W x + b with W transposed: what a Dense computes


def within(differences: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Eigenvalues (D,) and eigenvectors (D, D) of C, the weighted covariance of differences (N, D).

    C is scaled to a mean eigenvalue of 1, so that I is the multiple of I to shrink it to. It is I
    where nothing differs: no pair belongs together, or all of them have equal vectors.
    """
    width = differences.shape[1]
    covariance = differences.T @ (differences * weights[:, None])
    total = np.trace(covariance)
    if total <= NO_VARIANCE * len(differences):
        return np.ones(width), np.eye(width)
    spread, directions = np.linalg.eigh(covariance * (width / total))
    return spread.clip(min=0), directions


def inverse_root(values: np.ndarray, directions: np.ndarray) -> np.ndarray:
    """A^(-1/2), symmetric (D, D), of an A with these eigenvalues and eigenvectors."""
    return directions / np.sqrt(values) @ directions.T


def _vectors(model: LinearMap, texts: Sequence[str]) -> np.ndarray:
    """Unit vectors (N, D) in float64 of prepared texts, as the source gives them."""
    with torch.no_grad():
        return model.embed(texts).numpy().astype(np.float64)


def _set(model: LinearMap, weight: np.ndarray | Tensor, bias: np.ndarray | Tensor) -> None:
    with torch.no_grad():
        for parameter, value in zip(model.parameters, (weight, bias), strict=True):
            parameter.copy_(torch.as_tensor(value))


def _dense(mapped: Encoder) -> tuple[Tensor, Tensor]:
    """Weight and bias of the map, which stands before the last Normalize."""
    dense = mapped.recipe.head[-2]
    assert isinstance(dense, Dense)
    assert dense.bias is not None
    return dense.weight, dense.bias
