"""Which hidden states a sentence vector is pooled from: 0 = embeddings, 1..L = after each block."""

from collections.abc import Sequence
from numbers import Integral

from torch import Tensor

from encoder.errors import UnknownName

Layer = int | str
NAMED = ("first_last", "last2")


def layer_names(depth: int) -> list[Layer]:
    """Every layer of a model with L = `depth` blocks, in the order the screen shows them."""
    return [*range(depth + 1), *(NAMED if depth else ())]


def canonical_layer(layer: Layer, depth: int) -> Layer:
    """The one name of a layer: -1 becomes L. Raises UnknownName, which lists the valid ones."""
    if isinstance(layer, str) and layer in NAMED and depth:
        return layer
    whole = isinstance(layer, Integral) and not isinstance(layer, bool)  # numpy's integers too
    if whole and -depth - 1 <= int(layer) <= depth:
        return int(layer) % (depth + 1)
    raise UnknownName("layer", layer, [*layer_names(depth), -1])


def layer_indices(layer: Layer, depth: int) -> tuple[int, ...]:
    """The hidden states that are averaged: "first_last" is 1 and L, "last2" is L-1 and L."""
    layer = canonical_layer(layer, depth)
    if layer == "first_last":
        return (1, depth)
    if layer == "last2":
        return (depth - 1, depth)
    assert isinstance(layer, int)
    return (layer,)


def select_layer(hidden: Sequence[Tensor], layer: Layer) -> Tensor:
    """From L+1 states of (B, T, H), the (B, T, H) that `layer` means."""
    first, *rest = layer_indices(layer, len(hidden) - 1)
    if not rest:
        return hidden[first]
    return (hidden[first] + hidden[rest[0]]) / 2
