"""What is wrong with a model that loads: it would give vectors, and they would mean nothing."""

from collections.abc import Collection
from typing import Any

import torch
from torch import Tensor, nn

from encoder.errors import ModelRefused

LONGEST_SHOWN = 40


def check_tokenizer(tokenizer: Any, name: str) -> None:
    """Refuse a tokenizer that is not a fast one, or that can spell no word. Raises ModelRefused."""
    if not getattr(tokenizer, "is_fast", False):
        raise ModelRefused(
            f"The tokenizer of {name!r}, {type(tokenizer).__name__}, is a slow one, in Python. "
            "This lab needs a fast one, which says how much of a text did not fit: a model whose "
            "folder holds a tokenizer.json."
        )
    words = tokenizer.backend_tokenizer.get_vocab(with_added_tokens=False)
    if not words.keys() - set(tokenizer.all_special_tokens):
        raise ModelRefused(
            f"The vocabulary of {name!r} holds special tokens only: every word would be the "
            "unknown token, and all sentences nearly alike. Its vocabulary was lost; save the "
            "tokenizer beside the model again: tokenizer.save_pretrained(folder)."
        )


def check_vocabulary(model: nn.Module, tokenizer: Any, name: str) -> frozenset[int]:
    """Ids of special tokens without a row in the embedding table (EmbeddingGemma's image token).

    Raises ModelRefused where words have none either.
    """
    rows = model.get_input_embeddings().num_embeddings  # type: ignore[operator]
    beyond = {id_: token for token, id_ in tokenizer.get_vocab().items() if id_ >= rows}
    special = {id_ for id_, added in tokenizer.added_tokens_decoder.items() if added.special}
    in_every_text = set(tokenizer.backend_tokenizer.encode("").ids)
    if words := sorted(beyond.keys() - (special - in_every_text)):
        raise ModelRefused(
            f"The tokenizer of {name!r} has tokens up to id {max(beyond):,}, the embedding "
            f"table of its weights {rows:,} rows: there is no vector for "
            f"{beyond[words[0]][:LONGEST_SHOWN]!r}. Take both from the same model, or save the "
            "model after resize_token_embeddings(len(tokenizer))."
        )
    return frozenset(beyond)


def check_numbers(tensors: dict[str, Tensor], name: str, unused: Collection[str] = ()) -> None:
    """Refuse weights that are not all finite; `unused` are not looked at. Raises ModelRefused."""
    for tensor_name, tensor in tensors.items():
        if tensor_name in unused or not tensor.is_floating_point():
            continue
        # One pass without a copy: a sum is finite only where all its terms are.
        if torch.isfinite(tensor.sum()) or torch.isfinite(tensor).all():
            continue
        bad = int((~torch.isfinite(tensor)).sum())
        raise ModelRefused(
            f"The weights of {name!r} are damaged: {bad:,} of the {tensor.numel():,} numbers of "
            f"{tensor_name!r} are NaN or infinite, so every vector would be. Take the weights from "
            "before training diverged, or download them again."
        )
