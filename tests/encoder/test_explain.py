"""Every cosine taken apart into tokens, exactly: for each strategy, layer, mask and head."""

import numpy as np
import pytest
import torch

from encoder import POOLINGS, Encoder, EncoderError, Options
from encoder.head import Dense, Normalize
from tests.tiny_models import HIDDEN, POSITIONS, SENTENCES

A, B = SENTENCES[1], SENTENCES[2]
NAMES = [*POOLINGS, "soft:-4", "cls+mean+min", "mean_with_padding:20"]
MASKS = [Options(), Options(pool_special=False), Options(padding_side="left")]


def cosine_of_encode(encoder, a, b, *settings, **options):
    a, b = encoder.encode([a, b], *settings, **options)
    return float(a.astype(float) @ b.astype(float))


@pytest.mark.parametrize("options", MASKS, ids=["all", "words", "left"])
@pytest.mark.parametrize("name", NAMES)
def test_contributions_sum_to_the_cosine_of_the_encoded_vectors(tiny, name, options):
    for architecture, layer in [("bert", -1), ("bert", 0), ("bert", "first_last"),
                                ("bert", "last2"), ("roberta", 1), ("mpnet", -1)]:  # fmt: skip
        encoder = tiny(architecture)
        found = encoder.explain_pair(A, B, name, layer, options)
        expected = cosine_of_encode(encoder, A, B, name, layer, options=options)
        assert found.contributions.sum() == pytest.approx(expected, abs=1e-6)
        assert found.cosine == pytest.approx(found.contributions.sum(), abs=1e-12)
        assert found.contributions.shape == (len(found.tokens_a), len(found.tokens_b))
        assert found.note == ""


@pytest.mark.parametrize("name", POOLINGS)
def test_contributions_sum_to_the_cosine_with_the_bundled_model(bundled, name):
    a, b = "The weather is lovely today.", "It's so sunny outside!"
    for layer in (-1, 3, "first_last"):
        found = bundled.explain_pair(a, b, name, layer)
        assert found.contributions.sum() == pytest.approx(
            cosine_of_encode(bundled, a, b, name, layer), abs=1e-6
        )


@pytest.mark.parametrize("name", NAMES)
def test_the_parts_add_up_to_the_vector_of_pooled_and_encode(bert, name):
    for layer in (0, -1, "last2"):
        found = bert.explain_pair(A, B, name, layer)
        for text, parts in ((A, found.a), (B, found.b)):
            pooled = bert.pooled(text, [name], [layer])[name, layer]
            np.testing.assert_allclose(parts.rows.sum(0), pooled, rtol=0, atol=1e-12)
            np.testing.assert_allclose(parts.vector, pooled, rtol=0, atol=1e-12)
            encoded = bert.encode([text], name, layer, normalize=False)[0]
            np.testing.assert_allclose(parts.vector, encoded, rtol=0, atol=1e-5)


def dense(width_in, width_out, bias=True, activation="activation.Tanh"):
    generator = torch.Generator().manual_seed(5)
    weight = torch.randn(width_out, width_in, generator=generator) / 4
    offset = torch.randn(width_out, generator=generator) if bias else None
    return Dense(weight, offset, f"torch.nn.modules.{activation}")


HEADS = {
    "normalize": (Normalize(),),
    "tanh": (dense(HIDDEN, 12),),
    "no bias": (dense(HIDDEN, 12, bias=False),),
    "identity": (dense(HIDDEN, 12, activation="linear.Identity"), Normalize()),
    "relu": (dense(HIDDEN, 12, activation="activation.ReLU"),),
    "sigmoid": (dense(HIDDEN, 12, activation="activation.Sigmoid"),),
    "two": (Normalize(), dense(HIDDEN, 12), dense(12, 5), Normalize()),
}


def with_head(encoder, head, mode="mean"):
    from dataclasses import replace

    recipe = replace(encoder.recipe, head=head, modes=(mode,))
    return Encoder("headed", encoder.backbone, recipe)


@pytest.mark.parametrize("head", HEADS.values(), ids=HEADS)
@pytest.mark.parametrize("mode", ["mean", "max"])
def test_a_models_own_pipeline_is_taken_apart_through_its_head(bert, head, mode):
    encoder = with_head(bert, head, mode)
    found = encoder.explain_pair(A, B)
    expected = cosine_of_encode(encoder, A, B)
    assert found.contributions.sum() == pytest.approx(expected, abs=1e-6)
    [vector] = encoder.encode([A], normalize=False)
    np.testing.assert_allclose(found.a.vector, vector, rtol=0, atol=1e-5)

    biases = sum(isinstance(module, Dense) for module in head)
    tokens = bert.backbone.strings(bert.tokenize(A).ids)
    assert found.tokens_a == tokens + ("(bias)",) * biases
    assert len(found.a.special) == len(found.a.rows) == len(found.tokens_a)
    if mode == "max":
        assert len(found.a.owned) == len(found.tokens_a)
        assert found.a.owned.sum() == HIDDEN


def test_a_bias_has_its_own_share(bert):
    found = with_head(bert, HEADS["tanh"]).explain_pair(A, B)
    assert np.abs(found.contributions[-1]).max() > 1e-3
    without = with_head(bert, HEADS["no bias"]).explain_pair(A, B)
    assert not without.contributions[-1].any()


def test_a_named_pooling_is_explained_without_the_head(bert):
    encoder = with_head(bert, HEADS["tanh"])
    assert encoder.explain_pair(A, B, "mean").cosine == bert.explain_pair(A, B, "mean").cosine
    assert encoder.explain_pair(A, B).cosine != bert.explain_pair(A, B).cosine


def test_the_own_pipeline_is_defined_for_the_last_layer_only(bert):
    assert bert.explain_pair(A, B, layer=2).cosine == bert.explain_pair(A, B).cosine
    with pytest.raises(EncoderError, match=r"last layer, 2.*pooling='mean'"):
        bert.explain_pair(A, B, layer=1)


@pytest.mark.parametrize("name", ["max", "min", "mean_max", "cls+min"])
def test_owned_dimensions_are_counted_once_each(bert, name):
    for options in MASKS:
        found = bert.explain_pair(A, B, name, options=options)
        for parts in (found.a, found.b):
            assert parts.owned.sum() == HIDDEN
            assert (parts.owned >= 0).all()
            assert len(parts.owned) == len(parts.tokens)
            assert (parts.owned > 0).sum() > 1
    alone = bert.explain_pair(A, B, "max").a
    states = bert.trace(A).hidden[-1]  # (T, H)
    assert alone.owned.tolist() == np.bincount(states.argmax(0), minlength=len(states)).tolist()


@pytest.mark.parametrize("name", ["mean", "cls", "soft", "idf_mean", "mean_with_padding"])
def test_strategies_that_share_every_dimension_own_none(bert, name):
    assert bert.explain_pair(A, B, name).a.owned is None


def test_all_of_cls_comes_from_one_pair_of_tokens(bert):
    found = bert.explain_pair(A, B, "cls")
    assert found.contributions[0, 0] == pytest.approx(found.cosine)
    assert not found.contributions[1:].any()
    assert not found.contributions[:, 1:].any()


def test_special_tokens_are_flagged_and_out_of_the_words_share(bert):
    found = bert.explain_pair(A, B, "mean", options=Options(pool_special=False))
    assert (found.tokens_a[0], found.tokens_a[-1]) == ("[CLS]", "[SEP]")
    assert [i for i, flag in enumerate(found.a.special) if flag] == [0, len(found.tokens_a) - 1]
    assert not found.contributions[[0, -1]].any()
    assert not found.contributions[:, [0, -1]].any()
    assert found.contributions[1:-1, 1:-1].all()


@pytest.mark.parametrize(("name", "rows"), [("mean_with_padding", 64),
                                            ("mean_with_padding:30", 30),
                                            ("mean_with_padding:4096", POSITIONS)])  # fmt: skip
def test_padding_that_is_averaged_stands_among_the_tokens(bert, name, rows):
    found = bert.explain_pair(A, B, name)
    n = len(bert.tokenize(A).ids)
    assert len(found.tokens_a) == rows
    assert set(found.tokens_a[n:]) == {"[PAD]"}
    assert all(found.a.special[n:])
    assert found.contributions[n:].any()


def test_two_sentences_that_are_one_have_cosine_1(bert):
    assert bert.explain_pair(A, A, "max").cosine == pytest.approx(1, abs=1e-12)


@pytest.mark.parametrize(("a", "b", "which"), [("", A, "A"), (A, "  \n", "B"), ("", "", "A and B")])
def test_no_token_left_is_a_zero_cosine_with_a_note(bert, a, b, which):
    found = bert.explain_pair(a, b, "mean_no_special")
    assert found.cosine == 0
    assert not found.contributions.any()
    assert found.contributions.shape == (len(found.tokens_a), len(found.tokens_b))
    assert f"No token is left to pool over in sentence {which}:" in found.note
    assert (found.a.empty, found.b.empty) == ("A" in which, "B" in which)
    assert cosine_of_encode(bert, a, b, "mean_no_special") == 0
