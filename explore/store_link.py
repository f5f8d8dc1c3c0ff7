"""The way to Milvus: opening a file or a server, and what becomes of its errors.

pymilvus, grpc and milvus_lite are optional and imported inside functions only.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from explore.store import SETTING, StoreUnavailable

CONNECT_S = 3  # to reach a server, at first and again after it was lost
# A connection of its own for each attempt: gRPC would share one that failed, and with it a pause
# before the next attempt which grows to two minutes, however early the server is back.
GRPC_OPTIONS = {"grpc.use_local_subchannel_pool": 1}

# Milvus Lite runs one engine for a file in a process, and two stores would close it on each other.
_open_files: set[Path] = set()
_files_lock = threading.Lock()


def connect_file(path: str) -> Any:
    """A MilvusClient of a Milvus Lite file. Raises StoreUnavailable, saying what is wrong."""
    _require("pymilvus", "milvus_lite")
    place = Path(path).resolve()
    if not place.parent.is_dir():
        raise StoreUnavailable(f"{SETTING}: the folder of {path} does not exist; make it first.")
    if place.is_file():
        raise StoreUnavailable(
            f"{SETTING}: {path} is no store of this Milvus Lite, which keeps a folder there (older "
            "releases kept a file). Move it away, and a new store will be made."
        )
    with _files_lock:
        if place in _open_files:
            raise StoreUnavailable(f"{SETTING}: {path} is open in this process already.")
        client = _client(
            str(place), f"{path} cannot be opened. Is it writable, and open in no other process?"
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
