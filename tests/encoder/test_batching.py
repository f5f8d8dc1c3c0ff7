"""Batches: every text once, longest first, within the token budget; and the order comes back."""

import copy

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from encoder import ArrayCache
from encoder.batching import CHARACTER_BUDGET, TOKEN_BUDGET, batches
from tests.tiny_models import SENTENCES


@given(
    lengths=st.lists(st.integers(1, 60), max_size=60),
    budget=st.integers(1, 300),
    at_least=st.integers(0, 40),
)
def test_each_index_once_longest_first_within_the_budget(lengths, budget, at_least):
    found = list(batches(lengths, budget, at_least))
    order = [index for batch in found for index in batch]
    assert sorted(order) == list(range(len(lengths)))
    assert [lengths[i] for i in order] == sorted(lengths, reverse=True)
    sizes = [len(batch) * max(at_least, *(lengths[i] for i in batch)) for batch in found]
    for batch, size in zip(found, sizes, strict=True):
        assert size <= budget or len(batch) == 1
    for batch, size, following in zip(found, sizes, found[1:], strict=False):
        assert size + size // len(batch) > budget, "the next text would have fitted"
        assert lengths[following[0]] <= lengths[batch[-1]]


def test_batches_by_hand():
    assert list(batches([2, 9, 3, 3, 1], budget=10)) == [[1], [2, 3, 0], [4]]
    assert list(batches([2, 2, 2], budget=10, at_least=5)) == [[0, 1], [2]]
    assert list(batches([50], budget=10)) == [[0]]
    assert list(batches([])) == []


def test_equal_lengths_stay_in_the_order_given():
    assert list(batches([4, 4, 4], 8)) == [[0, 1], [2]]


@pytest.mark.parametrize("budget", [1, 40, 200])
def test_every_batch_keeps_to_the_budget_and_the_order_is_restored(
    bert, count_forwards, monkeypatch, budget
):
    texts = [SENTENCES[i % 12] + " x" * (i % 7) for i in np.random.default_rng(0).permutation(40)]
    expected = np.concatenate([bert.encode([text], "max") for text in texts])
    monkeypatch.setattr("encoder.runner.TOKEN_BUDGET", budget)
    bert.cache.clear()
    with count_forwards(bert) as calls:
        found = bert.encode(texts, "max")
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5)
    assert all(b * t <= budget or b == 1 for b, t in calls)
    assert [t for _, t in calls] == sorted((t for _, t in calls), reverse=True)
    assert sum(b for b, _ in calls) == len(set(texts))


def test_sorting_saves_padding(bert, count_forwards):
    texts = [("a " * (60 if i % 10 == 0 else 2)) + str(i) for i in range(400)]
    real = sum(len(bert.tokenize(text).ids) for text in texts)
    with count_forwards(bert) as calls:
        bert.encode(texts, "mean")
    padded = sum(b * t for b, t in calls)
    assert len(calls) <= padded // TOKEN_BUDGET + 2
    assert padded < 1.6 * real


def test_a_large_batch_is_tokenized_in_pieces_and_others_get_their_turn_between(bert):
    """31 MB at once took 1.5 GB, while everybody else waited."""
    backbone, sizes, free = copy.copy(bert.backbone), [], []

    class Watched:
        """The tokenizer, counting what it is given."""

        def __getattr__(self, name):
            return getattr(bert.backbone.tokenizer, name)

        def __call__(self, texts, **settings):
            sizes.append(len(texts) * max(map(len, texts)))
            return bert.backbone.tokenizer(texts, **settings)

    class Asked(list):
        def __getitem__(self, at):
            free.append(not backbone._tokenizer_lock.locked())
            return super().__getitem__(at)

    backbone.tokenizer = Watched()
    texts = Asked(f"{text} {n}" * (1 + n % 3) for n in range(300) for text in SENTENCES)
    tokenized = backbone.tokenize(texts)
    assert len(sizes) > 2
    assert max(sizes) <= CHARACTER_BUDGET
    assert all(free)
    assert [tokenized[i] for i in (0, 1234, -1)] == [bert.tokenize(texts[i]) for i in (0, 1234, -1)]


def test_encoding_holds_the_tokens_of_one_piece(bert, monkeypatch):
    calls = []
    tokenize = type(bert.backbone).tokenize

    def watched(self, texts, *prompt):
        calls.append(len(texts))
        return tokenize(self, texts, *prompt)

    monkeypatch.setattr(type(bert.backbone), "tokenize", watched)
    texts = [f"{text} {n}" * 40 for n in range(20) for text in SENTENCES]
    expected = [bert.encode([text])[0] for text in (texts[3], texts[-1])]
    calls.clear()
    vectors = bert.with_cache(ArrayCache(0)).encode(texts)
    assert len(calls) > 2
    assert sum(calls) == len(texts)
    np.testing.assert_allclose(vectors[[3, -1]], expected, atol=1e-5)
