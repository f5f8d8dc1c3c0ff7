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

from encoder import EncoderError, ModelRefused, load_encoder
from tests.tiny_models import SENTENCES
from tests.ui.finetune.takehome.runs import a_zip, with_file
from ui.finetune.takehome import read_archive

LIMIT = 10**7


@pytest.fixture(scope="module")
def home(_tiny, tmp_path_factory) -> Path:
    """A zip as it is downloaded."""
    return a_zip(_tiny("bert"), tmp_path_factory.mktemp("home"))


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


def test_a_zip_that_was_written_with_backslashes_is_read(home, tmp_path):
    """As some tools of Windows do."""
    with zipfile.ZipFile(home) as old, zipfile.ZipFile(tmp_path / "sent.zip", "w") as new:
        for info in old.infolist():
            new.writestr(info.filename.replace("/", "\\"), old.read(info))
    back, straight = (read_archive(path, LIMIT) for path in (tmp_path / "sent.zip", home))
    assert back.record == straight.record is not None
    vectors = back.encoder.encode(SENTENCES)
    np.testing.assert_array_equal(vectors, straight.encoder.encode(SENTENCES))


@pytest.mark.parametrize("top", ["", "bert/"])
def test_a_plain_transformers_folder_is_pooled_by_mean_and_that_is_said(tiny_folder, tmp_path, top):
    back = read_archive(zipped(tiny_folder("bert"), tmp_path / "sent.zip", top), LIMIT)
    assert (back.encoder.pooling, back.record) == ("mean", None)
    [note] = back.notes
    assert "without modules.json" in note
    assert "mean is assumed" in note
    expected = load_encoder(tiny_folder("bert")).encode(SENTENCES)
    np.testing.assert_allclose(back.encoder.encode(SENTENCES), expected, atol=1e-6)


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
        ("my-first-run/a/b/c/d.json", "in more than 3 folders"),
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
    with pytest.raises(ModelRefused, match=r"the limit here is 0 MB"):
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
    with pytest.raises(ModelRefused, match="a damaged one"):
        read_archive(sent, LIMIT)


def test_too_many_files_are_refused(home, tmp_path):
    extra = [(f"my-first-run/{n}.json", b"") for n in range(200)]
    with pytest.raises(ModelRefused, match="a model has at most 200"):
        read_archive(with_entries(home, tmp_path / "sent.zip", *extra), LIMIT)


@pytest.mark.parametrize(
    ("renamed", "words"),
    [
        (("my-first-run/", "outer/inner/"), r"the model lies in its folder 'inner'\. Give that"),
        (("/model.safetensors", "/onnx/model.onnx"), r"only onnx/model\.onnx, for ONNX"),
        (("/tokenizer", "/others"), r"'my-first-run' has no tokenizer"),
        (("/1_Pooling/", "/elsewhere/"), r"names the folder '1_Pooling' of its Pooling module"),
        (("/modules.json", "/other.json"), r"has a folder '1_Pooling' but no modules\.json"),
        (("/config.json", "/adapter_config.json"), r"is a LoRA adapter"),
    ],
)
def test_what_looks_like_a_model_is_refused_with_the_true_cause(
    home, tmp_path, temporary, renamed, words
):
    with zipfile.ZipFile(home) as old, zipfile.ZipFile(tmp_path / "sent.zip", "w") as new:
        for info in old.infolist():
            new.writestr(info.filename.replace(*renamed), old.read(info))
    with pytest.raises(ModelRefused, match=words) as error:
        read_archive(tmp_path / "sent.zip", LIMIT)
    assert str(temporary) not in str(error.value)


def test_a_pointer_in_the_place_of_the_weights_is_named(home, tmp_path):
    pointer = b"version https://git-lfs.github.com/spec/v1\nsize 1\n"
    sent = with_file(home, tmp_path / "sent.zip", "model.safetensors", pointer)
    with pytest.raises(ModelRefused, match=r"'model\.safetensors'.*is a Git LFS pointer"):
        read_archive(sent, LIMIT)


@pytest.mark.parametrize("content", [b"", b"no zip", b"PK\x05\x06" + b"\0" * 18])
def test_what_is_no_model_is_refused(tmp_path, content):
    (tmp_path / "sent.zip").write_bytes(content)
    with pytest.raises(ModelRefused, match=r"no zip|no config\.json"):
        read_archive(tmp_path / "sent.zip", LIMIT)


def test_a_file_that_is_not_there_is_told_in_words(tmp_path):
    with pytest.raises(EncoderError, match="could not be unpacked here"):
        read_archive(tmp_path / "gone.zip", LIMIT)


def test_pickled_weights_are_refused_and_never_written(home, tmp_path):
    with zipfile.ZipFile(home) as old, zipfile.ZipFile(tmp_path / "sent.zip", "w") as new:
        for info in old.infolist():
            name = info.filename.replace("model.safetensors", "pytorch_model.bin")
            new.writestr(name, old.read(info))
    with pytest.raises(ModelRefused, match=r"only pytorch_model\.bin\).*can run code"):
        read_archive(tmp_path / "sent.zip", LIMIT)


def test_a_module_that_cannot_be_run_is_refused_by_name(home, tmp_path):
    with zipfile.ZipFile(home) as archive:
        modules = archive.read("my-first-run/modules.json")
    theirs = modules.replace(b"sentence_transformers.models.Dense", b"their.Code")
    with_file(home, tmp_path / "sent.zip", "modules.json", theirs)
    with pytest.raises(ModelRefused, match=r"their\.Code.*can be run here"):
        read_archive(tmp_path / "sent.zip", LIMIT)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_a_damaged_zip_loads_or_is_refused_in_words(home, tmp_path, data):
    content = bytearray(home.read_bytes())
    last = len(content) - 1
    anywhere, directory = st.integers(0, last), st.integers(last - 2_000, last)
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(anywhere | directory)] = data.draw(st.integers(0, 255))
    end = data.draw(st.sampled_from([last + 1, last, last // 2]))
    (tmp_path / "sent.zip").write_bytes(content[:end])
    assert outcome(tmp_path / "sent.zip") in ("loads", "refused")


def outcome(sent: Path) -> str:
    try:
        read_archive(sent, LIMIT)
    except EncoderError:
        return "refused"
    return "loads"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("config.json", b'{"model_type": "bert", "hidden_size": "wide"}'),
        ("config.json", b'{"model_type": "theirs", "auto_map": {"AutoModel": "their.Code"}}'),
        ("config.json", b"[" * 100_000),
        ("modules.json", b"[" * 100_000),
        ("1_Pooling/config.json", b"{}" * 2),
        ("1_Pooling/config.json", b'{"a":' * 100_000),
        ("tokenizer.json", b"{}"),
        ("config_sentence_transformers.json", b'{"prompts": [1]}'),
        ("3_Dense/model.safetensors", b"\xff" * 100),
        ("model.safetensors", b"\xff" * 100),
    ],
)  # fmt: skip
def test_a_part_that_makes_no_sense_is_refused_in_words(home, tmp_path, name, content):
    with pytest.raises(EncoderError):
        read_archive(with_file(home, tmp_path / "sent.zip", name, content), LIMIT)


@pytest.mark.parametrize(
    "claim", [{"vocab_size": 10**7}, {"num_hidden_layers": 10**6}, {"hidden_size": 32_000}]
)
def test_a_configuration_that_asks_for_memory_beyond_its_weights_is_refused(home, tmp_path, claim):
    """Without a look at it first, a zip of some kilobytes filled the memory of the machine."""
    with zipfile.ZipFile(home) as archive:
        config = json.loads(archive.read("my-first-run/config.json"))
    sent = with_file(
        home, tmp_path / "sent.zip", "config.json", json.dumps(config | claim).encode()
    )
    with pytest.raises(ModelRefused, match=r"config\.json of 'my-first-run' asks for"):
        read_archive(sent, LIMIT)
