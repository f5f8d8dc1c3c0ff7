"""A model from a zip that was downloaded here before, or that others made."""

import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from encoder import Encoder, EncoderError, ModelRefused
from encoder.catalog import load_folder
from encoder.head import Dense, HeadModule
from ui.takehome.facts import one_line, slug
from ui.takehome.untrusted import MOST_BYTES, read_record
from ui.takehome.unzip import REMEDY, unpack_model

LONGEST_NAME = 60
RECORD = "run.json"


@dataclass(frozen=True, eq=False)
class Reloaded:
    """The encoder, and what its run.json says; `record` is None where there is none to go by."""

    encoder: Encoder
    name: str
    record: dict[str, Any] | None
    notes: tuple[str, ...] = ()


def read_archive(data: Path, max_bytes: int) -> Reloaded:
    """Load a zipped sentence-transformers folder; nothing is left on disk.

    `max_bytes` bounds what is unpacked. Raises EncoderError for what is no such zip, is too large,
    could do harm, or holds a model that cannot be run here.
    """
    with tempfile.TemporaryDirectory(prefix="lab-") as temporary:
        inner = Path(temporary) / "unpacked"
        inner.mkdir()
        top = unpack_model(data, inner, max_bytes)
        folder = inner.rename(inner.with_name(slug(top or data.stem)))  # for messages to name
        record, notes = _record(folder / RECORD)
        name = one_line((record or {}).get("name") or top or data.stem)[:LONGEST_NAME]
        encoder = _on_its_own(_loaded(folder, name or slug(""), max_bytes))
    return Reloaded(encoder, encoder.name, record, notes)


def _loaded(folder: Path, name: str, max_bytes: int) -> Encoder:
    try:
        return load_folder(folder, name=name, max_bytes=max_bytes)
    except EncoderError:
        raise
    except Exception as error:  # a stranger's files can be wrong in ways that nobody thought of
        why = str(error).replace(str(folder), folder.name).strip().partition("\n")[0]
        raise ModelRefused(
            f"The model in {folder.name!r} cannot be loaded: {why[:200]} ({type(error).__name__}). "
            f"{REMEDY}"
        ) from error


def _record(path: Path) -> tuple[dict[str, Any] | None, tuple[str, ...]]:
    if not path.is_file():
        return None, ()
    with path.open("rb") as file:
        return read_record(file.read(MOST_BYTES + 1))


def _on_its_own(encoder: Encoder) -> Encoder:
    """The same encoder in memory. As it is read, its numbers are those of the mapped files."""
    model = encoder.backbone.model
    for tensor in (*model.parameters(), *model.buffers()):
        tensor.data = tensor.data.clone()
    head = tuple(map(_copied, encoder.recipe.head))
    recipe = replace(encoder.recipe, head=head)
    return Encoder(encoder.name, encoder.backbone, recipe, encoder.cache)


def _copied(module: HeadModule) -> HeadModule:
    if not isinstance(module, Dense):
        return module
    bias = None if module.bias is None else module.bias.clone()
    return replace(module, weight=module.weight.clone(), bias=bias)
