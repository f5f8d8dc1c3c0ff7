"""Queries made of vectors: more like this, less like that, A − B + C; and what it does to ranks."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from explore.errors import ExploreError, same_rows
from explore.neighbours import Hits
from explore.vectors import directed, unit

ALPHA, BETA, GAMMA = 1.0, 0.75, 0.15


def steer(
    query: np.ndarray,
    more_like: np.ndarray | Sequence[np.ndarray] = (),
    less_like: np.ndarray | Sequence[np.ndarray] = (),
    alpha: float = ALPHA,
    beta: float = BETA,
    gamma: float = GAMMA,
) -> np.ndarray:
    """Float32 (D,), length 1: alpha · q + beta · mean(more like) − gamma · mean(less like).

    Relevance feedback by Rocchio (in Salton, The SMART Retrieval System, 1971, ch. 14) on unit
    vectors: a query (D,), (R, D) hits that were liked and (S, D) that were not, either possibly
    none. The usual weights: Manning et al., Introduction to Information Retrieval, 2008, eq. 9.3.
    Raises ExploreError, also where all cancels out.
    """
    weights = {"alpha": alpha, "beta": beta, "gamma": gamma}
    wrong = [f"{name} is {w!r}" for name, w in weights.items() if not 0 <= w < np.inf]
    if wrong:
        raise ExploreError(f"{', '.join(wrong)}; weights are finite and not negative.")
    base = _rows("query", query, None)[0]
    moved = alpha * base
    for name, vectors, weight in (
        ("more_like", more_like, beta), ("less_like", less_like, -gamma)
    ):  # fmt: skip
        if len(vectors):
            moved = moved + weight * _rows(name, vectors, len(base)).mean(axis=0)
    return _direction(moved, "The weighted vectors cancel out: change a weight or the choice.")


def analogy(a: np.ndarray, b: np.ndarray, c: np.ndarray) -> np.ndarray:
    """Float32 (D,), length 1: A − B + C of the unit vectors of three texts, each (D,).

    "A is to B as what is to C": 3CosAdd of Mikolov et al., NAACL 2013. A and C themselves tend to
    be the best hits, so look past them. Raises ExploreError, also where all cancels out.
    """
    first = _rows("a", a, None)[0]
    second, third = (
        _rows(name, vector, len(first))[0] for name, vector in (("b", b), ("c", c))
    )  # fmt: skip
    return _direction(first - second + third, "A − B + C is zero: choose other texts.")


def _rows(name: str, vectors: np.ndarray | Sequence[np.ndarray], dims: int | None) -> np.ndarray:
    """Float64 unit rows (R, D)."""
    rows = np.atleast_2d(np.asarray(vectors, np.float32))
    if rows.ndim != 2 or (dims is not None and rows.shape[1] != dims):
        requirement = f"{dims} dimensions like the others" if dims is not None else "one vector"
        raise ExploreError(f"{name} has the shape {np.shape(vectors)}; it must have {requirement}.")
    if not directed(rows).all():
        raise ExploreError(f"{name} has a vector that is zero or not finite: choose another text.")
    return unit(rows).astype(np.float64)


def _direction(vector: np.ndarray, message: str) -> np.ndarray:
    # What is left of unit vectors that cancel out is their rounding, not a direction.
    if np.linalg.norm(vector) < 1e-6:
        raise ExploreError(message)
    return unit(vector[None])[0]


@dataclass(frozen=True)
class RankChange:
    """Ranks of a row from 1, None where it is not among the hits looked at."""

    row: int
    before: int | None
    after: int | None

    @property
    def moved(self) -> int | None:
        """Places up (positive) or down; None where it came in or fell out."""
        if self.before is None or self.after is None:
            return None
        return self.before - self.after


def rank_changes(before: Hits, after: Hits, k: int, query: int = 0) -> tuple[RankChange, ...]:
    """Every row among the k best hits before or after, in the order of after; then what fell out.

    Empty places (index -1) are no hits. Raises ExploreError.
    """
    if k < 1:
        raise ExploreError(f"k is {k}; ask for at least one hit.")
    same_rows(before=before.indices, after=after.indices)
    if not 0 <= query < len(before.indices):
        raise ExploreError(f"There is no query {query}: there are {len(before.indices):,}, from 0.")
    old, new = (_ranks(hits.indices[query, :k]) for hits in (before, after))
    return tuple(RankChange(row, old.get(row), new.get(row)) for row in {**new, **old})


def _ranks(rows: np.ndarray) -> dict[int, int]:
    return {int(row): rank for rank, row in enumerate(rows, 1) if row >= 0}
