"""The models on offer: sane specs, the bundled one, its untrained twin, and no network."""

import json
from pathlib import Path

import numpy as np
import pytest

from encoder import (
    CATALOG,
    DEFAULT_MODEL,
    DownloadFailed,
    Options,
    UnknownName,
    load_encoder,
)
from encoder import bundled as bundled_module
from encoder.bundled import bundled_folder
from encoder.catalog import UNTRAINED, ModelSpec, hub_spec
from encoder.hub import valid_repo_id
from encoder.pooling import SAVABLE
from tests.tiny_models import HIDDEN, SENTENCES


@pytest.mark.parametrize("key", CATALOG)
def test_every_spec_says_what_a_visitor_must_know(key):
    spec = CATALOG[key]
    assert spec.key == key
    assert valid_repo_id(spec.hub_id) == spec.hub_id
    assert "/" in spec.hub_id
    assert spec.pooling in SAVABLE
    assert spec.why.endswith(".")
    assert len(spec.why) < 90
    assert "\n" not in spec.why
    assert 10 < spec.megabytes < 1200
    assert spec.max_tokens in (128, 256, 384, 512)
    assert spec.licence in ("Apache-2.0", "MIT")
    assert spec.default_prompt is None or spec.default_prompt in spec.prompts


def test_what_is_in_the_catalog():
    assert next(iter(CATALOG)) == DEFAULT_MODEL
    assert [key for key, spec in CATALOG.items() if spec.bundled] == [DEFAULT_MODEL, UNTRAINED]
    families = ("bert-base", "roberta", "distilbert", "bert-tiny", "MiniLM-L6-H384", "mpnet",
                "bge", "e5", "multilingual", "granite", "Qwen3")  # fmt: skip
    for family in families:
        assert any(family in key for key in CATALOG), family
    assert CATALOG["bge-small-en-v1.5"].pooling == "cls"
    assert CATALOG["e5-small-v2"].prompts["query"] == "query: "


# Bundled


def test_the_bundled_model_is_as_its_spec_says(bundled):
    spec = CATALOG[DEFAULT_MODEL]
    assert (bundled.name, bundled.pooling) == (spec.key, spec.pooling)
    assert bundled.max_tokens == spec.max_tokens
    assert (bundled.backbone.depth, bundled.backbone.hidden_size) == (6, 384)
    size = (bundled_folder() / "model.safetensors").stat().st_size
    assert round(size / 1e6) == spec.megabytes


def test_the_bundled_weights_are_refused_when_they_are_not_the_known_ones(monkeypatch):
    monkeypatch.setattr(bundled_module, "SHA256", "0" * 64)
    with pytest.raises(ValueError, match=r"has SHA-256 53aa5117.*expected 0000"):
        bundled_folder.__wrapped__()


def test_without_the_package_there_is_no_bundled_folder(monkeypatch):
    monkeypatch.setattr(bundled_module, "PACKAGE", "no_such_package_here")
    assert bundled_folder.__wrapped__() is None


def test_untrained_is_seeded_and_another_model(bundled):
    first, second = load_encoder(UNTRAINED), load_encoder(UNTRAINED)
    vectors = first.encode(SENTENCES)
    np.testing.assert_array_equal(vectors, second.encode(SENTENCES))
    assert first.backbone.fingerprint == second.backbone.fingerprint
    assert first.backbone.fingerprint != bundled.backbone.fingerprint
    assert first.tokenize(SENTENCES[0]) == bundled.tokenize(SENTENCES[0])
    assert first.max_tokens == bundled.max_tokens
    trained = bundled.encode(SENTENCES)
    assert np.abs((vectors * trained).sum(1)).max() < 0.3
    others = ~np.eye(len(SENTENCES), dtype=bool)
    assert (vectors @ vectors.T)[others].min() > 0.3  # it finds everything alike
    assert (trained @ trained.T)[others].mean() < 0.2


def test_loading_the_untrained_model_leaves_the_random_numbers_alone():
    import torch

    torch.manual_seed(7)
    expected = torch.rand(3)
    torch.manual_seed(7)
    load_encoder(UNTRAINED)
    torch.testing.assert_close(torch.rand(3), expected)


# Names


def test_a_folder_may_be_a_path_a_string_or_relative(bert, tmp_path, monkeypatch):
    bert.save(tmp_path / "my-model")
    monkeypatch.chdir(tmp_path)
    expected = bert.encode(SENTENCES)
    for name in (tmp_path / "my-model", str(tmp_path / "my-model"), "./my-model", "my-model",
                 Path("my-model")):  # fmt: skip
        encoder = load_encoder(name)
        assert encoder.name == "my-model"
        np.testing.assert_array_equal(encoder.encode(SENTENCES), expected)


def test_a_plain_transformers_folder_is_pooled_by_mean(tiny_folder):
    encoder = load_encoder(tiny_folder("bert"))
    assert encoder.pooling == "mean"
    assert encoder.recipe.head == ()


def test_pooling_replaces_the_models_own(tiny_folder):
    encoder = load_encoder(tiny_folder("bert"), pooling="cls+max")
    assert encoder.pooling == "cls+max"
    expected = load_encoder(tiny_folder("bert")).encode(SENTENCES, "cls+max")
    np.testing.assert_allclose(encoder.encode(SENTENCES), expected, atol=1e-6)
    assert encoder.dimensions == 2 * HIDDEN
    with pytest.raises(UnknownName, match=r"savable pooling 'min'.*mean, max, cls"):
        load_encoder(tiny_folder("bert"), pooling="min")


def test_with_pooling_keeps_normalize_and_the_cache(bundled):
    other = bundled.with_pooling("max")
    assert other.recipe.head == bundled.recipe.head != ()
    assert other.backbone is bundled.backbone
    assert other.cache is bundled.cache
    assert np.linalg.norm(other.encode(["a"], normalize=False)) == pytest.approx(1, abs=1e-5)
    assert bundled.pooling == "mean"  # the encoder itself is never changed


def test_a_spec_of_ones_own_has_its_pooling_and_prompt(tiny_folder, monkeypatch):
    monkeypatch.setattr("encoder.catalog.download", lambda *_, **__: tiny_folder("bert"))
    spec = ModelSpec("mine", "org/mine", "Mine.", "cls", {"q": "the "}, "q")
    encoder = load_encoder(spec)
    assert (encoder.name, encoder.pooling, encoder.prompt()) == ("mine", "cls", "the ")
    assert hub_spec("org/other").pooling is None


@pytest.mark.parametrize("saved", [True, False])
def test_the_prompts_of_the_catalog_reach_the_model(
    bert, tiny_folder, tmp_path, monkeypatch, saved
):
    """On the Hub e5 has a modules.json, and no prompts beside it."""
    folder = bert.save(tmp_path / "e5") if saved else tiny_folder("bert")
    monkeypatch.setattr("encoder.catalog.download", lambda *_, **__: folder)
    encoder = load_encoder("e5-small-v2")
    assert (encoder.prompt(), encoder.prompt(Options(prompt="passage"))) == ("query: ", "passage: ")
    plain = load_encoder(folder)
    expected = plain.encode(["query: " + text for text in SENTENCES])
    np.testing.assert_array_equal(encoder.encode(SENTENCES), expected)


def test_prompts_of_a_folder_go_before_those_of_the_catalog(bert, tmp_path, monkeypatch):
    folder = bert.save(tmp_path / "e5")
    path = folder / "config_sentence_transformers.json"
    path.write_text(json.dumps({"prompts": {"query": "Find: "}}))
    monkeypatch.setattr("encoder.catalog.download", lambda *_, **__: folder)
    encoder = load_encoder("e5-small-v2")
    assert encoder.recipe.prompts == {"query": "Find: "}
    assert encoder.prompt() == ""


def test_a_prompt_that_the_model_does_not_have_is_no_text_to_put_before(bert):
    with pytest.raises(UnknownName, match=r"prompt of tiny-bert.* 'passage'.*'passage: '"):
        bert.encode(SENTENCES, options=Options(prompt="passage"))
    assert bert.prompt(Options(prompt="passage: ")) == "passage: "
    assert bert.prompt(Options(prompt="")) == ""


@pytest.mark.parametrize(
    ("key", "architecture", "pooling"),
    [
        ("granite-embedding-small-english-r2", "modernbert", "cls"),
        ("Qwen3-Embedding-0.6B", "qwen3", "last_token"),
    ],
)
def test_models_of_today_pool_as_they_were_trained(
    tiny_folder, monkeypatch, key, architecture, pooling
):
    monkeypatch.setattr("encoder.catalog.download", lambda *_, **__: tiny_folder(architecture))
    encoder = load_encoder(key)
    assert (encoder.name, encoder.pooling) == (key, pooling)
    tokens = encoder.trace(SENTENCES[0])
    at = {"cls": 0, "last_token": -1}[pooling]
    vector = encoder.encode(SENTENCES[:1], normalize=False)[0]
    np.testing.assert_allclose(vector, tokens.hidden[-1, at], atol=1e-5)


# No network


def test_without_a_network_a_hub_model_says_so_and_the_bundled_one_works(
    tmp_path, monkeypatch, bundled
):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    for name in ("bert-tiny", "some-org/some-model"):
        with pytest.raises(DownloadFailed, match="bundled model works offline"):
            load_encoder(name)
    assert load_encoder().encode(["a"]).shape == (1, 384)
