"""What a stranger's model asks for is bounded before it is built; uploads and Hub go one way."""

import base64
import json
import struct
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from encoder import ModelRefused, load_encoder
from encoder.check_config import MOST_PARTS
from encoder.check_tokenizer_file import check_pattern, check_tokenizer_file

Spoil = dict[str, object]


@pytest.fixture
def folder(bert, tmp_path):
    """A sound folder, to spoil."""
    return bert.save(tmp_path / "spoiled")


def edit(path: Path, **changes: object) -> None:
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def assert_refused(folder: Path, words: str) -> None:
    with pytest.raises(ModelRefused, match=words) as error:
        load_encoder(folder)
    message = str(error.value)
    assert str(folder.parent) not in message
    assert len(message) < 700


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("hidden_size", "32"), ("hidden_size", -32), ("hidden_size", 10**9), ("hidden_size", True),
        ("num_hidden_layers", 2.5), ("num_hidden_layers", 10**12), ("num_attention_heads", -1),
        ("vocab_size", 10**8), ("vocab_size", float("inf")), ("vocab_size", [316]),
        ("max_position_embeddings", 10**9), ("layer_norm_eps", float("nan")),
        ("hidden_dropout_prob", float("nan")), ("intermediate_size", {}), ("chunk", 1e300),
        ("num_experts", 10**6), ("chunk_size_feed_forward", 7),
    ],
)  # fmt: skip
def test_a_configuration_with_a_number_that_no_model_has(folder, name, value):
    edit(folder / "config.json", **{name: value})
    assert_refused(folder, r"config\.json|vocab_size")


def test_many_parts_inside_many_parts_are_refused_before_one_is_made(folder):
    edit(folder / "config.json", num_hidden_layers=190, num_experts=400, model_type="qwen3_moe")
    assert_refused(folder, rf"asks for more than {MOST_PARTS:,} parts \(num_hidden_layers 190")


@pytest.mark.parametrize(
    ("file", "changes", "words"),
    [
        ("config_sentence_transformers.json", {"prompts": {"p": "a " * 2_000}}, "4,000 characters"),
        ("config_sentence_transformers.json", {"prompts": {"p" * 3_000: "a"}}, "3,000 characters"),
        ("config_sentence_transformers.json", {"prompts": {str(n): "a" for n in range(200)}},
         "200 prompts"),
        ("config_sentence_transformers.json", {"default_prompt_name": ["p"]}, "default_prompt"),
        ("1_Pooling/config.json", {"include_prompt": [1]}, "include_prompt must be true or false"),
        ("1_Pooling/config.json", {"pooling_mode": ["mean"] * 500}, "Unknown pooling_mode"),
        ("sentence_bert_config.json", {"do_lower_case": "yes"}, "do_lower_case must be"),
        ("sentence_bert_config.json", {"max_seq_length": "9" * 9_000}, "max_seq_length must be"),
    ],
)  # fmt: skip
def test_a_setting_of_the_wrong_type_or_length(folder, file, changes, words):
    edit(folder / file, **changes)
    assert_refused(folder, words)


def test_more_modules_than_any_model_has(folder):
    path = folder / "modules.json"
    normalize = {"path": "n", "type": "sentence_transformers.models.Normalize"}
    path.write_text(json.dumps([*json.loads(path.read_text()), *[normalize] * 1_000]))
    assert_refused(folder, "names 1,002 modules; at most 20")


@pytest.mark.parametrize("path", ["x" * 4_000, "\0"])
def test_a_module_in_a_place_that_no_disk_has(folder, path):
    modules = json.loads((folder / "modules.json").read_text())
    modules[1]["path"] = path
    (folder / "modules.json").write_text(json.dumps(modules))
    assert_refused(folder, r"modules\.json")


@pytest.mark.parametrize("shape", [(5_000, 32), (0, 32)])
def test_a_head_wider_than_any_model_has_or_of_no_number(folder, shape):
    modules = json.loads((folder / "modules.json").read_text())
    dense = {"idx": 2, "name": "2", "path": "2_Dense", "type": "sentence_transformers.models.Dense"}
    (folder / "modules.json").write_text(json.dumps([*modules, dense]))
    (folder / "2_Dense").mkdir()
    save_file({"linear.weight": torch.zeros(shape)}, folder / "2_Dense" / "model.safetensors")
    (folder / "2_Dense" / "config.json").write_text(json.dumps({"bias": False}))
    assert_refused(folder, "1 to 4,096 are run here")


@pytest.mark.parametrize(
    "begin", [struct.pack("<Q", 2**62), struct.pack("<Q", 10**6), b"\1\0\0", b"<html>no</html>"]
)
def test_weights_whose_header_lies(folder, begin):
    (folder / "model.safetensors").write_bytes(begin)
    assert_refused(folder, r"model\.safetensors")


def test_weights_that_are_cut_short(folder):
    whole = (folder / "model.safetensors").read_bytes()
    (folder / "model.safetensors").write_bytes(whole[: len(whole) // 2])
    assert_refused(folder, "cannot be loaded as an encoder")


def test_a_file_larger_than_any_model_has_is_not_read(folder):
    with (folder / "config.json").open("ab") as file:
        file.truncate(9 * 2**20)
    assert_refused(folder, r"'config\.json' has 9\.0 MB; such a file has at most 8 MB")


# --- tokenizers -----------------------------------------------------------------------------------

CHARSMAP = base64.b64encode(struct.pack("<L", 4) + b"trie" + b"fi\0" + b"x" * 9_000 + b"\0")


def replace(pattern: dict[str, str], content: str) -> dict[str, object]:
    return {"type": "Replace", "pattern": pattern, "content": content}


@pytest.mark.parametrize(
    ("part", "step", "words"),
    [
        ("pre_tokenizer", {"type": "Split", "pattern": {"Regex": "(a+)+$"}}, "repeats what"),
        ("normalizer", replace({"Regex": "(?:a|aa)*b"}, ""), "repeats what repeats"),
        ("decoder", replace({"Regex": r"(a)\1"}, ""), "refers back"),
        ("normalizer", replace({"String": "a"}, "b" * 1_000), "1,000 times as long"),
        ("normalizer", {"type": "Sequence", "normalizers": [replace({"String": "a"}, "aaa")] * 20},
         "times as long"),
        ("normalizer", {"type": "Prepend", "prepend": "x" * 5_000}, "times as long"),
        ("normalizer", {"type": "Precompiled", "precompiled_charsmap": CHARSMAP.decode()},
         "9,000 times as long"),
        ("normalizer", {"type": "Sequence", "normalizers": [{"type": "NFC"}] * 5_000}, "steps"),
        ("added_tokens", [{"content": str(n)} for n in range(30_000)], "adds 30,000 tokens"),
        ("added_tokens", [{"content": "x" * 10_000}], "10,000 characters"),
    ],
)  # fmt: skip
def test_a_tokenizer_that_can_take_too_long_or_grow_a_text(part, step, words):
    with pytest.raises(ModelRefused, match=words):
        check_tokenizer_file({"model": {"vocab": {}}, part: step}, "m")


def test_the_tokenizer_of_a_folder_is_checked_before_it_is_loaded(folder):
    split = {"type": "Split", "pattern": {"Regex": "(a+)+$"}, "behavior": "Isolated"}
    edit(folder / "tokenizer.json", pre_tokenizer=split | {"invert": False})
    assert_refused(folder, "repeats what repeats")
    edit(folder / "tokenizer.json", pre_tokenizer=None)
    decoder = {str(n): {"content": f"<{n}>"} for n in range(30_000)}
    edit(folder / "tokenizer_config.json", added_tokens_decoder=decoder)
    assert_refused(folder, "adds 30,000 tokens")


@pytest.mark.parametrize(
    "pattern",
    [
        "(a+)+", "(a|a)+b", "(?:a+)*", "((a*))+", "(?<n>a+)+", "(?=a+)+", "(?i)(a?){99}a",
        "(a{0,50}){0,50}", "(a{2,})*", "[](](a+)+", "a*a*a*a*a*b", "(?#no)(a+)+", r"(.)\k<1>",
        "(?>a+)+?", "a" * 4_000,
    ],
)  # fmt: skip
def test_patterns_that_can_take_without_end(pattern):
    with pytest.raises(ModelRefused, match="by the pattern"):
        check_pattern(pattern, "m")


@pytest.mark.parametrize(
    "pattern",
    [
        r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+",
        r"(?i:'s|'t|'re)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}|\s*[\r\n]+|\s+(?!\S)|\s+",
        r"[^\r\n\p{L}]?[\p{Lu}\p{M}]*[\p{Ll}\p{M}]+(?i:'s|'d)?|[!\"#$%&'()*+\[\\\]^_`{|}~][A-Za-z]+",
        r"(?<=\d)(?=(\d{3})+$)", " {2,}", r"[^(\s|[.,!?])]+", r"\s+", "(x)",
    ],
)  # fmt: skip
def test_patterns_of_well_known_tokenizers_are_taken(pattern):
    check_pattern(pattern, "m")
