"""A folder of model folders on the host's disk, to be offered beside the catalog: no network."""

import logging
from collections.abc import Callable, Collection, Iterator
from pathlib import Path

from encoder.catalog import CATALOG, MAX_BYTES, ModelSpec, load_encoder
from encoder.encoder import Encoder
from encoder.errors import EncoderError, ModelRefused

log = logging.getLogger(__name__)

LONGEST_NAME = 80
WHY = "A model of this host's own."


def read_models_folder(
    folder: Path,
    *,
    max_bytes: int = MAX_BYTES,
    taken: Collection[str] = tuple(CATALOG),
    is_reserved: Callable[[str], bool] = lambda name: False,
    load: Callable[..., Encoder] = load_encoder,
) -> tuple[dict[str, ModelSpec], dict[str, str]]:
    """({name: model} of those that work, {name: why not} of all others) in the order of names.

    Every folder in `folder` that sentence-transformers or transformers saved, under its own name.
    Each is loaded once and given a sentence, one after the other, so that what is offered works.
    A name that is `taken` by another model, or reserved, is refused. Raises EncoderError where
    `folder` cannot be read.
    """
    offered: dict[str, ModelSpec] = {}
    refused: dict[str, str] = {}
    for path in _entries(folder):
        try:
            _check_name(path.name, taken, is_reserved)
            if not path.is_dir():
                raise ModelRefused(f"{path.name!r} is a file. Unpack it, or put it into a folder.")
            spec = _spec(path)
            load(spec, max_bytes=max_bytes).encode(["A sentence."])
            offered[path.name] = spec
        except EncoderError as error:
            refused[path.name] = str(error)
        except OSError as error:
            refused[path.name] = f"{path.name!r} cannot be read: {error.strerror}."
        except Exception as error:  # one model that breaks must not keep the others away
            log.exception("A model of the host's folder cannot be run")
            refused[path.name] = f"{path.name!r} cannot be run: {type(error).__name__}."
    return offered, refused


def _entries(folder: Path) -> Iterator[Path]:
    """What is in it, by name; hidden files are none of ours."""
    try:
        entries = sorted(folder.iterdir())
    except OSError as error:
        raise EncoderError(
            f"The folder of models {folder.name!r} cannot be read: {error.strerror}."
        ) from error
    return (path for path in entries if not path.name.startswith("."))


def _check_name(name: str, taken: Collection[str], is_reserved: Callable[[str], bool]) -> None:
    """A name that pickers, links and scripts can carry. Raises ModelRefused."""
    if name in taken:
        raise ModelRefused(f"{name!r} is the name of another model here. Rename the folder.")
    if is_reserved(name):
        raise ModelRefused(f"{name!r} is what a visitor's own model is called. Rename the folder.")
    if not name.isprintable() or len(name) > LONGEST_NAME:
        raise ModelRefused(
            f"{name[:LONGEST_NAME]!r} is no name to choose by. Rename the folder: at most "
            f"{LONGEST_NAME} printable characters."
        )


def _spec(folder: Path) -> ModelSpec:
    weights = sum(path.stat().st_size for path in folder.rglob("*.safetensors"))
    return ModelSpec(
        folder.name,
        "",
        WHY,
        pooling=None,
        max_tokens=None,
        megabytes=round(weights / 10**6),
        licence="",
        folder=folder,
    )
