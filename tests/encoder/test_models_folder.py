"""A host's own folder of models: what works is offered, what does not is told, with its reason."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from encoder import EncoderError, load_encoder
from encoder.models_folder import read_models_folder


@pytest.fixture
def shelf(bert, tiny_folder, tmp_path) -> Path:
    """Both kinds of folder that work."""
    folder = tmp_path / "shelf"
    folder.mkdir()
    bert.save(folder / "saved whole")
    shutil.copytree(tiny_folder("roberta"), folder / "plain-roberta")
    return folder


def spoil_weights(folder: Path) -> None:
    tensors = load_file(folder / "model.safetensors")
    name = next(name for name, tensor in tensors.items() if tensor.is_floating_point())
    tensors[name] = torch.full_like(tensors[name], float("nan"))
    save_file(tensors, folder / "model.safetensors", {"format": "pt"})


def test_folders_of_both_kinds_are_offered_under_their_names(shelf):
    offered, refused = read_models_folder(shelf)
    assert list(offered) == ["plain-roberta", "saved whole"]
    assert refused == {}
    spec = offered["saved whole"]
    assert spec.here
    assert not spec.bundled
    text = ["A sentence."]
    expected = load_encoder(shelf / "saved whole").encode(text)
    loaded = load_encoder(spec)
    assert loaded.name == "saved whole"
    assert np.array_equal(loaded.encode(text), expected)


def test_what_does_not_work_is_refused_and_the_others_are_offered(shelf):
    whole = shelf / "saved whole"
    names = ("nan", "no-tokenizer", "broken-config", "pickled", "all-MiniLM-L6-v2", "run-7")
    for name in names:
        shutil.copytree(whole, shelf / name)
    spoil_weights(shelf / "nan")
    for path in (shelf / "no-tokenizer").glob("*token*"):
        path.unlink()
    (shelf / "no-tokenizer" / "vocab.txt").unlink(missing_ok=True)
    (shelf / "broken-config" / "config.json").write_text("{")
    (shelf / "pickled" / "model.safetensors").rename(shelf / "pickled" / "pytorch_model.bin")
    (shelf / "empty").mkdir()
    (shelf / "notes.txt").write_text("a file")
    (shelf / ".cache").mkdir()
    offered, refused = read_models_folder(shelf, is_reserved=lambda name: name == "run-7")
    assert list(offered) == ["plain-roberta", "saved whole"]
    assert set(refused) == {*names, "empty", "notes.txt"}
    reasons = {
        "nan": "NaN", "no-tokenizer": "no tokenizer", "pickled": "safetensors",
        "all-MiniLM-L6-v2": "another model", "run-7": "own model", "notes.txt": "is a file",
    }  # fmt: skip
    assert {name: part for name, part in reasons.items() if part not in refused[name]} == {}
    assert not [why for why in refused.values() if str(shelf) in why]


def test_a_model_that_is_too_large_is_refused(shelf):
    offered, refused = read_models_folder(shelf, max_bytes=1_000)
    assert offered == {}
    assert all("the limit here is" in why for why in refused.values())


def test_a_name_that_nothing_can_carry_is_refused(shelf):
    shutil.copytree(shelf / "plain-roberta", shelf / "two\nlines")
    shutil.copytree(shelf / "plain-roberta", shelf / ("x" * 81))
    _, refused = read_models_folder(shelf)
    assert len(refused) == 2
    assert all("Rename the folder" in why for why in refused.values())


def test_a_configuration_that_breaks_transformers_keeps_no_other_model_away(shelf):
    config = shelf / "plain-roberta" / "config.json"
    config.write_text(json.dumps(json.loads(config.read_text()) | {"num_attention_heads": 0}))
    offered, refused = read_models_folder(shelf)
    assert (list(offered), list(refused)) == (["saved whole"], ["plain-roberta"])


def test_no_folder_is_told_without_its_place(tmp_path):
    with pytest.raises(EncoderError, match="'gone' cannot be read") as error:
        read_models_folder(tmp_path / "gone")
    assert str(tmp_path) not in str(error.value)
