"""What to hold against a run: batches that teach nothing, and weights that got worse."""

from collections import Counter
from collections.abc import Sequence

import numpy as np

from encoder.errors import TrainingFailed
from encoder.evaluation import ERROR_RESAMPLES, PRIMARY, difference, measure
from encoder.metrics import TITLES
from encoder.training.config import TrainConfig
from encoder.training.losses import LOSSES
from encoder.training.schedule import first_epoch
from encoder.training.scoring import BestKeeper
from ingest import PairSet

FEWEST_ROWS = 2.0  # a batch, on average
MOST_IDLE, SOME_IDLE = 0.5, 0.05  # shares of the batches
LAST_SHARE = 0.25  # of the losses stand for the end
FIRST = 5  # losses, while the rate still rises, stand for the start: one batch may be a lucky one
FEWEST_LOSSES = 20
# Times the loss at the start, and standard errors of the difference. Of a model that does not move
# 1 run of 400 is called diverged, whether its losses are spread like log-normal or gamma numbers.
RISEN, BEYOND_NOISE = 2.0, 4.0


def batch_warnings(pairs: PairSet, config: TrainConfig) -> tuple[str, ...]:
    """A note where some batches of an in-batch loss hold no negatives, before a run begins.

    Of positive pairs, the other rows of a batch are the only negatives; a row alone gives a loss of
    exactly 0. Raises TrainingFailed where most batches are so.
    """
    loss = LOSSES[config.loss or ""]
    if not loss.distinct_texts or pairs.kind != "positive":
        return ()
    same_length = [1] * len(pairs)
    epoch = first_epoch(pairs.texts, same_length, config.batch_size, config.seed, True)
    idle = sum(len(batch) == 1 for batch in epoch)
    if idle <= SOME_IDLE * len(epoch):
        return ()
    [(text, rows)] = Counter(text for row in pairs.texts for text in set(row)).most_common(1)
    why = f"{idle:,} of {len(epoch):,} batches hold a single row and so nothing to tell it from"
    if rows > 1:
        why += f", since no text may stand twice in one and {text[:60]!r} is in {rows:,} rows"
    remedy = (
        "Keep one row of those that share a text, add rows with other texts, or add a column of "
        "negatives and train on triplets."
    )
    if len(pairs) < FEWEST_ROWS * len(epoch) or idle > MOST_IDLE * len(epoch):
        raise TrainingFailed(
            f"There is nothing to learn from these rows with the loss {loss.title}, which pushes "
            f"each pair from the others of its batch: {why}. {remedy}"
        )
    return (f"{why}: those steps taught nothing. {remedy}",)


def run_warnings(
    keeper: BestKeeper, losses: Sequence[float], config: TrainConfig
) -> tuple[str, ...]:
    """Notes on a run that led away from what it started from, though every loss was a number."""
    remedy = f"Lower the learning rate (now {config.lr:.2g} at its peak), or make fewer steps."
    notes = []
    if keeper.before is not None and keeper.kept is not None:
        metric = PRIMARY[keeper.before.kind]
        before, after = measure(keeper.before, metric), measure(keeper.kept, metric)
        if np.isnan(after):
            notes.append(
                f"The labels of the validation part are all the same, so {TITLES[metric]} is not "
                "defined there: the last step is kept, whatever it is worth. Add rows with other "
                "labels."
            )
        if keeper.highest <= before:
            worse = difference(keeper.before, keeper.kept, resamples=ERROR_RESAMPLES).high < 0
            clearly = ", which is clearly worse" if worse else ""
            notes.append(
                "On the validation part no step was better than the model you started from: "
                f"{TITLES[metric]} × 100 was {100 * before:.1f} before, and is {100 * after:.1f} "
                f"at the best step, {keeper.step:,}{clearly}. "
                + (remedy if worse else "Perhaps there is nothing to gain with these pairs.")
            )
    rise = _rise(losses)
    if rise:
        start, end = rise
        notes.append(
            f"The training loss rose from {start:.3g} to {end:.3g}, where it should fall: the run "
            f"diverged. {remedy}"
        )
    return tuple(notes)


def _rise(losses: Sequence[float]) -> tuple[float, float] | None:
    """The mean loss at the start and at the end, where that is far above, beyond chance."""
    if len(losses) < FEWEST_LOSSES:
        return None
    parts = losses[:FIRST], losses[-int(LAST_SHARE * len(losses)) :]
    start, end = (float(np.mean(part)) for part in parts)
    noise = sum(float(np.var(part, ddof=1)) / len(part) for part in parts) ** 0.5
    return (start, end) if end > RISEN * start and end - start > BEYOND_NOISE * noise else None
