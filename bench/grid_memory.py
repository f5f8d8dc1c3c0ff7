"""Peak memory of the largest grid we promise: 5,000 sentences x 12 strategies x 7 layers < 2 GB.

python bench/grid_memory.py [SENTENCES]

Prints the peak RSS of this whole process, Python and torch included, and the seconds it took.
`mean_with_padding` is among the strategies, so every sentence is padded to 64 tokens.
"""

import resource
import sys
import time
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # finds the encoder

from encoder import POOLINGS, load_encoder
from encoder.background import background_texts
from encoder.grid import Cell

LIMIT_GB = 2.0
MAX_LAYER = 6


def peak_gb() -> float:
    """Peak RSS of this process so far, in GB (ru_maxrss is in KB, on macOS in bytes)."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak * (1 if sys.platform == "darwin" else 1024) / 1e9


def sentences(count: int) -> list[str]:
    """Distinct sentences, made by joining two of the background set where one is not enough."""
    base = background_texts()
    n = len(base)
    joined = (f"{base[i % n]} {base[(i * 7 + i // n) % n]}" for i in range(n, 20 * n))
    return list(dict.fromkeys([*base, *joined]))[:count]


def main(count: int) -> None:
    texts = sentences(count)
    encoder = load_encoder()
    print(f"{len(texts)} distinct sentences, {torch.get_num_threads()} threads")
    print(f"model loaded: peak {peak_gb():.2f} GB", flush=True)
    start = time.perf_counter()
    grid = encoder.encode_grid(texts, list(POOLINGS), range(MAX_LAYER + 1))
    seconds = time.perf_counter() - start
    print(f"encoded: peak {peak_gb():.2f} GB, {seconds:.0f} s, on disk: {grid.on_disk}", flush=True)

    def total(cell: Cell) -> float:
        return float(grid[cell].sum())

    checksum = sum(map(total, grid))  # every cell read back, one after the other
    print(f"all {len(grid)} cells read: peak {peak_gb():.2f} GB (checksum {checksum:.3f})")
    print("PASS" if peak_gb() < LIMIT_GB else f"FAIL: the limit is {LIMIT_GB} GB")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5000)
