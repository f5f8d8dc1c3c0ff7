"""What the page says while a run goes on: never nothing, and never a full bar that stands still."""

from dataclasses import replace
from types import SimpleNamespace

import pytest

from encoder.training import AFTER, BEFORE, Step
from encoder.training.cost import Cost
from encoder.training.judge_run import LINEAR_MAP, PROBE, WHITENING
from encoder.training.speed import TIMING
from tests.encoder.training.pairs import graded
from tests.ui.finetune.pages import check
from ui.finetune.form import Form, parse_form
from ui.finetune.job import STORING, Request
from ui.finetune.run import RunProgress
from ui.state.jobs import News
from ui.state.pairs import TrainingPairs


@pytest.fixture
def progress(bert):
    training_pairs = TrainingPairs("pairs.csv", None, None, graded())
    return RunProgress(
        Request(SimpleNamespace(), training_pairs, "bert-tiny", bert, parse_form(Form(blocks=1), 2))
    )


def text_after(progress: RunProgress, *news) -> str:
    for item in news:
        progress.hear(item)
    return check(progress.html()).text


def news_of(what: str, done: int = 0, total: int = 0) -> News:
    return News("progress", (what, done, total))


def step(number: int, steps: int = 66) -> News:
    return News("event", Step(number, steps, 0.5, 1e-4, 1.0, left_s=12.2))


def test_before_the_first_step_it_says_what_is_prepared(progress):
    assert "Timing a few steps" in text_after(progress, news_of(TIMING))
    assert "with the model as it is, 50% …" in text_after(progress, news_of(BEFORE, 5, 10))


def test_while_it_trains_steps_and_seconds_are_those_of_training(progress):
    text = text_after(progress, step(40))
    assert "Training the top block" in text
    assert "step 40 of 66" in text
    assert "about 12 s of training left" in text


def test_after_the_last_step_it_says_what_is_being_done(progress):
    text = text_after(progress, step(66))
    assert "Every step is made" in text
    parts = (AFTER, WHITENING, LINEAR_MAP, PROBE, STORING)
    texts = [text_after(progress, news_of(what)) for what in parts]
    assert len(set(texts)) == 5
    for number, text in enumerate(texts, 1):
        assert f"part {number} of 5" in text
        assert "step" not in text
    assert "100%" not in "".join(texts[:-1])
    assert "part 5 of 5" in text_after(progress, news_of(WHITENING))  # never back


def test_a_run_that_was_stopped_says_so_too(progress):
    text = text_after(progress, step(20), news_of(AFTER, 1, 2))
    assert "Training is over" in text
    assert "step 20 of 66" not in text
    assert "training left" not in text


def test_the_blocks_that_train_are_named_where_the_default_chose_them(progress):
    progress.request = replace(progress.request, config=parse_form(Form(blocks=None), 2))
    assert "Training all 2 blocks" in text_after(progress, step(1))


def test_the_cost_is_known_to_the_page_when_it_is_told(progress):
    cost = Cost(prepare_s=1.0, step_s=0.1, steps=66, looks_s=1.0, other_s=20.0)
    text_after(progress, News("event", cost))
    assert progress.cost is cost
