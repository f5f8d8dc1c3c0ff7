"""Fine-tuning on sentence pairs, fast on a CPU, as a stream of events.

    for event in fine_tune(enc, train, TrainConfig(train_blocks=2)):
        match event:
            case Step(): ...   # after every step
            case Eval(): ...   # on the validation part, now and then
            case Done(): tuned = event.encoder

Setting `stop` ends early with the best so far; closing the generator discards the run.
"""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from encoder.encoder import Encoder, unit_rows
from encoder.errors import EncoderError
from encoder.evaluation import (
    METRICS,
    PRIMARY,
    Metric,
    Predictions,
    difference,
    evaluate,
    measure,
    predict,
)
from encoder.linear import LinearMap
from encoder.losses import DEFAULT_LOSS, LOSSES, LossFn, losses_for
from encoder.schedule import batches_an_epoch, batches_of_rows, learning_rate
from encoder.trainable import Trainable
from ingest import PairSet, split_pairs

EVALUATIONS = 4  # on the validation part, over a run
DEFAULT_LR = {"linear": 1e-3, "blocks": 1e-4, "everything": 2e-5}


class TrainingFailed(EncoderError):
    """A run that cannot go on; the source encoder is untouched."""


@dataclass(frozen=True)
class TrainConfig:
    """What to train and how. None means: chosen by the kind of pairs or the number of blocks."""

    loss: str | None = None
    epochs: float = 2
    batch_size: int = 16
    lr: float | None = None
    train_blocks: int = 2  # 0: a linear map; L: all blocks; L + 1: the embeddings too
    pooling: str | None = None
    steps: int | None = None  # in place of epochs
    seed: int = 0
    held_out_share: float = 0.2
    validation_share: float = 0.1
    warmup: float = 0.1
    weight_decay: float = 0.01
    max_grad_norm: float = 1.0

    def __post_init__(self) -> None:
        limits = {
            "epochs": (0, 100),
            "batch_size": (2, 256),
            "lr": (0, 1),
            "steps": (1, 1_000_000),
            "train_blocks": (0, 100),
            "warmup": (0, 1),
            "weight_decay": (0, 1),
            "max_grad_norm": (0, 1e6),
        }
        problems = [
            f"{name} is {value}; it must be from {low} to {high}"
            for name, (low, high) in limits.items()
            if (value := getattr(self, name)) is not None and not low <= value <= high
        ]
        if problems:
            raise EncoderError("; ".join(problems) + ".")


@dataclass(frozen=True)
class Step:
    """One optimizer step is done."""

    step: int  # 1, 2, ...
    steps: int
    loss: float
    lr: float
    seconds: float  # of training so far
    left_s: float  # expected


@dataclass(frozen=True)
class Eval:
    """The validation part was scored."""

    step: int
    metrics: dict[str, float]
    best: bool  # the best so far, kept


@dataclass(frozen=True, eq=False)
class Done:
    """The tuned encoder, and what it is worth on pairs that chose nothing."""

    encoder: Encoder
    before: dict[str, Metric]
    after: dict[str, Metric]
    gain: Metric  # of the primary metric, paired
    predictions: tuple[Predictions, Predictions]  # before, after
    train_seconds: float  # frozen output and steps; evaluation not counted
    steps: int
    kept_step: int  # whose weights `encoder` has
    stopped: bool
    notes: tuple[str, ...]


Event = Step | Eval | Done


def fine_tune(
    enc: Encoder,
    train: PairSet,
    config: TrainConfig | None = None,
    held_out: PairSet | None = None,
    stop: threading.Event | None = None,
) -> Iterator[Event]:
    """Train a copy of `enc` on pairs; `enc` itself is never changed.

    Without `held_out`, part of `train` is held out, no text on two sides. Raises EncoderError for
    settings that do not fit, TrainingFailed where the loss is no longer a number.
    """
    config = config or TrainConfig()
    loss = LOSSES[_loss_name(config, train.kind)]
    source = enc if config.pooling is None else enc.with_pooling(config.pooling)
    share = config.held_out_share if held_out is None else 0.0
    split = split_pairs(train, share, config.validation_share, config.seed)
    validation = train.take(split.validation)
    held_out = train.take(split.held_out) if held_out is None else held_out
    fitted = train.take(split.train)
    if len(fitted) < 2:
        raise EncoderError(f"{len(fitted)} rows are left to train on; give at least 2.")
    before = predictions(source, held_out)

    started = time.perf_counter()
    model = (
        LinearMap(source) if config.train_blocks == 0 else Trainable(source, config.train_blocks)
    )
    model.prepare([text for row in fitted.texts for text in row])
    lengths = [max(model.length(text) for text in row) for row in fitted.texts]
    order = (fitted.texts, lengths, config.batch_size, config.seed, loss.distinct_texts)
    steps = config.steps or max(1, round(config.epochs * batches_an_epoch(*order)))
    spent = time.perf_counter() - started

    peak = config.lr if config.lr is not None else _default_lr(config, source)
    labels = None if fitted.labels is None else torch.tensor(fitted.labels)
    optimizer = torch.optim.AdamW(
        model.parameters, lr=peak, weight_decay=config.weight_decay, fused=True
    )
    keeper = _BestKeeper(model, validation)
    kept_step, step = 0, 0
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(config.seed)
        for batch in batches_of_rows(*order):
            began = time.perf_counter()
            for group in optimizer.param_groups:
                group["lr"] = learning_rate(step, steps, peak, config.warmup)
            value = _step(model, loss.compute, fitted, labels, batch, optimizer, config)
            step += 1
            spent += time.perf_counter() - began
            lr = optimizer.param_groups[0]["lr"]
            yield Step(step, steps, value, lr, spent, spent / step * (steps - step))
            ended = step == steps or (stop is not None and stop.is_set())
            if keeper.rows and (ended or step % max(1, steps // EVALUATIONS) == 0):
                metrics, best = keeper.look()
                kept_step = step if best else kept_step
                yield Eval(step, metrics, best)
            if ended:
                break
    keeper.restore()
    tuned = model.finished()
    after = predictions(tuned, held_out)
    yield Done(
        encoder=tuned,
        before=evaluate(before, config.seed),
        after=evaluate(after, config.seed),
        gain=difference(before, after, seed=config.seed),
        predictions=(before, after),
        train_seconds=spent,
        steps=step,
        kept_step=kept_step if keeper.rows else step,
        stopped=step < steps,
        notes=split.notes,
    )


def _step(
    model: Trainable | LinearMap,
    compute: LossFn,
    pairs: PairSet,
    labels: torch.Tensor | None,
    batch: list[int],
    optimizer: torch.optim.Optimizer,
    config: TrainConfig,
) -> float:
    """One optimizer step on one batch, all sides of all rows in one pass. Returns the loss."""
    model.train(True)
    columns = list(zip(*(pairs.texts[row] for row in batch), strict=True))
    vectors = model.embed([text for column in columns for text in column])
    value = compute(vectors.chunk(len(columns)), None if labels is None else labels[batch])
    if not value.isfinite():
        raise TrainingFailed(
            f"The loss became {value.item()}. The model you started from is untouched. Lower the "
            f"learning rate (now {optimizer.param_groups[0]['lr']:.2g}), or look for empty texts "
            "and broken labels in the check."
        )
    optimizer.zero_grad()
    value.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters, config.max_grad_norm or float("inf"))
    optimizer.step()
    return value.item()


class _BestKeeper:
    """Scores the validation part and keeps a copy of the best parameters."""

    def __init__(self, model: Trainable | LinearMap, validation: PairSet) -> None:
        self.rows = len(validation)
        self._model, self._validation = model, validation
        self._best = -np.inf
        self._kept: list[torch.Tensor] = []

    def look(self) -> tuple[dict[str, float], bool]:
        """Metrics now, and whether they are the best so far."""
        pairs = self._validation
        self._model.prepare([text for row in pairs.texts for text in row])
        found = _predict(pairs, lambda texts: _embed(self._model, texts))
        metrics = {name: measure(found, name) for name in METRICS[pairs.kind]}
        best = metrics[PRIMARY[pairs.kind]] > self._best
        if best:
            self._best = metrics[PRIMARY[pairs.kind]]
            self._kept = [p.detach().clone() for p in self._model.parameters]
        return metrics, best

    def restore(self) -> None:
        """Put the best parameters back."""
        with torch.no_grad():
            for parameter, kept in zip(self._model.parameters, self._kept, strict=False):
                parameter.copy_(kept)


def predictions(encoder: Encoder, pairs: PairSet) -> Predictions:
    """What an encoder says about labelled pairs."""
    return _predict(pairs, lambda texts: encoder.encode(texts))


def _predict(pairs: PairSet, embed: Callable[[list[str]], np.ndarray]) -> Predictions:
    texts = list(dict.fromkeys(text for row in pairs.texts for text in row))
    vectors = unit_rows(embed(texts))
    index = {text: i for i, text in enumerate(texts)}
    columns = [
        vectors[[index[text] for text in column]] for column in zip(*pairs.texts, strict=True)
    ]
    groups = split_pairs(pairs, 0, 0).groups
    positives = [index[row[1]] for row in pairs.texts]
    return predict(pairs.kind, columns, pairs.labels, groups, positives)


@torch.no_grad()
def _embed(model: Trainable | LinearMap, texts: Sequence[str], batch: int = 64) -> np.ndarray:
    model.train(False)
    order = sorted(range(len(texts)), key=lambda i: model.length(texts[i]))
    parts = [
        model.embed([texts[i] for i in order[start : start + batch]]).numpy()
        for start in range(0, len(order), batch)
    ]
    stacked = np.concatenate(parts)
    vectors = np.empty_like(stacked)
    vectors[order] = stacked
    return vectors


def _loss_name(config: TrainConfig, kind: str) -> str:
    fitting = losses_for(kind)
    name = config.loss or DEFAULT_LOSS[kind]
    if name not in fitting:
        raise EncoderError(
            f"Loss {name!r} does not fit {kind} pairs. Choose one of: {', '.join(fitting)}."
        )
    return name


def _default_lr(config: TrainConfig, source: Encoder) -> float:
    if config.train_blocks == 0:
        return DEFAULT_LR["linear"]
    whole = config.train_blocks > source.backbone.depth
    return DEFAULT_LR["everything" if whole else "blocks"]
