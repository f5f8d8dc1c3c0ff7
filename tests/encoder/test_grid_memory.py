"""The memory of `encode_grid`, measured in a process of its own: bounded, however many texts.

bench/grid_memory.py measures the full size, 5,000 sentences x 12 strategies x 7 layers < 2 GB.
"""

import json
import subprocess
import sys
from pathlib import Path

import pytest

import encoder

ROOT = Path(encoder.__file__).parent.parent

# The tiny model's token states are small beside the result, so what grows would be the result.
MEASURE = """
import json, pathlib, resource, sys
import torch
torch.set_num_threads(1)
from encoder import POOLINGS, load_encoder

def peak_mb():
    status = pathlib.Path("/proc/self/status")
    if status.exists():  # Linux starts a child's ru_maxrss at its parent's; this is its own
        line = next(x for x in status.read_text().splitlines() if x.startswith("VmHWM"))
        return int(line.split()[1]) / 2**10
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20

enc = load_encoder(sys.argv[1])
max_bytes = int(sys.argv[2])
names = [name for name in POOLINGS if name != "mean_with_padding"]

def run(count):
    texts = [f"the cat {i} and the ship {i * 7919 % 10007}" for i in range(count)]
    grid = enc.encode_grid(texts, names, [0, 1, 2, "first_last", "last2"], max_bytes=max_bytes)
    total = sum(float(grid[cell].sum()) for cell in grid)  # every cell, one at a time
    return grid, total

run(300)
small = peak_mb()
grid, total = run(10_000)
print(json.dumps({"grown": peak_mb() - small, "result": grid.bytes / 2**20,
                  "on_disk": grid.on_disk, "total": total}))
"""


@pytest.fixture(scope="module")
def measure(tiny_folder):
    def measure(max_bytes):
        done = subprocess.run(
            [sys.executable, "-c", MEASURE, str(tiny_folder("bert")), str(max_bytes)],
            cwd=ROOT, capture_output=True, text=True, check=False, timeout=300,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout.splitlines()[-1])

    return measure


@pytest.mark.slow
def test_above_the_cap_memory_does_not_grow_with_the_result(measure):
    capped, kept = measure(2**20), measure(2**40)
    assert (capped["on_disk"], kept["on_disk"]) == (True, False)
    assert capped["result"] == kept["result"] > 70
    assert kept["grown"] > 0.8 * kept["result"]  # the measure does see it
    assert capped["grown"] < 0.5 * capped["result"]
    assert capped["total"] == pytest.approx(kept["total"], rel=1e-6)
