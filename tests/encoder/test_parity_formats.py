"""Every other thing a sentence-transformers folder can say, read and written like it does."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from sentence_transformers.models import Dense, Dropout, LayerNorm, Normalize

from encoder import ArrayCache, Encoder, ModelRefused, Options, load_encoder
from encoder import head as head_modules
from encoder.folder import read_recipe
from encoder.tokens import pad
from tests.encoder.sentence_transformers_reference import (
    TEXTS,
    assert_same,
    loaded,
    reference,
    vectors,
    written,
)
from tests.tiny_models import HIDDEN

OLD_FLAGS = ["cls_token", "mean_tokens", "max_tokens", "mean_sqrt_len_tokens",
             "weightedmean_tokens", "lasttoken"]  # fmt: skip


@pytest.fixture
def bert_folder(tiny_folder):
    return tiny_folder("bert")


def both_ways(model, tmp_path, **options):
    """We give its vectors, and so does it after we saved; returns our encoder."""
    expected = vectors(model, **options)
    ours = load_encoder(written(model, tmp_path / "theirs"))
    choice = Options(prompt=options.get("prompt_name", options.get("prompt")))
    assert_same(ours.encode(TEXTS, normalize=False, options=choice), expected)
    assert_same(vectors(loaded(ours.save(tmp_path / "ours")), **options), expected)
    again = load_encoder(tmp_path / "ours")
    assert_same(again.encode(TEXTS, normalize=False, options=choice), expected)
    return ours


@pytest.mark.parametrize(
    ("modes", "ours"),
    [
        (["mean", "max"], "mean+max"),  # not the order in which old releases concatenate
        (["max", "mean"], "max+mean"),
        (["cls", "mean_sqrt_len_tokens", "lasttoken"], "cls+mean_sqrt_len+last_token"),
        (["weightedmean", "cls"], "weighted_mean+cls"),
    ],
)
def test_several_modes_are_concatenated_in_the_saved_order(modes, ours, bert_folder, tmp_path):
    encoder = both_ways(reference(bert_folder, modes), tmp_path)
    assert encoder.pooling == ours
    assert encoder.encode(["a"]).shape == (1, len(modes) * HIDDEN)
    config = json.loads((tmp_path / "ours" / "1_Pooling" / "config.json").read_text())
    assert ("pooling_mode" in config) == (ours not in ("max+mean", "cls+mean_sqrt_len+last_token"))


@pytest.mark.parametrize(
    ("flags", "ours"),
    [
        ([f], o)
        for f, o in zip(
            OLD_FLAGS,
            ["cls", "mean", "max", "mean_sqrt_len", "weighted_mean", "last_token"],
            strict=True,
        )
    ]
    + [(["mean_tokens", "max_tokens", "cls_token"], "cls+max+mean"), ([], "mean")],
)
def test_the_old_dialect_of_flags_is_read_as_it_reads_it(flags, ours, bert_folder, tmp_path):
    folder = written(reference(bert_folder), tmp_path / "old")
    config = {"word_embedding_dimension": HIDDEN}
    config |= {f"pooling_mode_{flag}": flag in flags for flag in OLD_FLAGS}
    (folder / "1_Pooling" / "config.json").write_text(json.dumps(config))

    encoder = load_encoder(folder)
    assert encoder.pooling == ours
    assert_same(encoder.encode(TEXTS, normalize=False), vectors(loaded(folder)))


def test_one_mode_is_saved_in_the_dialect_that_every_release_reads(bert, tmp_path):
    config = json.loads((bert.save(tmp_path) / "1_Pooling" / "config.json").read_text())
    assert config["word_embedding_dimension"] == HIDDEN
    assert [key for key, value in config.items() if value is True] == [
        "pooling_mode_mean_tokens", "include_prompt"]  # fmt: skip


def test_unknown_pooling_mode_is_refused_with_the_known_ones(bert, tmp_path):
    bert.save(tmp_path)
    path = tmp_path / "1_Pooling" / "config.json"
    path.write_text(json.dumps({"embedding_dimension": HIDDEN, "pooling_mode": "median"}))
    with pytest.raises(ValueError, match=r"median.*mean, max, cls"):
        load_encoder(tmp_path)


@pytest.mark.parametrize(
    ("architecture", "mode"),
    [("qwen3", "lasttoken"), ("llama", "lasttoken"), ("qwen2", "weightedmean"),
     ("gemma3", "mean"), ("gemma3-bidirectional", "mean"), ("eurobert", "mean"),
     ("modernbert", "cls"), ("electra", "cls"), ("deberta-conv", "mean")],
)  # fmt: skip
def test_architectures_of_today(architecture, mode, tiny_folder, tmp_path):
    encoder = both_ways(reference(tiny_folder(architecture), mode, [Normalize()]), tmp_path)
    one_by_one = np.concatenate([encoder.encode([text]) for text in TEXTS])
    assert_same(encoder.with_cache(ArrayCache(0)).encode(TEXTS), one_by_one)


def test_a_decoder_keeps_no_keys_and_values_to_go_on_with(tiny):
    backbone = tiny("qwen3").backbone
    tokens = pad(backbone.tokenize(TEXTS), backbone.pad_id)
    assert set(backbone.model(**backbone.inputs(tokens))) == {"last_hidden_state"}


@pytest.mark.parametrize("activation", [torch.nn.Tanh(), torch.nn.Identity(), torch.nn.GELU()])
@pytest.mark.parametrize("bias", [True, False])
def test_a_dense_module_is_run_and_kept(activation, bias, bert_folder, tmp_path):
    torch.manual_seed(1)
    dense = Dense(HIDDEN, 12, bias=bias, activation_function=activation)
    encoder = both_ways(reference(bert_folder, head=[dense, Normalize()]), tmp_path)
    assert encoder.encode(["a"]).shape == (1, 12)
    assert encoder.with_pooling("mean").encode(["a"]).shape == (1, HIDDEN)


def test_two_dense_modules_after_two_modes(bert_folder, tmp_path):
    torch.manual_seed(1)
    head = [Normalize(), Dense(2 * HIDDEN, 20), Dense(20, 7)]
    encoder = both_ways(reference(bert_folder, ["mean", "cls"], head), tmp_path)
    assert encoder.encode([]).shape == (0, 7)


def test_a_dense_module_in_half_precision_is_run_in_single(bert_folder, tmp_path):
    torch.manual_seed(1)
    model = reference(bert_folder, head=[Dense(HIDDEN, 12)])
    expected = vectors(model)
    path = written(model, tmp_path) / "2_Dense" / "model.safetensors"
    save_file({name: tensor.half() for name, tensor in load_file(path).items()}, path)
    ours = load_encoder(tmp_path).encode(TEXTS, normalize=False)
    np.testing.assert_allclose(ours, expected, atol=2e-3)


@pytest.mark.parametrize("architecture", ["bert", "roberta"])
@pytest.mark.parametrize("mode", ["mean", "cls", "weightedmean", "max"])
def test_a_prompt_can_be_left_out_of_pooling(architecture, mode, tiny_folder, tmp_path):
    prompts = {"query": "the query: ", "passage": "passage: "}
    model = reference(tiny_folder(architecture), mode, include_prompt=False, prompts=prompts)
    encoder = both_ways(model, tmp_path, prompt_name="query")
    assert encoder.recipe.include_prompt is False
    pooled_too = vectors(reference(tiny_folder(architecture), mode), prompt="the query: ")
    left_out = encoder.encode(TEXTS, normalize=False, options=Options(prompt="query"))
    assert np.abs(pooled_too - left_out).max() > 0.01


def test_prompts_and_the_default_prompt_come_and_go_with_the_folder(bert_folder, tmp_path):
    prompts = {"query": "query: ", "passage": "the passage: "}
    model = reference(bert_folder, prompts=prompts, default_prompt_name="query")
    encoder = both_ways(model, tmp_path)
    assert encoder.recipe.default_prompt_name == "query"
    assert loaded(tmp_path / "ours").default_prompt_name == "query"
    assert prompts.items() <= encoder.recipe.prompts.items()
    by_name = Options(prompt="passage")
    assert_same(encoder.encode(TEXTS, options=by_name, normalize=False),
                vectors(model, prompt_name="passage"))  # fmt: skip
    by_text = Options(prompt="Never ")
    assert_same(encoder.encode(TEXTS, options=by_text, normalize=False),
                vectors(model, prompt="Never "))  # fmt: skip
    without = encoder.encode(TEXTS, options=Options(prompt=""), normalize=False)
    assert_same(without, vectors(reference(bert_folder)))
    assert np.abs(without - encoder.encode(TEXTS, normalize=False)).max() > 0.01


@pytest.mark.parametrize("architecture", ["roberta", "bert"])
def test_do_lower_case_as_older_releases_saved_it(architecture, tiny_folder, tmp_path):
    folder = written(reference(tiny_folder(architecture)), tmp_path / "theirs")
    (folder / "sentence_bert_config.json").write_text(
        json.dumps({"max_seq_length": 64, "do_lower_case": True})
    )
    expected = vectors(loaded(folder))
    encoder = load_encoder(folder)
    assert_same(encoder.encode(TEXTS, normalize=False), expected)
    a, b = encoder.encode(["The Cat", "the cat"])
    np.testing.assert_array_equal(a, b)
    if architecture == "roberta":  # which tells the cases apart by itself
        plain = load_encoder(tiny_folder(architecture))
        assert np.abs(np.subtract(*plain.encode(["The Cat", "the cat"]))).max() > 0.01

    assert_same(vectors(loaded(encoder.save(tmp_path / "ours"))), expected)
    assert_same(load_encoder(tmp_path / "ours").encode(TEXTS, normalize=False), expected)


def test_max_seq_length(bert_folder, tmp_path):
    encoder = both_ways(reference(bert_folder, max_seq_length=6), tmp_path)
    assert encoder.max_tokens == 6
    assert encoder.tokenize(TEXTS[0]).cut > 0
    assert loaded(tmp_path / "ours").max_seq_length == 6


def test_max_seq_length_as_older_releases_saved_it(bert_folder, tmp_path):
    """In sentence_bert_config.json alone; the tokenizer itself would read more."""
    folder = written(reference(bert_folder), tmp_path / "theirs")
    (folder / "sentence_bert_config.json").write_text(json.dumps({"max_seq_length": 7}))
    encoder = load_encoder(folder)
    assert encoder.max_tokens == 7
    assert_same(encoder.encode(TEXTS, normalize=False), vectors(loaded(folder)))
    assert_same(vectors(loaded(encoder.save(tmp_path / "ours"))), vectors(loaded(folder)))
    assert load_encoder(tmp_path / "ours").max_tokens == 7


@pytest.mark.parametrize(("own", "saved", "limit"), [(6, 9, 9), (9, 6, 6), (6, None, 6)])
def test_max_seq_length_goes_before_the_limit_of_the_tokenizer(
    own, saved, limit, bert_folder, tmp_path
):
    folder = written(reference(bert_folder, max_seq_length=own), tmp_path / "theirs")
    setup = {} if saved is None else {"max_seq_length": saved}
    (folder / "sentence_bert_config.json").write_text(json.dumps(setup))
    encoder = load_encoder(folder)
    assert encoder.max_tokens == loaded(folder).max_seq_length == limit
    assert_same(encoder.encode(TEXTS, normalize=False), vectors(loaded(folder)))


def test_with_relative_positions_max_seq_length_may_be_more_than_was_configured(
    tiny_folder, tmp_path
):
    folder = written(reference(tiny_folder("modernbert")), tmp_path / "theirs")
    (folder / "sentence_bert_config.json").write_text(json.dumps({"max_seq_length": 120}))
    encoder = load_encoder(folder)
    assert encoder.max_tokens == loaded(folder).max_seq_length == 120
    long = [" ".join(TEXTS * 2)]
    assert encoder.tokenize(long[0]).cut > 0
    assert_same(encoder.encode(long, normalize=False), vectors(loaded(folder), long))


def test_the_transformer_may_lie_in_a_subfolder(bert_folder, tmp_path):
    model = reference(bert_folder, "cls", max_seq_length=9)
    folder = written(model, tmp_path / "theirs")
    (folder / "0_Transformer").mkdir()
    modules = json.loads((folder / "modules.json").read_text())
    modules[0]["path"] = "0_Transformer"
    kept = {"modules.json", "config_sentence_transformers.json"}
    for path in [p for p in folder.iterdir() if p.is_file() and p.name not in kept]:
        path.rename(folder / "0_Transformer" / path.name)
    (folder / "modules.json").write_text(json.dumps(modules))

    encoder = load_encoder(folder)
    assert encoder.max_tokens == 9
    assert_same(encoder.encode(TEXTS, normalize=False), vectors(model))
    assert_same(vectors(loaded(folder)), vectors(model))
    assert_same(vectors(loaded(encoder.save(tmp_path / "ours"))), vectors(model))


def test_the_dot_product_of_vectors_of_length_one_is_the_cosine(bert_folder, tmp_path):
    model = reference(bert_folder, head=[Normalize(), Dropout(0.3)])
    model.similarity_fn_name = "dot"
    encoder = load_encoder(written(model, tmp_path / "theirs"))
    assert loaded(encoder.save(tmp_path / "ours")).similarity_fn_name == "dot"
    theirs = model.similarity(*[model.encode(TEXTS)] * 2).numpy()
    vectors_ = encoder.encode(TEXTS)
    np.testing.assert_allclose(vectors_ @ vectors_.T, theirs, atol=1e-5)


@pytest.mark.parametrize(
    ("similarity", "head", "truncate_dim"),
    [("dot", [], None), ("dot", [Normalize()], 8), ("euclidean", [Normalize()], None),
     ("manhattan", [], None)],
)  # fmt: skip
def test_a_similarity_that_is_no_cosine_is_refused(
    similarity, head, truncate_dim, bert_folder, tmp_path
):
    model = reference(bert_folder, head=head)
    model.similarity_fn_name, model.truncate_dim = similarity, truncate_dim
    with pytest.raises(ModelRefused, match=rf"'theirs' compares vectors by '{similarity}'"):
        load_encoder(written(model, tmp_path / "theirs"))


@pytest.mark.parametrize("head", [[], [Normalize()]])
@pytest.mark.parametrize("dimensions", [8, 500])
def test_truncated_vectors(dimensions, head, bert_folder, tmp_path):
    model = reference(bert_folder, head=head)
    model.truncate_dim = dimensions
    encoder = both_ways(model, tmp_path)
    assert encoder.dimensions == encoder.encode(["a"]).shape[1] == min(dimensions, HIDDEN)
    assert loaded(tmp_path / "ours").truncate_dim == dimensions
    explained = encoder.explain_pair(*TEXTS[:2])
    assert explained.contributions.sum() == pytest.approx(explained.cosine, abs=1e-9)
    a, b = encoder.encode(TEXTS[:2])
    assert explained.cosine == pytest.approx(float(a @ b), abs=1e-5)


def test_what_follows_a_truncation_is_saved_behind_it(bert_folder, tmp_path):
    model = reference(bert_folder)
    model.truncate_dim = 8
    encoder = load_encoder(written(model, tmp_path / "theirs"))
    head = (*encoder.recipe.head, head_modules.Normalize())
    longer = Encoder("longer", encoder.backbone, replace(encoder.recipe, head=head))
    assert_same(vectors(loaded(longer.save(tmp_path / "ours"))), longer.encode(TEXTS))


@pytest.mark.parametrize("truncate_dim", [0, -1, "8", 2.5, True])
def test_a_truncation_that_is_none(bert, tmp_path, truncate_dim):
    path = bert.save(tmp_path / "x") / "config_sentence_transformers.json"
    path.write_text(json.dumps({"truncate_dim": truncate_dim}))
    with pytest.raises(ModelRefused, match="truncate_dim must be a whole number above 0"):
        load_encoder(tmp_path / "x")


def test_layer_norm_and_dropout_modules_are_run_and_kept(bert_folder, tmp_path):
    torch.manual_seed(1)
    norm = LayerNorm(HIDDEN)
    norm.norm.weight.data, norm.norm.bias.data = torch.randn(HIDDEN), torch.randn(HIDDEN)
    model = reference(bert_folder, head=[Dropout(0.3), norm, Dense(HIDDEN, 7), Normalize()])
    model.eval()
    encoder = both_ways(model, tmp_path)
    kinds = [type(module).__name__ for module in loaded(tmp_path / "ours")]
    assert kinds[2:] == ["Dropout", "LayerNorm", "Dense", "Normalize"]
    assert loaded(tmp_path / "ours")[2].dropout == 0.3
    explained = encoder.explain_pair(*TEXTS[:2])
    assert explained.contributions.sum() == pytest.approx(explained.cosine, abs=1e-9)
    a, b = encoder.encode(TEXTS[:2])
    assert explained.cosine == pytest.approx(float(a @ b), abs=1e-5)


def test_saving_writes_no_pickle(bert, tmp_path):
    names = {p.name for p in bert.save(tmp_path).rglob("*") if p.is_file()}
    assert {"model.safetensors", "modules.json", "tokenizer.json"} <= names
    assert not [name for name in names if name.endswith((".bin", ".pt", ".pkl"))]
    assert read_recipe(tmp_path).modes == ("mean",)
