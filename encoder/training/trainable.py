"""A copy of an encoder of which only the top blocks train, fed from what the rest gives once.

The frozen part (embeddings and lower blocks) is shared with the source, so a tuned encoder costs
the memory of its trained blocks only. Its output for a text never changes, so it is computed once
and kept; a training step then runs the top blocks alone.
"""

import copy
from collections.abc import Callable, Sequence
from dataclasses import replace
from math import isfinite

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pad_sequence

from encoder.backbone import Backbone
from encoder.batching import batches, pieces
from encoder.cache import ArrayCache
from encoder.encoder import Encoder
from encoder.errors import EncoderError, ModelRefused
from encoder.head import Dense, HeadModule
from encoder.pooling import Pooling, resolve_pooling
from encoder.tokens import TokenizedText, Tokens, pad
from encoder.training.halves import PROBES, Reached, block_list, bottom_of, top_of, whole_of

__all__ = ["Trainable", "block_list"]

KEEP_BYTES = 512 * 2**20  # of frozen output; each text that does not fit runs each time
# Numbers that autograd keeps of one block, counted in BERT's and measured with MiniLM. A token: 12
# states of H and 2 of 4 H; a pair of tokens, for each head: softmax, dropout, and their product.
STATES_KEPT, ATTENTIONS_KEPT = 20, 3
NUMBER_BYTES = 4
SAME = 1e-3  # how far two ways through a model may be apart, as a share of the largest number


class Trainable:
    """The top `train_blocks` of a model's L blocks and its pooling.

    L + 1: the embeddings train too, and so do Dense modules after the pooling.
    Raises ModelRefused for an architecture that cannot be cut there: what trains must give the
    vectors that the encoder gives.
    """

    def __init__(self, source: Encoder, train_blocks: int, keep_bytes: int = KEEP_BYTES) -> None:
        backbone = source.backbone
        if not 1 <= train_blocks <= backbone.depth + 1:
            raise EncoderError(
                f"train_blocks is {train_blocks}; {source.name} has {backbone.depth} blocks, and "
                f"{backbone.depth + 1} trains its embeddings too."
            )
        self.source = source
        if not backbone.depth:
            raise ModelRefused(self._refusal("has none"))
        self.prefix_layer = max(0, backbone.depth - train_blocks)
        self.trains_embeddings = train_blocks > backbone.depth
        self.backbone = _with_own_blocks(backbone, self.prefix_layer, self.trains_embeddings)
        self.pooling: Pooling = resolve_pooling(source.pooling)
        head = source.recipe.head
        self._head = tuple(map(_to_train, head)) if self.trains_embeddings else head
        self._keep_bytes, self._kept_bytes = keep_bytes, 0
        self._kept: dict[str, Tensor] = {}
        self._tokenized: dict[str, TokenizedText] = {}
        try:
            self._cut(backbone)
            difference = self._difference()
        except ModelRefused:
            raise
        except Exception as error:  # architectures fail in ways that nobody thought of
            reason = f"{type(error).__name__}: {str(error).partition(chr(10))[0][:200]}"
            raise ModelRefused(self._refusal(f"cannot be cut at a block ({reason})")) from error
        if not difference < SAME:  # also for NaN
            raise ModelRefused(
                self._refusal(
                    f"gives other vectors when it is cut at block {self.prefix_layer}, off by "
                    f"{difference:.0%}"
                )
            )

    def _cut(self, backbone: Backbone) -> None:
        if self.trains_embeddings:
            self._top = whole_of(self.backbone)
            self.blocks = block_list(self._top, backbone.depth)
        else:
            self._top, self.blocks, self._entry = top_of(self.backbone, self.prefix_layer)
        self._bottom = bottom_of(backbone, self.prefix_layer)

    def _difference(self) -> float:
        """How far its vectors are from the encoder's, as a share of the largest number."""
        expected = self.source.with_cache(ArrayCache(0)).encode(PROBES, normalize=False)
        self.prepare(PROBES)
        with torch.no_grad():
            apart = self.embed(PROBES) - torch.from_numpy(expected)
        self._kept_bytes = 0
        self._kept.clear()
        self._tokenized.clear()
        largest = float(abs(expected).max())
        # Weights that are no numbers give none either way; a run ends with its first loss.
        return float(apart.abs().max()) / max(largest, 1e-6) if isfinite(largest) else 0.0

    def _refusal(self, why: str) -> str:
        architecture = type(self.source.backbone.model).__name__
        return (
            f"{self.source.name} can be used here, but its blocks cannot be fine-tuned: "
            f"{architecture} {why}. Set the blocks that train to 0, which learns a linear map on "
            "its vectors, or choose another model."
        )

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
            self._entry.states = self._states(texts, tokens).to(self.backbone.device)
        hidden = self._top(**inputs).last_hidden_state.cpu()  # (N, T, H)
        vectors = self.pooling(hidden, tokens)
        for module in self._head:
            vectors = module.apply(vectors)
        return vectors

    def train(self, mode: bool) -> None:
        """Dropout on or off in the blocks that train."""
        (self._top if self.trains_embeddings else self.blocks).train(mode)

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
        except Reached as reached:
            return reached.states.cpu()
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
