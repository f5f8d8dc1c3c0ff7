"""Each strategy against numbers worked out by hand, and the edges that must not be NaN."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from encoder.idf import IdfWeights
from encoder.pooling import POOLINGS, SAVABLE, resolve_pooling
from encoder.tokens import Tokens

# Two sentences of H = 2. The first: [CLS] 5 6 [SEP], no padding. The second: [CLS] 7 [SEP], padded
# on the left by one. Special tokens are 1 and 2, padding is 0.
HIDDEN = torch.tensor(
    [
        [[1.0, 8.0], [3.0, 2.0], [3.0, -4.0], [5.0, 6.0]],
        [[9.0, 9.0], [2.0, 0.0], [4.0, 1.0], [6.0, -7.0]],
    ]
)
IDF = IdfWeights(3, torch.tensor([1.0, 1.0, 1.0, 1.0, 1.0, 3.0, 5.0, 2.0]))


def tokens(pool_special=True, ids=((1, 5, 6, 2), (0, 1, 7, 2))):
    ids = torch.tensor(ids)
    mask = ids != 0
    special = (ids == 1) | (ids == 2)
    return Tokens(ids, mask, special, mask if pool_special else mask & ~special)


def pool(name, taken=None, hidden=HIDDEN):
    return resolve_pooling(name, lambda: IDF)(hidden, taken or tokens())


def softmax_sum(values, beta):
    weights = [math.exp(beta * v) for v in values]
    return sum(w * v for w, v in zip(weights, values, strict=True)) / sum(weights)


BY_HAND = {
    "mean": [[3.0, 3.0], [4.0, -2.0]],
    "max": [[5.0, 8.0], [6.0, 1.0]],
    "cls": [[1.0, 8.0], [2.0, 0.0]],
    "mean_sqrt_len": [[12 / 2, 12 / 2], [12 / math.sqrt(3), -6 / math.sqrt(3)]],
    # (1*1 + 2*3 + 3*3 + 4*5)/10, (8 + 4 - 12 + 24)/10; (2 + 2*4 + 3*6)/6, (0 + 2 - 21)/6
    "weighted_mean": [[3.6, 2.4], [28 / 6, -19 / 6]],
    "last_token": [[5.0, 6.0], [6.0, -7.0]],
    "min": [[1.0, -4.0], [2.0, -7.0]],
    "mean_max": [[3.0, 3.0, 5.0, 8.0], [4.0, -2.0, 6.0, 1.0]],
    "mean_no_special": [[3.0, -1.0], [4.0, 1.0]],
    "soft": [
        [softmax_sum([1, 3, 3, 5], 1), softmax_sum([8, 2, -4, 6], 1)],
        [softmax_sum([2, 4, 6], 1), softmax_sum([0, 1, -7], 1)],
    ],
    # weights 1 3 5 1 of 10, and 1 2 1 of 4
    "idf_mean": [[(1 + 9 + 15 + 5) / 10, (8 + 6 - 20 + 6) / 10], [16 / 4, -5 / 4]],
    # The second sentence's padding is its fourth position; within 4 it counts.
    "mean_with_padding:4": [[3.0, 3.0], [21 / 4, 3 / 4]],
}


def test_every_strategy_is_worked_out_below():
    assert [name.partition(":")[0] for name in BY_HAND] == list(POOLINGS)


@pytest.mark.parametrize("name", BY_HAND)
def test_strategy_gives_the_numbers_worked_out_by_hand(name):
    torch.testing.assert_close(pool(name), torch.tensor(BY_HAND[name]))


@pytest.mark.parametrize("name", BY_HAND)
def test_pooled_vector_is_the_weighted_sum_of_the_token_vectors(name):
    pooling = resolve_pooling(name, lambda: IDF)
    parts = [(w * HIDDEN).sum(1) for w in pooling.weights(HIDDEN, tokens())]
    torch.testing.assert_close(pooling(HIDDEN, tokens()), torch.cat(parts, -1))


@pytest.mark.parametrize("length", [1, 2, 3])
def test_padding_beyond_the_length_is_not_averaged(length):
    torch.testing.assert_close(pool(f"mean_with_padding:{length}"), pool("mean"))


def test_padding_is_averaged_up_to_the_length_even_without_special_tokens():
    got = pool("mean_with_padding:4", tokens(pool_special=False))
    torch.testing.assert_close(got, torch.tensor([[3.0, -1.0], [13 / 2, 10 / 2]]))


def test_special_tokens_out_of_the_mask_are_out_of_every_sum():
    taken = tokens(pool_special=False)
    assert pool("cls", taken).tolist() == [[3.0, 2.0], [4.0, 1.0]]  # the first that is left
    assert pool("last_token", taken).tolist() == [[3.0, -4.0], [4.0, 1.0]]
    assert pool("max", taken).tolist() == [[3.0, 2.0], [4.0, 1.0]]
    # Weights keep the token's place in the sentence: 2 and 3 of 5.
    torch.testing.assert_close(
        pool("weighted_mean", taken), torch.tensor([[3.0, (4 - 12) / 5], [4.0, 1.0]])
    )


@pytest.mark.parametrize("name", ["max", "min"])
def test_ties_go_to_the_first_token(name):
    [weights] = resolve_pooling(name).weights(torch.ones(2, 4, 2), tokens())
    assert weights[0].tolist() == [[1.0, 1.0], [0.0, 0.0], [0.0, 0.0], [0.0, 0.0]]
    assert weights[1].tolist() == [[0.0, 0.0], [1.0, 1.0], [0.0, 0.0], [0.0, 0.0]]


def test_ties_go_to_the_first_token_whatever_the_width_and_place():
    torch.manual_seed(0)
    hidden = torch.randn(5, 37, 384).clamp(-0.5, 0.5)  # most dimensions have many equal extremes
    every = torch.ones(5, 37, dtype=torch.bool)
    taken = Tokens(every.long(), every, ~every, every)
    [weights] = resolve_pooling("max").weights(hidden, taken)
    ties = hidden == hidden.amax(1, keepdim=True)
    assert (ties.sum(1) > 1).any()
    assert torch.equal(weights.bool(), ties & (ties.cumsum(1) == 1))


@pytest.mark.parametrize("name", [*POOLINGS, "soft:-4", "cls+mean"])
def test_no_token_left_gives_a_zero_vector_and_not_nan(name):
    taken = tokens(pool_special=False, ids=((1, 5, 6, 2), (1, 2, 1, 2)))  # only special ones
    pooled = pool(name, taken)
    assert torch.isfinite(pooled).all()
    assert not pooled[1].any()
    assert pooled[0].any()


def test_soft_runs_from_min_over_mean_to_max():
    torch.testing.assert_close(pool("soft:0"), pool("mean"))
    torch.testing.assert_close(pool("soft:1000"), pool("max"))
    torch.testing.assert_close(pool("soft:-1000"), pool("min"))
    betas = torch.stack([pool(f"soft:{beta}") for beta in (-8, -2, 0, 1, 4)])
    assert (betas.diff(dim=0) > 0).all()
    torch.testing.assert_close(pool("soft"), pool("soft:1"))


def test_plus_concatenates_in_the_order_given():
    cls, mean = pool("cls"), pool("mean")
    torch.testing.assert_close(pool("cls+mean"), torch.cat([cls, mean], 1))
    torch.testing.assert_close(pool("mean+cls"), torch.cat([mean, cls], 1))
    torch.testing.assert_close(pool("mean+max"), pool("mean_max"))


def test_every_strategy_says_what_it_is():
    for name, strategy in POOLINGS.items():
        assert strategy.title, name
        assert "v" in strategy.latex, name
        assert strategy.source, name


def test_what_sentence_transformers_saves_as_one_mode_is_savable():
    one = {name: s.saved_as for name, s in POOLINGS.items() if len(s.saved_as) == 1}
    assert {name: (mode,) for name, mode in SAVABLE.items()} == one
    assert "mean" in SAVABLE
    assert not {"mean_max", "soft"} & set(SAVABLE)


AVERAGING = [
    "mean", "cls", "weighted_mean", "last_token", "max", "min", "mean_no_special", "soft",
    "soft:-3", "idf_mean", "mean_with_padding:3", "mean_with_padding:9",
]  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(data=st.data(), side=st.sampled_from(["left", "right"]))
def test_weights_of_averaging_strategies_sum_to_one_and_stay_on_the_mask(data, side):
    lengths = data.draw(st.lists(st.integers(3, 8), min_size=1, max_size=4))
    rows = []
    for n in lengths:
        words = data.draw(st.lists(st.integers(3, 7), min_size=n - 2, max_size=n - 2))
        padding = [0] * (max(lengths) - n)
        rows.append([*padding, 1, *words, 2] if side == "left" else [1, *words, 2, *padding])
    taken = tokens(ids=rows)
    values = st.floats(-100, 100, width=32)
    flat = data.draw(st.lists(values, min_size=taken.ids.numel(), max_size=taken.ids.numel()))
    hidden = torch.tensor(flat, dtype=torch.float64).reshape(*taken.ids.shape, 1)
    for name in AVERAGING:
        for weights in resolve_pooling(name, lambda: IDF).weights(hidden, taken):
            assert (weights >= 0).all(), name
            torch.testing.assert_close(weights.sum(1), torch.ones_like(weights[:, 0]), msg=name)
            if "padding" not in name:
                assert not weights[~taken.mask].any(), name
