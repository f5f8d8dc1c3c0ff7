"""Folders written by sentence-transformers, the reference of the parity tests."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from sentence_transformers import SentenceTransformer
from sentence_transformers.models import Normalize, Pooling, Transformer

from tests.tiny_models import HIDDEN, SENTENCES

TEXTS = [*SENTENCES, "", "x", "The CAT", "Bread, bread, bread; and the weather? Unknown: 日本 Ω."]


def reference(
    transformer: Path,
    mode: str | Sequence[str] = "mean",
    head: Sequence[Any] = (),
    include_prompt: bool = True,
    prompts: dict[str, str] | None = None,
    default_prompt_name: str | None = None,
    **options: Any,
) -> SentenceTransformer:
    """A sentence-transformers model on a plain transformers folder."""
    modules = [
        Transformer(str(transformer), **options),
        Pooling(HIDDEN, mode, include_prompt=include_prompt),
        *head,
    ]
    return SentenceTransformer(
        modules=modules, device="cpu", prompts=prompts, default_prompt_name=default_prompt_name
    )


def written(model: SentenceTransformer, folder: Path) -> Path:
    """Save it; returns the folder."""
    model.save(str(folder), create_model_card=False)
    return folder


def loaded(folder: Path) -> SentenceTransformer:
    """What sentence-transformers makes of a folder."""
    return SentenceTransformer(str(folder), device="cpu", local_files_only=True)


def head(normalize: bool) -> list[Any]:
    """The modules after the pooling."""
    return [Normalize()] if normalize else []


def vectors(model: SentenceTransformer, texts: Sequence[str] = TEXTS, **options: Any) -> np.ndarray:
    """(N, D) float32, just as its pipeline gives them."""
    return model.encode(list(texts), convert_to_numpy=True, show_progress_bar=False, **options)


def assert_same(ours: np.ndarray, theirs: np.ndarray) -> None:
    """Equal shapes, and no number further apart than 1e-5."""
    assert ours.shape == theirs.shape
    assert np.abs(theirs).max() > 0.01  # vectors of nothing would agree with anything
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-5)
