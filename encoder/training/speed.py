"""How fast a model trains and runs on given pairs, from a few steps timed on them."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import cycle, islice

import numpy as np
import torch

from encoder.cache import ArrayCache
from encoder.encoder import Encoder
from encoder.evaluation import OnBatch
from encoder.training.config import TrainConfig, source_of
from encoder.training.losses import LOSSES
from encoder.training.run import OnProgress, learner
from encoder.training.schedule import first_epoch
from encoder.training.scoring import Learner, in_chunks, predictions_of
from encoder.training.step import STEP_BYTES, optimizer_of, training_step
from encoder.training.step_budget import Stopwatch
from ingest import PairSet

TIMING = "timing"
TIMED_S = 3.0  # the most that timing takes, about; one step is always timed
TIMED_STEPS = 4  # after two that warm up
FEWEST_ROWS = 2  # in a timed step
CHARACTERS_A_TOKEN = 4  # about; what is beyond the model's limit of tokens is cut
FRAME = 8  # characters that [CLS] and [SEP] are worth


@dataclass(frozen=True)
class Speed:
    """Seconds of one model with one number of training blocks on pairs like these."""

    prepare_s: float  # a row's frozen output
    step_s: float
    look_s: float  # a scored row
    character_s: float = 0.0  # of `characters`, through the whole model; 0: was not timed


def measure_speed(
    enc: Encoder,
    pairs: PairSet,
    config: TrainConfig,
    on_progress: OnProgress | None = None,
    limit_s: float = TIMED_S,
) -> Speed:
    """Time a few steps on a throw-away copy; `enc` is not changed.

    Where steps are slow, fewer are timed, and with fewer rows. `on_progress` is told (TIMING, done,
    in all); what it raises ends the timing.
    """
    on_batch = partial(on_progress, TIMING) if on_progress else None
    source = source_of(enc, config.pooling)
    config = config.resolved(source, pairs.kind, len(pairs))
    chance = np.random.default_rng(config.seed)
    sample = pairs.take(chance.permutation(len(pairs))[: config.batch_size * TIMED_STEPS])
    timing = _Timing(learner(source, config.train_blocks or 0), sample, config, on_batch)
    with torch.random.fork_rng(devices=[]):
        step_s = timing.typical_step_s(limit_s)
    prepare_s = timing.prepare_s / len(timing.prepared)
    row_s = prepare_s + step_s / config.batch_size
    some = sample.take(timing.prepared[: max(FEWEST_ROWS, int(limit_s / TIMED_STEPS / row_s))])
    texts = distinct_texts(some)
    watch = Stopwatch()
    with watch:
        predictions_of(timing.model, some, on_batch)
    look_s = watch.last / len(some)
    with watch:
        in_chunks(source.with_cache(ArrayCache(0)), texts, on_batch)
    return Speed(prepare_s, step_s, look_s, watch.last / characters(texts, source.max_tokens))


def distinct_texts(pairs: PairSet) -> list[str]:
    """Every text of the pairs once."""
    return list(dict.fromkeys(text for row in pairs.texts for text in row))


def characters(texts: Sequence[str], max_tokens: int) -> int:
    """What there is to read in texts, as far as a model of so many tokens reads them."""
    return sum(FRAME + min(len(text), CHARACTERS_A_TOKEN * max_tokens) for text in texts)


class _Timing:
    """Steps on rows of a sample, each prepared when it is needed."""

    def __init__(
        self, model: Learner, sample: PairSet, config: TrainConfig, on_batch: OnBatch | None
    ) -> None:
        self.model, self.prepared, self.prepare_s = model, list[int](), 0.0
        self._sample, self._config, self._heard = sample, config, on_batch
        self._labels = None if sample.labels is None else torch.tensor(sample.labels)
        self._loss = LOSSES[config.loss or ""]
        self._optimizer = optimizer_of(model, replace(config, lr=0.0))
        self._watch = Stopwatch()

    def typical_step_s(self, limit_s: float) -> float:
        """Seconds of a whole step, the batches of medium size first; two rows tell how many fit."""
        end = time.perf_counter() + limit_s
        lengths = [sum(map(len, row)) for row in self._sample.texts]  # nothing is tokenized yet
        size, seed, distinct = self._config.batch_size, self._config.seed, self._loss.distinct_texts
        epoch = first_epoch(self._sample.texts, lengths, size, seed, distinct)
        sizes = np.array([sum(lengths[row] for row in batch) for batch in epoch])
        order = np.argsort(np.abs(sizes - sizes.mean()), kind="stable")
        typical = epoch[order[0]]
        first = typical[:FEWEST_ROWS]
        for _ in range(2):  # the first one warms up
            step_s = self._step_s(first, len(typical))
            if time.perf_counter() > end:
                return step_s
        row_s = step_s / len(typical) + self.prepare_s / len(first)
        most = max(FEWEST_ROWS, int(limit_s / TIMED_STEPS / row_s))
        times = []
        for number in islice(cycle(order), TIMED_STEPS):
            times.append(self._step_s(epoch[number][:most], len(epoch[number])))
            if time.perf_counter() > end:
                break
        return float(np.median(times))  # one step that was held up would count for all

    def _step_s(self, rows: list[int], of: int) -> float:
        """Seconds of a batch of so many rows, going by these, in as many chunks as it would be."""
        texts, share = self._sample.texts, len(rows) / of
        new = [row for row in rows if row not in self.prepared]
        with self._watch:
            self.model.prepare([text for row in new for text in texts[row]], self._heard)
        self.prepare_s += self._watch.last
        self.prepared += new
        with self._watch:
            training_step(
                *(self.model, self._loss.compute, self._sample, self._labels, rows),
                *(self._optimizer, self._config, self._heard, int(STEP_BYTES * share)),
            )
        return self._watch.last / share
