"""Fine-tuning without touching the transformer: a linear map on its frozen sentence vectors."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import torch
from torch import Tensor, nn

from encoder.encoder import Encoder
from encoder.head import Dense, Normalize
from encoder.training.scoring import in_chunks


class LinearMap:
    """W v + b on the model's own vectors, from the identity on; same face as `Trainable`."""

    def __init__(self, source: Encoder) -> None:
        self.source = source
        self._vectors: dict[str, Tensor] = {}
        self.blocks: tuple[nn.Module, ...] = ()
        width = source.encode([""]).shape[1]
        self._weight = nn.Parameter(torch.eye(width))
        self._bias = nn.Parameter(torch.zeros(width))

    @property
    def parameters(self) -> list[nn.Parameter]:
        """What trains."""
        return [self._weight, self._bias]

    def prepare(
        self, texts: Sequence[str], on_batch: Callable[[int, int], None] | None = None
    ) -> None:
        """Compute each text's vector once."""
        new = [text for text in dict.fromkeys(texts) if text not in self._vectors]
        vectors = torch.from_numpy(in_chunks(self.source, new, on_batch))
        self._vectors.update(zip(new, vectors, strict=True))

    def length(self, text: str) -> int:
        """One: all vectors are equally long, so any batch will do."""
        return 1

    def graph_bytes(self, text: str) -> int:
        """The vector, what it becomes, and that at unit length, in float32."""
        return 3 * 4 * len(self._bias)

    def embed(self, texts: Sequence[str]) -> Tensor:
        """(N, D) of prepared texts, with gradients where enabled."""
        vectors = torch.stack([self._vectors[text] for text in texts])
        return nn.functional.normalize(nn.functional.linear(vectors, self._weight, self._bias))

    def train(self, mode: bool) -> None:
        """No dropout to switch."""

    def finished(self) -> Encoder:
        """The source with the map as one more Dense module, then Normalize."""
        dense = Dense(
            self._weight.detach().clone(),
            self._bias.detach().clone(),
            "torch.nn.modules.linear.Identity",
        )
        head = (*self.source.recipe.head, Normalize(), dense, Normalize())
        recipe = replace(self.source.recipe, head=head)
        return Encoder(self.source.name, self.source.backbone, recipe)
