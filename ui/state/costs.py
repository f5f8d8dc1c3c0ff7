"""What runs on a visitor's pairs will cost: timed once, and never told of other pairs."""

import threading
from collections.abc import Callable
from dataclasses import dataclass

from encoder.encoder import Encoder
from encoder.training import TrainConfig
from encoder.training.cost import Cost, estimate
from encoder.training.speed import Speed
from ingest import PairSet


@dataclass(frozen=True)
class Timed:
    """How fast steps are. `alone`: nobody else's run had the machine while they were timed."""

    speed: Speed
    alone: bool = True


@dataclass(frozen=True)
class Told:
    """What a run will cost, as far as `alone` (see Timed) lets it be known."""

    cost: Cost
    alone: bool = True


class Costs:
    """Of the pairs on one desk; of others nothing is kept. Safe from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._pairs: PairSet | None = None
        self._timed: dict[tuple[object, ...], Timed] = {}
        self._told: dict[tuple[object, ...], Told] = {}

    def turn_to(self, pairs: PairSet | None) -> None:
        """Other pairs lie on the desk now: what was timed on those before is forgotten."""
        with self._lock:
            self._pairs = pairs
            self._timed.clear()
            self._told.clear()

    def known(self, source: Encoder, pairs: PairSet, config: TrainConfig) -> Told | None:
        """What `find` said of these pairs and settings before, None where it was not asked."""
        with self._lock:
            key = (source.backbone.fingerprint, config)
            return self._told.get(key) if pairs is self._pairs else None

    def find(
        self,
        source: Encoder,
        pairs: PairSet,
        config: TrainConfig,
        measure: Callable[[], Timed],
        only_alone: bool = False,
    ) -> Told:
        """What a run costs; `measure` times its steps where they were not timed yet.

        What was said before is said again. `only_alone`: steps that were timed beside somebody
        else's run are timed again.
        """
        known = self.known(source, pairs, config)
        if known is not None and (known.alone or not only_alone):
            return known
        key = (source.backbone.fingerprint, config.pooling, config.train_blocks,
               config.batch_size, config.loss)  # fmt: skip
        with self._lock:
            timed = self._timed.get(key) if pairs is self._pairs else None
        if timed is None or (only_alone and not timed.alone):
            timed = measure()
        told = Told(estimate(source, pairs, config, speed=timed.speed), timed.alone)
        with self._lock:
            if pairs is self._pairs:  # else the desk was cleared meanwhile
                self._timed[key] = timed
                self._told[source.backbone.fingerprint, config] = told
        return told
