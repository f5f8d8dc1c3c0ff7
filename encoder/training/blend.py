"""Between a model and what it was trained to: a weighted mean of both, scored at once.

Often a little of each is better than either: it keeps more of what the base knew.
"""

import copy
import threading
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn

from encoder.backbone import Backbone
from encoder.encoder import Encoder
from encoder.errors import EncoderError
from encoder.evaluation import Predictions
from encoder.head import ACTIVATIONS, Dense, HeadModule, Normalize
from encoder.training.linear import LinearMap
from encoder.training.scoring import Learner, predictions_of
from encoder.training.trainable import Trainable, block_list
from ingest import PairSet

FROZEN_BYTES = 128 * 2**20  # of frozen output; what does not fit is computed again for each alpha
MOST_KEPT = 101  # results: a slider of hundredths

Ends = tuple[Tensor, Tensor]  # one parameter in the base and in the tuned model


class Blend:
    """w = (1 - alpha) base + alpha tuned for all that training changed; the rest is shared.

    Neither model is changed; safe to share between threads. Raises EncoderError where `tuned` is
    not `base` with other weights, or with a linear map on top. Source: WiSE-FT, Wortsman et al.,
    arXiv 2109.01903, eq. 1.
    """

    def __init__(self, base: Encoder, tuned: Encoder, pairs: PairSet) -> None:
        self.base, self.tuned, self.pairs = base, tuned, pairs
        self._map, self._moved = _differences(base, tuned)
        self._head = _head_ends(base, tuned)
        self._lock = threading.Lock()  # one set of weights is filled anew for every alpha
        self._model: Learner | None = None
        self._ends: list[Ends] = []  # of `_model.parameters`
        self._kept: dict[float, Predictions] = {}

    def encoder(self, alpha: float) -> Encoder:
        """The blend as an encoder of its own; `base` and `tuned` themselves at 0 and 1."""
        _check(alpha)
        if alpha == 0 or not (self._map or self._moved or self._head):
            return self.base
        if alpha == 1:
            return self.tuned
        recipe, backbone = self.tuned.recipe, self.base.backbone
        if self._map:
            weight, bias = (_mean(ends, alpha) for ends in _map_ends(self.base, self._map))
            dense = replace(self._map, weight=weight, bias=bias)
            recipe = replace(recipe, head=(*recipe.head[:-2], dense, Normalize()))
        if self._head:
            both = zip(self.base.recipe.head, recipe.head, strict=True)
            recipe = replace(recipe, head=tuple(_blended(*modules, alpha) for modules in both))
        if self._moved:
            backbone = _with_moved(backbone, self._moved, alpha)
        return Encoder(self.tuned.name, backbone, recipe)

    def predictions(self, alpha: float) -> Predictions:
        """What the blend says about `pairs`; only what training changed runs for a new alpha."""
        _check(alpha)
        with self._lock:
            if alpha not in self._kept:
                if len(self._kept) == MOST_KEPT:
                    del self._kept[next(iter(self._kept))]
                self._kept[alpha] = self._predict(alpha)
            return self._kept[alpha]

    def _predict(self, alpha: float) -> Predictions:
        if self._model is None:
            self._model, self._ends = self._learner()
        with torch.no_grad():
            for parameter, ends in zip(self._model.parameters, self._ends, strict=True):
                parameter.copy_(_mean(ends, alpha))
        return predictions_of(self._model, self.pairs)

    def _learner(self) -> tuple[Learner, list[Ends]]:
        """A model of which only what training changed runs, and the ends of its parameters."""
        if not (self._moved or self._head):
            return LinearMap(self.base), _map_ends(self.base, self._map)
        depth = self.base.backbone.depth
        blocks = depth + 1 if self._head else _blocks_with(self.base.backbone, self._moved)
        model = Trainable(self.base, blocks, FROZEN_BYTES)
        base, tuned = (dict(e.backbone.model.named_parameters()) for e in (self.base, self.tuned))
        own = [name for name, p in model.backbone.model.named_parameters() if p.requires_grad]
        return model, [*((base[name], tuned[name]) for name in own), *self._head]


def _check(alpha: float) -> None:
    if not 0 <= alpha <= 1:
        raise EncoderError(
            f"alpha is {alpha}; it must be from 0 (the base) to 1 (the tuned model)."
        )


def _mean(ends: Ends, alpha: float) -> Tensor:
    """(1 - alpha) base + alpha tuned, exact at both ends."""
    return torch.lerp(*ends, alpha)


def _map_ends(base: Encoder, dense: Dense | None) -> list[Ends]:
    """Weight (D, D) and bias (D,) of the identity map, which the base counts as, and of a map."""
    weight, bias = torch.eye(base.dimensions), torch.zeros(base.dimensions)
    if dense is None:
        return [(weight, weight), (bias, bias)]
    return [(weight, dense.weight), (bias, bias if dense.bias is None else dense.bias)]


def _head_ends(base: Encoder, tuned: Encoder) -> list[Ends]:
    """Weights and biases of the Dense modules that both have, where training moved any."""
    both = [
        (old, new)
        for old, new in zip(base.recipe.head, tuned.recipe.head, strict=False)
        if isinstance(old, Dense) and isinstance(new, Dense)
    ]
    if all(old.key == new.key for old, new in both):
        return []
    ends = [e for old, new in both for e in ((old.weight, new.weight), (old.bias, new.bias))]
    return [(old, new) for old, new in ends if old is not None and new is not None]


def _blended(old: HeadModule, new: HeadModule, alpha: float) -> HeadModule:
    """A Dense between two; what has no weights as it is."""
    if not (isinstance(old, Dense) and isinstance(new, Dense)):
        return new
    bias = None if old.bias is None or new.bias is None else _mean((old.bias, new.bias), alpha)
    return replace(new, weight=_mean((old.weight, new.weight), alpha), bias=bias)


def _form(module: HeadModule) -> object:
    """What of a module training leaves as it is."""
    if not isinstance(module, Dense):
        return module.key
    return module.activation, module.weight.shape, module.bias is None


def _differences(base: Encoder, tuned: Encoder) -> tuple[Dense | None, dict[str, Ends]]:
    """The linear map that `tuned` has on top, and the parameters in which it differs, by name."""
    problems = _mismatches(base, tuned)
    moved: dict[str, Ends] = {}
    if not problems:
        both = zip(*(e.backbone.model.named_parameters() for e in (base, tuned)), strict=True)
        moved = {
            name: (old, new)
            for (name, old), (_, new) in both
            if old is not new and not torch.equal(old, new)
        }
    added = tuned.recipe.head[len(base.recipe.head) :]
    dense: Dense | None = None
    match added:
        case ():
            pass
        case (Normalize(), Dense() as found, Normalize()):
            dense, width = found, base.dimensions
            linear = ACTIVATIONS[dense.activation] is nn.Identity
            if not linear or tuple(dense.weight.shape) != (width, width):
                problems.append(f"the Dense module on top is no linear map in {width} dimensions")
            if moved:
                problems.append("both its blocks and the linear map on top are new")
        case _:
            problems.append(f"what it has on top ({len(added)} modules) is no linear map")
    if problems:
        raise EncoderError(
            f"{tuned.name!r} cannot be blended with {base.name!r}: {'; '.join(problems)}. Give the "
            "model that it was trained from, under the same pooling."
        )
    return dense, moved


def _mismatches(base: Encoder, tuned: Encoder) -> list[str]:
    """What keeps two encoders from being one model before and after training."""
    shared = len(base.recipe.head)
    ours, theirs = (
        {
            "pooling": encoder.pooling,
            "modules after the pooling": [_form(m) for m in encoder.recipe.head[:shared]],
            "prompt": (encoder.prompt(), encoder.recipe.include_prompt),
            "longest text": encoder.max_tokens,
            "architecture": type(encoder.backbone.model),
            "shapes of weights": {n: p.shape for n, p in encoder.backbone.model.named_parameters()},
        }
        for encoder in (base, tuned)
    )
    problems = [f"they differ in {what}" for what in ours if ours[what] != theirs[what]]
    one, other = base.backbone.tokenizer, tuned.backbone.tokenizer
    if one is not other and one.get_vocab() != other.get_vocab():
        problems.append("they differ in vocabulary")
    return problems


def _blocks_with(backbone: Backbone, moved: dict[str, Ends]) -> int:
    """How many blocks, counted from the top, hold all that moved; L + 1 where they do not."""
    parameters = {id(base) for base, _ in moved.values()}
    lowest = backbone.depth
    for number, block in reversed(list(enumerate(block_list(backbone.model, backbone.depth)))):
        here = parameters & {id(p) for p in block.parameters()}
        lowest = number if here else lowest
        parameters -= here
    return backbone.depth + 1 if parameters else backbone.depth - lowest


def _with_moved(backbone: Backbone, moved: dict[str, Ends], alpha: float) -> Backbone:
    """A backbone with new values for what moved, all other parameters being shared."""
    memo: dict[int, Any] = {id(p): p for p in backbone.model.parameters()}
    for ends in moved.values():
        memo[id(ends[0])] = nn.Parameter(_mean(ends, alpha), requires_grad=False)
    # A deep copy that finds a parameter in its memo takes what stands there.
    return backbone.with_model(copy.deepcopy(backbone.model, memo))
