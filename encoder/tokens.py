"""What pooling needs to know about a padded batch of tokens, and how sentences become one."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

PaddingSide = Literal["right", "left"]


@dataclass(frozen=True)
class TokenizedText:
    """One sentence as the model reads it: ids and flags of its T tokens, and what did not fit."""

    ids: tuple[int, ...]
    special: tuple[bool, ...]  # [CLS], [SEP], <s>, ... added by the tokenizer
    prompt: tuple[bool, ...]  # tokens of a prompt that the model's pooling leaves out
    cut: int  # tokens beyond the model's limit, dropped


@dataclass(frozen=True)
class Tokens:
    """A padded batch: every field is (B, T)."""

    ids: Tensor  # int64
    mask: Tensor  # bool, True on real tokens: what attention sees
    special: Tensor  # bool, True on tokens the tokenizer added
    pool: Tensor  # bool, True on tokens that may be pooled; a subset of mask

    @property
    def position(self) -> Tensor:
        """Place of each token in its own sentence, 0, 1, ...; padding counts on after the last.

        The same on whichever side the padding stands. Shape (B, T), int64.
        """
        real = self.mask.long()
        pads_so_far = (1 - real).cumsum(1)
        return torch.where(
            self.mask, real.cumsum(1) - 1, real.sum(1, keepdim=True) + pads_so_far - 1
        )

    def repeat(self, times: int) -> "Tokens":
        """A batch of one sentence as (times, T), without copying."""
        parts = (self.ids, self.mask, self.special, self.pool)
        return Tokens(*(part.expand(times, -1) for part in parts))


def pad(
    texts: Sequence[TokenizedText],
    pad_id: int,
    *,
    pad_to: int = 0,
    side: PaddingSide = "right",
    pool_special: bool = True,
) -> Tokens:
    """Stack B sentences to (B, T), T being the longest of them or `pad_to` if that is more.

    At least 1: an empty text has no token where no special ones are added.
    """
    length = max([1, pad_to, *(len(text.ids) for text in texts)])
    ids = torch.full((len(texts), length), pad_id)
    mask = torch.zeros((len(texts), length), dtype=torch.bool)
    special = torch.zeros_like(mask)
    pool = torch.zeros_like(mask)
    for row, text in enumerate(texts):
        n = len(text.ids)
        span = slice(length - n, length) if side == "left" else slice(0, n)
        ids[row, span] = torch.tensor(text.ids, dtype=torch.long)
        mask[row, span] = True
        special[row, span] = torch.tensor(text.special, dtype=torch.bool)
        pool[row, span] = ~torch.tensor(text.prompt, dtype=torch.bool)
    if not pool_special:
        pool &= ~special
    return Tokens(ids, mask, special, pool)
