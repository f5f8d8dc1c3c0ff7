"""Maps of 5,000 sentences: plain UMAP beside `explore.project`, cold and warm.

    python bench/map.py --texts FILE.csv

Every distinct text of the file counts (of a corpus, or of both sides of pairs); without a file, the
bundled samples. Cold is a fresh process with the vectors in hand, from the import of the library to
the map; both run once beforehand, so that what numba keeps on disk is there. Warm is the second map
of a process. The rivals alternate; times are medians.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

T = TypeVar("T")
BAR = {"cold": 0.5, "warm": 1.1, "trustworthiness": 0.003, "first map": 1.0}


def vectors_of(path: Path | None, most: int) -> np.ndarray:
    from encoder import load_encoder
    from ingest import corpus_of_pairs, guess_columns, read_corpus, read_table, to_pairs
    from ingest.errors import IngestError

    texts: dict[str, None] = {}
    samples = ROOT / "assets" / "samples"
    for file in [path] if path else sorted(samples.glob("*.csv")):
        table = read_table(file, file.name)
        try:
            corpus = corpus_of_pairs(to_pairs(table, guess_columns(table)))
        except IngestError:
            corpus = read_corpus(file, file.name)
        texts |= dict.fromkeys(corpus.texts)
    chosen = list(texts)[:most]
    return load_encoder().encode(chosen)


def plain(vectors: np.ndarray) -> np.ndarray:
    import umap

    return umap.UMAP(metric="cosine", random_state=0).fit_transform(vectors)


def ours(vectors: np.ndarray) -> np.ndarray:
    from explore import ProjectionConfig, project

    return project(vectors, ProjectionConfig("umap", seed=0)).coordinates


RIVALS: dict[str, Callable[[np.ndarray], np.ndarray]] = {"plain": plain, "ours": ours}


def child(rival: str, file: Path) -> None:
    """One fresh process: cold, then warm; prints seconds as JSON and leaves the map."""
    vectors = np.load(file)
    times = []
    for _ in range(2):
        begun = time.perf_counter()
        coordinates = RIVALS[rival](vectors)
        times.append(time.perf_counter() - begun)
    np.save(file.with_name(f"{rival}.npy"), coordinates)
    print(json.dumps(times))


def run(rival: str, file: Path) -> tuple[float, float]:
    done = subprocess.run(
        [sys.executable, __file__, "--child", rival, "--vectors", str(file)],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    cold, warm = json.loads(done.stdout.strip().splitlines()[-1])
    return cold, warm


def honesty(vectors: np.ndarray, coordinates: np.ndarray) -> dict[str, float]:
    """Seconds of each measure, with the neighbours in hand."""
    import threading

    from explore import (
        cluster,
        distortion,
        map_fidelity,
        neighbours,
        null_world,
        project,
        silhouette,
        stability,
        sweep,
    )  # fmt: skip
    from explore.cluster import cluster_space

    times: dict[str, float] = {}

    def null_map() -> None:
        noise = null_world(vectors)
        close = neighbours(noise, 30)
        project(noise, near=close)
        cluster(noise, near=close)

    def timed(name: str, work: Callable[[], T]) -> T:
        begun = time.perf_counter()
        result = work()
        times[name] = time.perf_counter() - begun
        return result

    near = timed("exact neighbours", lambda: neighbours(vectors, 30))
    timed("trustworthiness, continuity, recall",
          lambda: map_fidelity(vectors, coordinates, near=near))  # fmt: skip
    timed("torn and false neighbours", lambda: distortion(vectors, coordinates, near))
    space = timed("5-D UMAP for the clusters", lambda: cluster_space(vectors, near=near))
    clusters = timed("HDBSCAN", lambda: cluster(vectors, near=near, space=space))
    timed("silhouette", lambda: silhouette(vectors, clusters.labels))
    timed("sweep curve", lambda: sweep(space))
    timed("a null world: vectors, map and clusters", null_map)
    timed("stability over 8 seeds", lambda: stability(vectors, clusters, stop=threading.Event()))
    return times


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--texts", type=Path, help="CSV of texts or pairs")
    parser.add_argument("--n", type=int, default=5_000)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--child", choices=list(RIVALS), help=argparse.SUPPRESS)
    parser.add_argument("--vectors", type=Path, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.child:
        child(args.child, args.vectors)
        return
    vectors = vectors_of(args.texts, args.n)
    print(f"{len(vectors):,} distinct texts, {vectors.shape[1]} dimensions; seconds, medians of "
          f"{args.repeats}")  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "vectors.npy"
        np.save(file, vectors)
        for rival in RIVALS:  # fills numba's disk cache
            run(rival, file)
        times: dict[str, list[tuple[float, float]]] = {rival: [] for rival in RIVALS}
        for _ in range(args.repeats):
            for rival in RIVALS:
                times[rival].append(run(rival, file))
                cold, warm = times[rival][-1]
                print(f"  {rival:6} cold {cold:6.2f}  warm {warm:6.2f}", flush=True)
        maps = {rival: np.load(file.with_name(f"{rival}.npy")) for rival in RIVALS}
    report(vectors, times, maps)


def row(name: str, plain_: float | None, ours_: float, apart: str, bar: str, is_met: bool) -> None:
    left = "" if plain_ is None else f"{plain_:.3f}"
    verdict = "met" if is_met else "MISSED"
    print(f"{name:16}{left:>9}{ours_:9.3f}{apart:>8}   {bar}: {verdict}")


def report(
    vectors: np.ndarray,
    times: dict[str, list[tuple[float, float]]],
    maps: dict[str, np.ndarray],
) -> None:
    from explore import ProjectionConfig, map_fidelity, project

    median = {
        rival: [statistics.median(run[at] for run in runs) for at in (0, 1)]
        for rival, runs in times.items()
    }
    trust = {rival: map_fidelity(vectors, places).trustworthiness for rival, places in maps.items()}
    print(f"\n{'':16}{'plain':>9}{'ours':>9}{'ratio':>8}   bar")
    for at, name in enumerate(("cold", "warm")):
        a, b = median["plain"][at], median["ours"][at]
        row(name, a, b, f"{b / a:8.2f}", f"at most {BAR[name]:g}", b <= BAR[name] * a)
    apart = trust["ours"] - trust["plain"]
    row("trustworthiness", trust["plain"], trust["ours"], f"{apart:+8.4f}",
        f"at least -{BAR['trustworthiness']}", apart >= -BAR["trustworthiness"])  # fmt: skip
    seconds = []
    for _ in range(5):
        begun = time.perf_counter()
        project(vectors, ProjectionConfig("pca"))
        seconds.append(time.perf_counter() - begun)
    first = statistics.median(seconds)
    row("first map", None, first, "", f"at most {BAR['first map']} s",
        first <= BAR["first map"])  # fmt: skip
    print("\nhonesty measures, seconds")
    for name, took in honesty(vectors, maps["ours"]).items():
        print(f"  {name:38}{took:7.2f}")


if __name__ == "__main__":
    main()
