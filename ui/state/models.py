"""The models of one visitor: trained here, blended, or brought back from a download."""

import re
import secrets
import threading
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import count
from math import inf
from typing import Any, TypedDict

from encoder.encoder import Encoder
from encoder.errors import EncoderError
from encoder.training import Done, TrainConfig
from encoder.training.blend import Blend
from encoder.training.judge_run import RunJudgement
from encoder.training.losses import LOSSES
from ingest import PairSet, Table, text_key
from ui.words import what_trains

# --- What one training run of a visitor leaves: models before and after, and what they are worth --


@dataclass(frozen=True, eq=False)
class Run:
    """One finished run."""

    key: str  # "run-1", unique for the visitor; what the model pickers call it
    name: str  # what the visitor calls it
    model: str  # the model that was trained, as the picker calls it
    data: str  # the file or sample
    done: Done
    judgement: RunJudgement
    predicted_s: float | None  # training seconds, as estimated before it began
    table: Table | None = None  # what was sent, for the rows that were dropped
    base_learned: frozenset[str] = frozenset()  # keys of texts that the base was trained on here
    chosen_on_held_out: bool = False  # a blend whose alpha the held-out pairs chose

    @property
    def base(self) -> Encoder:
        """Before."""
        return self.done.source

    @property
    def tuned(self) -> Encoder:
        """After."""
        return self.done.encoder

    @property
    def learned(self) -> frozenset[str]:
        """Keys of all texts that went into these weights in this visit."""
        return self.base_learned | {text_key(text) for row in self.done.train.texts for text in row}

    @property
    def seen(self) -> frozenset[str]:
        """Keys of all texts that went into these weights or, in validation, chose them."""
        validation = {text_key(text) for row in self.done.validation.texts for text in row}
        return self.learned | validation

    @property
    def rows_trained_before(self) -> int:
        """How many held-out rows hold a text that the base model was trained on in this visit."""
        rows = self.done.held_out.texts
        return sum(any(text_key(text) in self.base_learned for text in row) for row in rows)

    @property
    def chooses_alpha(self) -> PairSet:
        """What a blend is chosen on: the validation pairs, or the held-out ones without any."""
        return self.done.validation if len(self.done.validation) else self.done.held_out

    @cached_property
    def blend(self) -> Blend:
        """Mixtures of both; what is frozen runs at the first look, and is freed with the run."""
        return Blend(self.base, self.tuned, self.chooses_alpha)

    @property
    def summary(self) -> str:
        """Settings in one line."""
        config = self.done.config
        blocks = what_trains(config.train_blocks or 0, self.base.backbone.depth)
        loss = LOSSES[config.loss or ""].title
        return f"{self.model}, {self.base.pooling} pooling, {loss}, {blocks}, seed {config.seed}"


Figures = list[float | None]  # value, low, high; bounds that are unknown are None


class RunRecord(TypedDict, total=False):
    """What a `run.json` says of a run; read from a zip, only what was right in it."""

    format: int
    name: str
    model: str
    hub_id: str | None
    data: str
    kind: str
    pooling: str
    blocks: int
    settings: dict[str, Any]  # of TrainConfig, which checks them itself
    steps: int
    kept_step: int
    stopped: bool
    train_seconds: float
    predicted_seconds: float | None
    rows: dict[str, int]
    before: dict[str, Figures | None]
    after: dict[str, Figures | None]
    gain: Figures | None
    rivals: list[dict[str, object]]
    probe: dict[str, Figures | None]
    notes: list[str]
    versions: dict[str, str]


@dataclass(frozen=True, eq=False)
class OwnModel:
    """One model. `run` is None for one that was brought back; `record` then says what is known."""

    key: str
    name: str
    encoder: Encoder
    run: Run | None = None
    record: RunRecord | None = None
    token: str = field(default_factory=lambda: secrets.token_urlsafe(24), repr=False)  # to download

    @property
    def settings(self) -> TrainConfig | None:
        """How it was trained, where that is known."""
        if self.run is not None:
            return self.run.done.config
        settings = (self.record or RunRecord()).get("settings")
        return TrainConfig(**settings) if settings else None

    @property
    def steps(self) -> int | None:
        """How many steps were made, where that is known and was not cut short."""
        if self.run is not None:
            return None if self.run.done.stopped else self.run.done.steps
        record = self.record or RunRecord()
        return None if record.get("stopped", True) else record.get("steps")

    @property
    def bytes(self) -> int:
        """Of weights that are not shared with the model it was trained from."""
        shared = set()
        if self.run is not None:
            shared = {p.data_ptr() for p in self.run.base.backbone.model.parameters()}
        own = (p for p in self.encoder.backbone.model.parameters() if p.data_ptr() not in shared)
        return sum(p.nbytes for p in own)


OWN_KEY = re.compile(r"run-\d+")  # what `OwnModels.next_key` gives: never an id on the Hub


class OwnModels:
    """Capped in number and bytes: the oldest goes, and `add` says so. Safe from several threads."""

    def __init__(self, most: int, max_bytes: int) -> None:
        self._most, self._max_bytes = most, max_bytes
        self._models: OrderedDict[str, OwnModel] = OrderedDict()
        self._count = 0  # of keys that were given
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._models)

    def __iter__(self) -> Iterator[OwnModel]:
        return iter(list(self._models.values()))

    def get(self, key: str) -> OwnModel | None:
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
            self._count += 1
            return f"run-{self._count}"

    @property
    def bytes(self) -> int:
        """Of all of them."""
        return sum(model.bytes for model in self)

    def add(self, own: OwnModel, room: float = inf) -> list[str]:
        """Keep a model within `room` bytes for all; returns the names of those that had to go."""
        with self._lock:
            self._models[own.key] = own
            gone = []
            while len(self._models) > 1 and (
                len(self._models) > self._most or self.bytes > min(self._max_bytes, room)
            ):
                gone.append(self._models.popitem(last=False)[1].name)
            return gone

    def rename(self, key: str, name: str) -> None:
        """Raises EncoderError for no such model."""
        with self._lock:
            own = self._models.get(key)
            if own is None:
                raise EncoderError("That run is not kept any more. Choose another in the table.")
            name = self.free_name(name, but=key)
            run = replace(own.run, name=name) if own.run else None
            self._models[key] = replace(own, name=name, run=run)

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._models.clear()
