"""run.json of a zip sent back: nothing that a stranger writes into it is believed."""

import json
import math
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from encoder.evaluation import Metric
from tests.ui.finetune.takehome.runs import a_run, a_zip, done, with_file
from ui.finetune.results_html import runs_table
from ui.finetune.takehome import read_archive, write_archive
from ui.state.models import OwnModel

LIMIT = 10**7


@pytest.fixture(scope="module")
def home(_tiny, tmp_path_factory) -> Path:
    """A zip as it is downloaded."""
    return a_zip(_tiny("bert"), tmp_path_factory.mktemp("home"))


def with_record(home: Path, path: Path, record: bytes) -> Path:
    """A copy of a sound zip with another run.json."""
    return with_file(home, path, "run.json", record)


def record_in(home: Path) -> dict:
    with zipfile.ZipFile(home) as archive:
        return json.loads(archive.read("my-first-run/run.json"))


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b"7", b'{"format": 2}', b"[" * 10_000, b"\xff", b'{"format": NaN}'],
)
def test_a_record_that_is_none_is_told_and_the_model_loads(home, tmp_path, content):
    back = read_archive(with_record(home, tmp_path / "sent.zip", content), LIMIT)
    assert back.record is None
    assert back.name == "my-first-run"
    assert len(back.notes) == 1
    assert "run.json" in back.notes[0]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", 7), ("name", "a\nb"), ("name", "x" * 1_001), ("name", "\ud800"),
        ("name", "\u202eeman"), ("kind", "other"), ("kind", ["score"]), ("pooling", "mean+other"),
        ("steps", -1), ("steps", 1.5), ("steps", True), ("stopped", 1), ("train_seconds", "9"),
        ("train_seconds", 1e300), ("before", {"spearman": [0.1, 0.2]}),
        ("before", {"<b>": [0, 0, 0]}), ("after", {"spearman": [0.1, 0.2, 9]}), ("gain", [1, 2]),
        ("rivals", [{"name": "x"}]), ("rivals", {}), ("probe", {}), ("notes", ["x"] * 51),
        ("rows", {"train": 1}), ("versions", {"torch": "1", "evil": "2"}), ("blocks", 0),
        ("settings", {}), ("settings", {"batch_size": 8}), ("hub_id", 3),
    ],
)  # fmt: skip
def test_a_wrong_field_is_ignored_with_a_note(home, tmp_path, field, value):
    record = record_in(home)
    sent = json.dumps(record | {field: value}).encode()
    back = read_archive(with_record(home, tmp_path / "sent.zip", sent), LIMIT)
    assert back.record.keys() == record.keys() - {field, "format"}
    [note] = back.notes
    assert note.startswith(f"Ignored in run.json: {field} must be ")


@pytest.mark.parametrize(
    ("setting", "value"),
    [("batch_size", None), ("batch_size", 1), ("loss", "other"), ("lr", -1), ("seed", 0.5),
     ("pooling", "soft"), ("warmup", "10"), ("unknown", 1), ("held_out_share", 2)],
)  # fmt: skip
def test_a_wrong_setting_spoils_the_settings_alone(home, tmp_path, setting, value):
    record = record_in(home)
    record["settings"][setting] = value
    sent = with_record(home, tmp_path / "sent.zip", json.dumps(record).encode())
    back = read_archive(sent, LIMIT)
    assert back.record.keys() == record.keys() - {"settings", "format"}
    assert "settings must be" in back.notes[0]


def test_fields_that_nobody_asked_for_are_dropped_and_missing_ones_told(home, tmp_path):
    record = record_in(home)
    del record["probe"]
    sent = json.dumps(record | {"evil": "<script>"}).encode()
    back = read_archive(with_record(home, tmp_path / "sent.zip", sent), LIMIT)
    assert "evil" not in back.record
    assert back.notes == ("Ignored in run.json: probe is missing.",)


def test_a_figure_whose_bounds_are_unknown_comes_home_and_back(bert, tmp_path):
    unknown = Metric(0.05, math.nan, math.nan)
    finished = replace(done(bert, train_blocks=0), gain=unknown)
    sent = write_archive(a_run(finished), tmp_path / "model.zip")
    back = read_archive(sent, LIMIT)
    assert back.notes == ()
    assert back.record["gain"] == [0.05, None, None]
    models = [OwnModel("run-2", back.name, back.encoder, record=back.record)]
    assert "too few texts to say" in runs_table(models, "")
