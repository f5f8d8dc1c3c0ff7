"""What follows pooling in a sentence-transformers model: Dense and Normalize.

Each can act on pooled vectors (B, D), and on one vector's parts (P, D), rows that sum to it, such
that the new rows sum to the new vector. That keeps any model exactly explainable by its tokens.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from encoder.errors import ModelRefused

# What a Dense config may name as its activation; nothing is imported by name.
ACTIVATIONS: dict[str, type[nn.Module]] = {
    f"torch.nn.modules.{kind.__module__.rsplit('.', 1)[-1]}.{kind.__name__}": kind
    for kind in (nn.Identity, nn.Tanh, nn.ReLU, nn.GELU, nn.SiLU, nn.Sigmoid, nn.LeakyReLU, nn.ELU)
}


@dataclass(frozen=True, eq=False)
class Dense:
    """activation(W x + b): W is (D_out, D_in), b is (D_out,) or None."""

    weight: Tensor
    bias: Tensor | None
    activation: str = "torch.nn.modules.activation.Tanh"

    @property
    def key(self) -> str:
        """Names this module in cache keys."""
        digest = hashlib.blake2b(self.weight.contiguous().numpy().data, digest_size=16)
        if self.bias is not None:
            digest.update(self.bias.numpy().data)
        return f"dense:{self.activation}:{digest.hexdigest()}"

    def width(self, width: int) -> int:
        """D_out, for D_in = `width`. Raises ModelRefused if it takes another width."""
        if width != self.weight.shape[1]:
            raise ModelRefused(
                f"A Dense module takes {self.weight.shape[1]} numbers; what comes before it gives "
                f"{width}."
            )
        return self.weight.shape[0]

    @property
    def _activate(self) -> Callable[[Tensor], Tensor]:
        return ACTIVATIONS[self.activation]()

    def apply(self, vectors: Tensor) -> Tensor:
        """(B, D_in) to (B, D_out)."""
        return self._activate(nn.functional.linear(vectors, self.weight, self.bias))

    def split(self, parts: Tensor) -> Tensor:
        """(P, D_in) to (P + 1, D_out), the last row being what the bias alone gives.

        The activation f acts on the sum z. What it adds to f(0), in each dimension, is shared out
        in proportion to the parts of z; f(0) itself, not 0 for a sigmoid, goes to the bias.
        """
        bias = torch.zeros(self.weight.shape[0]) if self.bias is None else self.bias
        linear = torch.cat([parts @ self.weight.T.to(parts), bias.to(parts).unsqueeze(0)])
        before = linear.sum(0)  # (D_out,)
        at_zero = self._activate(torch.zeros_like(before))
        added = self._activate(before) - at_zero
        flat = before.abs() < 1e-12  # nothing to share out in proportion: equal shares
        ratio = added / torch.where(flat, 1.0, before)
        shares = torch.where(flat, added / len(linear), ratio * linear)
        shares[-1] += at_zero
        return shares


@dataclass(frozen=True)
class Normalize:
    """x / |x|; a zero vector stays zero."""

    key = "normalize"

    def width(self, width: int) -> int:
        """Unchanged."""
        return width

    def apply(self, vectors: Tensor) -> Tensor:
        """(B, D) to (B, D), rows of length 1."""
        return nn.functional.normalize(vectors, dim=-1)

    def split(self, parts: Tensor) -> Tensor:
        """(P, D) to (P, D), divided by the length of their sum."""
        return parts / parts.sum(0).norm().clamp(min=1e-12)


HeadModule = Dense | Normalize
