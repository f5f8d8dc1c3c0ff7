"""The settings of a run as the form sends them, checked, and the presets that fill it in."""

import math
from dataclasses import dataclass

from encoder import SAVABLE, EncoderError, TrainConfig
from encoder.train_config import TRAIN_BLOCKS

AUTO = "as the rows ask for"
DURATIONS: dict[str, float | None] = {
    AUTO: None,
    "30 seconds": 30,
    "1 minute": 60,
    "2 minutes": 120,
    "5 minutes": 300,
}
BY_STEPS = "a number of steps"
OWN_POOLING = "the model's own"


@dataclass(frozen=True)
class Preset:
    """What a preset sets; the rest of the form stays."""

    blocks: int  # of a smaller model, all of its blocks
    duration: str
    effect: str


PRESETS = {
    "Quick": Preset(2, "30 seconds", "two blocks, half a minute: a first impression"),
    "Balanced": Preset(TRAIN_BLOCKS, AUTO, "what gains most for its time on STS-B"),
    "Thorough": Preset(99, "5 minutes", "all blocks, five minutes: more is not always better"),
}


@dataclass(frozen=True)
class Form:
    """As the browser sends it: nothing in it is trusted."""

    pooling: object = OWN_POOLING
    loss: object = None
    blocks: object = TRAIN_BLOCKS
    duration: object = AUTO
    steps: object = None
    batch_size: object = 16
    lr: object = None
    warmup: object = 10
    seed: object = 0
    held_out: object = 20


def parse_form(form: Form, depth: int) -> TrainConfig:
    """The configuration for a model of this many blocks. Raises EncoderError."""
    if form.pooling != OWN_POOLING and form.pooling not in SAVABLE:
        raise EncoderError(
            f"Unknown pooling {str(form.pooling)[:40]!r}. Choose one of: {', '.join(SAVABLE)}."
        )
    if form.duration != BY_STEPS and form.duration not in DURATIONS:
        raise EncoderError(
            f"Unknown duration {str(form.duration)[:40]!r}. Choose one of: "
            f"{', '.join([*DURATIONS, BY_STEPS])}."
        )
    by_steps = form.duration == BY_STEPS
    steps = whole(form.steps, "Steps", 1, 100_000) if by_steps else None
    lr = None if form.lr in (None, "", 0) else number(form.lr, "Learning rate", 1e-7, 0.1)
    return TrainConfig(
        loss=str(form.loss) if form.loss else None,
        batch_size=whole(form.batch_size, "Batch size", 2, 128),
        lr=lr,
        train_blocks=None if form.blocks is None else blocks_of(form.blocks, depth),
        pooling=None if form.pooling == OWN_POOLING else str(form.pooling),
        budget_s=None if by_steps else DURATIONS[str(form.duration)],
        seed=whole(form.seed, "Seed", 0, 2**31 - 1),
        held_out_share=number(form.held_out, "Held-out share", 5, 50) / 100,
        steps=steps,
        warmup=whole(form.warmup, "Warm-up", 0, 1_000),
    )


def blocks_of(sent: object, depth: int) -> int:
    """Blocks to train, at most all of them and the embeddings."""
    return min(whole(sent, "Blocks", 0, 100), depth + 1)


def number(sent: object, name: str, low: float, high: float) -> float:
    """A number in a range. Raises EncoderError with both."""
    try:
        value = float(sent)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        value = math.nan
    if not low <= value <= high:
        raise EncoderError(f"{name} is {str(sent)[:20]}; it must be from {low:g} to {high:g}.")
    return value


def whole(sent: object, name: str, low: int, high: int) -> int:
    """A whole number in a range. Raises EncoderError with both."""
    value = number(sent, name, low, high)
    if value != int(value):
        raise EncoderError(f"{name} is {str(sent)[:20]}; it must be a whole number.")
    return int(value)


def parse_name(sent: object) -> str:
    """A name for a run, on one line. Raises EncoderError for none."""
    name = " ".join(str(sent or "").split())[:60]
    if not name:
        raise EncoderError("The name is empty. Type one.")
    return name
