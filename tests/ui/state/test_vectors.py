"""Where vectors are searched: in memory, in a Milvus Lite file, and in memory while that fails.

Without pymilvus and milvus-lite these fail; they are not skipped.
"""

import threading
from dataclasses import replace

import numpy as np
import pytest

from explore import Stopped, search
from explore.store import StoreUnavailable, VectorStore, sample_collection, visitor_collection
from explore.store.memory import MemoryStore
from tests.explore.store.stores import MilvusServer, free_port, points
from tests.ui.laid_out import tiny_workbench
from tests.ui.search.lab import SearchLab
from ui.search.examples import FIRST
from ui.search.form import SearchForm
from ui.search.index import Index, SearchSettings
from ui.settings import Settings
from ui.state.stages import Stages
from ui.state.texts import open_texts
from ui.state.vectors import KEPT_EACH, KEPT_SAMPLES, RETRY_S, Vectors

GO_ON = threading.Event()


def quiet(stage: str, share: float) -> None:
    """Nobody listens."""


@pytest.fixture
def index(bert):
    """`index(n)`: vectors of one visitor under a name of their own."""
    texts = open_texts(["A cat sleeps.", "A dog barks."], "texts", Stages(10**8))

    def made(at: int = 0, visitor: str = "ann", n: int = 50) -> Index:
        name = visitor_collection(visitor, str(at))
        settings = SearchSettings("m", "mean", at)
        return Index(texts, texts.corpus, bert, settings, points(n, seed=at), name)

    return made


class Clock:
    """Time that passes when a test says so."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


class Flaky(MemoryStore):
    """A server that is away while `away` is set; it counts how often it was asked."""

    engine, place = "a flaky store", "in a flaky store"
    persists = True
    away, asked = False, 0

    def _here(self) -> None:
        self.asked += 1
        if self.away:
            raise StoreUnavailable("The vector store failed to search.")

    def _search(self, *args):
        self._here()
        return super()._search(*args)

    def _shape(self, name: str):
        self._here()
        return super()._shape(name)

    def _names(self) -> list[str]:
        self._here()
        return super()._names()


def flaky(clock: Clock) -> tuple[Vectors, Flaky]:
    store = Flaky()
    return Vectors("http://host:19530", lambda _: store, clock), store


def named(index: Index) -> tuple[str, np.ndarray]:
    return index.collection, index.vectors


def same(vectors: Vectors, index: Index) -> None:
    """It finds what an exact search finds."""
    queries = points(3, seed=99)
    found, expected = vectors.search(*named(index), queries, 5), search(queries, index.vectors, 5)
    assert found.indices.tolist() == expected.indices.tolist()
    np.testing.assert_allclose(found.scores, expected.scores, atol=1e-5)


def test_memory_is_the_default(index):
    vectors = Vectors()
    assert (vectors.place, vectors.problem) == ("in memory", "")
    vectors.put(*named(index()), quiet, GO_ON)
    assert vectors.names() == [index().collection]
    same(vectors, index())


def test_memory_searches_as_everything_else_does_to_the_last_digit(index):
    vectors, rows = Vectors(), index(n=5_000)
    vectors.put(*named(rows), quiet, GO_ON)
    for n in (1, 20):
        queries = points(n, seed=99)
        found, expected = (
            vectors.search(*named(rows), queries, 100),
            search(queries, rows.vectors, 100),
        )
        np.testing.assert_array_equal(found.scores, expected.scores)
        np.testing.assert_array_equal(found.indices, expected.indices)


def test_what_has_gone_from_the_store_is_put_there_again(index):
    vectors, store = flaky(Clock())
    vectors.put(*named(index()), quiet, GO_ON)
    store.drop(index().collection)
    same(vectors, index())  # in memory
    vectors.put(*named(index()), quiet, GO_ON)
    assert vectors.names() == [index().collection]
    same(vectors, index())


def test_a_visitor_who_leaves_while_vectors_are_written_leaves_none(index):
    class Leaving(Flaky):
        """Its visitor closes the page while the last row is written."""

        def _put(self, *args):
            super()._put(*args)
            stop.set()
            vectors.forget("ann")

    stop, store = threading.Event(), Leaving()
    vectors = Vectors("http://host:19530", lambda _: store, Clock())
    with pytest.raises(Stopped):
        vectors.put(*named(index()), quiet, stop)
    assert vectors.names() == []
    assert not vectors.holds("ann")


def test_vectors_of_a_search_that_was_replaced_may_stay(index):
    stop = threading.Event()
    stop.set()
    vectors, _ = flaky(Clock())
    vectors.put(*named(index()), quiet, GO_ON)
    with pytest.raises(Stopped):
        vectors.put(*named(index()), quiet, stop)
    assert vectors.names() == [index().collection]


def test_a_store_that_fails_is_left_alone_for_a_while_and_then_asked_again(index):
    clock = Clock()
    vectors, store = flaky(clock)
    assert vectors.place == "in a flaky store"
    vectors.put(*named(index()), quiet, GO_ON)
    store.away = True
    same(vectors, index())
    assert vectors.place == "in memory"
    assert "failed to search" in vectors.problem
    asked = store.asked
    same(vectors, index())
    assert store.asked == asked  # each attempt would cost a visitor seconds
    store.away = False
    clock.now = RETRY_S
    same(vectors, index())
    assert (vectors.place, vectors.problem) == ("in a flaky store", "")


def test_a_store_that_is_away_at_the_start_is_opened_later(index):
    clock, opened = Clock(), []

    def opener(setting: str | None) -> VectorStore:
        opened.append(setting)
        if len(opened) == 1:
            raise StoreUnavailable("no Milvus server answered at host:19530 within 3 seconds.")
        return Flaky()

    vectors = Vectors("http://host:19530", opener, clock)
    assert "no Milvus server answered" in vectors.problem
    vectors.put(*named(index()), quiet, GO_ON)
    same(vectors, index())
    assert len(opened) == 1
    clock.now = RETRY_S
    same(vectors, index())
    assert (len(opened), vectors.place, vectors.problem) == (2, "in a flaky store", "")


def test_a_visitor_has_a_few_collections_and_loses_them_when_forgotten(index):
    vectors, _ = flaky(Clock())
    for at in range(KEPT_EACH + 2):
        vectors.put(*named(index(at)), quiet, GO_ON)
    vectors.put(*named(index(0, "bob")), quiet, GO_ON)
    latest = [index(at).collection for at in range(2, KEPT_EACH + 2)]
    assert vectors.names() == sorted([*latest, index(0, "bob").collection])
    vectors.forget("ann")
    assert not vectors.holds("ann")
    assert vectors.holds("bob")
    assert vectors.names() == [index(0, "bob").collection]


def test_in_memory_only_what_is_searched_is_kept(index):
    vectors = Vectors()
    for at in range(3):
        vectors.put(*named(index(at)), quiet, GO_ON)
        assert vectors.names() == [index(at).collection]


def test_samples_of_earlier_runs_count_and_are_the_first_to_go(index, tmp_path):
    def sample(at: int) -> Index:
        return replace(index(at), collection=sample_collection(str(at)))

    setting = str(tmp_path / "lab.db")
    for run in (range(KEPT_SAMPLES), range(KEPT_SAMPLES - 1, KEPT_SAMPLES + 2)):
        vectors = Vectors(setting)
        for at in run:
            vectors.put(*named(sample(at)), quiet, GO_ON)
        names = set(vectors.names())
        vectors.close()
    assert len(names) == KEPT_SAMPLES
    assert {sample(at).collection for at in run} < names


def test_forgetting_while_the_store_is_away_does_no_harm(index):
    vectors, store = flaky(Clock())
    vectors.put(*named(index()), quiet, GO_ON)
    store.away = True
    vectors.forget("ann")
    assert not vectors.holds("ann")


def test_an_unreachable_server_is_told_within_seconds_and_the_search_goes_on(index):
    vectors = Vectors(f"http://127.0.0.1:{free_port()}")
    assert "no Milvus server answered at 127.0.0.1" in vectors.problem
    assert "cannot be used now" in vectors.notice
    assert "127.0.0.1" not in vectors.notice  # no visitor has to know the host's machines
    vectors.put(*named(index()), quiet, GO_ON)
    same(vectors, index())
    assert vectors.place == "in memory"


def test_a_setting_that_names_no_store_is_told(index):
    vectors = Vectors("ftp://host")
    assert "VECTOR_STORE names no store" in vectors.problem
    assert "cannot be used now" in vectors.notice
    same(vectors, index())


def test_a_milvus_lite_file_keeps_samples_and_sweeps_visitors_at_the_next_start(tiny, tmp_path):
    setting = str(tmp_path / "lab.db")
    lab = SearchLab(tiny_workbench(tiny("bert"), tiny("bert"), vector_store=setting))
    store = lab.workbench.vectors
    assert (store.place, store.problem) == ("in Milvus Lite", "")
    lab.handlers.open_sample("bob", FIRST)
    rows = [lab.find(name, k=5).answer.rows for name in ("ann", "bob")]
    names = [lab.handlers.index(name).collection for name in ("ann", "bob")]
    assert store.names() == sorted(names)
    memory = SearchLab(tiny_workbench(tiny("bert"), tiny("bert")))
    assert memory.find("ann", k=5).answer.rows == rows[0]
    store.close()
    # The next run: the visitor of the last one is gone, the sample is not stored again.
    again = SearchLab(tiny_workbench(tiny("bert"), tiny("bert"), vector_store=setting))
    assert again.workbench.vectors.names() == [names[1]]
    told: list[str] = []
    again.handlers.open_sample("cy", FIRST)
    asked = again.handlers.request("cy", SearchForm("a red cat", k=5))
    found = again.handlers.answer(asked, lambda stage, _: told.append(stage), GO_ON)
    assert found.answer.rows == rows[1]
    assert "encode" in told
    assert "store" not in told
    again.workbench.vectors.close()
    again.leave()
    memory.leave()


def test_a_server_that_dies_in_the_middle_is_told_and_searched_in_memory(index, tmp_path):
    server = MilvusServer(tmp_path / "server.db")
    try:
        vectors = Vectors(server.uri)
        assert vectors.place == "in Milvus"
        vectors.put(*named(index()), quiet, GO_ON)
        same(vectors, index())
    finally:
        server.kill()
    same(vectors, index())
    assert vectors.problem
    assert vectors.place == "in memory"
    vectors.close()


def test_the_host_names_the_store_in_the_environment():
    assert Settings.from_environment({}).vector_store is None
    assert Settings.from_environment({"VECTOR_STORE": "  "}).vector_store is None
    assert Settings.from_environment({"VECTOR_STORE": " ./lab.db"}).vector_store == "./lab.db"
