"""Results by everything they depend on: each is computed once, and kept within bytes."""

import threading
from collections import Counter, OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import is_dataclass
from typing import TypeVar, cast

import numpy as np

T = TypeVar("T")
Key = tuple[Hashable, ...]
OF_TEXTS = 2  # how many parts of a key say which texts


class Stages:
    """Results by (stage, everything it depends on); the least recently used go first.

    A key begins with the identity of the texts and their number, then, where a model has a part in
    it, with that of the encoder (`ui.state.texts.source_key`). What is of the bundled `samples`,
    under none or one of the `public` encoders, is kept in `shared` for all visitors. `work` counts
    what was really computed, by stage.
    """

    def __init__(self, max_bytes: int, shared: "Stages | None" = None) -> None:
        self.work: Counter[str] = Counter()
        self.samples: set[str] = set()  # identities; for those who share this
        self.public: set[str] = set()  # identities of encoders that all may use; for the same
        self._shared = shared
        self._making: dict[Key, threading.Lock] = {}
        self._max_bytes = max_bytes
        self._kept: OrderedDict[Key, tuple[object, int]] = OrderedDict()
        self._lock = threading.Lock()

    def share(self, identity: str) -> None:
        """These texts are a bundled sample: what is computed of them is kept for all visitors."""
        if self._shared is not None:
            self._shared.samples.add(identity)

    def get(self, stage: str, key: Key, make: Callable[[], T]) -> T:
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
                    return cast(T, found[0])
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
        return shared if len(key) == OF_TEXTS or key[OF_TEXTS] in shared.public else None

    @property
    def bytes(self) -> int:
        """Of everything that is kept."""
        return sum(size for _, size in self._kept.values())

    def clear(self) -> None:
        """Forget everything but what is shared."""
        with self._lock:
            self._kept.clear()


def size_of(result: object) -> int:
    """Bytes of the arrays in a result, and a little for the rest."""
    known = getattr(result, "nbytes", None)  # of an array, or of what counts its own
    if isinstance(known, int):
        return known
    parts = vars(result).values() if hasattr(result, "__dict__") else ()
    return 1_000 + sum(size_of(p) for p in parts if isinstance(p, np.ndarray) or is_dataclass(p))


Tell = Callable[[str, float], None]  # stage, share done
