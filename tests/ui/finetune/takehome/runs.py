"""Finished runs of tiny models to take home, of every kind of pairs."""

import zipfile
from io import StringIO
from pathlib import Path
from typing import Any

from encoder import Encoder
from encoder.evaluation import Metric
from encoder.training import Done, TrainConfig, fine_tune
from encoder.training.judge_run import Rival, RunJudgement
from ingest import PairSet, read_pairs
from tests.encoder.training.pairs import WORDS, anchors, graded
from ui.finetune.takehome import write_archive
from ui.state.models import Run

STEPS = 4


def duplicates(rows: int = 60) -> PairSet:
    """Yes/no pairs of texts that speak of the same thing, or do not."""
    lines = ["sentence1,sentence2,label"]
    for i in range(rows):
        a, b = WORDS[i % 10], WORDS[(i + 3) % 10]
        lines.append(f"The {a} number {i} is here.,Nobody saw {a if i % 2 else b} {i}.,{i % 2}")
    return read_pairs(StringIO("\n".join(lines)))


PAIRS = {
    "score": graded,
    "binary": duplicates,
    "positive": anchors,
    "triplet": lambda: anchors(negatives=True),
}


def done(
    encoder: Encoder, kind: str = "score", pairs: PairSet | None = None, **config: Any
) -> Done:
    """A few steps on pairs of a kind."""
    settings = TrainConfig(**{"steps": STEPS, "train_blocks": 1, "batch_size": 8} | config)
    *_, last = fine_tune(encoder, PAIRS[kind]() if pairs is None else pairs, settings)
    assert isinstance(last, Done)
    return last


def a_run(finished: Done, **fields: Any) -> Run:
    """A run around what training left, with a judgement made by hand."""
    rival = Rival("whitening", finished.source, finished.before, Metric(0.03, -0.01, 0.07))
    probe = (Metric(0.8, 0.75, 0.85), Metric(0.7, 0.65, 0.75), Metric(-0.1, -0.12, -0.08))
    judgement = RunJudgement((rival,), *probe)
    given = {"key": "run-1", "name": "My first run", "model": "bert-tiny", "data": "pairs.csv"}
    return Run(**given | {"done": finished, "judgement": judgement, "predicted_s": 12.5} | fields)


def a_zip(encoder: Encoder, folder: Path, **fields: Any) -> Path:
    """A zip to take home, of a linear map: its head has weights too."""
    run = a_run(done(encoder, train_blocks=0, held_out_share=0), **fields)
    return write_archive(run, folder / "model.zip")


def with_file(home: Path, path: Path, name: str, content: bytes) -> Path:
    """A copy of a sound zip with other content in one file."""
    full = f"my-first-run/{name}"
    with zipfile.ZipFile(home) as old, zipfile.ZipFile(path, "w") as new:
        assert full in old.namelist()
        for info in old.infolist():
            new.writestr(info, content if info.filename == full else old.read(info))
    return path
