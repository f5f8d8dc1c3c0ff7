"""What a run costs beside training, and timing that ends soon and can be ended."""

import threading
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch

from encoder import ArrayCache
from encoder.training import TrainConfig
from encoder.training.cost import Cost, estimate
from encoder.training.judge_run import probe_pairs
from encoder.training.speed import TIMING, Speed, characters, distinct_texts, measure_speed
from tests.encoder.training.pairs import QUICK, anchors, graded, weights

READ_S = 0.001  # a character
SPEED = Speed(0.5, 2.0, 0.1, READ_S)


def chars(enc, *sets) -> int:
    return sum(characters(distinct_texts(pairs), enc.max_tokens) for pairs in sets)


def test_what_comes_beside_training_is_counted_from_what_is_read(bert, monkeypatch):
    monkeypatch.setattr(
        "encoder.training.cost._drawn_s", lambda pairs, evaluated, compared: evaluated
    )
    pairs, config = graded(100), TrainConfig(epochs=2, batch_size=8)
    held_out = graded(30)
    cost = estimate(bert, pairs, config, held_out, SPEED)
    source = chars(bert, held_out, probe_pairs())
    tuned = source
    trained = set(distinct_texts(pairs)) - set(distinct_texts(held_out))
    rivals = characters(list(trained), bert.max_tokens)
    assert cost.other_s == pytest.approx(READ_S * (source + tuned + rivals) + 4 + 2)
    assert cost.seconds == pytest.approx(cost.prepare_s + cost.steps * 2.0 + cost.looks_s)
    assert cost.total_s == cost.seconds + cost.other_s
    bert.encode(distinct_texts(held_out))  # as the check of the pairs does
    again = estimate(bert, pairs, config, held_out, SPEED)
    saved = READ_S * chars(bert, held_out)
    assert again.other_s == pytest.approx(cost.other_s - saved)
    linear = estimate(bert, pairs, replace(config, train_blocks=0), held_out, SPEED)
    assert linear.other_s == pytest.approx(again.other_s - READ_S * rivals)  # it has read them


def test_with_nothing_held_out_there_are_no_rivals_to_pay_for(bert, monkeypatch):
    monkeypatch.setattr(
        "encoder.training.cost._drawn_s", lambda pairs, evaluated, compared: evaluated
    )
    config = TrainConfig(held_out_share=0, epochs=1)
    cost = estimate(bert, graded(40), config, speed=SPEED)
    assert cost.other_s == pytest.approx(READ_S * 2 * chars(bert, probe_pairs()) + 2)


def test_a_text_counts_as_far_as_the_model_reads_it():
    assert characters(["a" * 10, "b" * 10**6], 50) == (10 + 8) + (200 + 8)


# --- timing -------------------------------------------------------------------------------------


class Clock:
    """Stands in for the module `time`: only steps take any, each so long a row."""

    def __init__(self, row_s: float) -> None:
        self.row_s, self.now = row_s, 0.0
        self.steps: list[tuple[int, int]] = []  # rows of each, and its bound on memory

    def perf_counter(self) -> float:
        return self.now

    def step(self, model, compute, pairs, labels, batch, optimizer, config, on_batch, max_bytes):
        self.steps.append((len(batch), max_bytes))
        self.now += self.row_s * len(batch)


@pytest.fixture
def clock(monkeypatch) -> Callable[[float], Clock]:
    def start(row_s: float) -> Clock:
        clock = Clock(row_s)
        monkeypatch.setattr("encoder.training.speed.training_step", clock.step)
        for module in ("speed", "step_budget"):
            monkeypatch.setattr(f"encoder.training.{module}.time", clock)
        return clock

    return start


def test_timing_slow_steps_ends_soon_and_speaks_for_whole_batches(bert, clock):
    # 64 pairs of long texts: five steps of 20 s were timed before anything could be said.
    slow = clock(row_s=0.05)
    speed = measure_speed(bert, graded(192), TrainConfig(batch_size=64), limit_s=0.5)
    assert slow.now < 1  # 3.2 s is one whole step alone
    assert speed.step_s == pytest.approx(64 * 0.05)
    assert max(size for size, _ in slow.steps) <= 8
    assert all(bound == pytest.approx(2**30 * size / 64, rel=0.01) for size, bound in slow.steps)


def test_where_two_rows_take_too_long_nothing_else_is_timed(bert, clock):
    slow = clock(row_s=0.2)
    speed = measure_speed(bert, graded(200), TrainConfig(batch_size=64), limit_s=0.3)
    assert [size for size, _ in slow.steps] == [2]
    assert speed.step_s == pytest.approx(64 * 0.2)


def test_fast_steps_are_timed_with_whole_batches(bert, clock):
    fast = clock(row_s=0.0005)
    speed = measure_speed(bert, graded(200), TrainConfig(batch_size=16))
    assert [size for size, _ in fast.steps] == [2, 2, 16, 16, 16, 16]
    assert {bound for _, bound in fast.steps[2:]} == {2**30}
    assert speed.step_s == pytest.approx(16 * 0.0005)


UNHURRIED_S = 600.0  # as much is timed and told on a busy machine as on an idle one


@pytest.mark.parametrize("blocks", [0, 1, 3])
def test_timing_can_be_ended_from_outside(bert, blocks):
    before, state, told = weights(bert), torch.get_rng_state(), []
    config = TrainConfig(train_blocks=blocks)
    measure_speed(bert, anchors(), config, lambda *word: told.append(word), UNHURRIED_S)
    assert {what for what, _, _ in told} == {TIMING}
    for last in (1, len(told) // 2, len(told)):
        heard = []

        def leave(*word: object, last=last, heard=heard) -> None:
            heard.append(word)
            if len(heard) == last:
                raise InterruptedError

        fresh = bert.with_cache(ArrayCache(0))
        with pytest.raises(InterruptedError):
            measure_speed(fresh, anchors(), config, leave, UNHURRIED_S)
        assert len(heard) == last
    assert all(map(torch.equal, before, weights(bert)))
    assert torch.equal(state, torch.get_rng_state())


def test_timing_leaves_no_thread_and_few_pairs_can_be_timed(bert):
    threads = threading.active_count()
    for rows in (2, 3):
        speed = measure_speed(bert, graded(8).take(range(rows)), TrainConfig(train_blocks=1))
        figures = [speed.prepare_s, speed.step_s, speed.look_s, speed.character_s]
        assert np.isfinite(figures).all()
        assert min(figures) > 0
    assert threading.active_count() == threads


def test_an_estimate_passes_the_listener_on(bert):
    told = []
    cost = estimate(bert, graded(), QUICK, on_progress=lambda *word: told.append(word))
    assert isinstance(cost, Cost)
    assert told
