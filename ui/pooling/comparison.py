"""Two sentences under every strategy: all numbers of the Pooling tab, before any drawing."""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from encoder import POOLINGS, Encoder, Layer, Options
from encoder.calibration import Calibration, Scale
from encoder.grid import Cell
from encoder.layers import canonical_layer
from encoder.trace import Trace
from ui.page.matrix import ReadablePair, explain
from ui.pooling.form import View


@dataclass(frozen=True)
class Score:
    """One strategy's answer for the pair, and what it is worth."""

    pooling: str
    cosine: float
    dot: float
    distance: float  # Euclidean, between the vectors as pooled, not normalised
    random_percentile: float | None  # None: not measured (yet), or empty
    paraphrase_percentile: float | None
    empty: bool  # no token left to pool over
    tied: bool = False  # every pair of sentences scores the same here

    def value(self, measure: str) -> float:
        """The number to show."""
        return {
            "cosine": self.cosine,
            "dot product": self.dot,
            "Euclidean distance": self.distance,
        }[measure]


class Comparison:
    """Everything is computed when it is first asked for, from hidden states the encoder caches."""

    def __init__(
        self, encoder: Encoder, view: View, calibration: Calibration | None, own_model: str = ""
    ) -> None:
        self.encoder = encoder
        self.own_model = own_model  # its name, where the model is the visitor's own
        self.view = replace(view, layer=canonical_layer(view.layer, encoder.backbone.depth))
        self.calibration = calibration
        self.options = Options(pool_special=view.pool_special)

    @cached_property
    def traces(self) -> tuple[Trace, Trace]:
        """Every intermediate value of A and of B at the chosen layer."""
        a, b = (
            self.encoder.trace(text, self.view.layer, self.options)
            for text in (self.view.a, self.view.b)
        )
        return a, b

    @property
    def same_tokens(self) -> bool:
        """Whether the model cannot tell the sentences apart: their tokens are the same."""
        a, b = self.traces
        return list(a.ids) == list(b.ids)

    @property
    def model(self) -> str:
        """What the model is called."""
        return f"“{self.own_model}”, yours" if self.own_model else self.encoder.name

    @cached_property
    def explanation(self) -> ReadablePair:
        """The chosen strategy's cosine, taken apart."""
        view = self.view
        return explain(self.encoder, view.a, view.b, view.pooling, view.layer, self.options)

    @cached_property
    def vectors(self) -> dict[str, tuple[np.ndarray, np.ndarray]]:
        """Strategy -> (A, B), each (D,) float64 and not normalised, at the chosen layer."""
        cells = self._cells([self.view.layer])
        return {pooling: pair for (pooling, _), pair in cells.items()}

    @cached_property
    def scores(self) -> dict[str, Score]:
        """Strategy -> Score, in the order of the registry."""
        return {name: self._score(name, a, b) for name, (a, b) in self.vectors.items()}

    @cached_property
    def layer_map(self) -> dict[Cell, float]:
        """Cosine of every (strategy, layer)."""
        cells = self._cells(self.encoder.layers)
        return {cell: cosine(a, b) for cell, (a, b) in cells.items()}

    @property
    def layer_map_worth(self) -> dict[Cell, float]:
        """Percentile among unrelated pairs of every (strategy, layer) that was measured."""
        scales = self.calibration.scales if self.calibration else {}
        return {
            cell: scales[cell].random_percentile(value)
            for cell, value in self.layer_map.items()
            if cell in scales
        }

    @property
    def chosen(self) -> Score:
        """The score of the chosen strategy."""
        return self.scores[self.view.pooling]

    @property
    def scale(self) -> Scale | None:
        """What cosines of the chosen strategy and layer are worth, where that is known."""
        if self.calibration is None:
            return None
        return self.calibration.scale(self.view.pooling, self.view.layer)

    def _cells(self, layers: list[Layer]) -> dict[Cell, tuple[np.ndarray, np.ndarray]]:
        a, b = (
            self.encoder.pooled(text, list(POOLINGS), layers, self.options)
            for text in (self.view.a, self.view.b)
        )
        return {cell: (a[cell], b[cell]) for cell in a}

    def _score(self, pooling: str, a: np.ndarray, b: np.ndarray) -> Score:
        value = cosine(a, b)
        empty = not (a.any() and b.any())
        scale = self.calibration and self.calibration.scale(pooling, self.view.layer)
        tied = bool(scale and scale.is_flat)
        if empty or tied:  # stands nowhere among measured ones
            scale = None
        return Score(
            pooling=pooling,
            cosine=value,
            dot=float(a @ b),
            distance=float(np.linalg.norm(a - b)),
            random_percentile=scale.random_percentile(value) if scale else None,
            paraphrase_percentile=scale.paraphrase_percentile(value) if scale else None,
            empty=empty,
            tied=tied,
        )

    def as_json(self) -> dict[str, object]:
        """What `/compare_pair` answers."""
        a, b = self.traces
        return {
            "model": self.view.model,
            "layer": self.view.layer,
            "scores": {name: round(score.cosine, 6) for name, score in self.scores.items()},
            "percentiles": {
                name: {
                    "random": _rounded(score.random_percentile),
                    "paraphrase": _rounded(score.paraphrase_percentile),
                }
                for name, score in self.scores.items()
            },
            "tokens_a": list(a.tokens),
            "tokens_b": list(b.tokens),
        }


def cosine(a: np.ndarray, b: np.ndarray) -> float:
    """Cosine similarity of two (D,) vectors; 0 where one of them is zero."""
    lengths = np.linalg.norm(a) * np.linalg.norm(b)
    return float(a @ b / lengths) if lengths else 0.0


def _rounded(percentile: float | None) -> float | None:
    return None if percentile is None else round(percentile, 1)


@dataclass(frozen=True)
class Pinned:
    """Scores to compare the next pair with. Hashable, since Gradio compares states by hash."""

    a: str
    b: str
    setting: str  # model and layer, in words
    scores: tuple[Score, ...]
