"""The audit fails for findings only: being offline, or without pip-audit, fails no build."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[1] / ".ci" / "audit"
# What pip-audit does, as far as its exit status and its report tell it.
REPORT = "import json, sys; json.dump({{'dependencies': {}}}, open(sys.argv[-1], 'w'))"
UNKNOWN = {"name": "a", "skip_reason": "not found"}
CLEAN = REPORT.format([UNKNOWN, {"name": "b", "vulns": []}])
FINDINGS = REPORT.format([{"name": "b", "vulns": [{"id": "PYSEC-1"}]}]) + "; sys.exit(1)"
MUTE = REPORT.format([UNKNOWN, UNKNOWN])
OFFLINE = "import sys; sys.exit('Could not connect to the service')"


@pytest.mark.parametrize(
    ("module", "status", "words"),
    [
        (CLEAN, 0, "no known vulnerability in 1 of 2 packages"),
        (FINDINGS, 1, "PYSEC-1"),
        (MUTE, 0, "skipped, its database knows none of the 2 packages"),
        (OFFLINE, 0, "skipped, pip-audit came to no result:\nCould not connect"),
        ("raise ImportError", 0, "skipped, pip-audit is not installed"),
    ],
)
def test_the_audit_fails_for_findings_only(tmp_path, module, status, words):
    package = tmp_path / "pip_audit"
    package.mkdir()
    is_missing = module.startswith("raise")
    (package / "__init__.py").write_text(module if is_missing else "")
    (package / "__main__.py").write_text(module)
    environment = os.environ | {"PY": sys.executable, "PYTHONPATH": str(tmp_path)}
    ended = subprocess.run(
        [str(SCRIPT)], env=environment, capture_output=True, text=True, check=False
    )
    assert ended.returncode == status, ended.stderr
    assert words in ended.stdout
