"""What a run will cost, said before it starts: training, and all that comes beside it."""

from dataclasses import dataclass

import numpy as np

from encoder.encoder import Encoder
from encoder.evaluation import RESAMPLES, Predictions, difference, evaluate
from encoder.training.config import TrainConfig, source_of
from encoder.training.judge_run import probe_pairs
from encoder.training.losses import LOSSES
from encoder.training.run import MOST_LOOKED_AT, OnProgress, Parts, parts
from encoder.training.schedule import batches_an_epoch
from encoder.training.speed import Speed, characters, distinct_texts, measure_speed
from encoder.training.step_budget import Stopwatch, looks_between
from ingest import PairSet

__all__ = ["Cost", "Speed", "estimate", "measure_speed"]

RIVALS = 2  # see `judge_run`
TIMED_RESAMPLES = 10


@dataclass(frozen=True)
class Cost:
    """The parts of `Done.train_seconds`, predicted, and what comes before and after."""

    prepare_s: float
    step_s: float
    steps: int
    looks_s: float
    other_s: float  # scoring before and after, rivals, the probe, intervals

    @property
    def seconds(self) -> float:
        """Of training."""
        return self.prepare_s + self.step_s * self.steps + self.looks_s

    @property
    def total_s(self) -> float:
        """From the first text that is scored to the end of the judging."""
        return self.seconds + self.other_s


def estimate(
    enc: Encoder,
    pairs: PairSet,
    config: TrainConfig,
    held_out: PairSet | None = None,
    speed: Speed | None = None,
    on_progress: OnProgress | None = None,
) -> Cost:
    """What `fine_tune` with these arguments, and `judge_run` after it, will take.

    Give `speed` where it is known already; else `on_progress` goes to `measure_speed`.
    """
    speed = speed or measure_speed(enc, pairs, config, on_progress)
    source = source_of(enc, config.pooling)
    data = parts(pairs, config, held_out)
    config = config.resolved(source, pairs.kind, len(data.train))
    prepare_s = speed.prepare_s * len(data.train)
    looked_at = min(MOST_LOOKED_AT, len(data.held_out)) + len(data.validation)
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
        same = [1] * len(data.train)
        order = (data.train.texts, same, config.batch_size, config.seed, distinct)
        steps = max(1, round((config.epochs or 1.0) * batches_an_epoch(*order)))
    looks_s = frozen_s + look_s * (1 + looks_between(0, steps))
    return Cost(prepare_s, speed.step_s, steps, looks_s, _other_s(source, data, config, speed))


def _other_s(source: Encoder, data: Parts, config: TrainConfig, speed: Speed) -> float:
    """Reading texts with the whole model, before and after, and drawing resamples.

    What the source has read already is in its cache; the tuned model has read nothing.
    """
    judged = distinct_texts(data.held_out)
    probed = distinct_texts(probe_pairs())
    before = [*judged, *probed]
    if judged and config.train_blocks:  # else the linear map that trained has read them
        before += [*distinct_texts(data.train), *distinct_texts(data.validation)]
    length = characters(source.unread(before), source.max_tokens)
    length += characters([*judged, *probed], source.max_tokens)
    drawn_s = _drawn_s(probe_pairs(), evaluated=2, compared=1)
    if judged:
        drawn_s += _drawn_s(data.held_out, evaluated=2 + RIVALS, compared=1 + RIVALS)
    return speed.character_s * length + drawn_s


def _drawn_s(pairs: PairSet, evaluated: int, compared: int) -> float:
    """Seconds of so many intervals of metrics and of differences, from a few resamples."""
    chance = np.random.default_rng(0)
    values = chance.integers(1, 2 + len(pairs), len(pairs)).astype(np.float64)
    fake = Predictions(pairs.kind, values, pairs.labels, np.arange(len(pairs)))
    watch = Stopwatch()
    evaluate(fake, resamples=1)  # imports what it needs
    with watch:
        evaluate(fake, resamples=TIMED_RESAMPLES)
    evaluate_s = watch.last
    with watch:
        difference(fake, fake, resamples=TIMED_RESAMPLES)
    return (evaluated * evaluate_s + compared * watch.last) * RESAMPLES / TIMED_RESAMPLES
