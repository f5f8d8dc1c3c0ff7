"""Exact search side by side: the Search tab's own, sentence-transformers and faiss.

    python bench/search.py

The 10 best of 100,000 × 384 float32 unit vectors for 1 and for 100 queries. The rivals take turns,
so that what else the machine does hits all of them; times are medians. Each gets what it likes best
before the clock starts: torch tensors, a filled index; ours is the store that the Search tab asks,
in memory. What is found is read into arrays after the clock has stopped, and compared with dot
products in float64: scores within 1e-5, the same rows but where two rows are that near.
"""

import argparse
import os
import random
import statistics
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import ModuleType

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

NEAR = 1e-5
MORE_FOR_ONE = 5  # times as many repeats where one query takes milliseconds
OURS = "the Search tab's store"

Ranking = tuple[np.ndarray, np.ndarray]  # rows and scores, (Q, k), best first
Reader = Callable[[], Ranking]  # reads an answer into arrays, when the clock has stopped
Run = Callable[[], Reader]  # what is timed
Rival = Callable[[np.ndarray], Run]  # queries (Q, D) → run


def ours(corpus: np.ndarray, k: int) -> Rival:
    from explore import Hits, open_store
    from explore.store import sample_collection

    store, name = open_store(None), sample_collection("bench")
    store.put(name, corpus)

    def read(hits: Hits) -> Ranking:
        return hits.indices, hits.scores

    return lambda queries: lambda: partial(read, store.search(name, queries, k))


def semantic_search(corpus: np.ndarray, k: int) -> Rival:
    import torch
    from sentence_transformers import util

    tensor = torch.from_numpy(corpus)

    def ready(queries: np.ndarray) -> Run:
        asked = torch.from_numpy(queries)
        return lambda: partial(
            read, util.semantic_search(asked, tensor, top_k=k, score_function=util.dot_score)
        )

    def read(hits: list[list[dict[str, float]]]) -> Ranking:
        rows = np.array([[int(hit["corpus_id"]) for hit in row] for row in hits])
        return rows, np.array([[hit["score"] for hit in row] for row in hits])

    return ready


def flat_index(corpus: np.ndarray, k: int) -> Rival:
    index = faiss().IndexFlatIP(corpus.shape[1])
    index.add(corpus)

    def read(answer: Ranking) -> Ranking:
        scores, rows = answer
        return rows, scores

    return lambda queries: lambda: partial(read, index.search(queries, k))


def faiss() -> ModuleType:
    try:
        import faiss
    except ImportError:
        sys.exit("bench/search.py compares with faiss, which is not here: pip install faiss-cpu")
    return faiss


RIVALS: dict[str, Callable[[np.ndarray, int], Rival]] = {
    OURS: ours,
    "sentence-transformers": semantic_search,
    "faiss.IndexFlatIP": flat_index,
}


def threads() -> str:
    import torch
    from threadpoolctl import threadpool_info

    blas = {f"{i['internal_api']} {i['num_threads']}" for i in threadpool_info()}
    return f"torch {torch.get_num_threads()}, faiss {faiss().omp_get_max_threads()}, " + ", ".join(
        sorted(blas)
    )


def unit_rows(n: int, dims: int, seed: int) -> np.ndarray:
    rows = np.random.default_rng(seed).standard_normal((n, dims), dtype=np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def measure(runs: dict[str, Run], repeats: int) -> tuple[dict[str, float], dict[str, Reader]]:
    """Median seconds and the last answer of each; one round beforehand is not counted."""
    times: dict[str, list[float]] = {name: [] for name in runs}
    answers: dict[str, Reader] = {}
    order = list(runs)
    chance = random.Random(0)
    for at in range(repeats + 1):
        chance.shuffle(order)  # nobody always comes after the same one
        for name in order:
            begun = time.perf_counter()
            answers[name] = runs[name]()
            times[name].append(time.perf_counter() - begun)
        if not at:
            times = {name: [] for name in runs}
    return {name: statistics.median(took) for name, took in times.items()}, answers


def wrong(queries: np.ndarray, corpus: np.ndarray, ranking: Ranking, k: int) -> str:
    """What is wrong with an answer, "" where nothing is."""
    rows, scores = ranking
    exact = queries.astype(np.float64) @ corpus.T.astype(np.float64)
    best = -np.sort(-exact, axis=1)[:, :k]
    own = np.take_along_axis(exact, rows, 1)
    problems = []
    if rows.shape != best.shape or any(len(set(row)) < k for row in rows.tolist()):
        problems.append("not k different rows")
    if (off := float(np.abs(scores - own).max())) > NEAR:
        problems.append(f"a score is off by {off:.1e}")
    if (off := float(np.abs(own - best).max())) > NEAR:  # another row, and not by a tie
        problems.append(f"a row is worse by {off:.1e}")
    return "; ".join(problems)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--n", type=int, default=100_000)
    parser.add_argument("--dims", type=int, default=384)
    parser.add_argument("--k", type=int, default=10)
    parser.add_argument("--queries", type=int, nargs="+", default=[1, 100])
    parser.add_argument("--repeats", type=int, default=21)
    args = parser.parse_args()
    corpus = unit_rows(args.n, args.dims, seed=0)
    rivals = {name: build(corpus, args.k) for name, build in RIVALS.items()}
    print(
        f"top {args.k} of {args.n:,} × {args.dims}; milliseconds, medians of {args.repeats} "
        f"(one query: {args.repeats * MORE_FOR_ONE}); "
        f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}; threads: {threads()}"
    )
    failed = False
    for count in args.queries:
        queries = unit_rows(count, args.dims, seed=1)
        repeats = args.repeats * (MORE_FOR_ONE if count == 1 else 1)
        runs = {name: ready(queries) for name, ready in rivals.items()}
        medians, answers = measure(runs, repeats)
        print(f"\n{count} quer{'y' if count == 1 else 'ies':26}{'ms':>9}{'ours / it':>11}")
        for name in rivals:
            seconds = medians[name]
            ratio = medians[OURS] / seconds
            target = "" if name == OURS else f"   at most 1: {'met' if ratio <= 1 else 'MISSED'}"
            problem = wrong(queries, corpus, answers[name](), args.k)
            failed |= ratio > 1 or bool(problem)
            hits = f"   hits: {problem or 'the same'}"
            print(f"  {name:28}{1_000 * seconds:9.2f}{ratio:11.2f}{hits}{target}")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
