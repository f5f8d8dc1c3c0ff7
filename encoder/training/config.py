"""What to train and how, and the defaults that were tuned on STS-B's dev pairs (see bench/)."""

from dataclasses import dataclass, replace

from encoder.encoder import Encoder
from encoder.errors import EncoderError
from encoder.training.losses import losses_for
from ingest.errors import outside

TRAIN_BLOCKS = 5
LINEAR_LR, BLOCKS_LR, EVERYTHING_LR = 1e-3, 5e-5, 2e-5
ROWS_SEEN = 1_000  # small sets are read again until this many rows have been seen ...
MOST_EPOCHS = 8.0  # ... but not more often than this
LIMITS = {
    "epochs": (0.0, 100.0),
    "batch_size": (2, 256),
    "lr": (0.0, 1.0),
    "steps": (1, 1_000_000),
    "budget_s": (1.0, 86_400.0),
    "train_blocks": (0, 100),
    "warmup": (0, 10_000),
    "weight_decay": (0.0, 1.0),
    "max_grad_norm": (0.0, 1e6),
    "patience": (0, 1_000),
}


@dataclass(frozen=True)
class TrainConfig:
    """What to train and how. None means: chosen by the kind of pairs, their number or the blocks.

    How long: `steps` if given, else as many as fit into `budget_s`, else `epochs`.
    """

    loss: str | None = None
    epochs: float | None = None
    batch_size: int = 16
    lr: float | None = None
    train_blocks: int | None = None  # 0: a linear map; L: all blocks; L + 1: the embeddings too
    pooling: str | None = None
    budget_s: float | None = None  # of `Done.train_seconds`
    seed: int = 0
    held_out_share: float = 0.2
    validation_share: float = 0.1
    steps: int | None = None
    warmup: int = 10  # steps; a number of its own, so that it stands before the last step does
    weight_decay: float = 0.01
    max_grad_norm: float = 1.0
    patience: int = 4  # looks at the validation part without a higher score that end a run; 0: none

    def __post_init__(self) -> None:
        problems = [
            problem
            for name, limits in LIMITS.items()
            if (value := getattr(self, name)) is not None
            for problem in outside(name, value, *limits)
        ]
        if problems:
            raise EncoderError(*problems)

    def resolved(self, source: Encoder, kind: str, rows: int) -> "TrainConfig":
        """A config with every None that has a default filled in, for this many rows to train on.

        Raises EncoderError for a loss that does not fit the kind of pairs, and for more blocks than
        the model has.
        """
        fitting = losses_for(kind)
        loss = self.loss or fitting[0]
        if loss not in fitting:
            raise EncoderError(
                f"Loss {loss!r} does not fit {kind} pairs. Choose one of: {', '.join(fitting)}."
            )
        depth = source.backbone.depth
        blocks = self.train_blocks
        if blocks is None:
            blocks = min(TRAIN_BLOCKS, depth)
        if blocks > depth + 1:
            raise EncoderError(
                f"train_blocks is {blocks}; {source.name} has {depth} blocks, and "
                f"{depth + 1} trains its embeddings too."
            )
        lr = self.lr
        if lr is None:
            lr = default_lr(blocks, depth)
        epochs = self.epochs
        if epochs is None and self.steps is None and self.budget_s is None:
            epochs = default_epochs(rows)
        return replace(
            self, loss=loss, lr=lr, epochs=epochs, train_blocks=blocks, pooling=source.pooling
        )


def source_of(enc: Encoder, pooling: str | None) -> Encoder:
    """The encoder under the pooling to train; under its own it keeps what follows the pooling."""
    return enc if pooling in (None, enc.pooling) else enc.with_pooling(pooling)


def default_lr(train_blocks: int, depth: int) -> float:
    """The peak learning rate: the less of a model moves, the further each part may go."""
    if train_blocks == 0:
        return LINEAR_LR
    return EVERYTHING_LR if train_blocks > depth else BLOCKS_LR


def default_epochs(rows: int) -> float:
    """Once through a large set, several times through a small one."""
    return min(MOST_EPOCHS, max(1.0, ROWS_SEEN / max(1, rows)))
