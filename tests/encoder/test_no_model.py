"""Folders that look like a model and are none: refused with the true cause, and no server path."""

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import AutoTokenizer, XLNetConfig

from encoder import BadText, ModelRefused, load_encoder
from encoder.head import Dense
from tests.tiny_models import HIDDEN, SENTENCES

LFS = b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 90868376\n"


@pytest.fixture
def folder(bert, tmp_path):
    """A sentence-transformers folder of one's own, to spoil."""
    return bert.save(tmp_path / "spoiled")


def refusal(folder: Path) -> str:
    with pytest.raises(ModelRefused) as error:
        load_encoder(folder)
    assert str(folder.parent) not in str(error.value)
    return str(error.value)


def instead(folder: Path, name: str) -> None:
    """Other weights, and none in safetensors."""
    (folder / "model.safetensors").unlink()
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).write_bytes(b"weights")


def keep_only(folder: Path, *names: str) -> None:
    for path in sorted(folder.rglob("*"), reverse=True):
        if path.is_dir() and not any(path.iterdir()):
            path.rmdir()
        elif path.is_file() and path.name not in names:
            path.unlink()


def one_level_deeper(folder: Path) -> None:
    inner = folder.rename(folder.with_name("inner"))
    folder.mkdir()
    shutil.move(inner, folder / "my-model")


def into_an_adapter(folder: Path) -> None:
    keep_only(folder)
    (folder / "adapter_config.json").write_text('{"peft_type": "LORA"}')
    save_file({"lora_A": torch.zeros(2)}, folder / "adapter_model.safetensors")


def without_vocabulary(folder: Path) -> None:
    """What is left is a tokenizer of special tokens."""
    path = folder / "tokenizer.json"
    content = json.loads(path.read_text())
    special = {token["content"] for token in content["added_tokens"]}
    vocabulary = content["model"]["vocab"]
    content["model"]["vocab"] = {word: at for word, at in vocabulary.items() if word in special}
    path.write_text(json.dumps(content))


def with_words_beyond_the_table(folder: Path) -> None:
    tokenizer = AutoTokenizer.from_pretrained(folder)
    tokenizer.add_tokens(["stadium-goer"])
    tokenizer.save_pretrained(folder)


def with_no_numbers(folder: Path, number: float = torch.nan) -> None:
    path = folder / "model.safetensors"
    weights = load_file(path)
    weights["encoder.layer.1.output.dense.weight"][3, 4] = number
    save_file(weights, path, {"format": "pt"})


def in_two_files_of_which_one_is_lost(folder: Path) -> None:
    (folder / "model.safetensors").rename(folder / "model-00001-of-00002.safetensors")
    shards = {f"layer.{n}": f"model-0000{n}-of-00002.safetensors" for n in (1, 2)}
    (folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": shards}))


CASES: dict[str, tuple[Callable[[Path], object], str]] = {
    "no tokenizer": (
        lambda folder: [path.unlink() for path in folder.glob("tokenizer*")],
        r"'spoiled' has no tokenizer.*nearly alike",
    ),
    "vocabulary lost": (without_vocabulary, r"'spoiled' holds special tokens only"),
    "merges lost": (
        lambda folder: (folder / "tokenizer.json").rename(folder / "vocab.json"),
        r"vocab\.json without its merges\.txt",
    ),
    "vocabulary beyond the table": (
        with_words_beyond_the_table,
        r"no vector for 'stadium-goer'.*resize_token_embeddings",
    ),
    "NaN": (with_no_numbers, r"1 of the 1,536 numbers of 'encoder\.layer\.1\.output"),
    "infinite": (
        lambda folder: with_no_numbers(folder, torch.inf),
        r"damaged: 1 of the 1,536 numbers",
    ),
    "LFS weights": (
        lambda folder: (folder / "model.safetensors").write_bytes(LFS),
        r"'model\.safetensors' of 'spoiled' is a Git LFS pointer.*git lfs pull",
    ),
    "LFS tokenizer": (
        lambda folder: (folder / "tokenizer.json").write_bytes(LFS),
        r"'tokenizer\.json' of 'spoiled' is a Git LFS pointer",
    ),
    "LFS pooling": (
        lambda folder: (folder / "1_Pooling" / "config.json").write_bytes(LFS),
        r"'1_Pooling/config\.json' of 'spoiled' is a Git LFS pointer",
    ),
    "web page": (
        lambda folder: (folder / "model.safetensors").write_bytes(b"\n<!DOCTYPE html><html>"),
        r"'model\.safetensors' of 'spoiled' is a web page",
    ),
    "empty weights": (
        lambda folder: (folder / "model.safetensors").write_bytes(b""),
        r"'model\.safetensors' of 'spoiled' is empty",
    ),
    "pooling lost": (
        lambda folder: shutil.rmtree(folder / "1_Pooling"),
        r"names the folder '1_Pooling' of its Pooling module, which is not there",
    ),
    "modules.json lost": (
        lambda folder: (folder / "modules.json").unlink(),
        r"has a folder '1_Pooling' but no modules\.json",
    ),
    "one level too deep": (one_level_deeper, r"lies in its folder 'my-model'\. Give that one"),
    "ONNX only": (
        lambda folder: instead(folder, "onnx/model.onnx"),
        r"only onnx/model\.onnx, for ONNX",
    ),
    "GGUF only": (lambda folder: instead(folder, "model-q4.gguf"), r"for GGUF"),
    "TensorFlow only": (lambda folder: instead(folder, "tf_model.h5"), r"for TensorFlow"),
    "ONNX without a configuration": (
        lambda folder: [instead(folder, "model.onnx"), keep_only(folder, "model.onnx")],
        r"no config\.json\. It holds a model for ONNX",
    ),
    "LoRA": (into_an_adapter, r"is a LoRA adapter.*Merge the adapter"),
    "shard lost": (in_two_files_of_which_one_is_lost, r"lacks 1 of the 2 files.*00002-of-00002"),
}


@pytest.mark.parametrize("case", CASES)
def test_the_true_cause_is_told(folder, case):
    spoil, cause = CASES[case]
    spoil(folder)
    message = refusal(folder)
    assert re.search(cause, message), message


def test_two_models_in_a_folder_are_both_named(folder, bert):
    one_level_deeper(folder)
    bert.save(folder / "other")
    assert "holds 2 models ('my-model', 'other')" in refusal(folder)


def test_an_xlnet_is_refused_by_name(folder):
    XLNetConfig(vocab_size=500, d_model=HIDDEN, n_layer=2, n_head=4).save_pretrained(folder)
    assert "XLNet names no longest text" in refusal(folder)


def test_a_slow_tokenizer_is_refused_by_name(folder):
    for path in folder.glob("tokenizer*"):
        path.unlink()
    (folder / "vocab.txt").write_text("[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\na\n")
    (folder / "tokenizer_config.json").write_text('{"tokenizer_class": "BertJapaneseTokenizer", '
        '"word_tokenizer_type": "basic"}')  # fmt: skip
    assert "BertJapaneseTokenizer, is a slow one" in refusal(folder)


def test_a_special_token_without_a_vector_is_refused_only_in_a_text(folder):
    """EmbeddingGemma's tokenizer has one for images, which no text holds."""
    tokenizer = AutoTokenizer.from_pretrained(folder)
    tokenizer.add_special_tokens({"additional_special_tokens": ["<image>"]})
    tokenizer.save_pretrained(folder)
    encoder = load_encoder(folder)
    assert encoder.encode(SENTENCES).shape == (len(SENTENCES), HIDDEN)
    with pytest.raises(BadText, match="'<image>', for which this model has no vector"):
        encoder.encode(["What is on this <image>?"])


def test_padding_without_a_vector_is_masked_by_another_token(tiny_folder, tmp_path):
    """Decoders get such a token for training, often without a row for it."""
    folder = shutil.copytree(tiny_folder("qwen3"), tmp_path / "padded")
    tokenizer = AutoTokenizer.from_pretrained(folder)
    tokenizer.add_special_tokens({"pad_token": "[PAD]"})
    tokenizer.save_pretrained(folder)
    expected = load_encoder(tiny_folder("qwen3")).encode(SENTENCES)
    np.testing.assert_allclose(load_encoder(folder).encode(SENTENCES), expected, atol=1e-6)


def test_a_token_around_every_text_must_have_a_vector(folder):
    tokenizer = AutoTokenizer.from_pretrained(folder)
    tokenizer.add_special_tokens({"cls_token": "<begin>"})
    tokenizer.save_pretrained(folder)
    content = json.loads((folder / "tokenizer.json").read_text())
    at = tokenizer.convert_tokens_to_ids("<begin>")
    content["post_processor"] = {
        "type": "BertProcessing", "cls": ["<begin>", at], "sep": ["[SEP]", 3]
    }  # fmt: skip
    (folder / "tokenizer.json").write_text(json.dumps(content))
    assert "there is no vector for '<begin>'" in refusal(folder)


def test_a_dense_of_no_numbers_is_refused(folder, bert):
    weight = torch.eye(HIDDEN)
    weight[1, 2] = torch.nan
    recipe_with = bert.recipe.__class__(head=(Dense(weight, None),))
    bert.__class__(bert.name, bert.backbone, recipe_with).save(folder)
    assert "of 'linear.weight' are NaN or infinite" in refusal(folder)


def test_a_decoder_that_was_trained_to_go_on_is_pooled_by_its_last_token(tiny_folder, tmp_path):
    shutil.copytree(tiny_folder("qwen3"), tmp_path / "plain")
    path = tmp_path / "plain" / "config.json"
    config = json.loads(path.read_text())
    assert load_encoder(tmp_path / "plain").pooling == "mean"
    path.write_text(json.dumps(config | {"architectures": ["Qwen3ForCausalLM"]}))
    assert load_encoder(tmp_path / "plain").pooling == "last_token"
