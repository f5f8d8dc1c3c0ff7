"""What a configuration asks for, held against the weights beside it."""

from pathlib import Path
from typing import Any

import torch

from encoder.errors import ModelRefused

MOST_BLOCKS = 200
HALF_BYTES = 2  # of a parameter, in half precision
SLACK = 2**24  # bytes: a head for another task, which a checkpoint may lack


def check_size(config: Any, folder: Path) -> None:
    """Refuse a configuration that asks for more memory than the weights beside it would fill.

    The loader makes room for whatever it says before it looks at the weights. Raises ModelRefused.
    """
    from transformers import AutoModel

    weights = sum(path.stat().st_size for path in folder.glob("*.safetensors"))
    depth = getattr(config, "num_hidden_layers", 0)
    size = f"{depth!r} blocks"
    if isinstance(depth, int) and depth <= MOST_BLOCKS:
        with torch.device("meta"):  # shapes without numbers
            model = AutoModel.from_config(config, trust_remote_code=False)
        numbers = sum(parameter.numel() for parameter in model.parameters())
        if numbers * HALF_BYTES <= weights + SLACK:
            return
        size = f"{numbers:,} parameters"
    raise ModelRefused(
        f"config.json of {folder.name!r} asks for {size}; its weights have {weights:,} bytes. "
        "They do not belong together: take both from the same model."
    )
