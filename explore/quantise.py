"""Fewer bits for each number of a vector: a byte, or only the sign."""

from collections.abc import Callable
from typing import Protocol

import numpy as np

from explore.reduce import Reduced

# Numbers turned into floats at a time: few enough to stay in the cache. More for many queries: BLAS
# shares out the work of each block, and threads that wait for each other cost time.
DECODED, DECODED_FOR_MANY = 2**18, 2**21
LARGEST = 127
WORDS = (np.uint64, np.uint32, np.uint16, np.uint8)


class Table(Protocol):
    """N rows as they are stored."""

    @property
    def bytes_per_row(self) -> int:
        """What each row takes, without what all rows share."""

    def scores(self, queries: np.ndarray) -> np.ndarray:
        """Float32 (B, N), larger is nearer, of reduced queries float32 (B, d)."""


class Float32Table:
    """The numbers as they are, 4 bytes each; the score is the dot product."""

    def __init__(self, reduced: Reduced) -> None:
        self.rows = np.ascontiguousarray(reduced.corpus, np.float32)  # (N, d)

    @property
    def bytes_per_row(self) -> int:
        """Four for each dimension."""
        return self.rows.strides[0]

    def scores(self, queries: np.ndarray) -> np.ndarray:
        """Dot products."""
        return queries @ self.rows.T


class Int8Table:
    """round(x / s) in a byte, s = max |x| / 127 of each dimension over the corpus.

    The score is Σ q s · code, with the query's numbers as they are: only the corpus is rounded, by
    at most s / 2 each. The d scales are shared.
    """

    def __init__(self, reduced: Reduced) -> None:
        largest = np.abs(reduced.corpus).max(axis=0)
        self.scale = np.where(largest > 0, largest / LARGEST, 1).astype(np.float32)  # (d,)
        codes = np.rint(reduced.corpus / self.scale)
        self.codes = np.clip(codes, -LARGEST, LARGEST).astype(np.int8)  # (N, d)

    @property
    def bytes_per_row(self) -> int:
        """One for each dimension."""
        return self.codes.strides[0]

    def scores(self, queries: np.ndarray) -> np.ndarray:
        """Dot products with the decoded rows."""
        scaled = queries * self.scale
        products = np.empty((len(queries), len(self.codes)), np.float32)
        at_once = DECODED if len(queries) == 1 else DECODED_FOR_MANY
        step = max(1, at_once // self.codes.shape[1])
        for at in range(0, len(self.codes), step):
            rows = self.codes[at : at + step].astype(np.float32)
            products[:, at : at + step] = scaled @ rows.T
        return products


class BinaryTable:
    """One bit a dimension, whether x > 0, eight to a byte, the last byte filled up with zeros.

    The score is minus the Hamming distance: the number of dimensions where a query has another
    sign. Signs are taken where texts lie: of PCA, about the mean of the corpus. Each bit counts the
    same, so bits of components along which the corpus hardly varies are noise.
    """

    def __init__(self, reduced: Reduced) -> None:
        packed = np.packbits(reduced.corpus > 0, axis=1)  # (N, ⌈d/8⌉)
        self.bytes_per_row = packed.shape[1]
        self._word = next(w for w in WORDS if self.bytes_per_row % w().itemsize == 0)
        # By words first: the distances of all rows add up in one pass for each word.
        self.words = np.ascontiguousarray(packed.view(self._word).T)  # (W, N)
        self._shift = reduced.shift

    def scores(self, queries: np.ndarray) -> np.ndarray:
        """Minus Hamming distances."""
        packed = np.packbits(queries - self._shift > 0, axis=1).view(self._word)  # (B, W)
        products = np.zeros((len(queries), self.words.shape[1]), np.float32)
        for own, row in zip(packed, products, strict=True):
            for word, words in zip(own, self.words, strict=True):
                row -= np.bitwise_count(words ^ word)
        return products


STORAGES: dict[str, Callable[[Reduced], Table]] = {
    "float32": Float32Table,
    "int8": Int8Table,
    "binary": BinaryTable,
}
