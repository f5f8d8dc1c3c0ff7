"""The zip to take home: a folder that sentence-transformers loads, and all that was found."""

import json
import shutil
import tempfile
import zipfile
from collections.abc import Mapping
from dataclasses import asdict
from math import isfinite
from pathlib import Path

from encoder.evaluation import Metric
from ingest import TEXTS, write_csv, write_dropped
from ingest.kinds import LABELLED
from ingest.templates import BOM, csv_text
from ui.finetune.takehome.card import model_card
from ui.finetune.takehome.facts import all_pairs, base_of, one_line, slug, versions
from ui.finetune.takehome.script import training_script
from ui.state.models import Figures, Run, RunRecord

# --- `run.json`: what a table of runs shows of a run, as it is written ----------------------------


FORMAT = 1


def record_of(run: Run) -> RunRecord:
    """Settings and metrics of a run as plain JSON values; metrics as [value, low, high]."""
    done, judgement = run.done, run.judgement
    return {
        "format": FORMAT,
        "name": one_line(run.name),
        "model": one_line(run.model),
        "hub_id": base_of(run).hub_id,
        "data": one_line(run.data),
        "kind": done.train.kind,
        "pooling": run.base.pooling,
        "blocks": run.base.backbone.depth,
        "settings": asdict(done.config),
        "steps": done.steps,
        "kept_step": done.kept_step,
        "stopped": done.stopped,
        "train_seconds": done.train_seconds,
        "predicted_seconds": run.predicted_s,
        "rows": {
            "train": len(done.train),
            "validation": len(done.validation),
            "held-out": len(done.held_out),
        },
        "before": _metrics(done.before),
        "after": _metrics(done.after),
        "gain": _metric(done.gain),
        "rivals": [
            {
                "name": rival.name,
                "metrics": _metrics(rival.metrics),
                "lead": _metric(rival.lead),
            }
            for rival in judgement.rivals
        ],
        "probe": {
            "before": _metric(judgement.probe_before),
            "after": _metric(judgement.probe_after),
            "change": _metric(judgement.probe_change),
        },
        "notes": [one_line(note) for note in done.notes],
        "versions": versions(),
    }


def _metric(metric: Metric | None) -> Figures | None:
    """None where there is no number, which JSON cannot say; so are bounds that are unknown."""
    if metric is None or not isfinite(metric.value):
        return None
    return [
        number if isfinite(number) else None for number in (metric.value, metric.low, metric.high)
    ]


def _metrics(metrics: Mapping[str, Metric]) -> dict[str, Figures | None]:
    return {name: _metric(metric) for name, metric in metrics.items()}


# --- The pairs of a run as CSV: what the held-out ones score before and after, and all of them ----


VALUES = {  # what `Predictions.values` are, by kind
    "score": "cosine",
    "binary": "cosine",
    "positive": "rank",  # of the own positive among the wrong ones of the held-out part, 1 is best
    "triplet": "margin",  # cos(anchor, positive) - cos(anchor, negative)
}


def scores_csv(run: Run) -> str:
    """One row a held-out pair: its row in the file, texts, label, and what it scores."""
    held_out = run.done.held_out
    kind, labels = held_out.kind, held_out.labels
    names = [f"{VALUES[kind]}_{when}" for when in ("before", "after", "change")]
    label = [LABELLED[kind]] if labels is not None else []
    rows = [["row", *TEXTS[kind], *label, *names]]
    before, after = (predictions.values for predictions in run.done.predictions)
    for at, texts in enumerate(held_out.texts):
        shown = [] if labels is None else [f"{labels[at]:.6g}"]
        values = (before[at], after[at], after[at] - before[at])
        rows.append(
            [
                str(held_out.row_numbers[at]),
                *texts,
                *shown,
                *(f"{value:.6g}" for value in values),
            ]
        )
    return csv_text(rows)


def pairs_csv(run: Run) -> str:
    """All pairs that were kept, with the part that each was in: what `train.py` reads."""
    return write_csv(*all_pairs(run))


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
    _write(folder / "pairs.csv", BOM + pairs_csv(run))
    _write(folder / "scores.csv", BOM + scores_csv(run))
    if report.dropped:
        _write(folder / "dropped.csv", BOM + write_dropped(report, run.table))


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
