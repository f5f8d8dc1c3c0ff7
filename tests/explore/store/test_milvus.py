"""What only Milvus can get wrong: ties in any order, restarts, files in use, servers that go.

Without pymilvus and milvus-lite these fail; they are not skipped.
"""

import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from explore import Stopped, search
from explore.store import StoreUnavailable, open_store, sample_collection, visitor_collection
from explore.store.milvus import MilvusStore
from tests.explore.store.stores import MilvusServer, free_port, points

ROOT = Path(__file__).resolve().parents[3]
QUICK = 30.0  # seconds: far more than the few that are allowed for, however busy the machine
NAME = sample_collection("topics")


class Shuffled(MilvusStore):
    """A cluster may return rows that tie in any order, and any of those that tie for the last."""

    def __init__(self, vectors: np.ndarray) -> None:
        super().__init__(None, "shuffled", lambda: None)
        self.vectors, self.asked = vectors, []

    def _query(self, name: str, queries: np.ndarray, limit: int) -> tuple[np.ndarray, np.ndarray]:
        self.asked.append((len(queries), limit))
        scores = queries @ self.vectors.T
        ids = np.random.default_rng(0).permutation(len(self.vectors))
        order = ids[np.argsort(-scores[:, ids], axis=1, kind="stable")][:, :limit]
        return order, np.take_along_axis(scores, order, 1)


def test_rows_that_tie_are_put_in_order_however_milvus_returns_them() -> None:
    vectors = points(2_000)
    vectors[300:1_300] = vectors[7]
    store = Shuffled(vectors)
    indices, scores = store._best(NAME, vectors[[7, 8]], 10, 26, len(vectors))
    assert indices[0].tolist() == [7, *range(300, 309)]
    np.testing.assert_array_equal(indices[1], search(vectors[8], vectors, 10).indices[0])
    assert (np.diff(scores, axis=1) <= 0).all()
    # Only the query with ties is asked again, until a row beyond them has been seen.
    assert store.asked == [(2, 26), (1, 208), (1, 1_664)]


# --- a file -------------------------------------------------------------------------------------


WRITER = """
import os, signal, sys
sys.path.insert(0, {root!r})
from explore.store import open_store, sample_collection, visitor_collection
from tests.explore.store.stores import points
store = open_store({path!r})
store.put(sample_collection("topics"), points(5_000, 64))
store.put(visitor_collection("ann", "corpus"), points(50))
def die(stage, share):
    if share > 0:
        os.kill(os.getpid(), signal.SIGKILL)
store.put(visitor_collection("bob", "corpus"), points(5_000), on_progress=die)
"""


def test_a_new_process_finds_the_samples_and_sweeps_the_rest(tmp_path: Path) -> None:
    path, vectors = str(tmp_path / "lab.db"), points(5_000, 64)
    code = WRITER.format(root=str(ROOT), path=path)
    died = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert died.returncode == -9, died.stderr
    store = open_store(path)
    try:
        ann = visitor_collection("ann", "corpus")
        assert store.names() == sorted([NAME, ann])  # of what was half written nothing is seen
        expected = search(points(20, 64, seed=1), vectors, 10)
        found = store.search(NAME, points(20, 64, seed=1), 10)
        np.testing.assert_array_equal(found.indices, expected.indices)
        assert store.sweep() == [ann]
        assert store.names() == [NAME]
        assert len(list((tmp_path / "lab.db" / "collections").iterdir())) == 1
    finally:
        store.close()


def test_a_put_that_is_stopped_half_way_leaves_nothing_half_written(tmp_path: Path) -> None:
    store, stop = open_store(str(tmp_path / "lab.db")), threading.Event()
    with pytest.raises(Stopped):
        store.put(NAME, points(5_000), on_progress=lambda *_: stop.set(), stop=stop)
    store.close()
    assert not list((tmp_path / "lab.db" / "collections").iterdir())


def test_a_closed_file_can_be_opened_again_but_not_twice_at_once(tmp_path: Path) -> None:
    path = str(tmp_path / "lab.db")
    store = open_store(path)
    store.put(NAME, points(30))
    with pytest.raises(
        StoreUnavailable, match=r"'lab\.db' is open in this process already"
    ) as error:
        open_store(path)
    assert str(tmp_path) not in str(error.value), "visitors read it"
    store.close()
    store.close()
    with pytest.raises(StoreUnavailable, match="was closed"):
        store.size(NAME)
    again = open_store(path)
    assert again.size(NAME) == 30
    again.close()


def test_a_file_that_another_process_has_open_is_refused(server: MilvusServer) -> None:
    taken = server.folder
    with pytest.raises(StoreUnavailable, match=r"cannot be opened.*no other process"):
        open_store(str(taken))


def test_a_path_where_no_store_can_be_is_refused(tmp_path: Path) -> None:
    (tmp_path / "old.db").write_bytes(b"SQLite format 3")
    with pytest.raises(StoreUnavailable, match=r"'old\.db'.*Move it away") as old:
        open_store(str(tmp_path / "old.db"))
    with pytest.raises(StoreUnavailable, match=r"folder of 'lab\.db' does not exist") as lost:
        open_store(str(tmp_path / "none" / "lab.db"))
    assert not [e for e in (old, lost) if str(tmp_path) in str(e.value)], "visitors read it"


# --- a server that is not there -----------------------------------------------------------------


def test_a_server_that_is_not_there_is_told_quickly_without_its_password() -> None:
    port, began = free_port(), time.monotonic()
    with pytest.raises(StoreUnavailable, match=f"answered at 127.0.0.1:{port}") as caught:
        open_store(f"http://root:hush@127.0.0.1:{port}")
    assert time.monotonic() - began < QUICK
    assert "hush" not in str(caught.value)


def test_a_server_that_says_nothing_is_told_quickly() -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        began = time.monotonic()
        with pytest.raises(StoreUnavailable, match="within 3 seconds"):
            open_store(f"http://127.0.0.1:{silent.getsockname()[1]}")
        assert time.monotonic() - began < QUICK


@pytest.mark.parametrize("uri", ["http://", "http://:19530", "http://host:port"])
def test_a_server_without_an_address_is_refused(uri: str) -> None:
    with pytest.raises(StoreUnavailable, match="names no server"):
        open_store(uri)


def test_a_database_that_is_not_there_is_named(server: MilvusServer) -> None:
    with pytest.raises(StoreUnavailable, match=r"refused.*nowhere"):
        open_store(f"{server.uri}/nowhere")


@pytest.mark.slow
def test_a_server_that_is_lost_is_told_quickly_and_found_again(tmp_path: Path) -> None:
    lost = MilvusServer(tmp_path / "lost.db")
    store = open_store(lost.uri)
    try:
        store.put(NAME, points(100))
        for harm, use in [
            (lost.freeze, lambda: store.search(NAME, points(1), 3)),
            (lost.kill, lambda: store.put(NAME, points(9))),
        ]:
            harm()
            began = time.monotonic()
            with pytest.raises(StoreUnavailable, match="in memory meanwhile"):
                use()
            assert time.monotonic() - began < QUICK
        lost.start()
        assert store.search(NAME, points(100)[4], 1).indices.tolist() == [[4]]
        assert store.sweep() == []
    finally:
        store.close()
        lost.kill()
