"""Arrays kept by key within a number of bytes; the least recently used goes first."""

import threading
from collections import OrderedDict
from collections.abc import Hashable

import numpy as np

VERSION = 1  # part of every key: raise it when the same settings give other numbers
ENTRY_OVERHEAD = 400  # bytes for key, dict slot and array header, measured roughly


class ArrayCache:
    """A thread-safe, byte-bounded LRU of arrays. What it hands out is read-only."""

    def __init__(self, max_bytes: int) -> None:
        self.max_bytes = max_bytes
        self.bytes = 0
        self._arrays: OrderedDict[Hashable, np.ndarray] = OrderedDict()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._arrays)

    def get(self, key: Hashable) -> np.ndarray | None:
        """The array, now the most recently used, or None."""
        with self._lock:
            array = self._arrays.get(key)
            if array is not None:
                self._arrays.move_to_end(key)
            return array

    def put(self, key: Hashable, array: np.ndarray) -> None:
        """Keep a copy; drop the oldest until everything fits. Too large alone: not kept."""
        array = array.copy()  # a row of a batch would keep the whole batch alive
        array.flags.writeable = False
        with self._lock:
            self._drop(key)
            size = array.nbytes + ENTRY_OVERHEAD
            if size > self.max_bytes:
                return
            self._arrays[key] = array
            self.bytes += size
            while self.bytes > self.max_bytes:
                self._drop(next(iter(self._arrays)))

    def clear(self) -> None:
        """Forget everything at once."""
        with self._lock:
            self._arrays.clear()
            self.bytes = 0

    def _drop(self, key: Hashable) -> None:
        array = self._arrays.pop(key, None)
        if array is not None:
            self.bytes -= array.nbytes + ENTRY_OVERHEAD
