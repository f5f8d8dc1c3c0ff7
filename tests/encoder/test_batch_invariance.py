"""A sentence's vector depends on the sentence, not on its batch nor on the side of the padding."""

import numpy as np
import pytest
import torch

from encoder import POOLINGS, Options
from encoder.tokens import pad
from tests.tiny_models import ARCHITECTURES, SENTENCES

LEFT = Options(padding_side="left")
LONG = " ".join(SENTENCES)  # cut to the limit, so that the others are padded far
TEXTS = [*SENTENCES[:3], "", "x", LONG]
NAMES = [*POOLINGS, "soft:-4", "mean_with_padding:30", "cls+mean"]


def close(a, b):
    np.testing.assert_allclose(a, b, rtol=0, atol=1e-5)


@pytest.fixture(params=ARCHITECTURES)
def encoder(request, tiny):
    return tiny(request.param)


@pytest.fixture
def encode(encoder):
    """`encode` without its cache, which would give the first answer again."""

    def encode(texts, pooling, options=None):
        encoder.cache.clear()
        return encoder.encode(texts, pooling, normalize=False, options=options or Options())

    return encode


@pytest.mark.parametrize("pooling", NAMES)
def test_vectors_do_not_depend_on_the_batch_its_order_or_its_padding(encode, pooling):
    alone = np.concatenate([encode([text], pooling) for text in TEXTS])
    close(encode(TEXTS, pooling), alone)
    close(encode(TEXTS[::-1], pooling)[::-1], alone)
    close(encode(TEXTS, pooling, LEFT), alone)
    close(np.concatenate([encode([text], pooling, LEFT) for text in TEXTS]), alone)
    assert np.ptp(alone, axis=0).max() > 0.1  # the sentences do differ


def test_every_layer_of_a_grid_is_the_same_for_left_padding(encoder):
    right, left = (
        encoder.encode_grid(TEXTS, ["mean", "cls"], encoder.layers, options=options)
        for options in (Options(), LEFT)
    )
    for cell in right:
        close(left[cell], right[cell])


@pytest.mark.parametrize("architecture", ["bert", "distilbert"])
def test_without_explicit_positions_left_padding_would_shift_the_tokens(
    architecture, tiny, monkeypatch
):
    """Else the tests above would prove nothing."""
    encoder = tiny(architecture)
    expected = encoder.encode(TEXTS, "mean", options=LEFT)
    assert encoder.backbone.takes_positions
    monkeypatch.setitem(vars(encoder.backbone), "takes_positions", False)
    encoder.cache.clear()
    shifted = encoder.encode(TEXTS, "mean", options=LEFT)
    assert np.abs(shifted - expected).max() > 0.01


def test_padding_left_puts_every_field_on_the_right(bert):
    texts = bert.backbone.tokenize(["a cat", "the warm window sill"])
    right, left = (pad(texts, 0, side=side, pad_to=9) for side in ("right", "left"))
    n = len(texts[0].ids)
    assert left.ids[0].tolist() == [0] * (9 - n) + list(texts[0].ids)
    assert left.mask[0].tolist() == [False] * (9 - n) + [True] * n
    for field in ("ids", "mask", "special", "pool"):
        torch.testing.assert_close(getattr(left, field)[0, 9 - n :], getattr(right, field)[0, :n])
    assert right.position[0].tolist() == list(range(9))
    assert left.position[0].tolist() == [*range(n, 9), *range(n)]  # padding counts on


def test_the_vectors_of_a_batch_feel_their_neighbours_without_the_mask(bert):
    """The mask must matter, or batch invariance is no achievement."""
    texts = bert.backbone.tokenize(["a cat", "Seven sailors sang while the storm shook"])
    tokens = pad(texts, 0)
    seen = type(tokens)(tokens.ids, torch.ones_like(tokens.mask), tokens.special, tokens.pool)
    masked, unmasked = bert.backbone.forward(tokens)[-1], bert.backbone.forward(seen)[-1]
    assert (masked - unmasked)[0][tokens.mask[0]].abs().max() > 0.01
