"""Between base and tuned: right at both ends and between, live, and neither model is changed."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from encoder import EncoderError, load_encoder
from encoder.head import Normalize
from encoder.training.blend import Blend
from encoder.training.rivals import whitening
from encoder.training.scoring import predictions
from tests.encoder.sentence_transformers_reference import assert_same, loaded, vectors
from tests.encoder.training.pairs import QUICK, anchors, graded, run, weights

FORMS = [0, 1, 2, 3]  # a linear map; the top block, both blocks, everything of a tiny model


def trained(enc, blocks: int = 1, pairs=None, **settings):
    config = replace(QUICK, epochs=None, steps=6, train_blocks=blocks, **settings)
    return run(enc, graded() if pairs is None else pairs, config)[1]


def blend_of(done) -> Blend:
    return Blend(done.source, done.encoder, done.held_out)


@contextmanager
def block_calls(enc) -> Iterator[list[int]]:
    """Numbers of the blocks that run, in copies of the model too: copies keep hooks."""
    calls: list[int] = []
    handles = [
        block.register_forward_pre_hook(lambda *_, number=number: calls.append(number))
        for number, block in enumerate(enc.backbone.model.encoder.layer)
    ]
    try:
        yield calls
    finally:
        for handle in handles:
            handle.remove()


@pytest.mark.parametrize("blocks", FORMS)
def test_at_its_ends_it_says_what_the_models_say(bert, blocks):
    done = trained(bert, blocks)
    blend = blend_of(done)
    before, after = done.predictions
    assert np.abs(before.values - after.values).max() > 1e-3
    np.testing.assert_allclose(blend.predictions(0).values, before.values, atol=1e-5)
    np.testing.assert_allclose(blend.predictions(1).values, after.values, atol=1e-5)
    assert blend.encoder(0) is bert
    assert blend.encoder(1) is done.encoder


@pytest.mark.parametrize("architecture", ["bert", "roberta", "distilbert", "mpnet", "modernbert"])
def test_between_it_says_what_the_blended_encoder_says(tiny, architecture):
    done = trained(tiny(architecture))
    blend = blend_of(done)
    found = [blend.predictions(alpha) for alpha in (0.75, 0.3)]
    whole = predictions(blend.encoder(0.3), done.held_out)
    np.testing.assert_allclose(found[1].values, whole.values, atol=1e-5)
    assert np.abs(found[0].values - found[1].values).max() > 1e-3
    assert np.array_equal(found[1].groups, whole.groups)


@pytest.mark.parametrize("kind", ["positive", "triplet"])
def test_other_kinds_of_pairs_blend_too(bert, kind):
    done = trained(bert, pairs=anchors(negatives=kind == "triplet"))
    found = blend_of(done).predictions(1)
    assert found.kind == kind
    np.testing.assert_allclose(found.values, done.predictions[1].values, atol=1e-5)


@pytest.mark.parametrize("blocks", [1, 2, 3])
def test_weights_are_the_weighted_mean_and_frozen_ones_are_shared(bert, blocks):
    done = trained(bert, blocks)
    old, new = weights(bert), weights(done.encoder)
    blended = blend_of(done).encoder(0.25)
    mixed = list(blended.backbone.model.parameters())
    for a, b, c in zip(old, new, mixed, strict=True):
        torch.testing.assert_close(c, 0.75 * a + 0.25 * b, rtol=1e-5, atol=1e-6)
        assert not c.requires_grad
    shared = {p.data_ptr() for p in bert.backbone.model.parameters()}
    own = sum(p.data_ptr() not in shared for p in mixed)
    assert own == sum(not torch.equal(a, b) for a, b in zip(old, new, strict=True)) > 0
    assert all(map(torch.equal, old, weights(bert)))
    assert all(map(torch.equal, new, weights(done.encoder)))
    prints = {e.backbone.fingerprint for e in (bert, done.encoder, blended)}
    assert len(prints) == 3


def test_of_a_linear_map_the_base_counts_as_the_identity(bert):
    done = trained(bert, 0)
    map_ = done.encoder.recipe.head[-2]
    before = map_.weight.clone()
    blended = blend_of(done).encoder(0.25)
    dense = blended.recipe.head[-2]
    expected = 0.75 * torch.eye(bert.dimensions) + 0.25 * map_.weight
    torch.testing.assert_close(dense.weight, expected)
    torch.testing.assert_close(dense.bias, 0.25 * map_.bias)
    assert blended.backbone is bert.backbone
    assert torch.equal(map_.weight, before)


def test_a_rival_blends_like_any_linear_map(bert):
    pairs = graded(30)
    rival = whitening(bert, pairs)
    blend = Blend(bert, rival, pairs)
    whole = predictions(blend.encoder(0.5), pairs)
    np.testing.assert_allclose(blend.predictions(0.5).values, whole.values, atol=1e-5)
    unlike = predictions(rival, pairs).values - whole.values
    assert np.abs(unlike).max() > 1e-3


def test_a_model_blends_with_itself(bert):
    blend = Blend(bert, bert, graded(20))
    assert blend.encoder(0.5) is bert
    expected = predictions(bert, graded(20)).values
    np.testing.assert_allclose(blend.predictions(0.5).values, expected, atol=1e-6)


def test_only_what_was_trained_runs_for_a_new_alpha_and_nothing_for_one_that_is_known(bert):
    done = trained(bert)
    with block_calls(bert) as calls:
        blend = blend_of(done)
        first = blend.predictions(0.2)
        assert set(calls) == {0, 1}
        calls.clear()
        blend.predictions(0.6)
        assert set(calls) == {1}
        calls.clear()
        assert blend.predictions(0.2) is first
        assert calls == []


def test_results_are_kept_up_to_a_number(bert, monkeypatch):
    monkeypatch.setattr("encoder.training.blend.MOST_KEPT", 2)
    blend = blend_of(trained(bert))
    first, second, _ = (blend.predictions(alpha) for alpha in (0.1, 0.2, 0.3))
    assert blend.predictions(0.2) is second
    again = blend.predictions(0.1)
    assert again is not first
    assert np.array_equal(again.values, first.values)


def test_threads_do_not_disturb_one_another(bert):
    done = trained(bert)
    alphas = [0.1, 0.9, 0.3, 0.7, 0.5] * 4
    expected = {a: blend_of(done).predictions(a).values for a in set(alphas)}
    shared = blend_of(done)
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(shared.predictions, alphas))
    for alpha, prediction in zip(alphas, found, strict=True):
        assert np.array_equal(prediction.values, expected[alpha])


@pytest.mark.parametrize("alpha", [-0.1, 1.5, float("nan")])
def test_an_alpha_outside_its_range_is_refused(bert, alpha):
    blend = Blend(bert, bert, graded(20))
    for ask in (blend.encoder, blend.predictions):
        with pytest.raises(EncoderError, match=rf"alpha is {alpha}; it must be from 0 .* to 1"):
            ask(alpha)


def test_models_that_do_not_belong_together_are_refused(bert, tiny):
    both = trained(trained(bert).encoder, 0).encoder  # new blocks and a map on top
    for tuned, why in [
        (tiny("roberta"), "differ in architecture.*shapes of weights.*vocabulary"),
        (bert.with_pooling("max"), "differ in pooling"),
        (both, "both its blocks and the linear map"),
        (type(bert)("twice", bert.backbone, replace(bert.recipe, head=(Normalize(),) * 2)),
         "2 modules.*no linear map"),
    ]:  # fmt: skip
        with pytest.raises(EncoderError, match=why):
            Blend(bert, tuned, graded(20))
    tuned_from_map = trained(trained(bert, 0).encoder).encoder
    with pytest.raises(EncoderError, match="cannot be blended"):
        Blend(tuned_from_map, bert, graded(20))


@pytest.mark.parametrize("blocks", [0, 1])
def test_a_blend_goes_home(bert, tmp_path: Path, blocks):
    blended = blend_of(trained(bert, blocks)).encoder(0.4)
    texts = ["The cat is here.", "Nobody saw snow.", "Bread"]
    folder = blended.save(tmp_path / "blend")
    assert_same(vectors(loaded(folder), texts), blended.encode(texts, normalize=False))


def test_a_tuned_model_brought_back_from_its_folder_blends_with_its_base(bert, tmp_path: Path):
    done = trained(bert)
    back = load_encoder(done.encoder.save(tmp_path / "tuned"))
    blend = Blend(bert, back, done.held_out)
    expected = blend_of(done).predictions(0.5).values
    np.testing.assert_allclose(blend.predictions(0.5).values, expected, atol=1e-5)
