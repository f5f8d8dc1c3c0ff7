"""Fine-tuning on sentence pairs, fast on a CPU, as a stream of events.

    for event in fine_tune(enc, train, TrainConfig(train_blocks=3)):
        match event:
            case Step(): ...   # after every step
            case Eval(): ...   # on the validation and held-out parts, now and then
            case Done(): tuned = event.encoder

Setting `stop` ends early with the best so far; closing the generator discards the run.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch

from encoder.encoder import Encoder
from encoder.errors import EncoderError, TrainingFailed
from encoder.evaluation import OnBatch, difference, evaluate
from encoder.training.config import TrainConfig, source_of
from encoder.training.events import Done, Eval, Event, Step
from encoder.training.linear import LinearMap
from encoder.training.losses import LOSSES
from encoder.training.run_warnings import batch_warnings, run_warnings
from encoder.training.schedule import batches_an_epoch, batches_of_rows, learning_rate
from encoder.training.scoring import BestKeeper, Learner, metrics_of, predictions
from encoder.training.step import optimizer_of, training_step
from encoder.training.step_budget import StepBudget, Stopwatch, Throttle, is_look
from encoder.training.trainable import Trainable
from ingest import PairSet, Split, split_pairs
from ingest.split import with_held_out

MOST_LOOKED_AT = 100  # rows of a part that are scored during training; all of held-out afterwards
OUT_OF_MEMORY = ("alloc", "out of memory", "not enough memory")


BEFORE, FROZEN, AFTER = "scoring before", "frozen output", "scoring after"
LOOK, STEP = "scoring on the way", "training step"
OnProgress = Callable[[str, int, int], None]


def _ignore(what: str, done: int, total: int) -> None:
    """Nobody wants to know."""


@dataclass(frozen=True, eq=False)
class Parts:
    """What a run trains on, chooses its checkpoint by, and is judged by."""

    train: PairSet
    validation: PairSet
    held_out: PairSet
    split: Split  # of `pairs`
    pairs: PairSet  # the rows of all parts, but for a held-out part that was given


def parts(pairs: PairSet, config: TrainConfig, held_out: PairSet | None = None) -> Parts:
    """What `fine_tune` will use. Raises EncoderError where nothing is left to train on.

    Rows that a remedy left out of training are held out all the same where the split says so.
    """
    share = config.held_out_share if held_out is None else 0.0
    validation_share = min(
        config.validation_share, MOST_LOOKED_AT / max(1, len(pairs.whole or pairs))
    )
    pairs = with_held_out(pairs, share, validation_share, config.seed)
    split = split_pairs(pairs, share, validation_share, config.seed)
    held_out = pairs.take(split.held_out) if held_out is None else held_out
    data = Parts(pairs.take(split.train), pairs.take(split.validation), held_out, split, pairs)
    if len(data.train) < 2:
        raise EncoderError(f"{len(data.train)} rows are left to train on; give at least 2.")
    return data


def fine_tune(
    enc: Encoder,
    train: PairSet,
    config: TrainConfig | None = None,
    held_out: PairSet | None = None,
    stop: threading.Event | None = None,
    on_progress: OnProgress | None = None,
) -> Iterator[Event]:
    """Train a copy of `enc` on pairs; `enc` itself is never changed.

    Without `held_out`, part of `train` is held out, no text on two sides. `on_progress` is told
    (what, done, in all) where no events come: before, between and after the steps, and within one
    that takes long; what it raises ends the run. Raises EncoderError for settings that do not fit,
    TrainingFailed where the batches teach nothing, the loss is no longer a number, or memory is
    out.
    """
    config = config or TrainConfig()
    source = source_of(enc, config.pooling)
    data = parts(train, config, held_out)
    config = config.resolved(source, train.kind, len(data.train))
    with _memory_errors(config):
        yield from _run(source, data, config, stop or threading.Event(), on_progress or _ignore)


def _run(
    source: Encoder,
    data: Parts,
    config: TrainConfig,
    stop: threading.Event,
    on_progress: OnProgress,
) -> Iterator[Event]:
    warnings = batch_warnings(data.train, config)
    watch = Stopwatch()
    with watch:  # first of all: it refuses what cannot be trained
        model = learner(source, config.train_blocks or 0)
    before = predictions(source, data.held_out, partial(on_progress, BEFORE))
    with watch:
        texts = [text for row in data.train.texts for text in row]
        model.prepare(texts, partial(on_progress, FROZEN))
        order = batch_order(model, data.train, config)
    loss = LOSSES[config.loss or ""]
    labels = None if data.train.labels is None else torch.tensor(data.train.labels)
    optimizer = optimizer_of(model, config)
    looks = _Looks(model, data, watch, partial(on_progress, LOOK))
    steps = config.steps
    if steps is None and config.budget_s is None:
        steps = max(1, round((config.epochs or 1.0) * batches_an_epoch(*order)))
    budget = StepBudget(steps, config.budget_s, config.warmup)
    step, losses = 0, []
    within = Throttle(partial(on_progress, STEP))
    yield from looks.take(step)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(config.seed)
        for batch in batches_of_rows(*order):
            with watch:
                lr = learning_rate(step, budget.fixed, config.lr or 0.0, config.warmup)
                for group in optimizer.param_groups:
                    group["lr"] = lr
                within.rest()
                value = training_step(
                    model, loss.compute, data.train, labels, batch, optimizer, config, within
                )
            step += 1
            losses.append(value)
            budget.tick(step, watch.last, watch.total, looks.cost)
            yield Step(
                step, budget.expected, value, lr, watch.total, budget.left_s(step, looks.cost)
            )
            ended = step == budget.fixed or stop.is_set()
            if ended or is_look(step):
                yield from looks.take(step)
            if ended or looks.is_over(config.patience):
                break
    if step != budget.fixed and looks.is_over(config.patience):
        warnings += (
            f"Ended after {step:,} steps: {looks.keeper.tired} looks in a row scored no higher on "
            f"the validation part than step {looks.keeper.step:,}, which is kept.",
        )
    warnings += run_warnings(looks.keeper, losses, config)
    looks.keeper.restore()
    tuned = model.finished()
    scoring = partial(on_progress, AFTER)
    after = predictions(tuned, data.held_out, scoring)
    gain = None
    if len(data.held_out):
        gain = difference(before, after, seed=config.seed, on_batch=scoring)
    yield Done(
        encoder=tuned,
        before=evaluate(before, config.seed, on_batch=scoring),
        after=evaluate(after, config.seed, on_batch=scoring),
        train_seconds=watch.total,
        stopped=step != budget.fixed,
        gain=gain,
        predictions=(before, after),
        steps=step,
        kept_step=looks.keeper.step or step,
        config=config,
        source=source,
        train=data.train,
        validation=data.validation,
        held_out=data.held_out,
        split=data.split,
        notes=(*data.split.notes, *budget.notes, *warnings),
    )


def learner(source: Encoder, train_blocks: int) -> Learner:
    """What trains: the top blocks, or a linear map on frozen vectors where there are none."""
    return LinearMap(source) if train_blocks == 0 else Trainable(source, train_blocks)


def batch_order(
    model: Learner, pairs: PairSet, config: TrainConfig
) -> tuple[tuple[tuple[str, ...], ...], list[int], int, int, bool]:
    """The arguments of `batches_of_rows` for prepared pairs."""
    lengths = [max(model.length(text) for text in row) for row in pairs.texts]
    distinct = LOSSES[config.loss or ""].distinct_texts
    return pairs.texts, lengths, config.batch_size, config.seed, distinct


class _Looks:
    """Scores a sample of the validation and held-out parts while training goes on."""

    def __init__(self, model: Learner, data: Parts, watch: Stopwatch, on_batch: OnBatch) -> None:
        self.keeper = BestKeeper(model, data.validation)
        self.cost = 0.0  # seconds of the latest look
        self._model, self._watch, self._on_batch = model, watch, Throttle(on_batch)
        self._validation = len(data.validation) > 0
        chance = np.random.default_rng(0)
        rows = chance.permutation(len(data.held_out))[:MOST_LOOKED_AT]
        self._held_out = data.held_out.take(np.sort(rows))

    def take(self, step: int) -> Iterator[Eval]:
        """One Eval, or none where there is nothing to look at."""
        if not self._validation and not len(self._held_out):
            return
        with self._watch:
            self._on_batch.rest()
            on_batch = self._on_batch
            metrics, best = self.keeper.look(step, on_batch) if self._validation else ({}, False)
            scored = len(self._held_out) > 0
            held_out = metrics_of(self._model, self._held_out, on_batch) if scored else {}
        self.cost = self._watch.last
        yield Eval(step, metrics, best, held_out)

    def is_over(self, patience: int) -> bool:
        """Whether so many looks in a row scored no higher; 0: that ends nothing."""
        return 0 < patience <= self.keeper.tired


@contextmanager
def _memory_errors(config: TrainConfig) -> Iterator[None]:
    """Out of memory, in words. PyTorch has no error of its own for it: its text must tell."""
    try:
        yield
    except (MemoryError, RuntimeError) as error:
        text = str(error).lower()
        if not isinstance(error, MemoryError) and not any(sign in text for sign in OUT_OF_MEMORY):
            raise
        raise TrainingFailed(
            "Memory ran out. The model you started from is untouched. Train fewer blocks (now "
            f"{config.train_blocks}), with smaller batches (now {config.batch_size}), or shorten "
            "the longest texts."
        ) from error
