"""Numbers in a model's JSON files, before anything is built by them. The same for uploads and Hub.

A configuration of a hundred bytes can ask for a million blocks; what it asks for is held against
the weights only once the shapes are made (`check_size`), and making them takes time of its own.
"""

import json
import math
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from encoder.errors import ModelRefused
from encoder.json_files import read_json

MIB = 2**20
LARGEST_FILE = {"tokenizer.json": 48 * MIB, "vocab.json": 16 * MIB, "vocab.txt": 32 * MIB,
                "merges.txt": 32 * MIB}  # fmt: skip
LARGEST_MODEL_FILE = 32 * MIB  # *.model, of SentencePiece
LARGEST_OTHER = 8 * MIB  # configurations; of gemma's tokenizer it has 1 MB

LARGEST_NUMBER = 10**12
WIDEST = 16_384
# Whole numbers by the names that transformers gives them, and the most that is run here.
MOST: dict[str, int] = {
    **dict.fromkeys(("hidden_size", "d_model", "dim", "n_embd", "embedding_size"), WIDEST),
    **dict.fromkeys(("intermediate_size", "d_ff", "hidden_dim", "n_inner"), 8 * WIDEST),
    "vocab_size": 2_000_000,
    "max_position_embeddings": 2**21,
    "n_positions": 2**21,
    "type_vocab_size": 1_000,
}
# num_hidden_layers, n_heads, num_experts, inner_group_num, …: each may be made, one inside another.
COUNT = re.compile(r"(?:^|_)num(?:_|$)|^n_(?:layers?|heads?|experts|groups)$")
MULTIPLIED = re.compile(r"layers?|experts?|blocks?|groups?|inner_group_num")
MOST_OF_A_KIND, MOST_PARTS = 4_096, 20_000


def check_files(folder: Path, patterns: tuple[str, ...]) -> None:
    """Refuse text files that are larger than any model's. Raises ModelRefused."""
    for path in sorted({*folder.glob("*"), *folder.glob("*/*")}):
        if not path.is_file() or not any(map(path.match, patterns)):
            continue
        most = LARGEST_FILE.get(path.name, LARGEST_OTHER)
        if path.suffix == ".safetensors":
            continue
        if path.suffix == ".model":
            most = LARGEST_MODEL_FILE
        if path.stat().st_size > most:
            raise ModelRefused(
                f"{path.relative_to(folder).as_posix()!r} has {path.stat().st_size / MIB:,.1f} MB; "
                f"such a file has at most {most // MIB} MB. Save the model again."
            )


def check_config(path: Path) -> None:
    """Refuse a config.json with numbers that no model here has. Raises ModelRefused."""
    config = read_json(path)
    parts: dict[str, int] = {}
    for name, value in _numbers(config):
        if not math.isfinite(value) or abs(value) > LARGEST_NUMBER:
            raise _refusal(path, f"{name} {value:g}, which no model has")
        most = MOST.get(name, MOST_OF_A_KIND if COUNT.search(name) else LARGEST_NUMBER)
        if most < LARGEST_NUMBER and not 0 <= value <= most:
            raise _refusal(path, f"{name} {value:,}; from 0 to {most:,} are run here")
        if COUNT.search(name) and MULTIPLIED.search(name):
            parts[name] = max(parts.get(name, 1), int(value))
    if math.prod(parts.values()) > MOST_PARTS:
        shown = ", ".join(f"{name} {count:,}" for name, count in parts.items())
        raise _refusal(path, f"more than {MOST_PARTS:,} parts ({shown})")
    if isinstance(config, dict):
        _check_types(config, path)


def _refusal(path: Path, what: str) -> ModelRefused:
    return ModelRefused(
        f"{path.name} of {path.parent.name!r} asks for {what}. It and the weights do not belong "
        "together: take both from the same model."
    )


def _check_types(config: Mapping[str, Any], path: Path) -> None:
    """Refuse something else where a whole number stands, or a list of these."""
    for name in (*MOST, *(key for key in config if COUNT.search(key))):
        value = config.get(name)
        for one in value if isinstance(value, list) else [value]:
            if one is not None and type(one) is not int:
                raise _refusal(path, f"{name} {json.dumps(one)[:40]}, which is no whole number")


def _numbers(value: object, name: str = "") -> Iterator[tuple[str, int | float]]:
    """All numbers of a JSON value, each with the nearest name above it."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _numbers(inner, str(key)[:60])
    elif isinstance(value, list):
        for inner in value:
            yield from _numbers(inner, name)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield name, value
