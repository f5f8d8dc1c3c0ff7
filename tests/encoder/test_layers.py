"""Names of layers: counted from the input embeddings, negative from the end, and two averages."""

import numpy as np
import pytest
import torch

from encoder import EncoderError, UnknownName
from encoder.layers import canonical_layer, layer_indices, layer_names, select_layer


def test_names_of_a_model_with_three_blocks():
    assert layer_names(3) == [0, 1, 2, 3, "first_last", "last2"]
    assert [canonical_layer(layer, 3) for layer in (-1, -4, 0, 3)] == [3, 0, 0, 3]
    assert canonical_layer("last2", 3) == "last2"
    assert layer_indices(-2, 3) == (2,)
    assert layer_indices("first_last", 3) == (1, 3)
    assert layer_indices("last2", 3) == (2, 3)


def test_a_model_of_one_block_has_all_of_them():
    assert layer_indices("first_last", 1) == (1, 1)
    assert layer_indices("last2", 1) == (0, 1)


def test_numpy_integers_are_integers():
    assert canonical_layer(np.int64(-1), 3) == 3
    assert type(canonical_layer(np.int64(2), 3)) is int


@pytest.mark.parametrize("layer", [4, -5, "3", "last", "", None, 1.0, True, [1]])
def test_an_unknown_layer_lists_the_valid_ones(layer):
    with pytest.raises(UnknownName, match=r"Unknown layer .*: 0, 1, 2, 3, first_last, last2, -1\."):
        canonical_layer(layer, 3)


def test_select_layer_averages_the_two():
    hidden = [torch.full((1, 2, 2), float(value)) for value in (1, 2, 4, 8)]
    values = {layer: float(select_layer(hidden, layer)[0, 0, 0]) for layer in layer_names(3)}
    assert values == {0: 1, 1: 2, 2: 4, 3: 8, "first_last": 5, "last2": 6}
    assert select_layer(hidden, -1) is hidden[3]


def test_the_encoder_lists_and_checks_them(bert):
    assert bert.layers == [0, 1, 2, "first_last", "last2"]
    with pytest.raises(UnknownName, match="Unknown layer 3"):
        bert.encode(["a"], "mean", 3)
    with pytest.raises(EncoderError, match=r"last layer, 2, not on 0.*Name a pooling"):
        bert.encode(["a"], layer=0)
    np.testing.assert_array_equal(bert.encode(["a"], layer=2), bert.encode(["a"]))
