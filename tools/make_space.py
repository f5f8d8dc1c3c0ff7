"""Write a folder that is ready to be pushed to a Hugging Face Space: what runs, and nothing else.

    python tools/make_space.py [folder]          build/space unless given

The default model comes with a package of requirements.txt. The folder may be a clone of the Space:
its history stays, all else in it is replaced.
"""

import shutil
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DEST = ROOT / "build" / "space"
RUNS = ("README.md", "LICENSE", "requirements.txt", "app.py", "assets", "ingest", "encoder",
        "explore", "ui")  # fmt: skip
ATTRIBUTES = ".gitattributes"
LEFT_OUT = shutil.ignore_patterns("__pycache__", "*.pyc", "*.pyi", ".*")
BINARY = ("npz", "png")  # the Hub takes such files by Git LFS only


def make_space(dest: Path) -> list[str]:
    """Write the folder; returns the relative paths of its files.

    Raises FileExistsError, before anything is touched, where it holds what no Space of ours does.
    """
    ours = {*RUNS, ATTRIBUTES, ".git"}
    strange = sorted(path.name for path in dest.iterdir() if path.name not in ours) if (
        dest.exists()
    ) else []  # fmt: skip
    if strange:
        raise FileExistsError(
            f"{dest} holds {strange[0]!r}, which is not part of a Space of this lab and would be "
            "left beside it. Name a folder that is empty, new, or was made by make space."
        )
    dest.mkdir(parents=True, exist_ok=True)
    for name in RUNS:
        source, target = ROOT / name, dest / name
        if target.is_dir():
            shutil.rmtree(target)
        if source.is_dir():
            shutil.copytree(source, target, ignore=LEFT_OUT)
        else:
            shutil.copyfile(source, target)
    lines = (f"*.{ending} filter=lfs diff=lfs merge=lfs -text\n" for ending in BINARY)
    (dest / ATTRIBUTES).write_text("".join(lines), encoding="utf-8")
    files = (path.relative_to(dest) for path in dest.rglob("*") if path.is_file())
    return sorted(path.as_posix() for path in files if path.parts[0] != ".git")


def main() -> None:
    """Write the folder that is named, and say what is in it."""
    dest = Path(sys.argv[1]).expanduser() if len(sys.argv) > 1 else DEST
    try:
        files = make_space(dest)
    except FileExistsError as error:
        sys.exit(str(error))
    print(f"{len(files)} files in {dest}, ready to be pushed (git lfs install, once).")


if __name__ == "__main__":
    main()
