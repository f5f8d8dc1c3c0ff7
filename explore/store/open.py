"""The engine that a setting names."""

from explore.errors import ExploreError
from explore.store.interface import SETTING, VectorStore
from explore.store.memory import MemoryStore
from explore.store.milvus import open_file, open_server


def open_store(setting: str | None) -> VectorStore:
    """The engine that a setting names: nothing or "memory", a Milvus Lite file, or a server.

    "./lab.db" is Milvus Lite, "http://host:19530" (also https, also with a database:
    "http://host:19530/lab") a server or cluster. Raises StoreUnavailable within seconds where it
    does not answer, ExploreError for another setting.
    """
    address = (setting or "").strip()
    if address in ("", "memory"):
        return MemoryStore()
    if address.lower().startswith(("http://", "https://")):
        return open_server(address)
    if address.endswith(".db") and "://" not in address:
        return open_file(address)
    raise ExploreError(
        f"{SETTING} names no store. Leave it empty to keep vectors in memory, or give a Milvus "
        "Lite file (./lab.db) or a Milvus server (http://host:19530)."
    )
