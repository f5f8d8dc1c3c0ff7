"""The settings of a run as the form sends them, checked, and the presets that fill it in."""

from dataclasses import dataclass

from encoder import SAVABLE, TrainConfig
from encoder.training.config import TRAIN_BLOCKS, default_lr
from encoder.training.losses import LOSSES, losses_for
from ui.checks import OWN_POOLING, in_range, one_of, whole_in_range
from ui.settings import Settings

AUTO = "as the rows ask for"
DURATIONS: dict[str, float | None] = {
    AUTO: None,
    "15 seconds": 15,
    "30 seconds": 30,
    "1 minute": 60,
    "2 minutes": 120,
    "5 minutes": 300,
}
BY_STEPS = "a number of steps"
STEPS = 100  # where the form stands at first
BATCH_SIZE = (2, 128)
LR = (1e-7, 0.1)
WARMUP = (0, 1_000)
SEED = (0, 2**31 - 1)
HELD_OUT = (5, 50)  # percent
PATIENCE = (0, 100)  # looks


@dataclass(frozen=True)
class Preset:
    """What a preset sets; the rest of the form stays."""

    blocks: int  # of a smaller model, all of its blocks
    duration: str
    effect: str


PRESETS = {
    # Half a minute from the click to the table, of which timing and scoring take the other half.
    "Quick": Preset(2, "15 seconds", "two blocks, half a minute in all: a first impression"),
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
    steps: object = STEPS
    batch_size: object = 16
    lr: object = None
    warmup: object = 10
    seed: object = 0
    held_out: object = 20
    patience: object = TrainConfig.patience


def parse_form(form: Form, depth: int, settings: Settings | None = None) -> TrainConfig:
    """The configuration for a model of this many blocks. Raises EncoderError."""
    settings = settings or Settings()
    own = form.pooling == OWN_POOLING
    pooling = None if own else one_of(form.pooling, "pooling", SAVABLE)
    duration = one_of(form.duration, "duration", [*DURATIONS, BY_STEPS])
    by_steps = duration == BY_STEPS
    steps = whole_in_range(form.steps, "Steps", 1, settings.max_steps) if by_steps else None
    lr = None if form.lr in (None, "", 0) else in_range(form.lr, "Learning rate", *LR)
    return TrainConfig(
        loss=str(form.loss) if form.loss else None,
        batch_size=whole_in_range(form.batch_size, "Batch size", *BATCH_SIZE),
        lr=lr,
        train_blocks=None if form.blocks is None else blocks_of(form.blocks, depth),
        pooling=pooling,
        budget_s=None if by_steps else DURATIONS[duration],
        seed=whole_in_range(form.seed, "Seed", *SEED),
        held_out_share=in_range(form.held_out, "Held-out share", *HELD_OUT) / 100,
        steps=steps,
        warmup=whole_in_range(form.warmup, "Warm-up", *WARMUP),
        patience=whole_in_range(form.patience, "Patience", *PATIENCE),
    )


def form_of(
    config: TrainConfig, kind: str | None, depth: int, settings: Settings | None = None
) -> tuple[Form, list[str]]:
    """The form that asks for these settings again, on pairs of this kind, as far as it can.

    And a sentence for each setting that it cannot ask for, and stays at its default.
    """
    settings = settings or Settings()
    remarks: list[str] = []
    fitting = losses_for(kind) if kind else []
    loss: str | None = config.loss
    if loss not in fitting:
        loss = fitting[0] if fitting else None
        if config.loss and loss:
            remarks.append(
                f"Its loss, {LOSSES[config.loss].title}, does not fit these pairs; "
                f"{LOSSES[loss].title} is chosen."
            )
    pooling = config.pooling if config.pooling in SAVABLE else OWN_POOLING
    if config.pooling and config.pooling != pooling:
        remarks.append(f"Its pooling, {config.pooling}, cannot be chosen here.")
    trained = TRAIN_BLOCKS if config.train_blocks is None else config.train_blocks
    blocks = min(trained, depth + 1)
    if blocks != trained:
        remarks.append(f"It trained {trained} blocks; this model has {depth}.")
    titles = {seconds: title for title, seconds in DURATIONS.items()}
    duration = BY_STEPS if config.steps else titles.get(config.budget_s, AUTO)
    if duration == AUTO and config.budget_s is not None:
        remarks.append(f"It had {config.budget_s:g} seconds, which cannot be chosen here.")

    def within(name: str, value: float, low: float, high: float) -> float:
        nearest = min(max(value, low), high)
        if nearest != value:
            remarks.append(f"{name} was {value:g}; here it is from {low:g} to {high:g}.")
        return nearest

    by_blocks = config.lr in (None, default_lr(blocks, depth))
    return Form(
        pooling=pooling,
        loss=loss,
        blocks=blocks,
        duration=duration,
        steps=within("Steps", config.steps, 1, settings.max_steps) if config.steps else STEPS,
        batch_size=within("Batch size", config.batch_size, *BATCH_SIZE),
        lr="" if by_blocks else f"{within('Learning rate', config.lr or 0.0, *LR):.12g}",
        warmup=within("Warm-up", config.warmup, *WARMUP),
        seed=within("Seed", config.seed, *SEED),
        held_out=within("Held out, %", round(100 * config.held_out_share), *HELD_OUT),
        patience=within("Patience", config.patience, *PATIENCE),
    ), remarks


def blocks_of(sent: object, depth: int) -> int:
    """Blocks to train, at most all of them and the embeddings."""
    return min(whole_in_range(sent, "Blocks", 0, 100), depth + 1)
