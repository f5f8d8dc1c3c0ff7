"""Files of the sentence-transformers format that are damaged or say what we cannot do."""

import json

import pytest
import torch
from safetensors.torch import save_file

from encoder import ModelRefused, load_encoder
from tests.tiny_models import HIDDEN

TANH = "torch.nn.modules.activation.Tanh"


@pytest.fixture
def folder(bert, tmp_path):
    """A folder with a Dense module, to spoil."""
    folder = bert.save(tmp_path / "spoiled")
    modules = json.loads((folder / "modules.json").read_text())
    dense = {"idx": 2, "name": "2", "path": "2_Dense", "type": "sentence_transformers.models.Dense"}
    (folder / "modules.json").write_text(json.dumps([*modules, dense]))
    (folder / "2_Dense").mkdir()
    write_dense(folder, {"linear.weight": torch.eye(5, HIDDEN), "linear.bias": torch.zeros(5)})
    (folder / "2_Dense" / "config.json").write_text(
        json.dumps({"in_features": HIDDEN, "out_features": 5, "bias": True,
                    "activation_function": TANH})
    )  # fmt: skip
    return folder


def write_dense(folder, tensors):
    save_file(tensors, folder / "2_Dense" / "model.safetensors")


def edit(path, **changes):
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def test_the_folder_is_sound_before_it_is_spoiled(folder):
    assert load_encoder(folder).encode(["a"]).shape == (1, 5)


@pytest.mark.parametrize(
    "name",
    ["modules.json", "1_Pooling/config.json", "config.json", "2_Dense/config.json",
     "sentence_bert_config.json", "config_sentence_transformers.json", "tokenizer.json"],
)  # fmt: skip
@pytest.mark.parametrize("content", ["", "{", "[1, 2]", '"text"', "null", "7", "\udcff{}"])
def test_a_file_that_is_not_what_it_should_be(folder, name, content):
    (folder / name).write_text(content, errors="surrogateescape")
    with pytest.raises(ModelRefused) as error:
        load_encoder(folder)
    assert (name in str(error.value)) or name in ("config.json", "tokenizer.json")


@pytest.mark.parametrize("modules", [[], [{}], [{"type": None}], [[]], {"0": {}}])
def test_a_list_of_modules_that_makes_no_sense(folder, modules):
    (folder / "modules.json").write_text(json.dumps(modules))
    with pytest.raises(ModelRefused, match=r"modules.json|is made of"):
        load_encoder(folder)


def test_a_pooling_without_its_config(folder):
    (folder / "1_Pooling" / "config.json").unlink()
    with pytest.raises(ModelRefused, match=r"1_Pooling/config\.json cannot be read"):
        load_encoder(folder)


@pytest.mark.parametrize("mode", ["median", "", [], ["mean", "median"], 3, {"mean": True}, [3]])
def test_an_unknown_pooling_mode(folder, mode):
    edit(folder / "1_Pooling" / "config.json", pooling_mode=mode)
    with pytest.raises(ModelRefused, match="known: mean, max, cls"):
        load_encoder(folder)


@pytest.mark.parametrize("limit", [0, -1, "many", 2.5, True, [64]])
def test_a_length_limit_that_is_none(folder, limit):
    edit(folder / "sentence_bert_config.json", max_seq_length=limit)
    with pytest.raises(ModelRefused, match=f"max_seq_length.*{limit!r}".replace("[", r"\[")):
        load_encoder(folder)


@pytest.mark.parametrize("limit", [1, 2])
def test_a_length_limit_that_leaves_no_room_for_a_word(folder, limit):
    edit(folder / "sentence_bert_config.json", max_seq_length=limit)
    with pytest.raises(ModelRefused, match=rf"reads {limit} tokens"):
        load_encoder(folder)


@pytest.mark.parametrize("prompts", [["query: "], "query: ", {"query": 3}])
def test_prompts_that_are_none(folder, prompts):
    edit(folder / "config_sentence_transformers.json", prompts=prompts)
    with pytest.raises(ModelRefused, match="prompts"):
        load_encoder(folder)


def test_a_default_prompt_that_is_not_among_the_prompts(folder):
    """Its name would be put before every text instead."""
    edit(folder / "config_sentence_transformers.json", prompts={"a": "b"}, default_prompt_name="q")
    with pytest.raises(ModelRefused, match=r"default_prompt_name 'q'.*one of: a"):
        load_encoder(folder)


def test_a_prompt_of_null_is_no_prompt(folder):
    edit(folder / "config_sentence_transformers.json", prompts={"a": None}, default_prompt_name="a")
    assert load_encoder(folder).prompt() == ""


# Dense


def test_a_dense_without_safetensors(folder):
    path = folder / "2_Dense" / "model.safetensors"
    path.rename(folder / "2_Dense" / "pytorch_model.bin")
    with pytest.raises(ModelRefused, match=r"'2_Dense' has no model\.safetensors.*can run code"):
        load_encoder(folder)


def test_a_dense_with_damaged_weights(folder):
    path = folder / "2_Dense" / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-7])
    with pytest.raises(ModelRefused, match=r"2_Dense"):
        load_encoder(folder)


@pytest.mark.parametrize(
    "tensors",
    [{}, {"weight": torch.zeros(5, HIDDEN)}, {"linear.weight": torch.zeros(5)},
     {"linear.weight": torch.zeros(5, HIDDEN), "linear.bias": torch.zeros(4)}],
)  # fmt: skip
def test_a_dense_with_other_tensors(folder, tensors):
    write_dense(folder, tensors)
    with pytest.raises(ModelRefused, match="2_Dense"):
        load_encoder(folder)


def test_a_dense_for_another_width(folder):
    write_dense(folder, {"linear.weight": torch.zeros(5, 7)})
    with pytest.raises(ModelRefused, match=f"takes 7 numbers.*gives {HIDDEN}"):
        load_encoder(folder)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"activation_function": "os.system"}, "'os.system' is none of: torch.nn.modules"),
        ({"activation_function": "torch.nn.modules.linear.Bilinear"}, "Bilinear"),
        ({"activation_function": None}, "None"),
        ({"use_residual": True}, "adds a residual"),
        ({"module_input_name": "token_embeddings"}, "'token_embeddings'"),
        ({"module_output_name": "elsewhere"}, "'elsewhere'"),
    ],
)
def test_a_dense_that_does_more_than_we_run(folder, change, named):
    edit(folder / "2_Dense" / "config.json", **change)
    with pytest.raises(ModelRefused, match=named):
        load_encoder(folder)
