"""A model from a zip that was downloaded here before, or that others made."""

import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch

from encoder import Encoder, EncoderError, ModelRefused
from encoder.backbone import check_folder
from encoder.catalog import load_folder
from encoder.folder import read_recipe
from encoder.head import Dense, HeadModule
from ui.takehome.facts import one_line, slug
from ui.takehome.untrusted import MOST_BYTES, read_record
from ui.takehome.unzip import REMEDY, unpack_model

LONGEST_NAME = 60
RECORD = "run.json"
MOST_BLOCKS = 200
HALF_BYTES = 2  # of a parameter, in half precision
SLACK = 2**24  # bytes: a head for another task, which a checkpoint may lack


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
        _check_claims(folder)
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


def _check_claims(folder: Path) -> None:
    """Refuse a configuration that asks for more memory than the weights beside it would fill.

    The loader makes room for whatever it says before it looks at the weights.
    """
    from transformers import AutoConfig, AutoModel

    transformer = folder / read_recipe(folder).transformer_path
    check_folder(transformer)
    config = AutoConfig.from_pretrained(transformer, local_files_only=True, trust_remote_code=False)
    weights = sum(path.stat().st_size for path in transformer.glob("*.safetensors"))
    depth = getattr(config, "num_hidden_layers", 0)
    asked = f"{depth:,} blocks"
    if depth <= MOST_BLOCKS:
        with torch.device("meta"):  # shapes without numbers
            model = AutoModel.from_config(config, trust_remote_code=False)
        numbers = sum(parameter.numel() for parameter in model.parameters())
        if numbers * HALF_BYTES <= weights + SLACK:
            return
        asked = f"{numbers:,} parameters"
    raise ModelRefused(
        f"config.json of {folder.name!r} asks for {asked}; its weights have {weights:,} bytes. "
        f"They do not belong together. {REMEDY}"
    )


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
