"""What the image promises, read in its file: none can be built where the tests run."""

import ast
import json
import re
from pathlib import Path

from tools.make_space import RUNS

ROOT = Path(__file__).parents[2]


def instructions() -> list[tuple[str, str]]:
    """(instruction, what follows it) in order, lines that go on put together."""
    text = (ROOT / "Dockerfile").read_text("utf-8").replace("\\\n", "")
    lines = (line.strip() for line in text.splitlines())
    return [tuple(line.split(None, 1)) for line in lines if line and not line.startswith("#")]


def of(name: str) -> list[str]:
    return [rest for instruction, rest in instructions() if instruction == name]


def test_it_does_not_run_as_root():
    names = [name for name, _ in instructions()]
    [user] = of("USER")
    assert user not in ("root", "0")
    assert names.index("USER") < names.index("CMD")


def test_it_is_asked_whether_it_is_well():
    [check] = of("HEALTHCHECK")
    _, command = check.split("CMD ", 1)
    program, flag, code = json.loads(command)
    assert (program, flag) == ("python", "-c")
    assert "/gradio_api/health" in code
    ast.parse(code)


def test_what_umap_compiles_is_kept_by_the_user_who_runs_it():
    order = instructions()
    warmed = next(i for i, (_, rest) in enumerate(order) if "warm()" in rest)
    settings = [rest for name, rest in order[:warmed] if name == "ENV"]
    assert any(rest.startswith("NUMBA_CACHE_DIR=/home/lab/") for rest in settings)
    assert ("USER", "lab") in order[:warmed]
    [code] = re.findall(r'"(.+)"', order[warmed][1])
    [imported] = [n for n in ast.walk(ast.parse(code)) if isinstance(n, ast.ImportFrom)]
    source = (ROOT / imported.module.replace(".", "/")).with_suffix(".py").read_text("utf-8")
    names = {n.name for n in ast.parse(source).body if isinstance(n, ast.FunctionDef)}
    assert {alias.name for alias in imported.names} <= names


def test_it_holds_what_runs_and_nothing_else():
    copied = {name for rest in of("COPY") for name in rest.split()[:-1] if name[0] != "-"}
    assert copied == set(RUNS)
    ignored = (ROOT / ".dockerignore").read_text("utf-8").split("\n")
    assert {line[1:] for line in ignored if line.startswith("!")} == set(RUNS)
    assert "*" in ignored


def test_a_stop_reaches_the_lab_itself():
    [command] = of("CMD")
    assert json.loads(command) == ["python", "app.py"]


def test_its_python_is_that_of_the_space():
    [image] = of("FROM")
    [version] = re.findall(r'^python_version: "([\d.]+)"$', (ROOT / "README.md").read_text(), re.M)
    assert image.startswith(f"python:{version}-")
