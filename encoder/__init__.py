"""Sentences to vectors: a transformer's token vectors, pooled, and every score explained.

>>> from encoder import load_encoder
>>> enc = load_encoder()                                # the bundled all-MiniLM-L6-v2
>>> a, b = enc.encode(["It is raining.", "Rain falls."])
>>> round(float(a @ b), 2)
0.72
"""

from typing import TYPE_CHECKING, Any

from encoder.cache import ArrayCache
from encoder.catalog import CATALOG, DEFAULT_MODEL, ModelSpec, load_encoder
from encoder.encoder import Encoder
from encoder.errors import (
    BadText,
    DownloadFailed,
    EncoderError,
    ModelRefused,
    TrainingFailed,
    UnknownName,
)
from encoder.idf import IdfWeights
from encoder.layers import Layer
from encoder.pooling import POOLINGS, SAVABLE
from encoder.runner import Options
from encoder.trace import PairExplanation, Trace
from ingest.errors import LabError

if TYPE_CHECKING:
    from encoder.training import Done, Eval, Step, TrainConfig, fine_tune

__all__ = [
    "CATALOG",
    "DEFAULT_MODEL",
    "POOLINGS",
    "SAVABLE",
    "ArrayCache",
    "BadText",
    "Done",
    "DownloadFailed",
    "Encoder",
    "EncoderError",
    "Eval",
    "IdfWeights",
    "LabError",
    "Layer",
    "ModelRefused",
    "ModelSpec",
    "Options",
    "PairExplanation",
    "Step",
    "Trace",
    "TrainConfig",
    "TrainingFailed",
    "UnknownName",
    "fine_tune",
    "load_encoder",
]


def __getattr__(name: str) -> Any:
    """Training brings pandas with it, which those who only encode need not wait for."""
    if name in ("Done", "Eval", "Step", "TrainConfig", "fine_tune"):
        from encoder.training import run as training

        return getattr(training, name)
    raise AttributeError(f"module 'encoder' has no attribute {name!r}")
