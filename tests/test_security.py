"""Every row of SECURITY.md names a test that exists."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ROW = re.compile(r"^\| .+ \| .+ \| `(tests/[\w/]+\.py)(?:::(\w+))?` \|$")


def test_every_row_has_its_test():
    lines = (ROOT / "SECURITY.md").read_text("utf-8").splitlines()
    rows = [line for line in lines if line.startswith("| ") and not line.startswith("| threat")]
    assert len(rows) > 30
    absent = [row for row in rows if not names_a_test(row)]
    assert absent == []


def names_a_test(row: str) -> bool:
    match = ROW.fullmatch(row)
    if match is None:
        return False
    file = ROOT / match[1]
    return file.exists() and f"def {match[2] or 'test_'}" in file.read_text("utf-8")


def test_a_row_without_a_test_is_seen():
    assert not names_a_test("| a | b | `tests/test_security.py::test_of_no_such_name` |")
    assert not names_a_test("| a | b | c |")
    assert names_a_test("| a | b | `tests/test_security.py::test_every_row_has_its_test` |")
