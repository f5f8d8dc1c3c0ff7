"""Vectors kept in memory, searched exactly; gone with the process."""

import threading

import numpy as np

from explore.neighbours import Hits, search
from explore.store.interface import NotStored, VectorStore
from explore.vectors import OnProgress, tell


class MemoryStore(VectorStore):
    """The default engine. Arrays are kept as they are given, not copied: leave them unchanged."""

    engine = "memory"
    place = "in memory"
    persists = False

    def __init__(self) -> None:
        self._rows: dict[str, np.ndarray] = {}

    def _put(
        self,
        name: str,
        rows: np.ndarray,
        on_progress: OnProgress | None,
        stop: threading.Event | None,
    ) -> None:
        tell(on_progress, stop, "store", 0.0)
        self._rows[name] = rows
        tell(on_progress, None, "store", 1.0)

    def _search(self, name: str, queries: np.ndarray, k: int) -> Hits:
        rows = self._rows.get(name)
        if rows is None or k > len(rows):  # dropped or replaced since its shape was asked
            raise NotStored(f"The collection {name} has just left the store.")
        return search(queries, rows, k)

    def _shape(self, name: str) -> tuple[int, int] | None:
        rows = self._rows.get(name)
        return None if rows is None else (rows.shape[0], rows.shape[1])

    def _drop(self, name: str) -> None:
        self._rows.pop(name, None)

    def _names(self) -> list[str]:
        return list(self._rows)

    def close(self) -> None:
        """Forget everything."""
        self._rows.clear()
