"""Dense and Normalize: what they do to a vector, and the same to the parts that sum to it."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from encoder.errors import ModelRefused
from encoder.head import ACTIVATIONS, Dense, Dropout, LayerNorm, Normalize, Truncate


def dense(activation, bias=True, width_in=6, width_out=4, seed=0):
    generator = torch.Generator().manual_seed(seed)
    weight = torch.randn(width_out, width_in, generator=generator)
    return Dense(weight, torch.randn(width_out, generator=generator) if bias else None, activation)


def test_dense_by_hand():
    module = Dense(torch.tensor([[1.0, 2.0], [0.0, -1.0]]), torch.tensor([1.0, 0.5]),
                   "torch.nn.modules.activation.ReLU")  # fmt: skip
    assert module.apply(torch.tensor([[3.0, 4.0]])).tolist() == [[12.0, 0.0]]
    assert module.width(2) == 2
    # 3 and 8 and the bias 1; the other dimension is cut off by ReLU, so nothing is left of it.
    parts = torch.tensor([[3.0, 0.0], [0.0, 4.0]])
    torch.testing.assert_close(
        module.split(parts), torch.tensor([[3.0, 0.0], [8.0, 0.0], [1.0, 0.0]])
    )


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("bias", [True, False])
@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**31), count=st.integers(1, 5))
def test_the_split_parts_sum_to_what_the_sum_becomes(activation, bias, seed, count):
    module = dense(activation, bias, seed=seed)
    generator = torch.Generator().manual_seed(seed)
    parts = torch.randn(count, 6, generator=generator, dtype=torch.float64)
    split = module.split(parts)
    whole = module.apply(parts.sum(0, keepdim=True).float())[0]
    assert split.shape == (count + 1, 4)
    torch.testing.assert_close(split.sum(0).float(), whole, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_no_share_blows_up_where_the_sum_is_near_zero(activation):
    module = Dense(torch.tensor([[1.0]]), None, activation)
    for rest in (1e-6, 1e-9, 1e-13, 0.0):
        parts = torch.tensor([[1.0], [rest - 1.0]], dtype=torch.float64)
        split = module.split(parts)
        assert split.abs().max() <= 1.7  # slopes at 0 are at most 1, and f(0) at most 0.5
        whole = ACTIVATIONS[activation]()(torch.tensor([rest], dtype=torch.float64))
        torch.testing.assert_close(split.sum(0), whole, atol=1e-9, rtol=0)


def test_normalize_divides_by_the_length_and_leaves_zero_alone():
    vectors = torch.tensor([[3.0, 4.0], [0.0, 0.0]])
    torch.testing.assert_close(Normalize().apply(vectors), torch.tensor([[0.6, 0.8], [0.0, 0.0]]))
    parts = torch.tensor([[3.0, 0.0], [0.0, 4.0]], dtype=torch.float64)
    torch.testing.assert_close(
        Normalize().split(parts), torch.tensor([[0.6, 0.0], [0.0, 0.8]], dtype=torch.float64)
    )
    assert not Normalize().split(torch.zeros(3, 2)).any()
    assert Normalize().width(7) == 7


def test_keys_tell_weights_biases_and_activations_apart():
    tanh, relu = "torch.nn.modules.activation.Tanh", "torch.nn.modules.activation.ReLU"
    modules = [dense(tanh), dense(relu), dense(tanh, bias=False), dense(tanh, seed=1), Normalize()]
    assert len({module.key for module in modules}) == len(modules)
    assert dense(tanh).key == dense(tanh).key


def test_layer_norm_by_hand():
    """Mean 2, variance 1: (1, 3) becomes (-1, 1) but for epsilon."""
    module = LayerNorm(torch.tensor([2.0, 3.0]), torch.tensor([0.5, -0.5]))
    torch.testing.assert_close(
        module.apply(torch.tensor([[1.0, 3.0]])), torch.tensor([[-1.5, 2.5]]), atol=1e-4, rtol=0
    )
    assert module.width(2) == 2
    with pytest.raises(ModelRefused, match="takes 2 numbers; what comes before it gives 3"):
        module.width(3)


@pytest.mark.parametrize(
    "module",
    [LayerNorm(torch.linspace(-1, 2, 6), torch.linspace(3, 0, 6)), Dropout(0.5), Truncate(4),
     Truncate(9)],
)  # fmt: skip
@pytest.mark.parametrize("count", [1, 5])
def test_the_parts_of_the_other_modules_sum_to_what_the_sum_becomes(module, count):
    parts = torch.randn(count, 6, generator=torch.Generator().manual_seed(1)).double()
    split, whole = module.split(parts), module.apply(parts.sum(0, keepdim=True).float())[0]
    assert split.shape == (count + isinstance(module, LayerNorm), module.width(6))
    torch.testing.assert_close(split.sum(0).float(), whole, atol=1e-5, rtol=1e-5)


def test_every_module_of_other_numbers_has_another_key():
    norm = LayerNorm(torch.ones(3), torch.zeros(3))
    modules = [norm, LayerNorm(torch.ones(3), torch.ones(3)), LayerNorm(torch.zeros(3), norm.bias),
               Truncate(3), Truncate(2), Dropout(0.1), Normalize()]  # fmt: skip
    assert len({module.key for module in modules}) == len(modules)
