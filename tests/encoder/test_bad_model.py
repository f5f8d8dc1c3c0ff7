"""Folders we will not load, and what the refusal says."""

import json
import pickle
import shutil

import pytest
import torch
from safetensors.torch import load_file, save_file

from encoder import CATALOG, EncoderError, ModelRefused, UnknownName, load_encoder
from encoder.bundled import check_sha256
from tests.tiny_models import HIDDEN


@pytest.fixture
def folder(bert, tmp_path):
    """A sentence-transformers folder of one's own, to spoil."""
    return bert.save(tmp_path / "spoiled")


def edit(path, **changes):
    content = json.loads(path.read_text()) if path.is_file() else {}
    path.write_text(json.dumps(content | changes))


def with_modules(folder, *kinds):
    """Rewrite modules.json; a kind without a dot is sentence-transformers' own."""
    paths = ["", "1_Pooling", "2_Other"][: len(kinds)]
    modules = [
        {"idx": i, "name": str(i), "path": path,
         "type": kind if "." in kind else f"sentence_transformers.models.{kind}"}
        for i, (kind, path) in enumerate(zip(kinds, paths, strict=True))
    ]  # fmt: skip
    (folder / "modules.json").write_text(json.dumps(modules))
    return folder


# What is no model


@pytest.mark.parametrize("name", ["all-minilm", "bert", "MiniLM ", "no such model"])
def test_an_unknown_model_lists_the_catalog(name):
    with pytest.raises(UnknownName) as error:
        load_encoder(name)
    assert f"Unknown model {name!r}" in str(error.value)
    for key in CATALOG:
        assert key in str(error.value)


@pytest.mark.parametrize("name", ["./nowhere", "/no/such/folder", "~/no-such-folder-here"])
def test_a_folder_that_is_not_there(name):
    with pytest.raises(ModelRefused, match=r"not a model folder.*config\.json"):
        load_encoder(name)


@pytest.mark.parametrize("what", ["empty", "notes", "file"])
def test_a_folder_that_is_no_model(tmp_path, what):
    path = tmp_path / "thing"
    if what == "file":
        path.write_text("hello")
    else:
        path.mkdir()
    if what == "notes":
        (path / "notes.txt").write_text("hello")
    with pytest.raises(ModelRefused, match=r"'.*thing' is not a model folder"):
        load_encoder(path)


@pytest.mark.parametrize("name", ["../x", "a/b/c", "org/na me", "https://example.org/x"])
def test_what_is_no_hub_id_is_refused_without_any_request(name):
    with pytest.raises(EncoderError):
        load_encoder(name)


@pytest.mark.parametrize("model", [None, 3, ["bert-tiny"]])
def test_what_is_no_name_at_all_lists_the_catalog(model):
    with pytest.raises(UnknownName, match="bert-tiny"):
        load_encoder(model)


# Weights


class Bomb:
    """Unpickling this fails the test."""

    def __reduce__(self):
        return pytest.fail, ("the pickle was read",)


@pytest.mark.parametrize("name", ["pytorch_model.bin", "model.pt", "weights.pkl"])
def test_weights_that_are_only_pickled_are_refused_unread(folder, name):
    (folder / "model.safetensors").unlink()
    (folder / name).write_bytes(pickle.dumps(Bomb()))
    with pytest.raises(
        ModelRefused, match=rf"no safetensors weights \(only {name}\).*can run code"
    ):
        load_encoder(folder)


def test_a_pickle_beside_safetensors_is_not_read(folder):
    (folder / "pytorch_model.bin").write_bytes(pickle.dumps(Bomb()))
    assert load_encoder(folder).encode(["a"]).shape == (1, HIDDEN)


def test_a_pickle_is_not_read_for_want_of_the_right_safetensors(folder):
    torch.save(load_file(folder / "model.safetensors"), folder / "pytorch_model.bin")
    (folder / "model.safetensors").rename(folder / "other.safetensors")
    with pytest.raises(ModelRefused, match="cannot be loaded as an encoder"):
        load_encoder(folder)


def test_no_weights_at_all(folder):
    (folder / "model.safetensors").unlink()
    with pytest.raises(ModelRefused, match=r"no safetensors weights \(none\)"):
        load_encoder(folder)


def test_a_model_over_the_size_limit(folder):
    size = (folder / "model.safetensors").stat().st_size
    assert load_encoder(folder, max_bytes=size).backbone.depth == 2
    with pytest.raises(ModelRefused, match=r"are 0 MB; the limit here is 0 MB"):
        load_encoder(folder, max_bytes=size - 1)
    dense = folder / "2_Dense"
    dense.mkdir()
    save_file({"linear.weight": torch.zeros(1, HIDDEN)}, dense / "model.safetensors")
    with pytest.raises(ModelRefused, match="limit"):  # the weights of every module count
        load_encoder(folder, max_bytes=size)


def test_damaged_weights(folder):
    path = folder / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(ModelRefused, match="'spoiled' cannot be loaded as an encoder"):
        load_encoder(folder)


def test_weights_that_lack_a_layer_are_not_filled_with_random_numbers(folder):
    weights = load_file(folder / "model.safetensors")
    kept = {name: tensor for name, tensor in weights.items() if "layer.1." not in name}
    save_file(kept, folder / "model.safetensors", {"format": "pt"})
    with pytest.raises(ModelRefused, match=r"lack 16 parameters, e\.g\. 'encoder\.layer\.1\."):
        load_encoder(folder)


def test_weights_of_another_shape(folder):
    edit(folder / "config.json", hidden_size=2 * HIDDEN)
    with pytest.raises(ModelRefused):
        load_encoder(folder)


def test_the_bundled_weights_are_checked(tmp_path):
    path = tmp_path / "model.safetensors"
    path.write_bytes(b"abc")
    abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"  # of FIPS 180-2
    check_sha256(path, abc)
    path.write_bytes(b"abd")
    with pytest.raises(ModelRefused, match=rf"expected {abc}.*pip install --force-reinstall"):
        check_sha256(path, abc)


# Architectures and modules


def test_an_encoder_decoder_is_refused(tmp_path, tiny_folder):
    from transformers import T5Config, T5Model

    config = T5Config(vocab_size=20, d_model=8, d_kv=4, d_ff=8, num_layers=1, num_heads=2)
    T5Model(config).save_pretrained(tmp_path)
    for name in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copy(tiny_folder("bert") / name, tmp_path / name)
    with pytest.raises(ModelRefused, match="t5 is an encoder-decoder"):
        load_encoder(tmp_path)


def test_a_model_with_two_towers_is_refused(tmp_path, tiny_folder):
    from transformers import CLIPConfig, CLIPModel

    tower = {"hidden_size": 8, "intermediate_size": 8, "num_hidden_layers": 1,
             "num_attention_heads": 2}  # fmt: skip
    config = CLIPConfig(text_config=tower | {"vocab_size": 20},
                        vision_config=tower | {"image_size": 8, "patch_size": 4})  # fmt: skip
    CLIPModel(config).save_pretrained(tmp_path)
    for name in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copy(tiny_folder("bert") / name, tmp_path / name)
    with pytest.raises(ModelRefused, match="cannot be loaded as an encoder"):
        load_encoder(tmp_path)


def test_code_that_comes_with_a_model_is_never_run(folder):
    (folder / "modeling.py").write_text("raise SystemExit('the code was run')")
    edit(folder / "config.json", model_type="of-its-own", auto_map={
        "AutoConfig": "modeling.Config", "AutoModel": "modeling.Model"})  # fmt: skip
    with pytest.raises(ModelRefused):
        load_encoder(folder)


@pytest.mark.parametrize(
    ("kinds", "named"),
    [
        (("Transformer", "LSTM", "Pooling"), "LSTM"),
        (("Transformer", "Pooling", "my_code.Whiten"), "my_code.Whiten"),
        (("Transformer", "CNN", "Pooling"), "CNN"),
        (("Transformer", "WeightedLayerPooling", "Pooling"), "WeightedLayerPooling"),
        (("Router",), "Router"),
        (("WordEmbeddings", "Pooling"), "WordEmbeddings"),
        (("evil.Transformer", "Pooling"), "evil.Transformer"),
        (("Transformer",), "Transformer"),
        (("Pooling", "Transformer"), "Pooling → Transformer"),
    ],
)
def test_a_module_we_cannot_run_is_refused_by_name_never_skipped(folder, kinds, named):
    with pytest.raises(ModelRefused, match=rf"made of .*{named}"):
        load_encoder(with_modules(folder, *kinds))


@pytest.mark.parametrize("index", [0, 1, 2])
@pytest.mark.parametrize("path", ["../elsewhere", "/etc", "a/../../b", "..", "1_Pooling/../.."])
def test_modules_json_cannot_point_outside_its_folder(folder, tmp_path, index, path):
    shutil.copytree(folder, tmp_path / "elsewhere")  # there would be something to load
    with_modules(folder, "Transformer", "Pooling", "Normalize")
    modules = json.loads((folder / "modules.json").read_text())
    modules[index]["path"] = path
    (folder / "modules.json").write_text(json.dumps(modules))
    with pytest.raises(ModelRefused, match="points outside its folder"):
        load_encoder(folder)


def test_a_transformer_set_up_for_another_task(folder):
    edit(folder / "sentence_bert_config.json", transformer_task="fill-mask")
    with pytest.raises(ModelRefused, match=r"'fill-mask'.*feature-extraction"):
        load_encoder(folder)


@pytest.mark.parametrize(
    "claim", [{"vocab_size": 10**7}, {"num_hidden_layers": 10**6}, {"hidden_size": 32_000}]
)
def test_a_configuration_that_asks_for_more_than_its_weights_fill(folder, claim):
    """The loader would make room for all of it before it looks at the weights."""
    edit(folder / "config.json", **claim)
    with pytest.raises(
        ModelRefused, match=r"config\.json of 'spoiled' asks for .* belong together"
    ):
        load_encoder(folder)
