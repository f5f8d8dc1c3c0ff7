"""Every intermediate value of encoding one sentence, for looking at."""

from dataclasses import dataclass

import numpy as np

from encoder.layers import Layer, layer_indices


@dataclass(frozen=True, eq=False)
class Trace:
    """One sentence of T tokens on its way through a model with L blocks of size H."""

    text: str  # as it was tokenized, prompt included
    tokens: tuple[str, ...]  # T vocabulary entries
    ids: tuple[int, ...]
    special: tuple[bool, ...]  # added by the tokenizer
    cut: int  # tokens beyond the model's limit, dropped
    hidden: np.ndarray  # (L+1, T, H) float32, 0 = embeddings
    layer: Layer  # the one that `pooled` is from
    pooled: dict[str, np.ndarray]  # strategy -> (D,), not normalised

    def at(self, layer: Layer) -> np.ndarray:
        """Token vectors of one layer, (T, H)."""
        return self.hidden[list(layer_indices(layer, len(self.hidden) - 1))].mean(0)


@dataclass(frozen=True, eq=False)
class Parts:
    """A sentence vector as a sum over tokens: `rows` (P, D) add up to `vector` (D,)."""

    tokens: tuple[str, ...]  # P labels
    special: tuple[bool, ...]
    rows: np.ndarray  # (P, D) float64
    owned: np.ndarray | None  # (P,) dimensions given whole to each token, for max and min

    @property
    def vector(self) -> np.ndarray:
        """The pooled vector, (D,)."""
        return self.rows.sum(0)

    @property
    def empty(self) -> bool:
        """True where no token was left to pool over, so that the vector is zero."""
        return not self.rows.any()


@dataclass(frozen=True, eq=False)
class PairExplanation:
    """The cosine of two sentences as a sum over pairs of tokens.

    With u = sum_i u_i and v = sum_j v_j, cos(u, v) = sum_ij u_i . v_j / (|u| |v|).
    """

    a: Parts
    b: Parts
    contributions: np.ndarray  # (Ta, Tb) float64, sums to cosine
    cosine: float
    note: str  # why the cosine is 0 by definition, or ""

    @property
    def tokens_a(self) -> tuple[str, ...]:
        """The Ta row labels of `contributions`."""
        return self.a.tokens

    @property
    def tokens_b(self) -> tuple[str, ...]:
        """The Tb column labels of `contributions`."""
        return self.b.tokens


def explain(a: Parts, b: Parts) -> PairExplanation:
    """Take the cosine of two sentence vectors apart, exactly."""
    lengths = np.linalg.norm(a.vector), np.linalg.norm(b.vector)
    if min(lengths) == 0:
        which = " and ".join(name for name, n in zip("AB", lengths, strict=True) if n == 0)
        nothing = np.zeros((len(a.tokens), len(b.tokens)))
        note = (
            f"No token is left to pool over in sentence {which}: its vector is 0, the cosine too."
        )
        return PairExplanation(a, b, nothing, 0.0, note)
    contributions = (a.rows / lengths[0]) @ (b.rows / lengths[1]).T
    return PairExplanation(a, b, contributions, float(contributions.sum()), "")
