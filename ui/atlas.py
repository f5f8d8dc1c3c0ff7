"""One visitor's corpus and all that was computed of it: each stage once, kept within bytes."""

import hashlib
import threading
from collections import Counter, OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import is_dataclass
from typing import Any

import numpy as np

from ingest import Corpus, Table

Key = tuple[Hashable, ...]


class Stages:
    """Results by (stage, everything it depends on); the least recently used go first.

    `work` counts what was really computed, by stage.
    """

    def __init__(self, max_bytes: int) -> None:
        self.work: Counter[str] = Counter()
        self._max_bytes = max_bytes
        self._kept: OrderedDict[Key, tuple[Any, int]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, stage: str, key: Key, make: Callable[[], Any]) -> Any:
        """The result of a stage, computed unless it is known."""
        with self._lock:
            found = self._kept.get((stage, *key))
            if found is not None:
                self._kept.move_to_end((stage, *key))
                return found[0]
        result = make()
        with self._lock:
            self.work[stage] += 1
            self._kept[(stage, *key)] = (result, size_of(result))
            while len(self._kept) > 1 and self.bytes > self._max_bytes:
                self._kept.popitem(last=False)
        return result

    @property
    def bytes(self) -> int:
        """Of everything that is kept."""
        return sum(size for _, size in self._kept.values())

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._kept.clear()


def size_of(result: Any) -> int:
    """Bytes of the arrays in a result, and a little for the rest."""
    if isinstance(result, np.ndarray):
        return result.nbytes
    parts = vars(result).values() if hasattr(result, "__dict__") else ()
    return 1_000 + sum(size_of(p) for p in parts if isinstance(p, np.ndarray) or is_dataclass(p))


class Atlas:
    """What the Map and Search tabs keep for one visitor. Freed when the visitor leaves."""

    def __init__(self, max_bytes: int) -> None:
        self.stages = Stages(max_bytes)
        self.name = ""
        self.table: Table | None = None  # where other columns can still be chosen
        self.corpus: Corpus | None = None
        self.identity = ""  # of the texts, in keys
        self.titles: dict[Key, dict[int, str]] = {}  # what the visitor calls clusters
        self.picture: Any = None  # the last map drawn
        self.running: threading.Event | None = None  # set it, and the map under way is given up
        self.shown: Any = None  # colours, selection and lines over it
        self.compared: Any = None  # the other side of the comparison

    def open(self, name: str, corpus: Corpus, table: Table | None = None) -> None:
        """Take another corpus; what was computed of the old one is forgotten."""
        self.close()
        digest = hashlib.blake2b(digest_size=12)
        for text in corpus.texts:
            digest.update(text.encode("utf-8", "surrogatepass") + b"\0")
        self.identity = digest.hexdigest()
        self.name, self.corpus, self.table = name, corpus, table

    def begin(self) -> threading.Event:
        """A new map is to be drawn; one that is under way is given up."""
        self.stop()
        self.running = threading.Event()
        return self.running

    def stop(self) -> None:
        """Give up the map under way."""
        if self.running is not None:
            self.running.set()

    def close(self) -> None:
        """Forget everything: the visitor has left, or has other texts."""
        self.stop()
        self.running = None
        self.stages.clear()
        self.titles.clear()
        self.corpus = self.table = self.picture = self.shown = self.compared = None
