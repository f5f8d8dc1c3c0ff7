"""How well the bundled model's vectors agree with people, and how fast they are made.

python bench/stsb.py --pairs FILE [--limit N]     FILE: a CSV with sentence1,sentence2,score

Prints Spearman's rho x 100 between the people's scores and the cosine, per strategy and per layer,
then our speed beside sentence-transformers': the same folder, texts, threads and process, turn by
turn, each at its default batching. Without --pairs: the bundled paraphrases, which have no scores,
so speed only.
"""

import argparse
import csv
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import torch

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))  # so that `python bench/stsb.py` finds the encoder

from encoder import POOLINGS, ArrayCache, Encoder, Layer, load_encoder  # noqa: E402

SIDES = ("sentence1", "sentence2")
ROUNDS = 5


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pairs", type=Path, help="CSV: sentence1,sentence2,score")
    parser.add_argument("--limit", type=int, help="only the first N pairs")
    args = parser.parse_args()
    path = args.pairs or ROOT / "assets" / "background" / "paraphrases.csv"
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))[: args.limit]
    if not rows or not {"sentence1", "sentence2"} <= rows[0].keys():
        parser.error(f"{path} has no rows with the columns sentence1,sentence2")
    encoder = load_encoder().with_cache(ArrayCache(0))  # nothing remembered: all work is done
    print(f"{encoder.name} on {path.name}: {len(rows):,} pairs")
    if "score" in rows[0]:
        quality(encoder, rows)
    else:
        print("no column `score`: speed only")
    speed(encoder, list(dict.fromkeys(row[side] for row in rows for side in SIDES)))


def quality(encoder: Encoder, rows: Sequence[dict[str, str]]) -> None:
    """Spearman's rho x 100 for each strategy at the last layer, and for `mean` at every layer."""
    scores = np.array([float(row["score"]) for row in rows])
    texts = [row[side] for side in SIDES for row in rows]  # all first sentences, then all second

    def rho(poolings: Sequence[str], layers: Sequence[Layer]) -> dict[str, float]:
        found = {}
        for (pooling, layer), vectors in encoder.encode_grid(texts, poolings, layers).items():
            a, b = np.split(vectors, 2)  # unit rows: their product is the cosine
            label = pooling if layer == -1 else str(layer)
            found[label] = 100 * spearman((a * b).sum(1), scores)
        return found

    print("\nSpearman x 100, cosine, last layer")
    show(rho(list(POOLINGS), [-1]))
    print("\nSpearman x 100, cosine, mean, layer by layer")
    layers = rho(["mean"], encoder.layers)
    show(layers)
    print(f"  best layer: {max(layers, key=lambda name: layers[name])}")


def spearman(x: np.ndarray, y: np.ndarray) -> float:
    """The correlation of ranks, ties sharing their mean rank (Spearman, 1904)."""
    return float(np.corrcoef(ranks(x), ranks(y))[0, 1])


def ranks(values: np.ndarray) -> np.ndarray:
    _, place, count = np.unique(values, return_inverse=True, return_counts=True)
    return (count.cumsum() - (count - 1) / 2)[place]


def show(values: dict[str, float]) -> None:
    for name, value in values.items():
        print(f"  {name:<18} {value:6.2f}")


def speed(encoder: Encoder, texts: list[str]) -> None:
    """Sentences a second, ours and sentence-transformers', and how far the vectors differ."""
    from sentence_transformers import SentenceTransformer

    with tempfile.TemporaryDirectory() as folder:
        peer = SentenceTransformer(str(encoder.save(folder)), device="cpu")

    ours = partial(encoder.encode, texts)
    theirs = partial(peer.encode, texts, show_progress_bar=False)
    difference = np.abs(ours() - theirs()).max()  # also warms both up
    rounds = [(seconds(ours), seconds(theirs)) for _ in range(ROUNDS)]
    mine, other = (statistics.median(times) for times in zip(*rounds, strict=True))
    ratios = sorted(theirs / ours for ours, theirs in rounds)
    print(f"\n{len(texts):,} distinct sentences, {torch.get_num_threads()} threads, "
          f"median of {ROUNDS} alternating rounds")  # fmt: skip
    print(f"  ours                  {len(texts) / mine:8.0f} sentences/s")
    print(f"  sentence-transformers {len(texts) / other:8.0f} sentences/s")
    print(f"  ratio {statistics.median(ratios):.2f}, from {ratios[0]:.2f} to {ratios[-1]:.2f} "
          "(above 1: ours is faster)")  # fmt: skip
    print(f"  largest difference of any number in the vectors: {difference:.1e}")


def seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
