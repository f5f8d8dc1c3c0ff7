"""Sentences to vectors: a transformer's token vectors, pooled, and every score explained.

>>> from encoder import load_encoder
>>> enc = load_encoder()                                # the bundled all-MiniLM-L6-v2
>>> a, b = enc.encode(["It is raining.", "Rain falls."])
>>> round(float(a @ b), 2)
0.72
"""

from encoder.cache import ArrayCache
from encoder.catalog import CATALOG, DEFAULT_MODEL, ModelSpec, load_encoder
from encoder.encoder import Encoder
from encoder.errors import BadText, DownloadFailed, EncoderError, ModelRefused, UnknownName
from encoder.idf import IdfWeights
from encoder.layers import Layer
from encoder.pooling import POOLINGS, SAVABLE
from encoder.runner import Options
from encoder.trace import PairExplanation, Trace

__all__ = [
    "CATALOG",
    "DEFAULT_MODEL",
    "POOLINGS",
    "SAVABLE",
    "ArrayCache",
    "BadText",
    "DownloadFailed",
    "Encoder",
    "EncoderError",
    "IdfWeights",
    "Layer",
    "ModelRefused",
    "ModelSpec",
    "Options",
    "PairExplanation",
    "Trace",
    "UnknownName",
    "load_encoder",
]
