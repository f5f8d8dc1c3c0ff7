"""Smaller vectors: fewer dimensions, fewer bits each, and what either costs in recall and time."""

import math
import statistics
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from explore.errors import ExploreError
from explore.neighbours import search
from explore.quantise import STORAGES, Table
from explore.reduce import REDUCTIONS
from explore.relevance import estimate
from explore.topk import top_k
from explore.vectors import BLOCK, OnProgress, checked, tell, unit
from ingest.errors import outside

K = 10
RESCORED = (4, 10)  # times k candidates of a binary search, looked at again by the full vectors
TIE = 1e-6  # two cosines this near are one
REPEATS = 3
TIMED = 20  # queries


@dataclass(frozen=True)
class CompressionResult:
    """One way to store N vectors, measured on queries.

    reduction: "truncate" or "pca"; dims: numbers left of each vector; storage: "float32", "int8" or
    "binary"; rescored: how many candidates were put in order by the full vectors, 0 for none.

    recall: mean over queries of the share of the k hits that are among the k best by the full
    vectors, or within 1e-6 of the last of these; low, high: its 95% bootstrap interval over
    queries, NaN of one query (`explore.relevance.estimate`). bytes_per_sentence: of what is
    searched through, without the tables that all share; full_bytes: of the full vector, where it
    is kept for rescoring, else 0. ms_per_query: median time of one query searched alone, from its
    full vector to its k hits, over at most 20 queries, each repeated.
    """

    reduction: str
    dims: int
    storage: str
    rescored: int
    recall: float
    bytes_per_sentence: int
    full_bytes: int
    ms_per_query: float
    low: float = math.nan
    high: float = math.nan

    @property
    def title(self) -> str:
        """Dimensions and storage in words."""
        more = f", {self.rescored} rescored" if self.rescored else ""
        return f"{self.reduction} {self.dims}, {self.storage}{more}"


Searcher = Callable[[np.ndarray], np.ndarray]  # queries (B, D) → rows (B, k), best first


def compress_grid(
    vectors: np.ndarray,
    queries: np.ndarray,
    dims: Sequence[int] | None = None,
    k: int = K,
    repeats: int = REPEATS,
    on_progress: OnProgress | None = None,
    stop: threading.Event | None = None,
    clock: Callable[[], float] = time.perf_counter,
) -> tuple[CompressionResult, ...]:
    """Every reduction × dims × storage, binary without rescoring and with that of 4k and of 10k.

    A corpus (N, D) and queries (Q, D), taken as unit vectors; `dims`: D, D/2, D/4 and D/8 unless
    given; k is cut to N. See REDUCTIONS (`explore.reduce`) and STORAGES (`explore.quantise`) for
    what each does exactly. Raises ExploreError, Stopped.
    """
    corpus, unit_queries = unit(checked(vectors)), unit(checked(queries))
    size = corpus.shape[1]
    sizes = sorted({-(-size // part) for part in (1, 2, 4, 8)}, reverse=True)
    sizes = sizes if dims is None else list(dims)
    problems = outside("k", k, 1, 1_000) + outside("repeats", repeats, 1, 1_000)
    problems += [p for d in sizes for p in outside("dims", d, 1, size)]
    if unit_queries.shape[1] != size:
        problems.append(
            f"Queries have {unit_queries.shape[1]} dimensions, the corpus {size}: both must come "
            "from the same model and pooling."
        )
    if problems:
        raise ExploreError(*problems)
    k = min(k, len(corpus))
    last = search(unit_queries, corpus, k).scores[:, -1]
    steps = len(REDUCTIONS) * len(sizes) * len(STORAGES)
    results: list[CompressionResult] = []
    done = 0
    for reduction, fit in REDUCTIONS.items():
        tell(on_progress, stop, "compression", done / steps)
        reduce = fit(corpus)
        for d in sizes:
            reduced = reduce(d)
            for storage, build in STORAGES.items():
                tell(on_progress, stop, "compression", done / steps)
                done += 1
                table = build(reduced)
                for times in (0, *RESCORED) if storage == "binary" else (0,):
                    rescored = min(times * k, len(corpus))
                    find = _searcher(table, reduced.query, corpus, k, rescored)
                    recall = estimate(_recalls(find, unit_queries, corpus, last))
                    results.append(
                        CompressionResult(
                            reduction, d, storage, rescored,
                            recall=recall.value,
                            bytes_per_sentence=table.bytes_per_row,
                            full_bytes=4 * size if rescored else 0,
                            ms_per_query=_milliseconds(find, unit_queries[:TIMED], repeats, clock),
                            low=recall.low,
                            high=recall.high,
                        )
                    )  # fmt: skip
    tell(on_progress, stop, "compression", 1.0)
    return tuple(results)


def _searcher(
    table: Table,
    reduce_query: Callable[[np.ndarray], np.ndarray],
    corpus: np.ndarray,
    k: int,
    rescored: int,
) -> Searcher:
    def find(queries: np.ndarray) -> np.ndarray:
        scores = table.scores(reduce_query(queries))
        if not rescored:
            return top_k(scores, k)[0]
        rows = np.sort(top_k(scores, rescored)[0], axis=1)  # (B, C), so that ties go by row
        at = top_k(np.einsum("bcd,bd->bc", corpus[rows], queries), k)[0]
        return np.take_along_axis(rows, at, 1)

    return find


def _recalls(
    find: Searcher, queries: np.ndarray, corpus: np.ndarray, last: np.ndarray
) -> np.ndarray:
    """Recall of each query (Q,). `last` (Q,): the full score of each query's k-th best row."""
    shares = []
    step = max(1, BLOCK // 16)
    for at in range(0, len(queries), step):
        block = queries[at : at + step]
        own = np.einsum("bkd,bd->bk", corpus[find(block)], block)
        shares.append((own >= last[at : at + step, None] - TIE).mean(axis=1))
    return np.concatenate(shares)


def _milliseconds(
    find: Searcher, queries: np.ndarray, repeats: int, clock: Callable[[], float]
) -> float:
    times = []
    for query in np.repeat(queries, repeats, axis=0):
        start = clock()
        find(query[None])
        times.append(clock() - start)
    return 1_000 * statistics.median(times)
