"""The modules after the pooling, as sentence-transformers keeps them in folders of their own."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from encoder.check_loaded import check_numbers
from encoder.errors import ModelRefused
from encoder.head import (
    ACTIVATIONS,
    Dense,
    Dropout,
    HeadModule,
    LayerNorm,
    Normalize,
    Truncate,
)
from encoder.json_files import read_first, write_json

WEIGHTS = "model.safetensors"
WIDEST = 4_096  # numbers of a vector; 20,000 texts of these take 0.3 GB
IDENTITY = "torch.nn.modules.linear.Identity"


def read_head(kind: str, folder: Path) -> HeadModule:
    """A module of one of HEAD_KINDS. Raises ModelRefused."""
    config = read_first(folder, "config.json")
    names = {config.get(f"module_{end}_name", "sentence_embedding") for end in ("input", "output")}
    other = names - {"sentence_embedding", None}  # an output of null is the input's name
    if other or config.get("use_residual"):
        what = f"reads or writes {min(other)!r}" if other else "adds a residual"
        raise ModelRefused(
            f"The {kind} module in {folder.name!r} {what}; only plain modules on "
            "'sentence_embedding' can be run here."
        )
    return _READERS[kind](folder, config)


def write_head(folder: Path, module: HeadModule) -> None:
    """Write a module's folder."""
    folder.mkdir(parents=True, exist_ok=True)
    match module:
        case Dense(weight, bias, activation):
            _write_weights(folder, {"linear.weight": weight, "linear.bias": bias})
            config = {
                "in_features": weight.shape[1],
                "out_features": weight.shape[0],
                "bias": bias is not None,
                "activation_function": activation,
            }
            write_json(folder / "config.json", config)
        case LayerNorm(weight, bias):
            _write_weights(folder, {"norm.weight": weight, "norm.bias": bias})
            write_json(folder / "config.json", {"dimension": len(weight)})
        case Dropout(rate):
            write_json(folder / "config.json", {"dropout": rate})
        case Normalize():  # old releases expect an empty folder, new ones accept it
            pass


def saved_head(head: Sequence[HeadModule], width: int) -> tuple[list[HeadModule], int | None]:
    """The modules that are written for vectors of `width` numbers, and the `truncate_dim`.

    That one acts at the very end. Where something follows, its like is a Dense of ones and zeros.
    """
    saved: list[HeadModule] = []
    for at, module in enumerate(head):
        if isinstance(module, Truncate):
            if at == len(head) - 1:
                return saved, module.dimensions
            module = Dense(torch.eye(module.width(width), width), None, IDENTITY)
        saved.append(module)
        width = module.width(width)
    return saved, None


def _read_dense(folder: Path, config: dict[str, Any]) -> Dense:
    activation = config.get("activation_function", "torch.nn.modules.activation.Tanh")
    if not isinstance(activation, str) or activation not in ACTIVATIONS:
        raise ModelRefused(
            f"Dense activation {str(activation)[:60]!r} is none of: {', '.join(ACTIVATIONS)}."
        )
    tensors = _read_weights("Dense", folder)
    weight, bias = tensors.get("linear.weight"), tensors.get("linear.bias")
    if weight is None or weight.ndim != 2 or (bias is not None and bias.shape != weight.shape[:1]):
        raise _other_tensors(
            folder, tensors, "linear.weight (D_out, D_in) and, with a bias, linear.bias (D_out,)"
        )
    _check_width(folder, *weight.shape)
    return Dense(weight.float(), None if bias is None else bias.float(), activation)


def _read_layer_norm(folder: Path, _: dict[str, Any]) -> LayerNorm:
    tensors = _read_weights("LayerNorm", folder)
    weight, bias = tensors.get("norm.weight"), tensors.get("norm.bias")
    if weight is None or bias is None or weight.ndim != 1 or weight.shape != bias.shape:
        raise _other_tensors(folder, tensors, "norm.weight (D,) and norm.bias (D,)")
    _check_width(folder, *weight.shape)
    return LayerNorm(weight.float(), bias.float())


def _read_dropout(folder: Path, config: dict[str, Any]) -> Dropout:
    rate = config.get("dropout", 0.2)
    if isinstance(rate, bool) or not isinstance(rate, int | float) or not 0 <= rate <= 1:
        raise ModelRefused(
            f"dropout in {folder.name!r} must be a number from 0 to 1, not {rate!r}."
        )
    return Dropout(rate)


_READERS: dict[str, Callable[[Path, dict[str, Any]], HeadModule]] = {
    "Dense": _read_dense,
    "LayerNorm": _read_layer_norm,
    "Dropout": _read_dropout,
    "Normalize": lambda *_: Normalize(),
}
HEAD_KINDS = tuple(_READERS)


def _read_weights(kind: str, folder: Path) -> dict[str, Tensor]:
    path = folder / WEIGHTS
    if not path.is_file():
        raise ModelRefused(
            f"The {kind} module in {folder.name!r} has no {WEIGHTS}. Pickled weights can "
            "run code when they are read, so they are refused; save the model as safetensors."
        )
    try:
        tensors = load_file(path)
    except SafetensorError as error:
        raise ModelRefused(f"{folder.name}/{path.name} cannot be read: {error}") from error
    check_numbers(tensors, folder.name)
    return tensors


def _check_width(folder: Path, *widths: int) -> None:
    """Refuse vectors of no number, and of more than any model gives."""
    if not all(1 <= width <= WIDEST for width in widths):
        shown = " to ".join(f"{width:,}" for width in reversed(widths))
        raise ModelRefused(
            f"The module in {folder.name!r} is for vectors of {shown} numbers; 1 to {WIDEST:,} are "
            "run here."
        )


def _other_tensors(folder: Path, tensors: dict[str, Tensor], needed: str) -> ModelRefused:
    shapes = {name: tuple(tensor.shape) for name, tensor in tensors.items()}
    return ModelRefused(
        f"{folder.name}/{WEIGHTS} must hold {needed}; it holds {shapes or 'nothing'}."
    )


def _write_weights(folder: Path, tensors: dict[str, Tensor | None]) -> None:
    present = {name: t.contiguous() for name, t in tensors.items() if t is not None}
    save_file(present, folder / WEIGHTS)
