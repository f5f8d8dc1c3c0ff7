"""What a run will cost, said before it starts, from a few steps timed on the pairs themselves."""

from dataclasses import dataclass

import numpy as np
import torch

from encoder.encoder import Encoder
from encoder.losses import LOSSES
from encoder.pace import Stopwatch, looks_between
from encoder.schedule import batches_an_epoch, batches_of_rows
from encoder.scoring import predictions_of
from encoder.train_config import TrainConfig
from encoder.training import MOST_LOOKED_AT, batch_order, learner, parts, training_step
from ingest import PairSet

TIMED_STEPS = 4  # after one that warms up


@dataclass(frozen=True)
class Speed:
    """Seconds of one model with one number of training blocks on pairs like these."""

    prepare_s: float  # a row's frozen output
    step_s: float
    look_s: float  # a scored row


@dataclass(frozen=True)
class Cost:
    """The parts of `Done.train_seconds`, predicted."""

    prepare_s: float
    step_s: float
    steps: int
    looks_s: float

    @property
    def seconds(self) -> float:
        """In all."""
        return self.prepare_s + self.step_s * self.steps + self.looks_s


def measure_speed(enc: Encoder, pairs: PairSet, config: TrainConfig) -> Speed:
    """Time a few steps on a throw-away copy; `enc` is not changed."""
    source = enc if config.pooling is None else enc.with_pooling(config.pooling)
    config = config.resolved(source, pairs.kind, len(pairs))
    chance = np.random.default_rng(config.seed)
    sample = pairs.take(chance.permutation(len(pairs))[: config.batch_size * TIMED_STEPS])
    model, watch = learner(source, config.train_blocks or 0), Stopwatch()
    with watch:
        model.prepare([text for row in sample.texts for text in row])
    prepare_s = watch.last / len(sample)
    labels = None if sample.labels is None else torch.tensor(sample.labels)
    optimizer = torch.optim.AdamW(model.parameters, lr=0.0, fused=True)
    compute = LOSSES[config.loss or ""].compute
    steps = []
    with torch.random.fork_rng(devices=[]):
        for batch in batches_of_rows(*batch_order(model, sample, config)):
            with watch:
                training_step(model, compute, sample, labels, batch, optimizer, config)
            steps.append(watch.last)
            if len(steps) > TIMED_STEPS:
                break
    with watch:
        predictions_of(model, sample)
    return Speed(prepare_s, float(np.mean(steps[1:])), watch.last / len(sample))


def estimate(
    enc: Encoder,
    pairs: PairSet,
    config: TrainConfig,
    held_out: PairSet | None = None,
    speed: Speed | None = None,
) -> Cost:
    """What `fine_tune` with these arguments will take; give `speed` where it is known already."""
    speed = speed or measure_speed(enc, pairs, config)
    found = parts(pairs, config, held_out)
    config = config.resolved(enc, pairs.kind, len(found.train))
    prepare_s = speed.prepare_s * len(found.train)
    looked_at = min(MOST_LOOKED_AT, len(found.held_out)) + len(found.validation)
    frozen_s = speed.prepare_s * looked_at  # the first look computes it
    look_s = speed.look_s * looked_at
    steps = config.steps
    if steps is None and config.budget_s is not None:
        step_s = max(speed.step_s, 1e-6)
        steps = max(2 * config.warmup, int((config.budget_s - prepare_s - frozen_s) / step_s))
        looks_s = look_s * (1 + looks_between(0, steps))
        steps = max(2 * config.warmup, steps - int(looks_s / step_s))
    if steps is None:
        distinct = LOSSES[config.loss or ""].distinct_texts
        same = [1] * len(found.train)
        order = (found.train.texts, same, config.batch_size, config.seed, distinct)
        steps = max(1, round((config.epochs or 1.0) * batches_an_epoch(*order)))
    looks_s = frozen_s + look_s * (1 + looks_between(0, steps))
    return Cost(prepare_s, speed.step_s, steps, looks_s)
