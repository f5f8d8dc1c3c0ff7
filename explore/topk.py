"""The k largest of each row, exact, and faster than a partition of whole rows."""

import numpy as np

DEPTH = 64  # columns in a block
WORTH_IT = 4  # times k blocks at least, else rows are partitioned as they are


def top_k(scores: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """Indices int64 and values (B, k) of the k largest of each row (B, N); ties by index.

    Block j are the columns j, j + W, j + 2 W, …, so that the maxima of all blocks come from one
    vectorised pass. The k largest maxima are k scores, so no score below the smallest of them is
    among the k largest: only blocks that reach it are looked into. Scores must not be NaN.
    """
    rows, n = scores.shape
    width = n // DEPTH  # blocks; the last n - W · DEPTH columns are blocks of their own
    if width <= WORTH_IT * k:
        return _partitioned(scores, k)
    whole = width * DEPTH
    tops = np.empty((rows, width + n - whole), scores.dtype)
    tops[:, width:] = scores[:, whole:]
    for row, own in zip(scores, tops, strict=True):  # a row at a time stays in the cache
        row[:whole].reshape(DEPTH, width).max(axis=0, out=own[:width])
    bound = np.partition(tops, -k, axis=1)[:, -k, None]
    reached = tops >= bound
    level = reached.sum(axis=1) > WORTH_IT * k  # many equal maxima: texts given many times
    reached[level] = False
    indices, values = np.empty((rows, k), np.int64), np.empty((rows, k), scores.dtype)
    if level.any():
        indices[level], values[level] = _partitioned(scores[level], k)
    if not level.all():
        indices[~level], values[~level] = _from_blocks(scores, reached, bound[:, 0], width, k)
    return indices, values


def _from_blocks(
    scores: np.ndarray, reached: np.ndarray, bound: np.ndarray, width: int, k: int
) -> tuple[np.ndarray, np.ndarray]:
    """The k largest, of the rows that have blocks which reach their bound."""
    at, block = np.nonzero(reached)
    is_block = block < width
    columns = block[is_block, None] + width * np.arange(DEPTH)
    row = np.concatenate([np.repeat(at[is_block], DEPTH), at[~is_block]])
    column = np.concatenate([columns.ravel(), block[~is_block] + width * (DEPTH - 1)])
    value = scores[row, column]
    reaches = value >= bound[row]
    row, column, value = row[reaches], column[reaches], value[reaches]
    order = np.lexsort((column, -value, row))
    starts = np.flatnonzero(np.diff(row[order], prepend=-1))
    first = order[starts[:, None] + np.arange(k)]
    return column[first], value[first]


def _partitioned(scores: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """The k largest of each row, read and partitioned as a whole."""
    n = scores.shape[1]
    columns = np.broadcast_to(np.arange(n), scores.shape)
    if k < n:
        bound = np.partition(scores, n - k, axis=1)[:, n - k, None]
        above, level = scores > bound, scores == bound
        # Of scores that equal the smallest taken, the first ones.
        room = k - above.sum(axis=1, keepdims=True)
        inside = above | (level & (np.cumsum(level, axis=1) <= room))
        columns = np.nonzero(inside)[1].reshape(len(scores), k)
    values = np.take_along_axis(scores, columns, 1)
    order = np.argsort(-values, axis=1, kind="stable")
    return np.take_along_axis(columns, order, 1), np.take_along_axis(values, order, 1)
