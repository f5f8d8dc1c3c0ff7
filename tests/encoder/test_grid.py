"""`encode_grid`: one pass over the texts for any poolings and layers, in little memory."""

import weakref

import numpy as np
import pytest
import torch

from encoder import POOLINGS, BadText, Options, UnknownName
from encoder.grid import Grid
from tests.tiny_models import HIDDEN, SENTENCES

TEXTS = [*SENTENCES, "", SENTENCES[0], "x", SENTENCES[0], ""]
DISTINCT = len(set(TEXTS))
LAYERS = [0, 1, 2, -1, "first_last", "last2"]


@pytest.fixture
def small_batches(monkeypatch):
    """A token budget that three of these sentences fill."""
    monkeypatch.setattr("encoder.runner.TOKEN_BUDGET", 60)


def check_equal(a, b):
    assert list(a) == list(b)
    for cell in a:
        np.testing.assert_allclose(a[cell], b[cell], rtol=0, atol=1e-6)


def test_every_cell_equals_encode(bert):
    grid = bert.encode_grid(TEXTS, list(POOLINGS), LAYERS)
    assert list(grid) == [(pooling, layer) for pooling in POOLINGS for layer in LAYERS]
    assert len(grid) == len(POOLINGS) * len(LAYERS)
    for (pooling, layer), vectors in grid.items():
        assert vectors.dtype == np.float32
        expected = bert.encode(TEXTS, pooling, layer)
        assert vectors.shape == expected.shape
        np.testing.assert_allclose(vectors, expected, rtol=0, atol=2e-6)


def test_options_and_normalize_mean_what_they_mean_in_encode(bert):
    options = Options(prompt="Never ", pool_special=False)
    names = ["cls", "max", "idf_mean"]
    grid = bert.encode_grid(TEXTS, names, [1], normalize=False, options=options)
    for name in names:
        expected = bert.encode(TEXTS, name, 1, normalize=False, options=options)
        np.testing.assert_allclose(grid[name, 1], expected, rtol=0, atol=5e-6)
    plain = bert.encode_grid(TEXTS, names, [1], normalize=False)
    assert np.abs(plain["cls", 1] - grid["cls", 1]).max() > 0.1


def test_forward_passes_are_the_batches_however_much_is_asked(bert, count_forwards, small_batches):
    with count_forwards(bert) as one:
        bert.encode_grid(TEXTS, ["mean"], [-1])
    with count_forwards(bert) as many:
        bert.encode_grid(TEXTS, [*SMALL_POOLINGS, "soft:3", "cls+mean"], LAYERS)
    assert many == one
    assert len(one) > 3
    assert sum(batch for batch, _ in one) == DISTINCT  # identical texts are encoded once


SMALL_POOLINGS = [name for name in POOLINGS if name != "mean_with_padding"]


def test_one_large_batch_is_one_forward_pass(bert, count_forwards):
    with count_forwards(bert) as calls:
        bert.encode_grid(TEXTS, list(POOLINGS), LAYERS)
    assert calls == [(DISTINCT, 64)]  # mean_with_padding needs 64


def test_the_cache_is_neither_used_nor_filled(bert, count_forwards):
    bert.encode(TEXTS, "mean")
    kept = len(bert.cache)
    with count_forwards(bert) as calls:
        bert.encode_grid(TEXTS, ["mean"], [-1])
    assert len(calls) == 1
    assert len(bert.cache) == kept


def test_progress_rises_to_the_number_of_texts(bert, small_batches):
    seen = []
    bert.encode_grid(TEXTS, ["mean"], [-1], on_batch=lambda done, total: seen.append((done, total)))
    done = [d for d, _ in seen]
    assert len(seen) > 3
    assert done == sorted(set(done))
    assert done[-1] == len(TEXTS)
    assert {total for _, total in seen} == {len(TEXTS)}


@pytest.mark.parametrize("method", ["encode_grid", "encode"])
def test_token_states_of_one_batch_are_gone_before_the_next_is_run(bert, small_batches, method):
    alive, most = weakref.WeakSet(), []

    def before(module, args, kwargs):
        most.append(len(alive))

    def after(module, args, output):
        alive.update(output.hidden_states)

    model = bert.backbone.model
    hooks = [
        model.register_forward_pre_hook(before, with_kwargs=True),
        model.register_forward_hook(after),
    ]
    try:
        if method == "encode_grid":
            bert.encode_grid(TEXTS, ["mean", "max", "mean_max"], LAYERS)
        else:
            bert.encode(TEXTS, "max", "last2")
    finally:
        for hook in hooks:
            hook.remove()
    assert len(most) > 3
    assert most == [0] * len(most)
    assert not alive


def test_above_the_byte_cap_the_cells_lie_on_disk_and_are_the_same(bert, small_batches):
    arguments = (TEXTS, list(POOLINGS), LAYERS)
    in_memory = bert.encode_grid(*arguments)
    on_disk = bert.encode_grid(*arguments, max_bytes=1000)
    assert in_memory.on_disk is False
    assert on_disk.on_disk is True
    assert on_disk._arrays == {}
    check_equal(in_memory, on_disk)
    check_equal(on_disk, in_memory)  # and a second reading, in any order
    for cell in reversed(list(on_disk)):
        np.testing.assert_array_equal(on_disk[cell], on_disk[cell])


def test_cells_on_disk_can_be_read_by_several_threads(bert):
    from concurrent.futures import ThreadPoolExecutor

    grid = bert.encode_grid(TEXTS * 40, list(POOLINGS), LAYERS, max_bytes=0)
    expected = {cell: grid[cell].sum() for cell in grid}
    with ThreadPoolExecutor(8) as pool:
        for cell, total in pool.map(lambda cell: (cell, grid[cell].sum()), list(grid) * 8):
            assert total == expected[cell]


@pytest.mark.parametrize("max_bytes", [0, 2**20])
def test_a_cell_cannot_be_written_to_by_mistake(bert, max_bytes):
    grid = bert.encode_grid(TEXTS, ["mean"], [-1], max_bytes=max_bytes)
    with pytest.raises(ValueError, match="read-only"):
        grid["mean", -1][0] = 0


def test_the_cap_counts_every_cell():
    widths = {("mean", 0): 4, ("mean_max", 0): 8}
    assert Grid(widths, 10, max_bytes=4 * 10 * 12).on_disk is False
    assert Grid(widths, 10, max_bytes=4 * 10 * 12 - 1).on_disk is True


@pytest.mark.parametrize("max_bytes", [0, 2**20])
def test_rows_of_batches_come_back_in_the_order_of_the_texts(max_bytes):
    grid = Grid({("a", 0): 2, ("b", 0): 1}, 5, max_bytes)
    rows = np.arange(10, dtype=np.float32).reshape(5, 2)
    for indices in ([3, 0], [4], [1, 2]):
        grid.add(indices, {("a", 0): rows[indices], ("b", 0): rows[indices, :1] * 10})
    np.testing.assert_array_equal(grid["a", 0], rows)
    np.testing.assert_array_equal(grid["b", 0], rows[:, :1] * 10)


def test_a_cell_that_was_not_asked_for_is_a_key_error_with_the_ones_there_are(bert):
    grid = bert.encode_grid(TEXTS, ["mean"], [1])
    with pytest.raises(KeyError, match=r"'mean', 1"):
        grid["max", 1]
    assert ("max", 1) not in grid


def test_no_texts_give_empty_cells(bert):
    grid = bert.encode_grid([], ["mean", "mean_max"], [0, -1])
    assert grid["mean", 0].shape == (0, HIDDEN)
    assert grid["mean_max", -1].shape == (0, 2 * HIDDEN)
    on_disk = bert.encode_grid([], ["mean"], [0], max_bytes=-1)
    assert on_disk["mean", 0].shape == (0, HIDDEN)


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ((["a"], ["mean", "median"], [0]), UnknownName),
        ((["a"], ["mean"], [0, 9]), UnknownName),
        ((["a"], [None], [-1]), UnknownName),  # the model's own may end in a Dense: use encode
        (("a", ["mean"], [0]), BadText),
        ((["a", None], ["mean"], [0]), BadText),
    ],
)
def test_bad_requests_are_refused_before_any_work(bert, count_forwards, arguments, error):
    with count_forwards(bert) as calls, pytest.raises(error):
        bert.encode_grid(*arguments)
    assert calls == []


def test_the_states_of_the_model_are_in_the_right_order(bert):
    """Layer 0 is what the first block gets, layer L what the model gives."""
    tokens = bert._pad([bert.tokenize(TEXTS[0])], 0, Options())
    hidden = bert.backbone.forward(tokens)
    embedded = bert.backbone.model.embeddings(tokens.ids)
    torch.testing.assert_close(hidden[0], embedded)
    out = bert.backbone.model(tokens.ids, tokens.mask.long()).last_hidden_state
    torch.testing.assert_close(hidden[-1], out)
    assert len(hidden) == bert.backbone.depth + 1
