"""Vectors kept in Milvus: the embedded Milvus Lite file, a server, or a cluster.

pymilvus is optional (requirements-milvus.txt) and imported where it is first needed. A collection
has two fields, `id` (INT64, the row) and `vector` (FLOAT_VECTOR), a FLAT index, which is exact, and
the inner product, which is the cosine of unit vectors. https://milvus.io/docs/index.md
"""

import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np

from explore.neighbours import Hits
from explore.store.interface import SETTING, NotStored, StoreUnavailable, VectorStore
from explore.vectors import OnProgress, tell

# --- The way to Milvus: opening a file or a server, and what becomes of its errors ----------------


CONNECT_S = 3  # to reach a server, at first and again after it was lost
# A connection of its own for each attempt: gRPC would share one that failed, and with it a pause
# before the next attempt which grows to two minutes, however early the server is back.
GRPC_OPTIONS = {"grpc.use_local_subchannel_pool": 1}

# Milvus Lite runs one engine for a file in a process, and two stores would close it on each other.
_open_files: set[Path] = set()
_files_lock = threading.Lock()


def connect_file(path: str) -> Any:
    """A MilvusClient of a Milvus Lite file. Raises StoreUnavailable, saying what is wrong.

    By the file's name alone: visitors read it, and where it lies is the host's business.
    """
    _require("pymilvus", "milvus_lite")
    place = Path(path).resolve()
    name = repr(place.name)
    if not place.parent.is_dir():
        raise StoreUnavailable(f"{SETTING}: the folder of {name} does not exist; make it first.")
    if place.is_file():
        raise StoreUnavailable(
            f"{SETTING}: {name} is no store of this Milvus Lite, which keeps a folder there (older "
            "releases kept a file). Move it away, and a new store will be made."
        )
    with _files_lock:
        if place in _open_files:
            raise StoreUnavailable(f"{SETTING}: {name} is open in this process already.")
        client = _client(
            str(place), f"{name} cannot be opened. Is it writable, and open in no other process?"
        )
        _open_files.add(place)
    return client


def close_file(path: str) -> None:
    """Stop the engine of a file, so that its rows are written out and others may open it."""
    from milvus_lite.server_manager import server_manager_instance

    place = Path(path).resolve()
    with _files_lock:
        server_manager_instance.release_server(str(place))
        _open_files.discard(place)


def connect_server(uri: str) -> Any:
    """A MilvusClient of a server. Raises StoreUnavailable, without the password that uri holds."""
    _require("pymilvus")
    try:
        parts = urlsplit(uri)
        host, port = parts.hostname, parts.port or (443 if parts.scheme == "https" else 19530)
    except ValueError:  # the port is no number
        host, port = None, 0
    if not host:
        raise StoreUnavailable(f"{SETTING} names no server; write it like http://host:19530.")
    return _client(uri, f"no Milvus server answered at {host}:{port} within {CONNECT_S} seconds.")


@contextmanager
def answered(doing: str) -> Iterator[None]:
    """Turn what pymilvus raises into StoreUnavailable; the cause stays with it, for the log."""
    import grpc
    from pymilvus.exceptions import MilvusException

    try:
        yield
    except (MilvusException, grpc.RpcError) as error:
        raise StoreUnavailable(
            f"The vector store failed {doing}. The vectors can be searched in memory meanwhile."
        ) from error


def _client(uri: str, reason: str) -> Any:
    import grpc
    from pymilvus import MilvusClient
    from pymilvus.exceptions import MilvusException

    try:
        client = MilvusClient(uri, timeout=CONNECT_S, dedicated=True, grpc_options=GRPC_OPTIONS)
    except (MilvusException, grpc.RpcError) as error:
        raise StoreUnavailable(f"{SETTING}: {reason}") from error
    try:
        client.list_collections(timeout=CONNECT_S)  # is the database there, and may it be read?
    except (MilvusException, grpc.RpcError) as error:
        client.close()
        detail = getattr(error, "message", "it gave no answer")
        raise StoreUnavailable(
            f"{SETTING}: the store was reached, but it refused: {detail}"
        ) from error
    return client


def _require(*packages: str) -> None:
    """Raise StoreUnavailable where an optional package is missing."""
    for name in packages:
        if find_spec(name) is None:
            raise StoreUnavailable(
                f"{SETTING} asks for Milvus, but {name} is not installed: "
                "pip install -r requirements-milvus.txt"
            )


CALL_S = 10  # for an answer
WRITE_S = 60  # for a batch to be taken, an index to be loaded
BATCH_ROWS = 2_000
BATCH_BYTES = 2**23  # of vectors in one insert; a server takes messages of 64 MB at most
WINDOW = 16_384  # rows that Milvus answers with at most
SPARE = 16  # rows asked for beyond k, to see which tie with the last
UNFINISHED = "unfinished_"  # a collection that is being written; it is renamed when it is whole
NOT_FOUND, NOT_LOADED = 100, 101  # error codes of Milvus


def open_file(path: str) -> VectorStore:
    """A store in a Milvus Lite file (in fact a folder), which one process at a time can open."""
    client = connect_file(path)
    return MilvusStore(client, "Milvus Lite", lambda: close_file(path))


def open_server(uri: str) -> VectorStore:
    """A store on a server or cluster: http(s)://[user:password@]host[:19530][/database]."""
    return MilvusStore(connect_server(uri), "Milvus", lambda: None)


class MilvusStore(VectorStore):
    """Collections of a Milvus database; made by `open_file` and `open_server`."""

    def __init__(self, client: Any, engine: str, released: Callable[[], None]) -> None:
        self.engine, self.place = engine, f"in {engine}"
        self._client: Any = client
        self._released = released
        # Around what opens, renames or drops a collection, which Milvus Lite does not guard itself;
        # rows are read and written without it.
        self._lock = threading.RLock()
        self._shapes: dict[str, tuple[int, int]] = {}  # (N, D) of what is loaded
        self._writing: set[str] = set()

    def _put(
        self,
        name: str,
        rows: np.ndarray,
        on_progress: OnProgress | None,
        stop: threading.Event | None,
    ) -> None:
        draft = UNFINISHED + uuid.uuid4().hex
        self._writing.add(draft)
        try:
            with answered("to take vectors"):
                self._open().has_collection(name, timeout=CONNECT_S)  # fail soon, not in a minute
                self._write(draft, rows, on_progress, stop)
                self._publish(draft, name, rows.shape)
        finally:
            self._writing.discard(draft)
        tell(on_progress, None, "store", 1.0)

    def _write(
        self,
        draft: str,
        rows: np.ndarray,
        on_progress: OnProgress | None,
        stop: threading.Event | None,
    ) -> None:
        """All rows into a collection of another name, which is dropped again if that fails."""
        batch = max(1, min(BATCH_ROWS, BATCH_BYTES // (4 * rows.shape[1])))
        try:
            self._create(draft, rows.shape[1])
            for at in range(0, len(rows), batch):
                tell(on_progress, stop, "store", at / len(rows))
                block = rows[at : at + batch]
                data = [{"id": at + i, "vector": row} for i, row in enumerate(block)]
                self._open().insert(draft, data, timeout=WRITE_S)
        except BaseException:
            self._discard(draft)
            raise

    def _create(self, name: str, dimensions: int) -> None:
        from pymilvus import DataType

        client = self._open()
        schema = client.create_schema(auto_id=False, enable_dynamic_field=False)
        schema.add_field("id", DataType.INT64, is_primary=True)
        schema.add_field("vector", DataType.FLOAT_VECTOR, dim=dimensions)
        index = client.prepare_index_params()
        index.add_index("vector", index_type="FLAT", metric_type="IP")
        with self._lock:
            client.create_collection(
                name, schema=schema, consistency_level="Strong", timeout=WRITE_S
            )
            # An empty collection is indexed at once; pymilvus would sleep before it asks.
            client.create_index(name, index, sync=False, timeout=WRITE_S)
            client.load_collection(name, timeout=WRITE_S)

    def _publish(self, draft: str, name: str, shape: tuple[int, ...]) -> None:
        """Give a whole collection its name, in place of an older one. Milvus Lite flushes, too."""
        with self._lock:
            try:
                stored = self._stored_shape(draft)
                if stored != shape:  # a batch whose answer was lost is sent again, and stands twice
                    raise StoreUnavailable(f"The vector store holds {stored}, not {shape}.")
                self._shapes.pop(name, None)
                self._open().drop_collection(name, timeout=CALL_S)
                self._open().rename_collection(draft, name, timeout=WRITE_S)
            except BaseException:
                self._discard(draft)
                raise
            self._open().load_collection(name, timeout=WRITE_S)
            self._shapes[name] = (shape[0], shape[1])

    def _discard(self, draft: str) -> None:
        """Drop a draft; one that cannot be dropped now is swept at the next start."""
        with suppress(StoreUnavailable), answered("to drop a collection"), self._lock:
            self._open().drop_collection(draft, timeout=CONNECT_S)

    def _shape(self, name: str) -> tuple[int, int] | None:
        with answered("to look for a collection"), self._lock:
            if not self._open().has_collection(name, timeout=CONNECT_S):
                self._shapes.pop(name, None)
                return None
            if name not in self._shapes:  # stored by an earlier run, or by another process
                self._open().load_collection(name, timeout=WRITE_S)
                self._shapes[name] = self._stored_shape(name)
            return self._shapes[name]

    def _stored_shape(self, name: str) -> tuple[int, int]:
        fields = self._open().describe_collection(name, timeout=CALL_S)["fields"]
        rows = self._open().query(
            name,
            filter="",
            output_fields=["count(*)"],
            consistency_level="Strong",
            timeout=CALL_S,
        )
        dim = next(field["params"]["dim"] for field in fields if field["name"] == "vector")
        return int(rows[0]["count(*)"]), int(dim)

    def _search(self, name: str, queries: np.ndarray, k: int) -> Hits:
        n = self.size(name)
        k = min(k, n)
        indices = np.empty((len(queries), k), np.int64)
        scores = np.empty((len(queries), k), np.float32)
        block = max(1, WINDOW // (k + SPARE))
        with answered("to search"):
            for at in range(0, len(queries), block):
                part = slice(at, at + block)
                indices[part], scores[part] = self._best(name, queries[part], k, k + SPARE, n)
        return Hits(indices, scores)

    def _best(
        self, name: str, queries: np.ndarray, k: int, fetch: int, n: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """Indices and scores (B, k), ties by index.

        Of rows that tie for the last place Milvus returns any: so more than k are asked for, and
        more again for a query where those beyond k still tie with it.
        """
        fetch = min(fetch, n, WINDOW)
        indices, scores = self._query(name, queries, fetch)
        order = np.lexsort((indices, -scores))  # along the last axis: by score, then by index
        indices = np.take_along_axis(indices, order, 1)
        scores = np.take_along_axis(scores, order, 1)
        if fetch < min(n, WINDOW):
            for row in np.flatnonzero(scores[:, -1] == scores[:, k - 1]):
                again = self._best(name, queries[row : row + 1], k, 8 * fetch, n)
                indices[row, :k], scores[row, :k] = again[0][0], again[1][0]
        return indices[:, :k], scores[:, :k]

    def _query(self, name: str, queries: np.ndarray, limit: int) -> tuple[np.ndarray, np.ndarray]:
        """What Milvus finds: indices and scores (B, limit)."""
        from pymilvus.exceptions import MilvusException

        def ask() -> Any:
            return self._open().search(
                name,
                data=queries,
                limit=limit,
                anns_field="vector",
                search_params={"metric_type": "IP"},
                output_fields=["id"],  # Milvus Lite returns the vectors too, unless told what else
                consistency_level="Strong",
                timeout=CALL_S,
            )

        try:
            answers = ask()
        except MilvusException as error:
            if error.code not in (NOT_FOUND, NOT_LOADED):
                raise
            self._shapes.pop(name, None)  # it was dropped just now, or the server started anew
            self.shape(name)
            answers = ask()
        if any(len(hits.ids) != limit for hits in answers):
            raise NotStored(f"The collection {name} is no longer whole; put its vectors again.")
        indices = np.array([list(hits.ids) for hits in answers], np.int64)
        return indices, np.array([list(hits.distances) for hits in answers], np.float32)

    def _drop(self, name: str) -> None:
        with answered("to drop a collection"), self._lock:
            self._shapes.pop(name, None)
            self._open().drop_collection(name, timeout=CALL_S)

    def _names(self) -> list[str]:
        with answered("to list its collections"), self._lock:
            return list(self._open().list_collections(timeout=CALL_S))

    def _clear_unfinished(self) -> None:
        unfinished = (name for name in self._names() if name.startswith(UNFINISHED))
        for name in [name for name in unfinished if name not in self._writing]:
            with answered("to drop a collection"), self._lock:
                self._open().drop_collection(name, timeout=CALL_S)

    def _open(self) -> Any:
        if self._client is None:
            raise StoreUnavailable("The vector store was closed; open it again.")
        return self._client

    def close(self) -> None:
        """Close the connection; of a Milvus Lite file, the engine too."""
        with self._lock:
            client, self._client = self._client, None
            if client is not None:
                self._shapes.clear()
                client.close()
                self._released()
