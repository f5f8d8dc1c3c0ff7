"""What a cosine is worth: where it stands among random pairs and among paraphrases, per cell.

Raw cosines of different models, strategies and layers are on different scales ("irrelevant
sentences get 0.8"), so each cell (pooling, layer) is measured on the bundled background set.
"""

import hashlib
import io
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from encoder.background import FOLDER, background_pairs, background_sentences, background_texts
from encoder.cache import VERSION
from encoder.encoder import Encoder, unit_rows
from encoder.grid import Cell
from encoder.layers import Layer
from encoder.pooling import POOLINGS
from encoder.runner import DEFAULTS, Options

QUANTILES = 1001  # kept of the random pairs' cosines: a resolution of 0.1 %
# Cosines nearer than this are ties. In low layers 1 - cos of [CLS] vectors is 1e-7, and that is a
# difference; what rounding in the forward pass leaves is far below.
TOLERANCE = 1e-10


@dataclass(frozen=True, eq=False)
class Scale:
    """The cosines one cell gives to unrelated sentences and to paraphrases, both sorted."""

    random: np.ndarray  # (QUANTILES,) float64, of all pairs of background sentences
    paraphrase: np.ndarray  # (P,) float64

    def random_percentile(self, cosine: float) -> float:
        """Share of random pairs below, in percent; ties count half."""
        return _percentile(self.random, cosine)

    def paraphrase_percentile(self, cosine: float) -> float:
        """Share of paraphrase pairs below, in percent; ties count half."""
        return _percentile(self.paraphrase, cosine)

    @property
    def is_flat(self) -> bool:
        """Whether all pairs score the same, as [CLS] does at layer 0: then no score stands out."""
        return bool(np.ptp(np.concatenate([self.random, self.paraphrase])) <= TOLERANCE)

    @property
    def separation(self) -> float:
        """Chance that a paraphrase scores above a random pair (ROC-AUC); 0.5 = no better."""
        return float(np.mean([self.random_percentile(c) for c in self.paraphrase])) / 100

    def band(self, kind: str, low: float, high: float) -> tuple[float, float]:
        """Two percentiles of "random" or "paraphrase" cosines."""
        values = self.random if kind == "random" else self.paraphrase
        lo, hi = np.percentile(values, [low, high])
        return float(lo), float(hi)


@dataclass(frozen=True, eq=False)
class Calibration:
    """A scale for every cell of one model."""

    scales: dict[Cell, Scale]
    sentences: int
    random_pairs: int  # all pairs of these sentences
    paraphrase_pairs: int

    @property
    def counts(self) -> tuple[int, int]:
        """Random pairs, and paraphrases."""
        return self.random_pairs, self.paraphrase_pairs

    def scale(self, pooling: str, layer: Layer) -> Scale | None:
        """The scale of a cell, or None for one that was not measured (e.g. "soft:4")."""
        return self.scales.get((pooling, layer))


def _percentile(values: np.ndarray, cosine: float) -> float:
    below = np.searchsorted(values, cosine - TOLERANCE, side="left")
    up_to = np.searchsorted(values, cosine + TOLERANCE, side="right")
    return float(below + up_to) / 2 / len(values) * 100


def calibrate(
    encoder: Encoder,
    pool_special: bool = True,
    on_batch: Callable[[int, int], None] | None = None,
) -> Calibration:
    """Measure every strategy at every layer on the background set, in one forward pass."""
    sentences, pairs = background_sentences(), background_pairs()
    options = replace(DEFAULTS, pool_special=pool_special)
    texts = [*sentences, *(pair[0] for pair in pairs), *(pair[1] for pair in pairs)]
    grid = encoder.encode_grid(
        texts,
        list(POOLINGS),
        encoder.layers,
        normalize=False,
        options=options,
        on_batch=on_batch,
    )
    n, p = len(sentences), len(pairs)
    upper = np.triu_indices(n, 1)
    steps = np.linspace(0, 1, QUANTILES)
    scales = {}
    for cell, vectors in grid.items():
        unit = unit_rows(vectors.astype(np.float64))
        random = (unit[:n] @ unit[:n].T)[upper]
        paraphrase = (unit[n : n + p] * unit[n + p :]).sum(1)
        scales[cell] = Scale(np.quantile(random, steps), np.sort(paraphrase))
    return Calibration(scales, n, len(upper[0]), p)


def calibration_key(encoder: Encoder, options: Options = DEFAULTS) -> str:
    """Names what a calibration depends on: the model, its prompt, the mask, the background set."""
    texts = hashlib.blake2b("\n".join(background_texts()).encode(), digest_size=8).hexdigest()
    parts = (
        *(VERSION, encoder.backbone.fingerprint, encoder.prompt(options), options.pool_special),
        *(encoder.recipe.include_prompt, texts, QUANTILES, list(POOLINGS)),
    )
    return hashlib.blake2b(repr(parts).encode(), digest_size=12).hexdigest()


def shipped_calibration(key: str, folder: Path = FOLDER) -> Calibration | None:
    """A calibration measured beforehand for a bundled model, or None."""
    path = folder / f"calibration-{key}.npz"
    if not path.is_file():
        return None
    with np.load(path, allow_pickle=False) as file:
        counts = [int(n) for n in file["counts"]]
        cells: list[Cell] = [
            (pooling, int(layer) if layer.isdigit() else layer)
            for pooling, layer in (str(name).split("@") for name in file["cells"])
        ]
        scales = {
            cell: Scale(1 - random.astype(np.float64), 1 - paraphrase.astype(np.float64))
            for cell, random, paraphrase in zip(
                cells, file["random"], file["paraphrase"], strict=True
            )
        }
    return Calibration(scales, *counts)


def to_bytes(calibration: Calibration) -> bytes:
    """The file that `shipped_calibration` reads.

    Holds 1 - cosine: as float32 that keeps its digits where a cosine near 1 would lose them.
    """
    buffer = io.BytesIO()
    scales = calibration.scales.values()
    np.savez_compressed(
        buffer,
        counts=[
            calibration.sentences,
            calibration.random_pairs,
            calibration.paraphrase_pairs,
        ],
        cells=np.array([f"{pooling}@{layer}" for pooling, layer in calibration.scales]),
        random=np.stack([(1 - scale.random).astype(np.float32) for scale in scales]),
        paraphrase=np.stack([(1 - scale.paraphrase).astype(np.float32) for scale in scales]),
    )
    return buffer.getvalue()
