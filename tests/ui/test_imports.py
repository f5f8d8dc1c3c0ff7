"""Making the page loads no model and none of the packages that only tests and later tabs need."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CODE = """
import json, sys, threading
before = threading.active_count()
import app
demo, settings = app.build()
print(json.dumps({
    "modules": sorted(name.partition(".")[0] for name in sys.modules),
    "threads": threading.active_count() - before,
    "tab": "sentence-a" in {getattr(block, "elem_id", "") for block in demo.blocks.values()},
}))
"""
HEAVY = {"sentence_transformers", "sklearn", "umap", "numba", "datasets", "matplotlib"}


@pytest.mark.slow
def test_making_the_page_needs_none_of_the_heavy_packages():
    done = subprocess.run(
        [sys.executable, "-c", CODE], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout.splitlines()[-1])
    assert report["tab"]
    assert {"gradio", "torch", "ui"} <= set(report["modules"])  # the list is a real one
    assert not HEAVY & set(report["modules"])
    assert report["threads"] == 0
