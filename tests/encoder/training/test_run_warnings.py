"""Runs that taught nothing, or led away from what they started from, say so."""

from dataclasses import replace
from io import StringIO

import numpy as np
import pytest

from encoder.errors import TrainingFailed
from encoder.evaluation import Predictions
from encoder.training import Step, TrainConfig, fine_tune
from encoder.training.run_warnings import batch_warnings, run_warnings
from ingest import read_pairs
from tests.encoder.training.pairs import QUICK, anchors, graded, run

IN_BATCH = TrainConfig(loss="multiple_negatives", batch_size=8, lr=1e-3)
LR = TrainConfig(lr=0.1)


def positives(shared: int, others: int):
    """Pairs of which some share one anchor."""
    lines = ["anchor,positive"]
    lines += [f"How do I pay?,Answer {i} to it." for i in range(shared)]
    lines += [f"What is number {i}?,It is the number {i}." for i in range(others)]
    return read_pairs(StringIO("\n".join(lines)))


# --- batches without negatives ------------------------------------------------------------------


def test_positives_that_all_share_an_anchor_are_refused_before_anything_runs(bert, count_forwards):
    # Each batch had one row, and every loss was exactly 0: the run ended as if it had trained.
    config = TrainConfig(steps=3, train_blocks=1, held_out_share=0)
    told = r"(?s)multiple negatives.*100 of 100 batches hold a single row.*'How do I pay\?' is in "
    told += r"100 rows.*add a column of negatives"
    with count_forwards(bert) as calls, pytest.raises(TrainingFailed, match=told):
        next(fine_tune(bert, positives(100, 0), config, held_out=positives(0, 4)))
    assert calls == []


def test_where_most_batches_are_single_rows_the_run_is_refused():
    with pytest.raises(TrainingFailed, match="batches hold a single row"):
        batch_warnings(positives(60, 70), IN_BATCH)  # two rows a batch, most of them in few


def test_where_some_batches_are_single_rows_a_note_says_so(bert):
    pairs = positives(12, 70)
    [note] = batch_warnings(pairs, IN_BATCH)
    assert "'How do I pay?' is in 12 rows" in note
    config = replace(QUICK, epochs=None, steps=2, held_out_share=0, loss="multiple_negatives")
    done = run(bert, pairs, config)[1]
    assert any("steps taught nothing" in note for note in done.notes)


def test_distinct_texts_and_losses_with_negatives_of_their_own_pass(bert):
    assert batch_warnings(positives(0, 64), IN_BATCH) == ()
    same = anchors(True)
    same = replace(same, texts=tuple(("one anchor", *row[1:]) for row in same.texts))
    assert batch_warnings(same, IN_BATCH) == ()  # each has its hard negative
    assert batch_warnings(graded(), replace(IN_BATCH, loss="cosent")) == ()


# --- runs that got worse ------------------------------------------------------------------------


class Kept:
    """A BestKeeper after a run: what validation said before, and at the step that was kept."""

    def __init__(self, before: float, kept: float, rows: int = 80, groups: int = 80) -> None:
        self.before, self.kept = (self._scored(share, rows, groups) for share in (before, kept))
        self.step = 30
        self.highest = kept

    def _scored(self, share: float, rows: int, groups: int) -> Predictions:
        """Triplets of which this share is right."""
        values = np.where(np.arange(rows) < share * rows, 1.0, -1.0)
        return Predictions("triplet", values, None, np.arange(rows) % groups)


def test_a_model_that_is_clearly_worse_says_so_with_the_remedy():
    [note] = run_warnings(Kept(0.9, 0.5), [1.0] * 30, LR)
    assert "no step was better than the model you started from" in note
    assert "triplet accuracy × 100 was 90.0 before, and is 50.0 at the best step, 30" in note
    assert "clearly worse. Lower the learning rate (now 0.1 at its peak)" in note


def test_a_model_that_is_no_better_says_so_without_alarm():
    [note] = run_warnings(Kept(0.9, 0.89), [1.0] * 30, LR)
    assert "no step was better than the model you started from" in note
    assert "worse" not in note
    assert "learning rate" not in note
    assert run_warnings(Kept(0.5, 0.9), [1.0] * 30, LR) == ()


def test_of_one_group_nothing_is_clearly_worse():
    [note] = run_warnings(Kept(0.9, 0.5, groups=1), [1.0] * 30, LR)
    assert "clearly" not in note


def test_a_loss_that_rises_far_says_so():
    noise = np.random.default_rng(0).uniform(-0.1, 0.1, 60)
    better = Kept(0.5, 0.9)
    [note] = run_warnings(better, np.linspace(0.3, 3, 60) + noise, LR)
    assert "The training loss rose from 0.3" in note
    assert "Lower the learning rate (now 0.1" in note
    assert run_warnings(better, np.linspace(0.3, 0.2, 60) + noise, LR) == ()
    assert run_warnings(better, np.linspace(0.3, 3, 10), LR) == ()  # too short to tell
    spikes = np.where(np.arange(60) == 55, 9.0, 0.3)  # far on average, but by one step
    assert run_warnings(better, spikes, LR) == ()


@pytest.mark.parametrize("steps", [20, 60])
def test_a_model_that_does_not_move_has_not_diverged_after_a_lucky_first_batch(steps):
    # 3.5 % of such runs were told so: the first loss alone stood for the start.
    chance = np.random.default_rng(1)
    runs = [chance.gamma(2, 1, steps) for _ in range(1000)]
    runs += [np.r_[0.01, chance.gamma(2, 1, steps - 1)] for _ in range(1000)]
    alarms = sum(bool(run_warnings(Kept(0.5, 0.9), losses, LR)) for losses in runs)
    assert alarms <= 10


@pytest.mark.slow
def test_a_learning_rate_that_wrecks_the_model_is_named_in_the_notes(bert):
    # It ended as any other run, though it had unlearnt what the model knew: .74 became .27.
    pairs = graded(160)
    learnt = run(bert, pairs, replace(QUICK, epochs=None, steps=60))[1].encoder
    config = TrainConfig(lr=0.1, steps=21, train_blocks=1, batch_size=8, validation_share=0.3)
    events, done = run(learnt, pairs, config)
    assert done.after["spearman"].value < done.before["spearman"].value - 0.2
    assert [event.step for event in events if isinstance(event, Step)][-1] == 21
    [note] = [note for note in done.notes if "no step was better" in note]
    assert "clearly worse. Lower the learning rate (now 0.1 at its peak)" in note
