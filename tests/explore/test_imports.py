"""What explore must not drag in before it is needed: tried in a fresh Python."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

import explore

ROOT = Path(explore.__file__).parent.parent
HEAVY = {"sklearn", "umap", "numba", "scipy", "torch", "pandas", "gradio"}
MILVUS = {"pymilvus", "milvus_lite", "grpc"}
CODE = """
import json, sys
import explore
after_import = list(sys.modules)
from explore.store import open_store
open_store(None)
import explore.store.milvus
print(json.dumps([after_import, list(sys.modules)]))
"""


@pytest.fixture(scope="module")
def loaded() -> list[list[str]]:
    """The modules after importing explore, and after opening a store in memory."""
    done = subprocess.run(
        [sys.executable, "-c", CODE], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_importing_explore_loads_nothing_heavy(loaded):
    assert "explore" in loaded[0]
    assert HEAVY & set(loaded[0]) == set()


def test_nothing_of_milvus_is_imported_before_it_is_asked_for(loaded):
    assert "explore.store.milvus" in loaded[1]
    assert MILVUS & set(loaded[1]) == set()
