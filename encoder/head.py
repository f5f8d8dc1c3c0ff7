"""What follows pooling in a sentence-transformers model: Dense, LayerNorm, Normalize, ...

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


@dataclass(frozen=True, eq=False)
class LayerNorm:
    """(x - mean) / sqrt(variance + EPSILON) * weight + bias, over the D numbers of a vector.

    Source: Ba et al., arXiv 1607.06450, eq. 4.
    """

    weight: Tensor  # (D,)
    bias: Tensor  # (D,)
    EPSILON = 1e-5  # PyTorch's own, which sentence-transformers does not change

    @property
    def key(self) -> str:
        """Names this module in cache keys."""
        digest = hashlib.blake2b(self.weight.contiguous().numpy().data, digest_size=16)
        digest.update(self.bias.contiguous().numpy().data)
        return f"layer-norm:{digest.hexdigest()}"

    def width(self, width: int) -> int:
        """Unchanged. Raises ModelRefused if it takes another width."""
        if width != len(self.weight):
            raise ModelRefused(
                f"A LayerNorm module takes {len(self.weight)} numbers; what comes before it gives "
                f"{width}."
            )
        return width

    def apply(self, vectors: Tensor) -> Tensor:
        """(B, D) to (B, D)."""
        return nn.functional.layer_norm(
            vectors, self.weight.shape, self.weight, self.bias, self.EPSILON
        )

    def split(self, parts: Tensor) -> Tensor:
        """(P, D) to (P + 1, D), the last row being the bias.

        Taking the mean off is linear; the deviation is that of the whole.
        """
        deviation = (parts.sum(0).var(correction=0) + self.EPSILON).sqrt()
        centred = parts - parts.mean(1, keepdim=True)
        rows = centred / deviation * self.weight.to(parts)
        return torch.cat([rows, self.bias.to(parts).unsqueeze(0)])


@dataclass(frozen=True)
class Dropout:
    """Nothing: it drops numbers in training only. Kept so that it is saved again."""

    rate: float
    key = "dropout"

    def width(self, width: int) -> int:
        """Unchanged."""
        return width

    def apply(self, vectors: Tensor) -> Tensor:
        """(B, D) as they are."""
        return vectors

    def split(self, parts: Tensor) -> Tensor:
        """(P, D) as they are."""
        return parts


@dataclass(frozen=True)
class Truncate:
    """The first `dimensions` numbers of a vector, at most all of them.

    What models trained for it keep most of their meaning in (Matryoshka, arXiv 2205.13147).
    """

    dimensions: int

    @property
    def key(self) -> str:
        """Names this module in cache keys."""
        return f"truncate:{self.dimensions}"

    def width(self, width: int) -> int:
        """At most `dimensions`."""
        return min(width, self.dimensions)

    def apply(self, vectors: Tensor) -> Tensor:
        """(B, D_in) to (B, D_out)."""
        return vectors[:, : self.dimensions]

    def split(self, parts: Tensor) -> Tensor:
        """(P, D_in) to (P, D_out)."""
        return parts[:, : self.dimensions]


HeadModule = Dense | LayerNorm | Normalize | Dropout | Truncate
