"""`trace`: every intermediate value of one sentence, and each of them the real one."""

import numpy as np
import pytest

from encoder import POOLINGS, BadText, Options, UnknownName
from tests.tiny_models import HIDDEN, POSITIONS, SENTENCES

TEXT = SENTENCES[0]


def test_it_shows_what_the_tokenizer_and_the_model_made(bert):
    trace = bert.trace(TEXT)
    n = len(trace.tokens)
    assert trace.tokens[:4] == ("[CLS]", "a", "cat", "sleeps")
    assert trace.tokens[-2:] == (".", "[SEP]")
    assert [i for i, flag in enumerate(trace.special) if flag] == [0, n - 1]
    assert bert.backbone.strings(trace.ids) == trace.tokens
    assert trace.hidden.shape == (3, n, HIDDEN)
    assert trace.hidden.dtype == np.float32
    assert (trace.cut, trace.text, trace.layer) == (0, TEXT, 2)


@pytest.mark.parametrize("architecture", ["bert", "roberta"])
@pytest.mark.parametrize("layer", [0, 1, -1, "first_last", "last2"])
def test_its_pooled_vectors_are_those_of_encode(tiny, architecture, layer):
    encoder = tiny(architecture)
    trace = encoder.trace(TEXT, layer)
    assert list(trace.pooled) == list(POOLINGS)
    for name, vector in trace.pooled.items():
        [encoded] = encoder.encode([TEXT], name, layer, normalize=False)
        assert vector.dtype == np.float32
        np.testing.assert_allclose(vector, encoded, rtol=0, atol=1e-5)


def test_the_layers_by_name_are_averages(bert):
    trace = bert.trace(TEXT)
    h0, h1, h2 = trace.hidden
    np.testing.assert_array_equal(trace.at(-1), h2)
    np.testing.assert_array_equal(trace.at(0), h0)
    np.testing.assert_allclose(trace.at("first_last"), (h1 + h2) / 2)
    np.testing.assert_allclose(trace.at("last2"), (h1 + h2) / 2)
    three_layers = np.stack([h0, h1, h2, h0])  # of a model with three blocks
    deeper = type(trace)(*("", (), (), (), 0), three_layers, 3, {})
    np.testing.assert_allclose(deeper.at("first_last"), (h1 + h0) / 2)
    np.testing.assert_allclose(deeper.at("last2"), (h2 + h0) / 2)


def test_a_prompt_is_part_of_what_is_traced(bert):
    trace = bert.trace(TEXT, options=Options(prompt="the ship "))
    assert trace.text == "the ship " + TEXT
    assert trace.tokens[1:3] == ("the", "ship")


def test_a_long_text_says_how_much_was_cut(bert):
    long = " ".join(["cat"] * 500)
    trace = bert.trace(long)
    assert len(trace.ids) == bert.max_tokens == POSITIONS
    assert trace.cut == 500 + 2 - POSITIONS
    assert trace.tokens[-1] == "[SEP]"


def test_changing_the_states_does_not_change_the_cache(bert):
    for _ in range(2):
        expected = bert.trace(TEXT).hidden.copy()
        states = bert.trace(TEXT).hidden
        if states.flags.writeable:
            states[:] = 0
        np.testing.assert_array_equal(bert.trace(TEXT).hidden, expected)


def test_states_of_a_text_are_the_same_with_padding(bert):
    padded = bert.pooled(TEXT, ["mean_with_padding", "mean"], [1])
    np.testing.assert_allclose(padded["mean", 1], bert.trace(TEXT, 1).pooled["mean"], atol=1e-6)
    difference = padded["mean_with_padding", 1] - padded["mean", 1]
    assert np.abs(difference).max() > 0.01


@pytest.mark.parametrize(
    ("arguments", "error"),
    [((None,), BadText), ((3,), BadText), ((TEXT, 3), UnknownName), ((TEXT, "first"), UnknownName)],
)
def test_bad_arguments_are_refused(bert, arguments, error):
    with pytest.raises(error):
        bert.trace(*arguments)


def test_an_unknown_pooling_is_refused_also_here(bert):
    for bad in ("median", None):
        with pytest.raises(UnknownName, match="mean_no_special"):
            bert.pooled(TEXT, ["mean", bad], [0])
