"""The zip to take home: a folder that sentence-transformers loads, and all that was found."""

import json
import shutil
import tempfile
import zipfile
from pathlib import Path

from ingest import write_dropped
from ui.runs import Run
from ui.takehome.card import model_card
from ui.takehome.facts import slug
from ui.takehome.record import record_of
from ui.takehome.script import training_script
from ui.takehome.tables import pairs_csv, scores_csv

EPOCH = (1980, 1, 1, 0, 0, 0)  # the first date a zip knows: the same run gives the same bytes
PIECE = 2**20  # bytes copied at a time
# Unix rights in the upper half, the mark of a folder for Windows in the lower.
FILE, FOLDER = 0o100644 << 16, 0o40755 << 16 | 0x10


def write_archive(run: Run, path: Path) -> Path:
    """Write the zip to `path` and return it; on an error nothing is left there.

    One folder named after the run holds the model, README.md (the card), run.json, pairs.csv,
    scores.csv, train.py, and dropped.csv where rows were dropped. The weights are stored as they
    are: compressing them takes seconds and gains next to nothing.
    """
    part = path.with_name(f"{path.name}.part")
    try:
        with tempfile.TemporaryDirectory(prefix="lab-") as temporary:
            folder = write_model(run, Path(temporary))
            write_tables(run, folder)
            _pack(folder, slug(run.name), part)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    return path


def write_model(run: Run, folder: Path) -> Path:
    """The model with its card, its record and the script: all but the visitor's pairs."""
    run.tuned.save(folder)
    texts = {
        "README.md": model_card(run),
        "run.json": json.dumps(record_of(run), indent=2, allow_nan=False) + "\n",
        "train.py": training_script(run),
    }
    for name, text in texts.items():
        _write(folder / name, text)
    return folder


def write_tables(run: Run, folder: Path) -> None:
    """The pairs, what the held-out ones score, and the rows that were dropped."""
    report = run.done.train.report
    _write(folder / "pairs.csv", pairs_csv(run))
    _write(folder / "scores.csv", scores_csv(run))
    if report.dropped:
        _write(folder / "dropped.csv", write_dropped(report, run.table))


def _write(path: Path, text: str) -> None:
    # Line ends stay as they are (CSV has its own), and half a character does not stop a download.
    path.write_bytes(text.encode("utf-8", "replace"))


def _pack(folder: Path, top: str, path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        for inner in sorted(folder.rglob("*")):
            name = f"{top}/{inner.relative_to(folder).as_posix()}"
            if inner.is_dir():  # an empty one is a Normalize module
                entry = zipfile.ZipInfo(f"{name}/", EPOCH)
                entry.external_attr = FOLDER
                archive.writestr(entry, b"")
                continue
            entry = zipfile.ZipInfo(name, EPOCH)
            entry.external_attr = FILE
            stored = inner.suffix == ".safetensors"
            entry.compress_type = zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED
            entry.file_size = inner.stat().st_size  # beyond 2 GiB zip needs to know beforehand
            with inner.open("rb") as source, archive.open(entry, "w") as target:
                shutil.copyfileobj(source, target, PIECE)
