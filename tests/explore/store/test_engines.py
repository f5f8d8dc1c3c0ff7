"""Three ways to keep vectors, one suite: in memory, a Milvus Lite file, a Milvus server.

Without pymilvus and milvus-lite these fail; they are not skipped.
"""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from explore import ExploreError, Stopped, search
from explore.store import (
    NotStored,
    VectorStore,
    open_store,
    owner,
    sample_collection,
    visitor_collection,
)
from explore.store.interface import MOST_HITS
from tests.explore.store.stores import points


@pytest.fixture(scope="module", params=["memory", "file", "server"])
def store(request, tmp_path_factory: pytest.TempPathFactory) -> Iterator[VectorStore]:
    if request.param == "server":
        setting = request.getfixturevalue("server").uri
    else:
        folder = tmp_path_factory.mktemp("store") / "lab.db"
        setting = str(folder) if request.param == "file" else None
    opened = open_store(setting)
    yield opened
    opened.close()


@pytest.fixture
def name(request) -> str:
    """A collection of this test's own."""
    return sample_collection(request.node.name)


# --- every engine -------------------------------------------------------------------------------


def test_hits_are_those_of_exact_search(store: VectorStore, name: str) -> None:
    vectors, queries = points(3_000, 64), points(20, 64, seed=1)
    store.put(name, vectors)
    expected = search(queries, vectors, 10)
    found = store.search(name, queries, 10)
    assert found.indices.dtype == np.int64
    assert found.scores.dtype == np.float32
    np.testing.assert_array_equal(found.indices, expected.indices)  # recall@10 = 1.0, in order
    np.testing.assert_allclose(found.scores, expected.scores, atol=1e-5)
    assert store.size(name) == 3_000
    one = store.search(name, queries[:1], 10)  # Milvus counts one query in another way than many
    np.testing.assert_array_equal(one.indices, expected.indices[:1])
    store.drop(name)


@pytest.mark.parametrize("k", [1, 40, 60])
def test_rows_that_tie_come_in_order_also_where_k_cuts_them(
    store: VectorStore, name: str, k: int
) -> None:
    vectors = points(3_000)
    vectors[100:140] = vectors[7]
    vectors[2_500:2_900] = 0  # no direction: cosine 0 with everything, all tied
    store.put(name, vectors)
    queries = np.stack([vectors[7], np.zeros_like(vectors[7]), vectors[8]])
    found = store.search(name, queries, k)
    assert found.indices[0, :41].tolist() == [7, *range(100, 140)][:k]
    assert found.indices[1].tolist() == list(range(k))
    np.testing.assert_array_equal(found.indices[2], search(vectors[8], vectors, k).indices[0])


def test_k_is_cut_to_the_number_of_rows(store: VectorStore, name: str) -> None:
    store.put(name, np.eye(3, dtype=np.float32))
    found = store.search(name, np.eye(3, dtype=np.float32)[1], MOST_HITS)
    assert found.indices.tolist() == [[1, 0, 2]]
    assert found.scores.tolist() == [[1, 0, 0]]
    assert store.search(name, np.empty((0, 3), np.float32), 2).indices.shape == (0, 2)


def test_many_hits_for_many_queries_come_in_order(store: VectorStore, name: str) -> None:
    vectors = points(1_500)
    store.put(name, vectors)
    found = store.search(name, vectors[:20], MOST_HITS)
    assert found.indices[:, 0].tolist() == list(range(20))
    assert (np.diff(found.scores, axis=1) <= 0).all()
    assert all(len(set(row)) == MOST_HITS for row in found.indices.tolist())


def test_what_is_put_again_replaces_what_stood_there(store: VectorStore, name: str) -> None:
    store.put(name, points(50, 16))
    store.put(name, points(20, 8))
    assert store.shape(name) == (20, 8)
    assert store.names().count(name) == 1
    assert store.search(name, points(20, 8)[3], 1).indices.tolist() == [[3]]


def test_a_stopped_put_leaves_what_was_there(store: VectorStore, name: str) -> None:
    store.put(name, points(50))
    before, stop = store.names(), threading.Event()
    stop.set()
    with pytest.raises(Stopped):
        store.put(name, points(20), stop=stop)
    assert store.size(name) == 50
    assert store.names() == before


def test_progress_rises_to_the_end(store: VectorStore, name: str) -> None:
    shares: list[float] = []
    store.put(name, points(5_000), on_progress=lambda _, share: shares.append(share))
    assert shares[0] == 0
    assert shares[-1] == 1
    assert shares == sorted(shares)


def test_visitors_who_work_at_once_are_kept_apart(store: VectorStore) -> None:
    def visit(seed: int) -> bool:
        mine, vectors = visitor_collection(f"visitor {seed}", "corpus"), points(300, 16, seed)
        store.put(mine, vectors)
        return all(
            np.array_equal(store.search(mine, vectors, 1).indices[:, 0], np.arange(300))
            for _ in range(3)
        )

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(visit, range(4)))
    gone = store.drop_visitor("visitor 2")
    assert gone == [visitor_collection("visitor 2", "corpus")]
    assert not store.has(gone[0])
    assert all(store.has(visitor_collection(f"visitor {n}", "corpus")) for n in (0, 1, 3))


def test_a_sweep_keeps_the_samples(store: VectorStore, name: str) -> None:
    store.put(name, points(5))
    orphan = visitor_collection("who left", "corpus")
    store.put(orphan, points(5))
    assert orphan in store.sweep()
    assert store.has(name)
    assert not any(left.startswith("visitor_") for left in store.names())


def test_what_is_not_there_is_said_to_be_so(store: VectorStore, name: str) -> None:
    assert not store.has(name)
    store.drop(name)
    for ask in (lambda: store.size(name), lambda: store.search(name, points(1), 1)):
        with pytest.raises(NotStored, match="put its vectors there"):
            ask()


def test_what_cannot_be_kept_or_asked_is_refused(store: VectorStore, name: str) -> None:
    store.put(name, points(5))
    long = points(5)
    long[3] *= 2
    holes = points(5)
    holes[1, 1] = np.nan
    for vectors, said in [(long, "row 3"), (holes, "row 1"), (np.ones((4, 1)), "2 to"),
                          (np.ones(4), r"\(N, D\)"), (np.empty((0, 4)), "no vectors")]:  # fmt: skip
        with pytest.raises(ExploreError, match=said):
            store.put(name, vectors)
    for queries, k, said in [(points(1), 0, "k is 0"), (points(1), MOST_HITS + 1, "k is 1,001"),
                             (points(1, 8), 1, "same model"), (long, 1, "row 3")]:  # fmt: skip
        with pytest.raises(ExploreError, match=said):
            store.search(name, queries, k)
    assert store.size(name) == 5


@pytest.mark.parametrize("bad", ["topics", "sample_", "sample_" + "g" * 32, "visitor_" + "0" * 32,
                                 "sample_" + "0" * 32 + "\n", "sample_'; drop", None])  # fmt: skip
def test_only_names_of_our_making_are_taken(store: VectorStore, bad: str) -> None:
    for use in (store.has, store.size, store.drop, lambda name: store.put(name, points(2))):
        with pytest.raises(ExploreError, match="no name of a collection"):
            use(bad)


# --- names and settings -------------------------------------------------------------------------


def test_names_differ_where_keys_do_and_hold_no_text_of_theirs() -> None:
    keys = [("ab", "c"), ("a", "bc"), ("abc",), ("ab", "c", "d"), ("c", "ab"), ('ab", "c',)]
    names = {sample_collection(*key) for key in keys}
    names |= {visitor_collection("v", *key) for key in keys}
    names |= {visitor_collection("w", *key) for key in keys}
    assert len(names) == 18
    assert "secret" not in visitor_collection("secret", "secret")
    with pytest.raises(ExploreError, match="none empty"):
        sample_collection("a", "")


def test_a_name_says_whose_a_collection_is() -> None:
    assert owner(sample_collection("a")) == owner(sample_collection("b")) == ""
    assert owner(visitor_collection("v", "a")) == owner(visitor_collection("v", "b"))
    assert owner(visitor_collection("v", "a")) != owner(visitor_collection("w", "a"))
    with pytest.raises(ExploreError, match="no name of a collection"):
        owner("customers")


def test_every_store_says_where_its_vectors_are(store: VectorStore) -> None:
    assert store.place in ("in memory", "in Milvus Lite", "in Milvus")


@pytest.mark.parametrize("setting", [None, "", " ", "memory"])
def test_without_a_setting_vectors_are_in_memory(setting: str | None) -> None:
    assert open_store(setting).place == "in memory"


@pytest.mark.parametrize("setting", ["milvus", "ftp://host/lab.db", "lab.sqlite", "postgres://h"])
def test_a_setting_that_names_no_store_is_refused(setting: str) -> None:
    with pytest.raises(ExploreError, match=r"VECTOR_STORE names no store.*lab\.db.*19530"):
        open_store(setting)
