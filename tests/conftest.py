"""What all tests share: no network, one thread, tiny models built once, the bundled model."""

import os

# Before anything imports huggingface_hub or gradio, which read these once. Nothing listens on port
# 9, so a request that no test meant to make fails at once instead of leaving the machine.
os.environ["HF_ENDPOINT"] = "http://127.0.0.1:9"
os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
os.environ["HF_HUB_DISABLE_XET"] = "1"  # as in the app
os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
os.environ["TOKENIZERS_PARALLELISM"] = "false"
# Tests run in as many processes as there are cores; threads of each would only wait for each other.
# Read when numpy, scikit-learn and torch are imported, by processes that a test starts too.
os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import hypothesis
import pytest
import torch

from encoder import ArrayCache, Encoder, load_encoder
from tests.tiny_models import build

torch.set_num_threads(1)
# How long one example takes says how busy the machine is, nothing about the code.
hypothesis.settings.register_profile("calm", deadline=None)
hypothesis.settings.load_profile("calm")

CACHE_BYTES = 2**24


@pytest.fixture(scope="session")
def tiny_folder(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """The folder of a tiny transformer by architecture. Shared: copy it to change it."""

    @cache
    def folder(architecture: str, seed: int = 0) -> Path:
        return build(architecture, tmp_path_factory.mktemp(f"tiny-{architecture}"), seed)

    return folder


@pytest.fixture(scope="session")
def _tiny(tiny_folder: Callable[..., Path]) -> Callable[[str], Encoder]:
    return cache(lambda architecture: load_encoder(tiny_folder(architecture)))


@pytest.fixture
def tiny(_tiny: Callable[[str], Encoder]) -> Callable[[str], Encoder]:
    """A tiny encoder by architecture, with an empty cache of its own."""
    return lambda architecture: _tiny(architecture).with_cache(ArrayCache(CACHE_BYTES))


@pytest.fixture
def bert(tiny: Callable[[str], Encoder]) -> Encoder:
    """The tiny BERT, with an empty cache."""
    return tiny("bert")


@pytest.fixture(scope="session")
def bundled() -> Encoder:
    """The model that comes with the app; its cache is shared by the whole session."""
    return load_encoder()


@pytest.fixture(scope="session")
def count_forwards() -> Callable[..., object]:
    """`with count_forwards(enc) as calls:` appends the (B, T) of every forward pass to `calls`."""

    @contextmanager
    def counting(encoder: Encoder) -> Iterator[list[tuple[int, ...]]]:
        calls: list[tuple[int, ...]] = []

        def before(module: object, args: object, kwargs: dict[str, torch.Tensor]) -> None:
            calls.append(tuple(kwargs["input_ids"].shape))

        handle = encoder.backbone.model.register_forward_pre_hook(before, with_kwargs=True)
        try:
            yield calls
        finally:
            handle.remove()

    return counting
