"""What a training run tells while it goes on, and what it leaves."""

from dataclasses import dataclass

from encoder.encoder import Encoder
from encoder.evaluation import Metric, Predictions
from encoder.training.config import TrainConfig
from ingest import PairSet, Split


@dataclass(frozen=True)
class Step:
    """One optimizer step is done."""

    step: int  # 1, 2, ...
    steps: int  # in all; within a time budget an estimate until half of it is over
    loss: float
    lr: float
    seconds: float  # of training so far
    left_s: float  # of training, expected


@dataclass(frozen=True)
class Eval:
    """The validation and held-out parts were scored, up to 100 rows of each."""

    step: int  # 0: before training
    metrics: dict[str, float]  # of the validation part; empty where there is none
    best: bool  # kept: it no step before scored higher on the validation part
    held_out: dict[str, float]  # chooses nothing


@dataclass(frozen=True, eq=False)
class Done:
    """The tuned encoder, and what it is worth on pairs that chose nothing."""

    encoder: Encoder
    before: dict[str, Metric]
    after: dict[str, Metric]
    train_seconds: float  # frozen output, steps and validation; before and after not counted
    stopped: bool  # before all its steps: by `stop`, or as nothing improved for `patience` looks
    gain: Metric | None  # of the primary metric, paired; None where nothing is held out
    predictions: tuple[Predictions, Predictions]  # on `held_out`: before, after
    steps: int  # made; `TrainConfig(steps=...)` with this number repeats a run that was not stopped
    kept_step: int  # whose weights `encoder` has
    config: TrainConfig  # as it was run, every default filled in
    source: Encoder  # what was trained, under the pooling it was trained with
    train: PairSet
    validation: PairSet
    held_out: PairSet
    split: Split  # of the pairs that were given
    notes: tuple[str, ...]


Event = Step | Eval | Done
