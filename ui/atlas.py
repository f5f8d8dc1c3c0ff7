"""One visitor's corpus and all that was computed of it: each stage once, kept within bytes."""

import hashlib
import secrets
import threading
from collections import Counter, OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import is_dataclass
from typing import Any

import numpy as np

from ingest import Corpus, Table
from ui.judging import Grades, Judgements, left_over, split_by_texts

Key = tuple[Hashable, ...]
TRUST, SIDES = "trust", "sides"  # long work on a finished map


class Stages:
    """Results by (stage, everything it depends on); the least recently used go first.

    A key begins with the identity of the texts and their number, then, where there is one, names
    the model and its recipe (`ui.picture.source_key`). What is of the bundled `samples`, under
    models that are nobody's own, is kept in `shared` for all visitors. `work` counts what was
    really computed, by stage.
    """

    def __init__(self, max_bytes: int, shared: "Stages | None" = None) -> None:
        self.work: Counter[str] = Counter()
        self.samples: set[str] = set()  # identities; for those who share this
        self.private: set[str] = set()  # models and recipes of visitors' own; for the same
        self._shared = shared
        self._making: dict[Key, threading.Lock] = {}
        self._max_bytes = max_bytes
        self._kept: OrderedDict[Key, tuple[Any, int]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, stage: str, key: Key, make: Callable[[], Any]) -> Any:
        """The result of a stage, computed unless it is known.

        Who asks for the same at the same time waits for one computation; where that is given up,
        the next one makes it.
        """
        shared = self._shared_for(key)
        if shared is not None:
            return shared.get(stage, key, make)
        full = (stage, *key)
        with self._lock:
            making = self._making.setdefault(full, threading.Lock())
        with making:
            with self._lock:
                found = self._kept.get(full)
                if found is not None:
                    self._kept.move_to_end(full)
                    return found[0]
            try:
                result = make()
                with self._lock:
                    self.work[stage] += 1
                    self._kept[full] = (result, size_of(result))
                    while len(self._kept) > 1 and self.bytes > self._max_bytes:
                        self._kept.popitem(last=False)
            finally:
                with self._lock:
                    self._making.pop(full, None)
            return result

    def known(self, stage: str, key: Key) -> bool:
        """Whether `get` would answer at once."""
        shared = self._shared_for(key)
        return shared.known(stage, key) if shared is not None else (stage, *key) in self._kept

    def _shared_for(self, key: Key) -> "Stages | None":
        """Where results of this key are kept for all, None where they are this visitor's own."""
        shared = self._shared
        if shared is None or key[0] not in shared.samples:
            return None
        return None if shared.private.intersection(map(str, key[2:4])) else shared

    @property
    def bytes(self) -> int:
        """Of everything that is kept."""
        return sum(size for _, size in self._kept.values())

    def clear(self) -> None:
        """Forget everything but what is shared."""
        with self._lock:
            self._kept.clear()


def size_of(result: Any) -> int:
    """Bytes of the arrays in a result, and a little for the rest."""
    known = getattr(result, "nbytes", None)  # of an array, or of what counts its own
    if isinstance(known, int):
        return known
    parts = vars(result).values() if hasattr(result, "__dict__") else ()
    return 1_000 + sum(size_of(p) for p in parts if isinstance(p, np.ndarray) or is_dataclass(p))


class Atlas:
    """What the Map and Search tabs keep for one visitor. Freed when the visitor leaves."""

    def __init__(self, max_bytes: int, shared: Stages | None = None) -> None:
        self.stages = Stages(max_bytes, shared)
        self._shared = shared
        self.name = ""
        self.table: Table | None = None  # where other columns can still be chosen
        self.corpus: Corpus | None = None
        self.identity = ""  # of the texts, in keys
        self.opened = ""  # new whenever texts are opened: a tab compares it with what it shows
        self.bundled = False  # whether they are a sample of the app's, and nobody's own
        self.titles: dict[Key, dict[int, str]] = {}  # what the visitor calls clusters
        self.picture: Any = None  # the last map drawn
        self.finished: Any = None  # the last one with all that belongs to it, for its files
        self.running: threading.Event | None = None  # set it, and the map under way is given up
        self.drawing = False  # whether one is under way
        self.shown: Any = None  # colours, selection and lines over it
        self.compared: Any = None  # the other side of the comparison
        self.judged = Judgements()  # of these texts, under whatever model
        self.left: Grades = {}  # what was judged on the texts before
        # Queries that went to training: the models made of them outlive this corpus.
        self.sent: set[str] = set()
        self.tasks: dict[str, threading.Event] = {}  # long work by name: set it to give it up
        self.made: dict[str, Any] = {}  # what came of each
        self.index: Any = None  # what was searched last
        self.answer: Any = None  # the last query and what it found
        self.searching: threading.Event | None = None  # set it, and that work is given up

    def open(
        self, name: str, corpus: Corpus, table: Table | None = None, bundled: bool = False
    ) -> None:
        """Take another corpus; what was computed of the old one is forgotten."""
        before = left_over(self.left, self.judged.grades)
        self.close()
        # What was judged on these very texts, earlier on, counts again.
        here, self.left = split_by_texts(before, corpus.texts)
        self.judged = Judgements(here)
        digest = hashlib.blake2b(digest_size=12)
        for text in corpus.texts:
            digest.update(text.encode("utf-8", "surrogatepass") + b"\0")
        self.identity = digest.hexdigest()
        self.opened = secrets.token_hex(8)
        self.name, self.corpus, self.table, self.bundled = name, corpus, table, bundled
        if bundled and self._shared is not None:
            self._shared.samples.add(self.identity)

    def begin(self) -> threading.Event:
        """A new map is to be drawn; one under way is given up, and all work on the one before."""
        self.stop()
        for name in (TRUST, SIDES):
            self.stop_task(name)
        self.running = threading.Event()
        self.drawing = True
        return self.running

    def stop(self) -> None:
        """Give up the map under way."""
        self.drawing = False
        if self.running is not None:
            self.running.set()

    def end(self, begun: threading.Event) -> None:
        """That map has ended, if no newer one has begun."""
        if self.running is begun:
            self.drawing = False

    def begin_search(self) -> threading.Event:
        """New work for the Search tab; what is under way there is given up."""
        self.stop_search()
        self.searching = threading.Event()
        return self.searching

    def stop_search(self) -> None:
        """Give up what is under way for the Search tab. A map goes on."""
        if self.searching is not None:
            self.searching.set()

    def begin_task(self, name: str) -> threading.Event:
        """New work of this name; what is under way under it is given up, all else goes on."""
        self.stop_task(name)
        self.tasks[name] = threading.Event()
        return self.tasks[name]

    def stop_task(self, name: str) -> None:
        """Give up the work of this name."""
        if name in self.tasks:
            self.tasks[name].set()

    def end_task(self, name: str, begun: threading.Event) -> None:
        """That work has ended, if no newer work of this name has begun."""
        if self.tasks.get(name) is begun:
            self.tasks.pop(name, None)

    def close(self) -> None:
        """Forget everything: the visitor has left, or has other texts."""
        for name in list(self.tasks):
            self.stop_task(name)
        self.tasks.clear()
        self.made.clear()
        self.stop()
        self.stop_search()
        self.running = self.searching = None
        self.stages.clear()
        self.titles.clear()
        self.judged = Judgements()
        self.corpus = self.table = self.picture = self.finished = None
        self.shown = self.compared = None
        self.index = self.answer = None
