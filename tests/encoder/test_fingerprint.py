"""The name of a model in cache keys: the same for the same model, another for any other."""

import json
import shutil
from dataclasses import replace

import pytest
import torch
from safetensors.torch import load_file, save_file

from encoder import ArrayCache, Encoder, load_encoder
from encoder.backbone import untrained_backbone
from encoder.head import Dense, Normalize, Truncate
from tests.tiny_models import ARCHITECTURES, SENTENCES, build


def fingerprint(folder):
    return load_encoder(folder).backbone.fingerprint


@pytest.fixture
def copy(tiny_folder, tmp_path):
    """A folder of one's own with the tiny BERT."""
    return shutil.copytree(tiny_folder("bert"), tmp_path / "copy")


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_it_is_the_same_in_every_load_and_place(architecture, tiny_folder, tmp_path):
    folder = tiny_folder(architecture)
    moved = shutil.copytree(folder, tmp_path / "elsewhere")
    assert fingerprint(folder) == fingerprint(folder) == fingerprint(moved)


@pytest.mark.parametrize("architecture", ["roberta", "bert", "mpnet"])
def test_a_pooler_that_the_checkpoint_lacks_does_not_change_it(architecture, tiny_folder, tmp_path):
    """It is drawn at random on every load, and no hidden state depends on it."""
    folder = shutil.copytree(tiny_folder(architecture), tmp_path / "copy")
    weights = load_file(folder / "model.safetensors")
    kept = {name: tensor for name, tensor in weights.items() if not name.startswith("pooler.")}
    assert len(kept) < len(weights)
    save_file(kept, folder / "model.safetensors", {"format": "pt"})
    first, second = load_encoder(folder), load_encoder(folder)
    poolers = [encoder.backbone.model.pooler.dense.weight for encoder in (first, second)]
    assert not torch.equal(*poolers)
    assert first.backbone.fingerprint == second.backbone.fingerprint


def test_what_was_tokenized_before_does_not_change_it(tiny_folder):
    """The tokenizer remembers the truncation of its latest call."""
    fresh, used = load_encoder(tiny_folder("bert")), load_encoder(tiny_folder("bert"))
    used.tokenize(" ".join(SENTENCES))
    used.fit_idf(SENTENCES)
    assert used.backbone.fingerprint == fresh.backbone.fingerprint


def test_one_changed_weight_changes_it(copy):
    before = fingerprint(copy)
    weights = load_file(copy / "model.safetensors")
    name = sorted(name for name in weights if "layer.1" in name)[0]
    weights[name].view(-1)[0] += 1e-6
    save_file(weights, copy / "model.safetensors", {"format": "pt"})
    assert fingerprint(copy) != before


def test_a_changed_setting_changes_it(copy):
    before = fingerprint(copy)
    config = json.loads((copy / "config.json").read_text())
    (copy / "config.json").write_text(json.dumps(config | {"hidden_act": "relu"}))
    assert fingerprint(copy) != before


def test_a_changed_tokenizer_or_limit_changes_it(copy):
    encoder = load_encoder(copy)
    seen = {encoder.backbone.fingerprint}
    path = encoder.save(copy / "saved") / "sentence_bert_config.json"
    for setting in ({"max_seq_length": 7}, {"do_lower_case": True}, {}):
        path.write_text(json.dumps(setting))
        seen.add(fingerprint(copy / "saved"))
    assert len(seen) == 3  # {} is the model as it was


def test_saving_and_loading_keeps_it(bert, tmp_path):
    assert fingerprint(bert.save(tmp_path)) == bert.backbone.fingerprint


def test_seeds_and_architectures_differ(tiny_folder, tmp_path):
    folders = [tiny_folder(architecture) for architecture in ARCHITECTURES]
    folders.append(build("bert", tmp_path / "other", seed=1))
    assert len({fingerprint(folder) for folder in folders}) == len(folders)
    untrained = [untrained_backbone(folders[0], None, seed).fingerprint for seed in (0, 0, 1)]
    assert untrained[0] == untrained[1] != untrained[2]


# --- the whole encoder ----------------------------------------------------------------------------


def with_head(bert, *modules):
    return Encoder("by any name", bert.backbone, replace(bert.recipe, head=modules))


def test_the_identity_of_an_encoder_leaves_no_weight_of_its_head_out(bert):
    """What torch prints of a large weight is its corners."""
    weight = torch.randn(64, bert.dimensions)
    same, other = weight.clone(), weight.clone()
    other[30, 10] += 1
    first, second, third = (with_head(bert, Dense(w, None)) for w in (weight, same, other))
    assert repr(first.recipe.head) == repr(third.recipe.head), "else this would prove nothing"
    assert first.identity == second.identity != third.identity


def test_whatever_changes_vectors_changes_the_identity(bert, tiny):
    twins = [bert, tiny("distilbert"), bert.with_pooling("max"), bert.with_pooling("cls+max")]
    twins += [with_head(bert, Normalize()), with_head(bert, Normalize(), Normalize())]
    twins += [with_head(bert, Truncate(8)), with_head(bert, Truncate(9))]
    recipes = [
        replace(bert.recipe, include_prompt=False),
        replace(bert.recipe, prompts={"query": "ask: "}),
        replace(bert.recipe, prompts={"query": "ask: "}, default_prompt_name="query"),
        replace(bert.recipe, do_lower_case=True),
    ]
    twins += [Encoder(bert.name, bert.backbone, recipe) for recipe in recipes]
    assert len({encoder.identity for encoder in twins}) == len(twins)
    assert bert.with_cache(ArrayCache(0)).identity == bert.identity
