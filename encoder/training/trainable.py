"""A copy of an encoder of which only the top blocks train, fed from what the rest gives once.

The frozen part (embeddings and lower blocks) is shared with the source, so a tuned encoder costs
the memory of its trained blocks only. Its output for a text never changes, so it is computed once
and kept; a training step then runs the top blocks alone.
"""

import copy
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pad_sequence

from encoder.backbone import Backbone
from encoder.batching import batches, pieces
from encoder.encoder import Encoder
from encoder.errors import EncoderError, ModelRefused
from encoder.head import Dense, HeadModule
from encoder.pooling import Pooling, resolve_pooling
from encoder.tokens import TokenizedText, Tokens, pad

KEEP_BYTES = 512 * 2**20  # of frozen output; each text that does not fit runs each time
# Numbers that autograd keeps of one block, counted in BERT's and measured with MiniLM. A token: 12
# states of H and 2 of 4 H; a pair of tokens, for each head: softmax, dropout, and their product.
STATES_KEPT, ATTENTIONS_KEPT = 20, 3
NUMBER_BYTES = 4


class _Reached(Exception):
    """Ends a forward pass at the first block that trains."""

    def __init__(self, states: Tensor) -> None:
        self.states = states


class _Inject(nn.Module):
    """Stands where the embeddings stood and hands out the states it was given."""

    states: Tensor

    def forward(self, *_: Any, **__: Any) -> Tensor:
        return self.states


class Trainable:
    """The top `train_blocks` of a model's L blocks and its pooling.

    L + 1: the embeddings train too, and so do Dense modules after the pooling.
    """

    def __init__(self, source: Encoder, train_blocks: int, keep_bytes: int = KEEP_BYTES) -> None:
        backbone = source.backbone
        if not 1 <= train_blocks <= backbone.depth + 1:
            raise EncoderError(
                f"train_blocks is {train_blocks}; {source.name} has {backbone.depth} blocks, and "
                f"{backbone.depth + 1} trains its embeddings too."
            )
        self.source = source
        self.prefix_layer = max(0, backbone.depth - train_blocks)
        self.trains_embeddings = train_blocks > backbone.depth
        self.backbone = _with_own_blocks(backbone, self.prefix_layer, self.trains_embeddings)
        self.pooling: Pooling = resolve_pooling(source.pooling)
        head = source.recipe.head
        self._head = tuple(map(_to_train, head)) if self.trains_embeddings else head
        self._top, self.blocks, self._inject = _top_of(
            self.backbone, self.prefix_layer, self.trains_embeddings
        )
        self._bottom = _bottom_of(backbone, self.prefix_layer)
        self._keep_bytes, self._kept_bytes = keep_bytes, 0
        self._kept: dict[str, Tensor] = {}
        self._tokenized: dict[str, TokenizedText] = {}

    @property
    def parameters(self) -> list[nn.Parameter]:
        """What trains: of the transformer, then of the Dense modules."""
        own = [p for p in self.backbone.model.parameters() if p.requires_grad]
        dense = [module for module in self._head if isinstance(module, Dense)]
        return own + [p for m in dense for p in (m.weight, m.bias) if isinstance(p, nn.Parameter)]

    @property
    def frozen_blocks(self) -> nn.ModuleList:
        """All L blocks of the copy that gives the frozen output; those that train never run."""
        return block_list(self._bottom, self.backbone.depth)

    def prepare(
        self, texts: Sequence[str], on_batch: Callable[[int, int], None] | None = None
    ) -> None:
        """Tokenize texts and compute the frozen part's output once, as far as memory allows."""
        new = [text for text in dict.fromkeys(texts) if text not in self._tokenized]
        for piece in pieces(new):
            self._tokenize([new[i] for i in piece])
            if on_batch:
                on_batch(0, len(new))
        if self.trains_embeddings:
            return
        done = 0
        for batch in batches([self.length(text) for text in new]):
            states = self._frozen(self._pad([self._tokenized[new[i]] for i in batch]))
            for row, i in enumerate(batch):
                state = states[row, : self.length(new[i])]
                if self._kept_bytes + state.nbytes > self._keep_bytes:
                    return
                self._kept[new[i]] = state.clone()
                self._kept_bytes += state.nbytes
            done += len(batch)
            if on_batch:
                on_batch(done, len(new))

    def length(self, text: str) -> int:
        """Tokens of a prepared text."""
        return len(self._tokenized[text].ids)

    def graph_bytes(self, text: str) -> int:
        """What autograd keeps of a prepared text on its way through the blocks, about.

        Per block T H for each state kept and heads T^2 for each attention matrix; the way back
        takes about one block's worth more.
        """
        hidden, tokens = self.backbone.hidden_size, self.length(text)
        heads = getattr(self.backbone.model.config, "num_attention_heads", max(1, hidden // 64))
        numbers = STATES_KEPT * tokens * hidden + ATTENTIONS_KEPT * heads * tokens**2
        return NUMBER_BYTES * (len(self.blocks) + 1) * numbers

    def embed(self, texts: Sequence[str]) -> Tensor:
        """(N, D) of prepared texts through the trainable part, with gradients where enabled."""
        tokens = self._pad([self._tokenized[text] for text in texts])
        inputs = self.backbone.inputs(tokens)
        if not self.trains_embeddings:
            del inputs["input_ids"]
            inputs["inputs_embeds"] = self._inject.states = self._states(texts, tokens)
        hidden = self._top(**inputs).last_hidden_state  # (N, T, H)
        vectors = self.pooling(hidden, tokens)
        for module in self._head:
            vectors = module.apply(vectors)
        return vectors

    def train(self, mode: bool) -> None:
        """Dropout on or off in the blocks that train."""
        self._top.train(mode)

    def finished(self) -> Encoder:
        """The tuned encoder, frozen like any other."""
        self._top.eval()
        for parameter in self.parameters:
            parameter.requires_grad_(False)
        self._kept.clear()
        recipe = self.source.recipe
        if self.trains_embeddings:
            recipe = replace(recipe, head=tuple(map(_trained, self._head)))
        return Encoder(self.source.name, self.backbone, recipe)

    def _tokenize(self, texts: Sequence[str]) -> None:
        recipe = self.source.recipe
        tokenized = self.backbone.tokenize(texts, self.source.prompt(), recipe.include_prompt)
        self._tokenized.update(zip(texts, tokenized, strict=True))

    def _states(self, texts: Sequence[str], tokens: Tokens) -> Tensor:
        missing = [text for text in dict.fromkeys(texts) if text not in self._kept]
        if len(missing) == len(texts):
            return self._frozen(tokens)
        computed: dict[str, Tensor] = {}
        if missing:
            rows = self._frozen(self._pad([self._tokenized[text] for text in missing]))
            computed = {
                text: row[: self.length(text)] for text, row in zip(missing, rows, strict=True)
            }
        states = [computed[text] if text in computed else self._kept[text] for text in texts]
        return pad_sequence(states, batch_first=True)

    @torch.no_grad()
    def _frozen(self, tokens: Tokens) -> Tensor:
        """(N, T, H) that the first training block takes, without dropout."""
        try:
            self._bottom(**self.backbone.inputs(tokens))
        except _Reached as reached:
            return reached.states
        raise AssertionError("every block is passed")

    def _pad(self, texts: Sequence[TokenizedText]) -> Tokens:
        return pad(texts, self.backbone.pad_id)


def _to_train(module: HeadModule) -> HeadModule:
    """A Dense of its own weights, to train; what has none as it is."""
    if not isinstance(module, Dense):
        return module
    bias = None if module.bias is None else nn.Parameter(module.bias.clone())
    return replace(module, weight=nn.Parameter(module.weight.clone()), bias=bias)


def _trained(module: HeadModule) -> HeadModule:
    """A Dense that trains no more."""
    if not isinstance(module, Dense):
        return module
    bias = None if module.bias is None else module.bias.detach().clone()
    return replace(module, weight=module.weight.detach().clone(), bias=bias)


def _with_own_blocks(backbone: Backbone, first: int, everything: bool) -> Backbone:
    """A backbone whose blocks from `first` on are its own to train; the rest is shared."""
    model = backbone.model
    trained = [model] if everything else block_list(model, backbone.depth)[first:]
    own = {id(p) for module in trained for p in module.parameters()}
    # A deep copy that finds a parameter in its memo takes it as it is.
    copied = copy.deepcopy(model, {id(p): p for p in model.parameters() if id(p) not in own})
    for old, new in zip(model.parameters(), copied.parameters(), strict=True):
        if id(old) in own:
            new.requires_grad_(True)
    return backbone.with_model(copied)


def _top_of(
    backbone: Backbone, first: int, everything: bool
) -> tuple[nn.Module, nn.ModuleList, _Inject]:
    """The model from block `first` on, made of the parameters of `backbone`, and its blocks."""
    model, inject = backbone.model, _Inject()
    memo: dict[int, Any] = {id(p): p for p in model.parameters()}
    if not everything:
        memo[id(model.embeddings)] = inject
        blocks = nn.ModuleList(block_list(model, backbone.depth)[first:])
        memo[id(block_list(model, backbone.depth))] = blocks
    top = copy.deepcopy(model, memo)
    if getattr(top, "pooler", None) is not None:
        top.pooler = None  # reads [CLS] for another task; its output is not used
    return top, block_list(top, backbone.depth) if everything else blocks, inject


def _bottom_of(backbone: Backbone, first: int) -> nn.Module:
    """The model up to block `first`, where it raises `_Reached`; its parameters are shared."""

    def reached(_: nn.Module, args: tuple[Tensor, ...], named: dict[str, Tensor]) -> None:
        raise _Reached(args[0] if args else named["hidden_states"])

    memo: dict[int, Any] = {id(p): p for p in backbone.model.parameters()}
    bottom = copy.deepcopy(backbone.model, memo).eval()
    block_list(bottom, backbone.depth)[first].register_forward_pre_hook(reached, with_kwargs=True)
    return bottom


def block_list(model: Any, depth: int) -> nn.ModuleList:
    """The L transformer blocks of a model, wherever its architecture keeps them."""
    for module in model.modules():
        if isinstance(module, nn.ModuleList) and len(module) == depth:
            return module
    raise ModelRefused(
        f"{type(model).__name__} keeps its {depth} blocks in no list of its own; it can be used "
        "here, but not fine-tuned."
    )
