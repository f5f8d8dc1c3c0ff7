"""What the page says while a run goes on: never nothing, and never a full bar that stands still."""

from types import SimpleNamespace

import pytest

from encoder.training import AFTER, BEFORE, Step
from encoder.training.cost import Cost
from encoder.training.judge_run import LINEAR_MAP, PROBE, WHITENING
from encoder.training.speed import TIMING
from tests.encoder.training.pairs import graded
from tests.ui.finetune.pages import check
from ui.finetune.form import Form, parse_form
from ui.finetune.job import KEEPING, Request
from ui.finetune.run import Live
from ui.state.jobs import News
from ui.state.pairs import Desk


@pytest.fixture
def live(bert):
    desk = Desk("pairs.csv", None, None, graded())
    return Live(Request(SimpleNamespace(), desk, "bert-tiny", bert, parse_form(Form(blocks=1), 2)))


def said(live: Live, *news) -> str:
    for item in news:
        live.hear(item)
    return check(live.progress()).text


def told(what: str, done: int = 0, total: int = 0) -> News:
    return News("progress", (what, done, total))


def step(number: int, steps: int = 66) -> News:
    return News("event", Step(number, steps, 0.5, 1e-4, 1.0, left_s=12.2))


def test_before_the_first_step_it_says_what_is_prepared(live):
    assert "Timing a few steps" in said(live, told(TIMING))
    assert "with the model as it is, 50% …" in said(live, told(BEFORE, 5, 10))


def test_while_it_trains_steps_and_seconds_are_those_of_training(live):
    text = said(live, step(40))
    assert "Training the top block" in text
    assert "step 40 of 66" in text
    assert "about 12 s of training left" in text


def test_after_the_last_step_it_says_what_is_being_done(live):
    text = said(live, step(66))
    assert "Every step is made" in text
    parts = (AFTER, WHITENING, LINEAR_MAP, PROBE, KEEPING)
    texts = [said(live, told(what)) for what in parts]
    assert len(set(texts)) == 5
    for number, text in enumerate(texts, 1):
        assert f"part {number} of 5" in text
        assert "step" not in text
    assert "100%" not in "".join(texts[:-1])
    assert "part 5 of 5" in said(live, told(WHITENING))  # never back


def test_a_run_that_was_stopped_says_so_too(live):
    text = said(live, step(20), told(AFTER, 1, 2))
    assert "Training is over" in text
    assert "step 20 of 66" not in text
    assert "training left" not in text


def test_the_blocks_that_train_are_named_where_the_default_chose_them(live, bert):
    live.request = Request(SimpleNamespace(), live.request.desk, "bert-tiny", bert,
                           parse_form(Form(blocks=None), 2))  # fmt: skip
    assert "Training all 2 blocks" in said(live, step(1))


def test_the_cost_is_known_to_the_page_when_it_is_told(live):
    cost = Cost(prepare_s=1.0, step_s=0.1, steps=66, looks_s=1.0, other_s=20.0)
    said(live, News("event", cost))
    assert live.cost is cost
