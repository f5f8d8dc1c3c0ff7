"""Measure the bundled models on the background set and write what the app ships.

Run it again whenever the background set, a strategy or a bundled model changes:

    python bench/calibrate.py

The old files are replaced when all new ones are there.
"""

import argparse
import sys
import time
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from encoder import DEFAULT_MODEL, load_encoder
from encoder.background import FOLDER
from encoder.calibration import calibrate, calibration_key, to_bytes
from encoder.catalog import UNTRAINED
from encoder.runner import DEFAULTS

SHIPPED = [(model, pooled) for model in (DEFAULT_MODEL, UNTRAINED) for pooled in (True, False)]


def main() -> None:
    argparse.ArgumentParser(description=__doc__.splitlines()[0]).parse_args()
    measured: dict[Path, bytes] = {}
    for model, pool_special in SHIPPED:
        start = time.perf_counter()
        encoder = load_encoder(model)
        key = calibration_key(encoder, replace(DEFAULTS, pool_special=pool_special))
        path = FOLDER / f"calibration-{key}.npz"
        measured[path] = to_bytes(calibrate(encoder, pool_special))
        seconds = time.perf_counter() - start
        print(f"{model}, special tokens {pool_special}: {path.name}, "
              f"{len(measured[path]) / 1024:.0f} KB, {seconds:.0f} s")  # fmt: skip
    for old in FOLDER.glob("calibration-*.npz"):
        old.unlink()
    for path, content in measured.items():
        path.write_bytes(content)


if __name__ == "__main__":
    main()
