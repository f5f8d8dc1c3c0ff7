"""A run after another: from its model, with its settings; and what a visitor never loses."""

from dataclasses import replace

import pytest

from encoder import TrainConfig
from encoder.training import Step
from tests.ui.finetune.pages import NO_CHANGE, QUICK, asked, csv
from tests.ui.finetune.takehome.runs import a_run
from ui.finetune.handlers import FinetuneHandlers
from ui.finetune.results import repeating
from ui.finetune.run import RunProgress
from ui.finetune.verdict import verdict
from ui.settings import Settings
from ui.state.jobs import News
from ui.state.models import OwnModel
from ui.state.workbench import Workbench


@pytest.fixture
def workbench(bert):
    return Workbench(Settings(max_visitors=2), lambda spec, **limits: bert)


@pytest.fixture(scope="module")
def finished(trained):
    return trained()


def test_held_out_rows_that_the_base_was_trained_on_are_counted_and_told(finished):
    first = a_run(finished)
    assert first.rows_trained_before == 0
    other_way_round = replace(finished, train=finished.held_out, held_out=finished.train)
    second = a_run(other_way_round, base_learned=first.learned)
    assert second.rows_trained_before == len(finished.train)
    reasons = " ".join(verdict(second.done, NO_CHANGE, second.rows_trained_before).reasons)
    assert "an earlier run had trained the model on" in reasons
    assert second.learned > first.learned


def test_a_budget_is_used_again_as_the_steps_it_came_to(finished):
    timed = replace(finished, config=TrainConfig(budget_s=30, loss="cosine_mse"), steps=77)
    own = OwnModel("run-1", "x", finished.encoder, a_run(timed))
    settings, remarks = repeating(own)
    assert (settings.budget_s, settings.steps) == (None, 77)
    assert remarks == ["It had 30 seconds and made 77 steps; with that number it is repeated."]
    cut_short = OwnModel("run-1", "x", finished.encoder, a_run(replace(timed, stopped=True)))
    assert repeating(cut_short) == (timed.config, [])
    by_steps = OwnModel("run-1", "x", finished.encoder, a_run(finished))
    assert repeating(by_steps) == (finished.config, [])


def test_texts_that_were_sent_are_the_last_to_go_for_newcomers(workbench):
    handlers = FinetuneHandlers(workbench)
    handlers.open_text("sent", csv("cat"))
    handlers.open_sample("looked", "triplets")  # later, but nothing of its own
    handlers.open_sample("new", "triplets")
    assert workbench.visitor("sent").training_pairs is not None
    assert workbench.visitor("looked").training_pairs is None


def test_curves_are_new_with_a_step_and_not_with_every_word(workbench):
    run = RunProgress(asked(FinetuneHandlers(workbench), form=QUICK))
    run.hear(News("progress", ("step", 3, 16)))
    assert not run.undrawn
    run.hear(News("event", Step(1, 8, 0.5, 1e-3, 0.1, 0.7)))
    assert run.undrawn
    assert not run.scoring
    run.hear(News("event", Step(8, 8, 0.5, 1e-3, 0.8, 0.0)))
    assert run.scoring


def test_half_a_choice_of_columns_makes_no_pairs_and_a_whole_one_does(workbench):
    handlers = FinetuneHandlers(workbench)
    handlers.open_text("ann", "question,answer,same\nA dog?,Yes it is.,1\nA cat?,No.,0\n" * 6)
    training_pairs = handlers.without_pairs("ann", "Choose the column of the label.")
    assert training_pairs.pairs is None
    with pytest.raises(Exception, match="Choose the column of the label"):
        handlers.start(handlers.request("ann", "bert-tiny", QUICK))
    whole = handlers.map_columns(
        "ann",
        training_pairs.mapping.kind,
        (*training_pairs.mapping.texts, training_pairs.mapping.label),
    )
    assert whole.pairs is not None
