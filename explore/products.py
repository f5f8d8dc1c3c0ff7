"""Dot products of a few queries, or many, with all rows of a corpus."""

import numpy as np

FEW = 8  # queries, up to which the corpus is read once and BLAS gains nothing
TILE = 512  # rows that stay in the cache while each query passes over them


def products(queries: np.ndarray, corpus: np.ndarray) -> np.ndarray:
    """(B, N) of (B, D) and (N, D): `queries @ corpus.T`, faster for few queries.

    One query is bound by memory, where OpenBLAS's product of a matrix and a vector takes twice as
    long as a dot product for each row; for two to eight, its packing of the corpus outweighs all it
    saves. The last digit of a score may differ between the two ways.
    """
    if len(queries) > FEW:
        return queries @ corpus.T
    found = np.empty((len(queries), len(corpus)), np.result_type(queries, corpus))
    for at in range(0, len(corpus), TILE):
        rows = corpus[None, at : at + TILE]
        np.vecdot(rows, queries[:, None], out=found[:, at : at + TILE])
    return found
