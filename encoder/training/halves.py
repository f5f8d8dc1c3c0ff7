"""A model cut in two at one of its blocks: the bottom gives token states, the top takes them up.

Both halves are the whole architecture, so that what it computes beside its blocks (masks, rotary
angles, relative positions, projections of the embeddings) is there, whatever it is called. The
bottom stops at the cut; in the top the blocks below the cut hand on what they get, and the block
at the cut takes given states instead.
"""

import copy
from typing import Any

import torch
from torch import Tensor, nn

from encoder.backbone import Backbone
from encoder.errors import ModelRefused
from encoder.tokens import pad

PROBES = ("One.", "Seven sailors sang while the storm shook the old ship.")  # so one is padded


class Reached(Exception):
    """Ends a forward pass at the first block that trains."""

    def __init__(self, states: Tensor) -> None:
        self.states = states


class Entry:
    """Where the top takes up the states (N, T, H) that the bottom gave."""

    states: Tensor

    def __call__(
        self, _: nn.Module, args: tuple[Any, ...], named: dict[str, Any]
    ) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """The arguments of the block at the cut, with these states as the first."""
        if args:
            return (self.states, *args[1:]), named
        return args, named | {"hidden_states": self.states}


class _PassedOver(nn.Module):
    """Stands where a block below the cut stood, and hands on the states that it is given.

    `values`: how many values such a block gives, the states first; None: the states alone.
    """

    def __init__(self, block: nn.Module, values: int | None) -> None:
        super().__init__()
        self._block, self._values = (block,), values  # in a tuple, where no module is looked for

    def __getattr__(self, name: str) -> Any:
        """Models read attributes of their blocks, such as the kind of attention."""
        return getattr(self.__dict__["_block"][0], name)

    def forward(self, *args: Any, **named: Any) -> Any:
        states = args[0] if args else named["hidden_states"]
        return states if self._values is None else (states, *(None,) * (self._values - 1))


def top_of(backbone: Backbone, first: int) -> tuple[nn.Module, nn.ModuleList, Entry]:
    """The model from block `first` on, made of the parameters of `backbone`; its blocks; its entry.

    Raises ModelRefused where the blocks are in no list.
    """
    top = whole_of(backbone)
    blocks = block_list(top, backbone.depth)
    if first:
        values = _values_given(backbone, top, blocks[0])
        for at in range(first):
            blocks[at] = _PassedOver(blocks[at], values)
    entry = Entry()
    blocks[first].register_forward_pre_hook(entry, with_kwargs=True)
    return top, nn.ModuleList(blocks[first:]), entry


def bottom_of(backbone: Backbone, first: int) -> nn.Module:
    """The model up to block `first`, where it raises `Reached`; its parameters are shared."""

    def reached(_: nn.Module, args: tuple[Tensor, ...], named: dict[str, Tensor]) -> None:
        raise Reached(args[0] if args else named["hidden_states"])

    bottom = whole_of(backbone)
    block_list(bottom, backbone.depth)[first].register_forward_pre_hook(reached, with_kwargs=True)
    return bottom


def whole_of(backbone: Backbone) -> nn.Module:
    """Modules of its own around the parameters of `backbone`, without a pooler."""
    memo: dict[int, Any] = {id(p): p for p in backbone.model.parameters()}
    whole: Any = copy.deepcopy(backbone.model, memo).eval()
    if getattr(whole, "pooler", None) is not None:
        whole.pooler = None  # reads [CLS] for another task; its output is not used
    assert isinstance(whole, nn.Module)
    return whole


def block_list(model: Any, depth: int) -> nn.ModuleList:
    """The L transformer blocks of a model, wherever its architecture keeps them."""
    for module in model.modules():
        if isinstance(module, nn.ModuleList) and len(module) == depth:
            return module
    raise ModelRefused(
        f"{type(model).__name__} keeps its {depth} blocks in no list of its own; it can be used "
        "here, but not fine-tuned."
    )


@torch.no_grad()
def _values_given(backbone: Backbone, model: nn.Module, block: nn.Module) -> int | None:
    """How many values a block of `model` gives, the states first; None: the states alone."""
    given: list[int | None] = []
    handle = block.register_forward_hook(
        lambda _, __, out: given.append(len(out) if isinstance(out, tuple) else None)
    )
    try:
        model(**backbone.inputs(pad(backbone.tokenize(PROBES), backbone.pad_id)))
    finally:
        handle.remove()
    return given[0]
