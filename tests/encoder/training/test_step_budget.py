"""How long a run goes on: looks, stopwatch, and a time budget that becomes a number of steps."""

import threading

import pytest
import torch

from encoder import EncoderError
from encoder.errors import TrainingFailed
from encoder.training import Eval, Step, TrainConfig, fine_tune
from encoder.training.config import default_epochs
from encoder.training.cost import Cost, estimate
from encoder.training.schedule import learning_rate
from encoder.training.speed import Speed, measure_speed
from encoder.training.step_budget import StepBudget, Stopwatch, is_look, looks_between
from tests.encoder.training.pairs import QUICK, anchors, graded, run, weights


def test_looks_become_more_seldom():
    assert [step for step in range(1, 500) if is_look(step)] == [30, 60, 90, 135, 202, 303, 454]
    assert looks_between(0, 125) == 4  # 30, 60, 90 and the last
    assert looks_between(60, 125) == 2


def simulated(budget_s: float, step_s: float, look_s: float = 0.0, prepare_s: float = 0.0) -> tuple:
    """(seconds, steps) of a run on a machine of constant speed."""
    budget, total, step = StepBudget(None, budget_s, 10), prepare_s + look_s, 0
    while True:
        step, total = step + 1, total + step_s
        budget.tick(step, step_s, total, look_s)
        ended = step == budget.fixed
        total += look_s if ended or is_look(step) else 0
        if ended:
            return total, step, budget


@pytest.mark.parametrize("budget_s", [30, 60, 120, 300])
@pytest.mark.parametrize("step_s", [0.02, 0.15, 0.7])
@pytest.mark.parametrize(("look_s", "prepare_s"), [(0, 0), (0.6, 6)])
def test_a_budget_is_kept_within_a_tenth(budget_s, step_s, look_s, prepare_s):
    seconds, steps, budget = simulated(budget_s, step_s, look_s, prepare_s)
    assert 0.9 * budget_s <= seconds <= 1.1 * budget_s
    assert steps == budget.expected
    assert steps % 2 == 0
    assert not budget.notes


def test_a_budget_for_hardly_any_step_is_overrun_and_says_so():
    seconds, steps, budget = simulated(30, 5)
    assert (steps, seconds) == (20, 100)
    assert "not enough for the 20 steps" in budget.notes[0]
    assert "a step takes 5.0 s here. Train fewer blocks" in budget.notes[0]


def test_where_reading_took_the_time_it_is_not_the_blocks_that_are_too_many():
    _, _, budget = simulated(30, 0.1, prepare_s=29.5)
    assert "30 s went into reading the texts" in budget.notes[0]
    assert "more seconds, or fewer rows" in budget.notes[0]
    assert "blocks" not in budget.notes[0]


def test_the_rate_before_half_time_does_not_depend_on_the_number_of_steps():
    known = [learning_rate(step, 40, 1.0, 10) for step in range(20)]
    assert known == [learning_rate(step, None, 1.0, 10) for step in range(20)]


def test_time_left_counts_steps_and_looks():
    budget = StepBudget(30, None, 10)
    for step in range(1, 11):
        budget.tick(step, 2.0, 2.0 * step, 3.0)
    assert budget.left_s(10, 3.0) == 20 * 2 + 1 * 3  # the look at 30 is the last step's
    assert budget.left_s(30, 3.0) == 0


def test_a_stopwatch_adds_up_what_it_was_on_for():
    watch = Stopwatch()
    with watch:
        pass
    first = watch.total
    with watch:
        sum(range(1000))
    assert watch.total == first + watch.last > first


def test_a_run_within_a_budget_is_repeated_exactly_by_its_number_of_steps(bert):
    config = TrainConfig(**{**vars(QUICK), "epochs": None, "budget_s": 1, "validation_share": 0.2})
    _, budgeted = run(bert, graded(), config)
    assert not budgeted.stopped
    assert budgeted.steps >= 2 * config.warmup
    again = TrainConfig(**{**vars(config), "steps": budgeted.steps, "budget_s": None})
    _, repeated = run(bert, graded(), again)
    assert (repeated.steps, repeated.kept_step) == (budgeted.steps, budgeted.kept_step)
    assert all(map(torch.equal, weights(budgeted.encoder), weights(repeated.encoder)))


def test_a_stopped_run_says_how_far_it_came(bert):
    stop = threading.Event()
    stop.set()
    *events, done = fine_tune(bert, graded(), QUICK, stop=stop)
    assert (done.steps, done.stopped) == (1, True)
    assert [type(event) for event in events] == [Eval, Step, Eval]


@pytest.mark.parametrize(("asked", "trained"), [(None, 2), (0, 0), (1, 1), (3, 3)])
def test_by_default_all_blocks_of_a_small_model_train_and_no_embeddings(bert, asked, trained):
    config = TrainConfig(train_blocks=asked).resolved(bert, "score", 100)
    assert config.train_blocks == trained
    with pytest.raises(EncoderError, match="train_blocks is 5; tiny-bert0 has 2 blocks"):
        TrainConfig(train_blocks=5).resolved(bert, "score", 100)


def test_small_sets_are_read_more_often():
    assert [default_epochs(rows) for rows in (2000, 1000, 500, 100)] == [1, 1, 2, 8]


# --- cost ---------------------------------------------------------------------------------------


def test_the_cost_is_counted_from_the_speed(bert):
    pairs = graded(100)  # 20 held out, 10 for validation, 70 to train on
    cost = estimate(bert, pairs, TrainConfig(epochs=2, batch_size=8), speed=Speed(0.5, 2.0, 0.1))
    assert cost.steps == 18
    assert cost.prepare_s == 35
    assert cost.looks_s == pytest.approx(30 * 0.5 + 2 * 30 * 0.1)  # before and after
    assert cost.seconds == pytest.approx(35 + 36 + 21)


def test_a_budget_costs_what_it_says(bert):
    speed = Speed(0.01, 0.2, 0.001)
    cost = estimate(bert, graded(100), TrainConfig(budget_s=60), speed=speed)
    assert cost.seconds == pytest.approx(60, rel=0.05)


def test_timed_steps_leave_the_model_and_the_random_state_alone(bert):
    before, state = weights(bert), torch.get_rng_state()
    for blocks in (0, 1, 3):
        speed = measure_speed(bert, anchors(), TrainConfig(train_blocks=blocks))
        assert min(speed.prepare_s, speed.step_s, speed.look_s) > 0
    assert all(map(torch.equal, before, weights(bert)))
    assert torch.equal(state, torch.get_rng_state())
    assert isinstance(estimate(bert, graded(), QUICK), Cost)


# --- failures -----------------------------------------------------------------------------------


def test_memory_that_runs_out_ends_the_run_in_words(bert, monkeypatch):
    def huge(*_):
        torch.empty(2**46)  # what torch itself says when memory is out

    monkeypatch.setattr("encoder.training.run.training_step", huge)
    with pytest.raises(TrainingFailed, match=r"Memory ran out.*Train fewer blocks \(now 1\)"):
        list(fine_tune(bert, graded(), QUICK))


def test_nothing_held_out_still_trains_and_says_so(bert):
    pairs = graded(40)
    done = run(bert, pairs, TrainConfig(**{**vars(QUICK), "held_out_share": 0}))[1]
    assert (done.before, done.after, done.gain) == ({}, {}, None)
    assert done.encoder.backbone.fingerprint != bert.backbone.fingerprint
