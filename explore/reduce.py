"""Fewer dimensions: the first ones, or those in which a corpus varies most."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from explore.vectors import unit


@dataclass(frozen=True, eq=False)
class Reduced:
    """A corpus in d dimensions, float32 (N, d), and how a query (B, D) comes into them.

    The dot product of the two stands for the cosine of the full vectors. shift (d,): what a reduced
    query is ahead of where a text with its vector lies; bits are taken after that is subtracted.
    """

    corpus: np.ndarray
    query: Callable[[np.ndarray], np.ndarray]
    shift: np.ndarray


def truncate(corpus: np.ndarray) -> Callable[[int], Reduced]:
    """The first d numbers of each vector, scaled to length 1 again.

    What models trained for it are meant for (Matryoshka, Kusupati et al., NeurIPS 2022); with
    others, the first numbers are as good as any.
    """

    def to(d: int) -> Reduced:
        first = unit(corpus[:, :d])
        return Reduced(first, lambda queries: unit(queries[:, :d]), np.zeros(d, np.float32))

    return to


def pca(corpus: np.ndarray) -> Callable[[int], Reduced]:
    """Principal components W (D, d) of the corpus with mean m: texts are W(x − m), queries Wq.

    Since q·m is the same for every text, W(x − m)·Wq orders them as x·q does once d = D: nothing is
    lost but what the left out components hold. So nothing is scaled to length 1 again.
    """
    exact = corpus.astype(np.float64)
    middle = exact.mean(axis=0)
    axes = _axes(exact - middle)

    def to(d: int) -> Reduced:
        projection = np.ascontiguousarray(axes[:, :d], np.float32)
        texts = ((exact - middle) @ axes[:, :d]).astype(np.float32)
        shift = (middle @ axes[:, :d]).astype(np.float32)
        return Reduced(texts, lambda queries: queries @ projection, shift)

    return to


def _axes(centred: np.ndarray) -> np.ndarray:
    """Orthogonal directions (D, D), those of the largest variance first.

    Fewer texts than dimensions vary in fewer directions: the others are zero, and so is all that
    lies in them.
    """
    rows, columns = centred.shape
    if rows < columns:
        directions = np.linalg.svd(centred, full_matrices=False)[2].T
        return np.pad(directions, ((0, 0), (0, columns - rows)))
    covariance = (centred.T @ centred / rows).reshape(columns, -1)
    return np.ascontiguousarray(np.linalg.eigh(covariance)[1][:, ::-1])


REDUCTIONS: dict[str, Callable[[np.ndarray], Callable[[int], Reduced]]] = {
    "truncate": truncate,
    "pca": pca,
}
