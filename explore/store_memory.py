"""Vectors kept in memory, searched exactly; gone with the process."""

import threading

import numpy as np

from explore.neighbours import Hits
from explore.store import NotStored, VectorStore
from explore.topk import top_k
from explore.vectors import OnProgress, tell

SCORES = 2**24  # of one block of queries: 64 MB


class MemoryStore(VectorStore):
    """The default engine. Arrays are kept as they are given, not copied: leave them unchanged."""

    engine = "in memory"

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
        block = max(1, SCORES // len(rows))
        starts = range(0, len(queries), block)
        found = [top_k(queries[at : at + block] @ rows.T, k) for at in starts]
        return Hits(np.concatenate([i for i, _ in found]), np.concatenate([s for _, s in found]))

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
