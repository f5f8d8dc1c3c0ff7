"""A zip sent back: what loads, what is refused and in which words, and that nothing stays."""

import json
import shutil
import stat
import struct
import tempfile
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sentence_transformers import SentenceTransformer
from takehome_runs import a_run, done

from encoder import EncoderError, ModelRefused
from encoder.errors import EncoderError as Told
from tests.tiny_models import SENTENCES
from ui.takehome import read_archive, write_archive

LIMIT = 10**7


@pytest.fixture(scope="module")
def home(_tiny, tmp_path_factory) -> Path:
    """A zip as it is downloaded, of a linear map: its head has weights too."""
    run = a_run(done(_tiny("bert"), train_blocks=0, held_out_share=0))
    return write_archive(run, tmp_path_factory.mktemp("home") / "model.zip")


@pytest.fixture(autouse=True)
def temporary(tmp_path, monkeypatch):
    """Everything temporary goes here, and is gone after each test."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    yield folder
    assert not list(folder.iterdir())


def zipped(folder: Path, path: Path, top: str = "") -> Path:
    """A folder as others zip it."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(folder.rglob("*")):
            archive.write(file, top + file.relative_to(folder).as_posix())
    return path


def with_entries(home: Path, path: Path, *entries: tuple[zipfile.ZipInfo | str, bytes]) -> Path:
    """A copy of a sound zip with more in it."""
    shutil.copy(home, path)
    with zipfile.ZipFile(path, "a") as archive:
        for entry, content in entries:
            archive.writestr(entry, content)
    return path


def with_record(home: Path, path: Path, record: bytes) -> Path:
    """A copy of a sound zip with another run.json."""
    with zipfile.ZipFile(home) as old, zipfile.ZipFile(path, "w") as new:
        for info in old.infolist():
            is_record = info.filename.endswith("run.json")
            new.writestr(info, record if is_record else old.read(info))
    return path


def record_in(home: Path) -> dict:
    with zipfile.ZipFile(home) as archive:
        return json.loads(archive.read("my-first-run/run.json"))


# --- what loads ---------------------------------------------------------------------------------


def test_the_encoder_needs_the_files_no_more(home, tmp_path, temporary):
    """Weights are read as maps of their files, which would keep these alive on the disk."""
    copy = shutil.copy(home, tmp_path / "sent.zip")
    back = read_archive(Path(copy), LIMIT)
    Path(copy).unlink()
    vectors = back.encoder.encode(SENTENCES)
    maps = Path("/proc/self/maps")
    assert not maps.exists() or str(temporary) not in maps.read_text()
    back.encoder.save(tmp_path / "again")
    again = SentenceTransformer(str(tmp_path / "again"), device="cpu")
    np.testing.assert_allclose(
        again.encode(SENTENCES, normalize_embeddings=True), vectors, atol=1e-5
    )


@pytest.mark.parametrize("top", ["", "their-model/"])
def test_a_folder_that_others_zipped_loads_without_a_record(bert, tmp_path, top):
    model = SentenceTransformer(str(bert.save(tmp_path / "base")), device="cpu")
    model.save(str(tmp_path / "saved"))
    back = read_archive(zipped(tmp_path / "saved", tmp_path / "sent here.zip", top), LIMIT)
    assert (back.record, back.notes) == (None, ())
    assert back.name == back.encoder.name == (top.strip("/") or "sent here")
    theirs = model.encode(SENTENCES, normalize_embeddings=True)
    np.testing.assert_allclose(back.encoder.encode(SENTENCES), theirs, atol=1e-5)


def test_what_systems_put_into_a_zip_is_passed_over(home, tmp_path):
    extra = [("__MACOSX/._modules.json", b"x"), ("my-first-run/.git/config", b"x"),
             ("my-first-run/onnx/model.onnx", b"x")]  # fmt: skip
    back = read_archive(with_entries(home, tmp_path / "sent.zip", *extra), LIMIT)
    assert back.name == "My first run"


# --- what is refused ----------------------------------------------------------------------------


def link(name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    return info


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ("../evil.json", "leads out"),
        ("/etc/evil.json", "leads out"),
        ("my-first-run/../../evil.json", "leads out"),
        ("C:/evil.json", "leads out"),
        (link("my-first-run/evil.json"), "is a link"),
        ("my-first-run/a/b/c/d.json", "in more than 4 folders"),
        ("my-first-run/" + "x" * 101, "more than 100 characters"),
        ("my-first-run/a\nb.json", "no name of a file"),
        ("my-first-run/config.json", "holds 'my-first-run/config.json' twice"),
        ("other/modules.json", r"holds 2 models \('my-first-run', 'other'\)"),
    ],
)
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_entries_that_could_do_harm_are_refused(home, tmp_path, entry, words):
    sent = with_entries(home, tmp_path / "sent.zip", (entry, b"{}"))
    with pytest.raises(ModelRefused, match=words):
        read_archive(sent, LIMIT)
    assert not list(tmp_path.rglob("evil.json"))


def test_a_backslash_is_no_way_out_either(home, tmp_path):
    sent = with_entries(home, tmp_path / "sent.zip", ("my-first-run/..xevil.json", b"{}"))
    sent.write_bytes(sent.read_bytes().replace(b"..xevil", b"..\\evil"))
    with pytest.raises(ModelRefused, match="leads out"):
        read_archive(sent, LIMIT)


def test_more_than_the_limit_is_refused_before_it_is_unpacked(home, tmp_path):
    size = sum(info.file_size for info in zipfile.ZipFile(home).infolist())
    assert read_archive(home, size).name == "My first run"
    with pytest.raises(ModelRefused, match="which is the limit here"):
        read_archive(home, 50_000)


def test_a_zip_that_lies_about_its_size_is_stopped_at_the_limit(home, tmp_path):
    """A megabyte of zeros that says it is one byte long."""
    sent = with_entries(home, tmp_path / "sent.zip")
    with zipfile.ZipFile(sent, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("my-first-run/bomb.json", b"0" * 10**6)
    content = sent.read_bytes()
    honest, lie = struct.pack("<L", 10**6), struct.pack("<L", 1)
    assert content.count(honest) >= 2
    sent.write_bytes(content.replace(honest, lie))
    with pytest.raises(ModelRefused):
        read_archive(sent, LIMIT)


def test_too_many_files_are_refused(home, tmp_path):
    extra = [(f"my-first-run/{n}.json", b"") for n in range(200)]
    with pytest.raises(ModelRefused, match="a model has at most 200"):
        read_archive(with_entries(home, tmp_path / "sent.zip", *extra), LIMIT)


@pytest.mark.parametrize("content", [b"", b"no zip", b"PK\x05\x06" + b"\0" * 18])
def test_what_is_no_model_is_refused(tmp_path, content):
    (tmp_path / "sent.zip").write_bytes(content)
    with pytest.raises(ModelRefused, match=r"no zip|no modules\.json"):
        read_archive(tmp_path / "sent.zip", LIMIT)


def test_a_file_that_is_not_there_is_told_in_words(tmp_path):
    with pytest.raises(EncoderError, match="could not be unpacked here"):
        read_archive(tmp_path / "gone.zip", LIMIT)


def test_pickled_weights_are_refused_and_never_written(home, tmp_path):
    with zipfile.ZipFile(home) as old, zipfile.ZipFile(tmp_path / "sent.zip", "w") as new:
        for info in old.infolist():
            name = info.filename.replace("model.safetensors", "pytorch_model.bin")
            new.writestr(name, old.read(info))
    with pytest.raises(ModelRefused, match=r"only 'pytorch_model\.bin'.*can run code"):
        read_archive(tmp_path / "sent.zip", LIMIT)


def test_a_module_that_cannot_be_run_is_refused_by_name(home, tmp_path):
    with zipfile.ZipFile(home) as old, zipfile.ZipFile(tmp_path / "sent.zip", "w") as new:
        for info in old.infolist():
            content = old.read(info)
            if info.filename.endswith("/modules.json"):
                content = content.replace(b"sentence_transformers.models.Dense", b"their.Code")
            new.writestr(info, content)
    with pytest.raises(ModelRefused, match=r"their\.Code.*can be run here"):
        read_archive(tmp_path / "sent.zip", LIMIT)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_a_damaged_zip_loads_or_is_refused_in_words(home, tmp_path, data):
    content = bytearray(home.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    end = data.draw(st.sampled_from([len(content), len(content) - 1, len(content) // 2]))
    (tmp_path / "sent.zip").write_bytes(content[:end])
    try:
        assert read_archive(tmp_path / "sent.zip", LIMIT).encoder.encode(["a"]).shape == (1, 32)
    except Told as error:
        assert len(str(error)) > 20


# --- run.json -----------------------------------------------------------------------------------


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
