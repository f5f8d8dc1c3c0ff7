"""Where the vectors of all visitors are searched: the host's store, or memory while it fails."""

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np

from explore import ExploreError, Hits, Stopped, search
from explore.store import NotStored, StoreUnavailable, VectorStore, open_store
from explore.store.interface import VISITOR, visitor_prefix
from ui.state.stages import Tell

log = logging.getLogger(__name__)

RETRY_S = 60.0  # a store that failed is left alone for so long: each attempt costs seconds
KEPT_EACH = 3  # collections of one visitor
KEPT_SAMPLES = 64  # collections of samples, over all models and poolings
# In memory these are the arrays themselves, which the visitor's own limit counts while they are
# searched: no more than that, else they would lie there beyond it.
KEPT_EACH_IN_MEMORY = 1
KEPT_SAMPLES_IN_MEMORY = 8


class Vectors:
    """One store for all visitors. Safe from several threads; never fails where memory will do.

    `setting` is what the host wrote in VECTOR_STORE, None or "" for memory.
    """

    def __init__(
        self,
        setting: str | None = None,
        opener: Callable[[str | None], VectorStore] = open_store,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._setting, self._opener, self._clock = setting, opener, clock
        self._store: VectorStore | None = None
        self._kept: OrderedDict[str, None] = OrderedDict()  # the least recently used first
        self._again = 0.0  # when a store that failed is asked once more
        self._problem = ""
        self._lock = threading.Lock()
        self._opening = threading.Lock()
        self._ready()

    @property
    def place(self) -> str:
        """Where vectors are kept now, in words."""
        if self._problem or self._store is None:
            return "in memory"
        return self._store.place

    @property
    def problem(self) -> str:
        """Why the store that the host named is not used now, or ""."""
        return self._problem

    @property
    def notice(self) -> str:
        """The same for visitors, whom the host's addresses do not concern; the log has both."""
        said = "The vector store of this host cannot be used now; its log says why."
        return said if self._problem else ""

    def put(self, name: str, vectors: np.ndarray, tell: Tell, stop: threading.Event) -> None:
        """Keep vectors (N, D) under a name, unless they are there. Raises Stopped."""
        with self._asking() as store:
            if store is not None:
                self._put(store, name, vectors, tell, stop)

    def _put(
        self,
        store: VectorStore,
        name: str,
        vectors: np.ndarray,
        tell: Tell,
        stop: threading.Event,
    ) -> None:
        if vectors.shape[1] < 2:
            return  # no engine takes such; they are searched in memory
        for gone in self._too_many(name, store.persists):
            store.drop(gone)
        if not store.has(name):
            store.put(name, vectors, tell, stop)
        if stop.is_set():
            with self._lock:
                forgotten = name not in self._kept
            if forgotten:  # while it was written, by a visitor who has left
                store.drop(name)
            raise Stopped

    def _too_many(self, name: str, persists: bool) -> list[str]:
        """Note that a collection is in use; what has to go for it, the least recently used."""
        each_of = KEPT_EACH if persists else KEPT_EACH_IN_MEMORY
        samples = KEPT_SAMPLES if persists else KEPT_SAMPLES_IN_MEMORY
        with self._lock:
            self._kept[name] = None
            self._kept.move_to_end(name)
            own = name.rpartition("_")[0]  # "sample", or "visitor_" and whose
            alike = [each for each in self._kept if each.rpartition("_")[0] == own]
            gone = alike[: -(each_of if name.startswith(VISITOR) else samples)]
            for each in gone:
                del self._kept[each]
            return gone

    def search(self, name: str, vectors: np.ndarray, queries: np.ndarray, k: int) -> Hits:
        """The k best rows for each query (Q, D); where the name is not kept, in `vectors`."""
        with self._asking() as store:
            if store is not None and vectors.shape[1] >= 2:
                try:
                    return store.search(name, queries, k)
                except NotStored:
                    pass  # another of this visitor's searches took its place; `put` puts it again
        return search(queries, vectors, k)

    def names(self) -> list[str]:
        """The collections there are, as far as the store answers."""
        with self._asking() as store:
            return store.names() if store is not None else []
        return []

    def holds(self, visitor: str) -> bool:
        """Whether anything of this visitor is kept."""
        return bool(self._of(visitor))

    def _of(self, visitor: str) -> list[str]:
        if not visitor:  # of whoever has no key nothing is kept
            return []
        prefix = visitor_prefix(visitor)
        with self._lock:
            return [name for name in self._kept if name.startswith(prefix)]

    def forget(self, visitor: str) -> None:
        """Drop what belongs to one visitor; what cannot be dropped now is swept at the start."""
        mine = self._of(visitor)
        with self._lock:
            for name in mine:
                self._kept.pop(name, None)
        with self._asking() as store:
            if store is not None and mine:
                store.drop_visitor(visitor)

    def close(self) -> None:
        """Let go of files and connections."""
        if self._store is not None:
            self._store.close()

    @contextmanager
    def _asking(self) -> Iterator[VectorStore | None]:
        """The store, or None while it is left alone; where it fails, that is noted and told."""
        store = self._ready()
        try:
            yield store
        except StoreUnavailable as error:
            self._failed(error)
        else:
            if store is not None:
                self._problem = ""

    def _ready(self) -> VectorStore | None:
        with self._opening:
            if self._again > self._clock():
                return None
            if self._store is None:
                try:
                    store = self._opener(self._setting)
                    store.sweep()
                    # Samples of earlier runs: the first to go when there are too many.
                    self._kept = OrderedDict.fromkeys([*store.names(), *self._kept])
                    self._store = store
                except ExploreError as error:
                    self._failed(error)
            return self._store

    def _failed(self, error: ExploreError) -> None:
        log.warning("The vector store failed: %s", error)
        self._again = self._clock() + RETRY_S
        self._problem = str(error)
