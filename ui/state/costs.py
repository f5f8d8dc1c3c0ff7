"""What runs on a visitor's pairs will cost: timed once, and never estimated from other pairs."""

import threading
from collections.abc import Callable
from dataclasses import dataclass

from encoder.encoder import Encoder
from encoder.training import TrainConfig
from encoder.training.cost import Cost, estimate
from encoder.training.speed import Speed
from ingest import PairSet


@dataclass(frozen=True)
class Timing:
    """How fast steps are. `alone`: nobody else's run had the machine while they were timed."""

    speed: Speed
    alone: bool = True


@dataclass(frozen=True)
class CostEstimate:
    """What a run will cost, from steps that were timed `alone` (see Timing) or beside others."""

    cost: Cost
    alone: bool = True


class Costs:
    """Of one set of pairs; of others nothing is remembered. Safe from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._pairs: PairSet | None = None
        self._timings: dict[tuple[object, ...], Timing] = {}
        self._estimates: dict[tuple[object, ...], CostEstimate] = {}

    def start_over(self, pairs: PairSet | None) -> None:
        """These pairs take the place of those before, whose timings are forgotten."""
        with self._lock:
            self._pairs = pairs
            self._timings.clear()
            self._estimates.clear()

    def recall(self, source: Encoder, pairs: PairSet, config: TrainConfig) -> CostEstimate | None:
        """What `estimate` gave for these pairs and settings, None where it was not asked."""
        with self._lock:
            key = (source.backbone.fingerprint, config)
            return self._estimates.get(key) if pairs is self._pairs else None

    def estimate(
        self,
        source: Encoder,
        pairs: PairSet,
        config: TrainConfig,
        measure: Callable[[], Timing],
        only_alone: bool = False,
    ) -> CostEstimate:
        """What a run costs; `measure` times its steps where they were not timed yet.

        What was estimated before is given again. `only_alone`: steps that were timed beside
        somebody else's run are timed again.
        """
        earlier = self.recall(source, pairs, config)
        if earlier is not None and (earlier.alone or not only_alone):
            return earlier
        key = (source.backbone.fingerprint, config.pooling, config.train_blocks,
               config.batch_size, config.loss)  # fmt: skip
        with self._lock:
            timing = self._timings.get(key) if pairs is self._pairs else None
        if timing is None or (only_alone and not timing.alone):
            timing = measure()
        cost = estimate(source, pairs, config, speed=timing.speed)
        newest = CostEstimate(cost, timing.alone)
        with self._lock:
            if pairs is self._pairs:  # else other pairs came meanwhile
                self._timings[key] = timing
                self._estimates[source.backbone.fingerprint, config] = newest
        return newest
