"""Which repos, which of their files, and how many bytes: everything else is refused."""

import json
import shutil

import pytest
import torch
from transformers import AutoModel, AutoTokenizer

from encoder.errors import ModelRefused
from encoder.hub import select_files, valid_repo_id
from tests import hub_repo
from tests.hub_repo import MB, REPO, WANTED, WEIGHTS, files_of, write

fetch, folder, server = hub_repo.fetch, hub_repo.folder, hub_repo.server


@pytest.mark.parametrize("name", ["bert-base-uncased", "org/name", "Org_1/na.me-2", " org/name "])
def test_valid_repo_id_accepts_the_ids_of_the_hub(name):
    assert valid_repo_id(name) == name.strip()


@pytest.mark.parametrize(
    "name",
    [
        "",
        "../secrets",
        "org/../name",
        "/etc/passwd",
        "./model",
        "a/b/c",
        "https://hub.example/org/name",
        "org/na--me",
        "C:\\models\\bert",
        "org/naïve",
        "x" * 97,
    ],
)
def test_valid_repo_id_refuses_paths_and_urls_with_an_example(name):
    with pytest.raises(ModelRefused, match="for example 'sentence-transformers/all-MiniLM-L6-v2'"):
        valid_repo_id(name)


def test_a_bad_id_is_refused_without_any_request(server, fetch):
    with pytest.raises(ModelRefused):
        fetch("../tiny-model")
    assert server.requests == []


def test_fetches_safetensors_config_and_tokenizer_and_nothing_else(server, fetch):
    snapshot = fetch()

    assert files_of(snapshot) == WANTED
    assert {r.name for r in server.requests} == WANTED | {""}
    for name in WANTED:
        assert (snapshot / name).read_bytes() == server.content(name)


def test_a_model_saved_by_transformers_loads_from_the_snapshot(server, folder, fetch, tiny_folder):
    saved = tiny_folder("bert")
    shutil.rmtree(folder)
    shutil.copytree(saved, folder)

    snapshot = fetch()

    for name in ("config.json", "tokenizer.json", WEIGHTS):
        assert (snapshot / name).read_bytes() == (saved / name).read_bytes()
    tokens = AutoTokenizer.from_pretrained(snapshot)("A cat sleeps.", return_tensors="pt")
    with torch.no_grad():
        mine, theirs = (AutoModel.from_pretrained(f)(**tokens)[0] for f in (snapshot, saved))
    assert torch.equal(mine, theirs)


def test_fetches_the_folders_named_by_modules_json(server, folder, fetch):
    modules = [{"path": path} for path in ("0_Transformer", "1_Pooling", "2_Dense", "3_Normalize")]
    write(  # beside the weights in the root, safe and pickled, which no module names
        folder,
        {
            "modules.json": json.dumps(modules),
            "config_sentence_transformers.json": "{}",
            "0_Transformer/config.json": "{}",
            "0_Transformer/model.safetensors": b"transformer",
            "0_Transformer/pytorch_model.bin": b"pickle",
            "0_Transformer/sentence_roberta_config.json": "{}",
            "0_Transformer/tokenizer.json": "{}",
            "1_Pooling/config.json": "{}",
            "2_Dense/config.json": "{}",
            "2_Dense/model.safetensors": b"dense",
            "unrelated/config.json": "{}",
            "unrelated/model.safetensors": b"unrelated",
        },
    )

    assert files_of(fetch()) == {
        "modules.json",
        "config.json",
        "config_sentence_transformers.json",
        "tokenizer.json",
        "vocab.txt",
        "spm.model",
        "0_Transformer/config.json",
        "0_Transformer/model.safetensors",
        "0_Transformer/sentence_roberta_config.json",
        "0_Transformer/tokenizer.json",
        "1_Pooling/config.json",
        "2_Dense/config.json",
        "2_Dense/model.safetensors",
    }
    assert not [r for r in server.requests if r.name.endswith(".bin")]


@pytest.mark.parametrize("modules", ['{"path": 1}', "[{}]", "not json", '[{"path": "../up"}]'])
def test_a_modules_json_that_is_not_one_is_refused(server, folder, fetch, modules):
    write(folder, {"modules.json": modules})
    with pytest.raises(ModelRefused, match=r"modules\.json of 'some-org/tiny-model'"):
        fetch()


def test_select_files_takes_an_index_with_all_its_shards():
    shards = [f"model-0000{i}-of-00002.safetensors" for i in (1, 2)]
    index = "model.safetensors.index.json"
    assert select_files(REPO, [*shards, index, "config.json", "model.gguf"], [""]) == [
        "config.json",
        *shards,
        index,
    ]
    with pytest.raises(ModelRefused, match="1 of 2 shards"):
        select_files(REPO, [shards[0], index], [""])


def test_pickled_weights_are_refused_and_never_requested(server, folder, fetch):
    (folder / WEIGHTS).unlink()
    with pytest.raises(ModelRefused) as refused:
        fetch()
    message = str(refused.value)
    assert "only pickled weights (pytorch_model.bin)" in message
    assert "run any code" in message
    assert "carries model.safetensors, or convert" in message
    assert [r.name for r in server.requests] == [""]


def test_a_module_with_pickled_weights_is_refused_although_the_root_is_safe():
    paths = [WEIGHTS, "1_Dense/pytorch_model.bin", "1_Dense/config.json"]
    with pytest.raises(ModelRefused, match=r"1_Dense/pytorch_model\.bin"):
        select_files(REPO, paths, ["", "1_Dense"])


def test_a_name_that_is_a_path_on_another_system_is_passed_over(server, folder, fetch):
    write(folder, {"..\\..\\escaped.model": b"1", "C:/model.safetensors": b"2"})
    write(folder, {"modules.json": '[{"path": ""}, {"path": "C:"}]'})
    assert files_of(fetch()) == WANTED | {"modules.json"}


def test_a_repo_without_weights_is_refused(server, folder, fetch):
    (folder / WEIGHTS).unlink()
    (folder / "pytorch_model.bin").unlink()
    with pytest.raises(ModelRefused, match="holds no weights"):
        fetch()


def test_a_model_over_the_limit_is_refused_before_any_file_is_fetched(server, folder, fetch):
    write(folder, {WEIGHTS: bytes(2_500_000)})
    with pytest.raises(ModelRefused, match=r"needs 2\.5 MB, more than the limit of 1\.0 MB"):
        fetch(max_bytes=MB)
    assert [r.name for r in server.requests] == [""]


def test_files_that_are_not_fetched_do_not_count_towards_the_limit(server, folder, fetch):
    write(folder, {"pytorch_model.bin": bytes(2_500_000)})
    assert fetch(max_bytes=MB).is_dir()


def test_a_modules_json_over_the_limit_is_not_fetched_either(server, folder, fetch):
    write(folder, {"modules.json": "[]" + " " * 2_000_000})
    with pytest.raises(ModelRefused, match=r"needs 2\.0 MB"):
        fetch(max_bytes=MB)
    assert [r.name for r in server.requests] == [""]


@pytest.mark.parametrize(
    ("paths", "words"),
    [
        (["adapter_config.json", "adapter_model.safetensors"], "is a LoRA adapter.*Merge"),
        (["config.json", "onnx/model.onnx"], r"module folder, only 'onnx/model\.onnx' for ONNX"),
        (["README.md", "model-q4.gguf"], "for GGUF"),
    ],
)
def test_what_a_repo_holds_instead_of_weights_is_told(paths, words):
    with pytest.raises(ModelRefused, match=words):
        select_files("org/model", paths, [""])
