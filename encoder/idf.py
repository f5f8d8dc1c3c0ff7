"""Inverse document frequencies: how rare each token of a vocabulary is in a corpus."""

import hashlib
import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import torch
from torch import Tensor


@dataclass(frozen=True, eq=False)
class IdfWeights:
    """idf_t = ln((1 + N) / (1 + df_t)) + 1 over N documents (scikit-learn's smooth idf)."""

    documents: int
    table: Tensor = field(repr=False)  # (V,) float32, indexed by token id

    @classmethod
    def from_ids(cls, documents: Iterable[Sequence[int]], vocabulary_size: int) -> "IdfWeights":
        """Count in how many documents (sequences of token ids) each id occurs."""
        counts: Counter[int] = Counter()
        n = 0
        for ids in documents:
            counts.update(set(ids))
            n += 1
        table = torch.full((vocabulary_size,), math.log(1 + n) + 1)
        for token, df in counts.items():
            table[token] = math.log((1 + n) / (1 + df)) + 1
        return cls(n, table)

    @cached_property
    def fingerprint(self) -> str:
        """Names these weights in cache keys."""
        return hashlib.blake2b(self.table.numpy().tobytes(), digest_size=8).hexdigest()

    def lookup(self, ids: Tensor) -> Tensor:
        """(B, T) ids to (B, T) weights."""
        return self.table[ids]
