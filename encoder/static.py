"""A static model: a vector for each token, whatever stands around it; the rung below layer 0.

sentence-transformers' StaticEmbedding is the mean of these vectors, without special tokens; here
it is a transformer of no blocks, so that all that is shown of other models can be shown of it.
"""

import json
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from encoder.backbone import Backbone
from encoder.check_loaded import check_numbers, check_tokenizer, check_vocabulary
from encoder.check_tokenizer_file import check_tokenizer_file
from encoder.errors import ModelRefused
from encoder.json_files import read_object

WEIGHTS, TOKENIZER = "model.safetensors", "tokenizer.json"
MOST_NUMBERS = 2**28  # of a table that is made of fewer rows: 1 GB
MOST_TOKENS = 100_000  # of one text; the model itself has no limit


class StaticModel(nn.Module):
    """An embedding table (V, H) that answers as a transformer of 0 blocks does."""

    def __init__(self, weight: Tensor) -> None:
        from transformers import PreTrainedConfig

        super().__init__()
        self.embeddings = nn.Embedding.from_pretrained(weight)
        rows, width = weight.shape
        self.config = PreTrainedConfig(
            hidden_size=width, num_hidden_layers=0, vocab_size=rows, architectures=["StaticModel"]
        )

    def forward(self, input_ids: Tensor, **_: Any) -> Any:
        """(B, T) ids to (B, T, H): the one hidden state there is."""
        from transformers.modeling_outputs import BaseModelOutput

        states = self.embeddings(input_ids)
        return BaseModelOutput(last_hidden_state=states, hidden_states=(states,))

    def get_input_embeddings(self) -> nn.Embedding:
        """The table, under the name that transformers gives it."""
        return self.embeddings

    def save_pretrained(self, folder: Path) -> None:
        """Write the table as sentence-transformers reads it."""
        save_file({"embedding.weight": self.embeddings.weight.contiguous()}, folder / WEIGHTS)


def load_static(folder: Path) -> Backbone:
    """Load the folder of a StaticEmbedding module, or of model2vec. Raises ModelRefused."""
    from tokenizers import Tokenizer
    from transformers import PreTrainedTokenizerFast

    for name in (TOKENIZER, WEIGHTS):
        if not (folder / name).is_file():
            raise ModelRefused(
                f"The StaticEmbedding module in {folder.name!r} has no {name}. Save the model as "
                "safetensors with a current release of sentence-transformers."
            )
    check_tokenizer_file(read_object(folder / TOKENIZER), folder.name)
    try:
        inner = Tokenizer.from_file(str(folder / TOKENIZER))
        tensors = load_file(folder / WEIGHTS)
    except SafetensorError as error:
        raise ModelRefused(f"{folder.name}/{WEIGHTS} cannot be read: {error}") from error
    except Exception as error:  # tokenizers raises this very class
        raise ModelRefused(f"{folder.name}/{TOKENIZER} cannot be read: {error}") from error
    check_numbers(tensors, folder.name)
    inner.no_padding()
    inner.no_truncation()
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=inner, unk_token=_unknown(inner.to_str()))
    check_tokenizer(tokenizer, folder.name)
    model = StaticModel(_table(tensors, folder.name))
    without_vector = check_vocabulary(model, tokenizer, folder.name)
    return Backbone(
        model, tokenizer, MOST_TOKENS, without_vector=without_vector, special_tokens=False
    )


def _table(tensors: dict[str, Tensor], name: str) -> Tensor:
    """A row (H,) for each token id, float32.

    model2vec keeps fewer rows: "mapping" says which row a token has, "weights" how much it counts.
    """
    table = tensors.get("embedding.weight", tensors.get("embeddings"))
    if table is None or table.ndim != 2:
        shapes = {key: tuple(tensor.shape) for key, tensor in tensors.items()}
        raise ModelRefused(
            f"{name}/{WEIGHTS} must hold embedding.weight (V, H), or the embeddings of model2vec; "
            f"it holds {shapes or 'nothing'}."
        )
    table = table.float()
    if "embedding.weight" in tensors:
        return table
    if "mapping" in tensors:
        rows = tensors["mapping"].long()
        numbers = len(rows) * table.shape[1]
        if numbers > MOST_NUMBERS:  # a byte for each row is enough to ask for it
            raise ModelRefused(
                f"The mapping in {name}/{WEIGHTS} makes a table of {numbers:,} numbers; at most "
                f"{MOST_NUMBERS:,} are held. Choose a smaller model."
            )
        if rows.min() < 0 or rows.max() >= len(table):
            raise ModelRefused(
                f"The mapping in {name}/{WEIGHTS} names row {int(rows.max()):,}; the embeddings "
                f"have {len(table):,}. Save the model again."
            )
        table = table[rows]
    if "weights" in tensors:
        table = table * tensors["weights"].float().unsqueeze(1)
    return table


def _unknown(tokenizer: str) -> str | None:
    """The token for all that the vocabulary cannot spell, named by the model in tokenizer.json."""
    model = json.loads(tokenizer)["model"]
    if model.get("unk_id") is not None:
        return str(model["vocab"][model["unk_id"]][0])
    name = model.get("unk_token")
    return None if name is None else str(name)
