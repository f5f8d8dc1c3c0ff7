"""Smaller vectors by hand: what is stored, what is found, what is measured."""

import itertools
import math
import threading

import numpy as np
import pytest

from explore import ExploreError, Stopped, search
from explore.compress import CompressionResult, compress_grid
from explore.quantise import STORAGES, BinaryTable, Float32Table, Int8Table
from explore.reduce import REDUCTIONS, Reduced, pca, truncate
from explore.vectors import unit
from tests.explore.points import ODD, Told, cloud, says


def as_it_is(corpus: np.ndarray) -> Reduced:
    corpus = np.asarray(corpus, np.float32)
    return Reduced(corpus, lambda queries: queries, np.zeros(corpus.shape[1], np.float32))


def uneven(n: int, d: int = 32, seed: int = 0) -> np.ndarray:
    """Unit rows that vary along few directions, off the centre."""
    few = cloud(n, d, seed) * 0.7 ** np.arange(d, dtype=np.float32)
    turn, _ = np.linalg.qr(cloud(d, d, 7).astype(np.float64))
    return unit((few + 0.5) @ turn)


def of(results: tuple[CompressionResult, ...], *key: object) -> CompressionResult:
    return next(r for r in results if (r.reduction, r.dims, r.storage, r.rescored) == key)


# --- reductions ---------------------------------------------------------------------------------


def test_truncation_keeps_the_first_numbers_at_length_one():
    reduced = truncate(np.array([[0.6, 0.0, 0.8], [0, 0, 1]], np.float32))(2)
    assert reduced.corpus.tolist() == [[1, 0], [0, 0]]
    assert reduced.query(np.array([[0.3, 0.4, 5.0]])).tolist() == pytest.approx(
        np.array([[0.6, 0.8]])
    )


def test_pca_by_hand():
    # Along (1, 1) the corpus varies, along (1, -1) it does not; its mean is (2, 0).
    corpus = np.array([[1, -1], [3, 1], [2, 0]], np.float32)
    reduced = pca(corpus)(1)
    sign = np.sign(reduced.corpus[1, 0])
    np.testing.assert_allclose(sign * reduced.corpus[:, 0], [-(2**0.5), 2**0.5, 0], atol=1e-6)
    query = reduced.query(np.array([[1, 0]], np.float32))
    np.testing.assert_allclose(sign * query, [[0.5**0.5]], rtol=1e-6)
    np.testing.assert_allclose(sign * reduced.shift, [2**0.5], rtol=1e-6)


@pytest.mark.parametrize("name", REDUCTIONS)
def test_all_dimensions_leave_every_order_as_it_is(name: str):
    corpus, queries = uneven(200), uneven(20, seed=1)
    reduced = REDUCTIONS[name](corpus)(32)
    found = search(reduced.query(queries), reduced.corpus, 200).indices
    assert np.mean(found == search(queries, corpus, 200).indices) > 0.999


def test_pca_is_that_of_scikit_learn():
    from sklearn.decomposition import PCA

    corpus = uneven(100)
    theirs = PCA(5, svd_solver="full").fit(corpus)
    np.testing.assert_allclose(
        np.abs(pca(corpus)(5).corpus), np.abs(theirs.transform(corpus)), atol=1e-5
    )


# --- storages -----------------------------------------------------------------------------------


def test_int8_by_hand():
    table = Int8Table(as_it_is([[1.27, -0.2], [0.634, 0.1], [-1.0, 0]]))
    assert table.codes.tolist() == [[127, -127], [63, 64], [-100, 0]]
    np.testing.assert_allclose(table.scale, [0.01, 0.2 / 127], rtol=1e-6)
    scores = table.scores(np.array([[1, 2], [0, 1]], np.float32))
    second = 64 * 0.2 / 127
    expected = [[1.27 - 0.4, 0.63 + 2 * second, -1], [-0.2, second, 0]]
    np.testing.assert_allclose(scores, expected, rtol=1e-5)
    assert table.bytes_per_row == 2
    assert Int8Table(as_it_is(np.zeros((2, 3)))).scores(np.ones((1, 3))).tolist() == [[0, 0]]


@pytest.mark.parametrize("rows", [3, 20_000])
@pytest.mark.parametrize("queries", [1, 3])
def test_int8_is_within_half_a_step(rows: int, queries: int):
    corpus, asked = uneven(rows), uneven(queries, seed=1)
    table = Int8Table(as_it_is(corpus))
    off = np.abs(table.scores(asked) - asked @ corpus.T)
    bound = np.abs(asked) @ table.scale / 2
    assert (off <= bound[:, None] + 1e-6).all()
    assert off.max() > 0


def test_binary_by_hand():
    table = BinaryTable(as_it_is([[1, 1, -1], [-1, 0, -1], [1, -1, 5]]))
    scores = table.scores(np.array([[2, 2, 2], [-1, 3, -1]], np.float32))
    assert scores.tolist() == [[-1, -3, -1], [-1, -1, -3]]
    assert table.bytes_per_row == 1


@pytest.mark.parametrize("d", [1, 8, 13, 24, 48, 64, 200, 384])
def test_binary_is_the_number_of_signs_that_differ(d: int):
    corpus, queries = cloud(50, d), cloud(9, d, seed=1)
    table = BinaryTable(as_it_is(corpus))
    differ = ((queries > 0)[:, None] != (corpus > 0)).sum(axis=2)
    assert np.array_equal(table.scores(queries), -differ)
    assert table.bytes_per_row == -(-d // 8)
    assert table.words.nbytes == 50 * table.bytes_per_row


@pytest.mark.parametrize("name", REDUCTIONS)
def test_a_query_that_is_a_text_has_the_bits_of_that_text(name: str):
    corpus = uneven(60)
    reduced = REDUCTIONS[name](corpus)(16)
    scores = BinaryTable(reduced).scores(reduced.query(corpus))
    assert np.mean(np.diag(scores) == 0) > 0.98
    assert scores.mean() < -1


def test_float32_is_the_dot_product():
    corpus, queries = cloud(30, 7), cloud(4, 7, seed=1)
    table = Float32Table(as_it_is(corpus))
    np.testing.assert_allclose(table.scores(queries), queries @ corpus.T, atol=1e-5)
    assert table.bytes_per_row == 28


# --- the grid -----------------------------------------------------------------------------------


def test_the_grid_has_every_cell_and_its_size():
    results = compress_grid(uneven(300), uneven(12, seed=1), dims=(32, 12), repeats=1)
    cells = {(r.reduction, r.dims, r.storage, r.rescored): r.bytes_per_sentence for r in results}
    sizes = {("float32", 0): (128, 48), ("int8", 0): (32, 12), ("binary", 0): (4, 2),
             ("binary", 40): (4, 2), ("binary", 100): (4, 2)}  # fmt: skip
    assert cells == {
        (reduction, d, storage, rescored): size[at]
        for reduction in REDUCTIONS
        for at, d in enumerate((32, 12))
        for (storage, rescored), size in sizes.items()
    }
    assert all(r.full_bytes == (128 if r.rescored else 0) for r in results)
    assert set(STORAGES) == {r.storage for r in results}
    assert of(results, "pca", 12, "binary", 40).title == "pca 12, binary, 40 rescored"


def test_recall_has_an_interval_over_the_queries():
    corpus, queries = cloud(300, 32), cloud(40, 32, seed=1)
    results = compress_grid(corpus, queries, dims=(32, 8), repeats=1)
    rough = of(results, "truncate", 8, "float32", 0)
    assert 0 < rough.low < rough.recall < rough.high < 1
    whole = of(results, "truncate", 32, "float32", 0)
    assert (whole.low, whole.recall, whole.high) == (1, 1, 1)
    alone = compress_grid(corpus, queries[:1], dims=(8,), repeats=1)
    single = of(alone, "truncate", 8, "float32", 0)
    assert math.isnan(single.low)
    assert math.isnan(single.high)


def test_recall_is_what_a_loop_finds():
    corpus, queries = uneven(300), uneven(12, seed=1)
    results = compress_grid(corpus, queries, dims=(6,), k=5, repeats=1)
    full = search(queries, corpus, 5).indices
    short = search(unit(queries[:, :6]), unit(corpus[:, :6]), 5).indices
    shared = [len(set(a) & set(b)) / 5 for a, b in zip(full, short, strict=True)]
    assert of(results, "truncate", 6, "float32", 0).recall == pytest.approx(np.mean(shared))

    bits = -((queries[:, :6] > 0)[:, None] != (corpus[:, :6] > 0)).sum(axis=2)
    candidates = np.argsort(-bits, axis=1, kind="stable")[:, :20]
    shared = [len(set(a) & set(b)) / 5 for a, b in zip(full, candidates, strict=True)]
    assert of(results, "truncate", 6, "binary", 20).recall == pytest.approx(np.mean(shared))


def test_what_compression_costs():
    corpus = uneven(2_000)
    results = compress_grid(corpus, uneven(40, seed=1), dims=(32, 8), repeats=1)
    recall = {(r.reduction, r.dims, r.storage, r.rescored): r.recall for r in results}
    assert recall["truncate", 32, "float32", 0] == recall["pca", 32, "float32", 0] == 1
    assert recall["truncate", 32, "int8", 0] > 0.9
    assert recall["pca", 8, "float32", 0] > recall["truncate", 8, "float32", 0] + 0.3
    for reduction, d in itertools.product(REDUCTIONS, (32, 8)):
        none, some, more = (recall[reduction, d, "binary", n] for n in (0, 40, 100))
        assert none < some <= more <= 1


def test_rescoring_all_rows_finds_all():
    results = compress_grid(uneven(25), uneven(8, seed=1), dims=(1,), repeats=1)
    rescored = [r for r in results if r.rescored]
    assert {r.rescored for r in rescored} == {25}
    assert all(r.recall == 1 for r in rescored)


def test_equal_texts_are_no_errors():
    corpus = np.repeat(uneven(5), 30, axis=0)
    results = compress_grid(corpus, uneven(5), dims=(32,), repeats=1)
    assert of(results, "truncate", 32, "float32", 0).recall == 1
    assert of(results, "truncate", 32, "binary", 0).recall == 1


def test_time_is_the_median_of_single_searches():
    calls = itertools.count()
    ticks = itertools.accumulate([0] + [3, 1, 100, 1, 5, 1] * 10_000)

    def clock() -> float:
        next(calls)
        return next(ticks) / 1_000

    results = compress_grid(uneven(40), uneven(3, seed=1), dims=(8,), repeats=2, clock=clock)
    assert next(calls) == 2 * 2 * 3 * len(results)
    assert all(r.ms_per_query == pytest.approx(5) for r in results)


def test_the_real_clock_is_the_default():
    results = compress_grid(uneven(40), uneven(2, seed=1), dims=(8,))
    assert all(0 < r.ms_per_query < 1_000 for r in results)


def test_dims_are_halved_unless_given():
    results = compress_grid(uneven(30, 20), uneven(2, 20, seed=1), repeats=1)
    assert list(dict.fromkeys(r.dims for r in results)) == [20, 10, 5, 3]


@pytest.mark.parametrize("name", ODD)
def test_odd_corpora_and_queries_have_finite_results(name: str):
    for queries in (ODD[name], ODD[name][:1]):
        results = compress_grid(ODD[name], queries, k=2, repeats=1)
        assert all(0 <= r.recall <= 1 for r in results)
        assert of(results, "truncate", ODD[name].shape[1], "float32", 0).recall == 1


def test_progress_rises_and_stop_is_heard():
    told = Told()
    compress_grid(uneven(30), uneven(2), dims=(8, 4), repeats=1, on_progress=told)
    assert told.rises_to_one("compression")
    assert len(set(told.shares("compression"))) == 13
    stop = threading.Event()
    with pytest.raises(Stopped):
        compress_grid(
            uneven(30), uneven(2), dims=(8,), repeats=1, stop=stop,
            on_progress=lambda stage, share: stop.set() if share else None,
        )  # fmt: skip


def test_errors_name_both_values_all_at_once():
    with pytest.raises(ExploreError) as caught:
        compress_grid(cloud(9, 8), cloud(2, 6), dims=(9, 0), k=0)
    assert says(
        caught.value,
        ("k is 0", "from 1 to 1000"),
        ("dims is 9", "from 1 to 8"),
        ("dims is 0", "from 1 to 8"),
        ("Queries have 6", "the corpus 8", "same model"),
    )
