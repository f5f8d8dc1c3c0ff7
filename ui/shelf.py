"""The models of one visitor: trained here, blended, or brought back from a download."""

import secrets
import threading
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import count
from math import inf
from typing import Any

from encoder.encoder import Encoder
from encoder.errors import EncoderError
from encoder.training import TrainConfig
from ui.runs import Run


@dataclass(frozen=True, eq=False)
class Tuned:
    """One model. `run` is None for one that was brought back; `record` then says what is known."""

    key: str
    name: str
    encoder: Encoder
    run: Run | None = None
    record: dict[str, Any] | None = None
    token: str = field(default_factory=lambda: secrets.token_urlsafe(24), repr=False)  # to download

    @property
    def settings(self) -> TrainConfig | None:
        """How it was trained, where that is known."""
        if self.run is not None:
            return self.run.done.config
        said = (self.record or {}).get("settings")
        return TrainConfig(**said) if said else None

    @property
    def steps(self) -> int | None:
        """How many steps were made, where that is known and was not cut short."""
        if self.run is not None:
            return None if self.run.done.stopped else self.run.done.steps
        record = self.record or {}
        return None if record.get("stopped", True) else record.get("steps")

    @property
    def bytes(self) -> int:
        """Of weights that are not shared with the model it was trained from."""
        shared = set()
        if self.run is not None:
            shared = {p.data_ptr() for p in self.run.base.backbone.model.parameters()}
        own = (p for p in self.encoder.backbone.model.parameters() if p.data_ptr() not in shared)
        return sum(p.nbytes for p in own)


class Shelf:
    """Capped in number and bytes: the oldest goes, and `add` says so. Safe from several threads."""

    def __init__(self, most: int, max_bytes: int) -> None:
        self._most, self._max_bytes = most, max_bytes
        self._models: OrderedDict[str, Tuned] = OrderedDict()
        self._made = 0
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._models)

    def __iter__(self) -> Iterator[Tuned]:
        return iter(list(self._models.values()))

    def get(self, key: str) -> Tuned | None:
        """By key."""
        return self._models.get(key)

    def free_name(self, name: str, but: str = "") -> str:
        """The name, numbered where another model than `but` has it: pickers tell them apart."""
        taken = {model.name for model in self if model.key != but}
        numbered = (f"{name} ({number})" for number in count(2))
        return name if name not in taken else next(n for n in numbered if n not in taken)

    def next_key(self) -> str:
        """A key that no model of this visitor had before."""
        with self._lock:
            self._made += 1
            return f"run-{self._made}"

    @property
    def bytes(self) -> int:
        """Of all models on it."""
        return sum(model.bytes for model in self)

    def add(self, tuned: Tuned, room: float = inf) -> list[str]:
        """Keep a model within `room` bytes for all; returns the names of those that had to go."""
        with self._lock:
            self._models[tuned.key] = tuned
            gone = []
            while len(self._models) > 1 and (
                len(self._models) > self._most or self.bytes > min(self._max_bytes, room)
            ):
                gone.append(self._models.popitem(last=False)[1].name)
            return gone

    def rename(self, key: str, name: str) -> None:
        """Raises EncoderError for no such model."""
        with self._lock:
            found = self._models.get(key)
            if found is None:
                raise EncoderError("That run is not kept any more. Choose another in the table.")
            name = self.free_name(name, but=key)
            run = replace(found.run, name=name) if found.run else None
            self._models[key] = replace(found, name=name, run=run)

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._models.clear()
