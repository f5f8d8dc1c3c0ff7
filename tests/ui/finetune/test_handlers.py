"""What a run is made of and costs: always of the visitor's present pairs, and never waited for."""

import threading
from dataclasses import replace
from itertools import pairwise

import pytest

import ui.finetune.job
import ui.state.costs
from encoder import EncoderError, TrainConfig
from encoder.training.cost import Cost
from tests.encoder.training.pairs import anchors, graded
from tests.ui.finetune.pages import QUICK, asked, csv
from tests.ui.finetune.timings import SOON_S, SPEED
from ui.finetune.handlers import FinetuneHandlers
from ui.settings import Settings
from ui.state.costs import Costs, Timing
from ui.state.jobs import Job
from ui.state.workbench import Workbench


@pytest.fixture
def handlers(bert, timings):
    """The tab over the tiny BERT; no run outlives a test."""
    workbench = Workbench(Settings(), lambda spec, **limits: bert)
    yield FinetuneHandlers(workbench)
    timings.go.set()
    for visitor in list(workbench._visitors.values()):
        if visitor.job is not None:
            workbench.training_queue.leave(visitor.job)
            assert visitor.job.ended.wait(SOON_S)


def news(job: Job) -> list:
    """(kind, content) of all news, when the job is over."""
    assert job.ended.wait(SOON_S)
    found = []
    while not job.news.empty():
        item = job.news.get()
        found.append((item.kind, item.content))
    return found


# --- joining the line ---------------------------------------------------------------------------


def test_training_joins_the_line_before_anything_is_timed(handlers, timings):
    timings.go.clear()
    job = handlers.start(asked(handlers))  # would wait for the timing
    assert handlers.workbench.training_queue.busy == 1
    assert job.expected_s == ui.finetune.job.ROUGH_S + ui.finetune.job.ROUGH_REST_S
    timings.go.set()
    told = news(job)
    kinds = [content[0] if kind == "progress" else type(content) for kind, content in told]
    assert kinds[:2] == ["timing", Cost]
    assert told[-1] == ("done", None)
    result = told[-2][1]
    assert result.run.predicted_s == told[1][1].seconds
    assert result.models_gone == ()
    assert result.run.done.steps == 3


def test_what_is_timed_on_the_page_is_expected_and_not_timed_again(handlers, timings):
    request = asked(handlers)
    cost = handlers.cost(request).cost
    timings.go.clear()
    handlers.start(asked(handlers, "bob"))  # holds the slot
    job = handlers.start(request)
    assert handlers.workbench.training_queue.place(job) == 1
    assert job.expected_s == cost.total_s
    timings.go.set()
    assert ("event", cost) in news(job)
    assert timings.of.count(request.training_pairs.pairs) == 1


def test_steps_timed_beside_another_run_are_timed_again_in_the_line(handlers, timings):
    release = threading.Event()

    def work(job):
        assert release.wait(SOON_S)
        yield 1

    other = Job(work)
    handlers.workbench.training_queue.join(other)
    request = asked(handlers)
    assert not handlers.cost(request).alone
    job = handlers.start(request)
    release.set()
    news(job)
    assert timings.of == [request.training_pairs.pairs] * 2
    assert handlers.cost(request).alone
    assert len(timings.of) == 2


def test_a_run_within_a_budget_is_expected_to_take_it(handlers, timings):
    timings.go.clear()
    job = handlers.start(asked(handlers, form=replace(QUICK, duration="2 minutes")))
    assert job.expected_s == 120 + ui.finetune.job.ROUGH_REST_S
    handlers.workbench.training_queue.leave(job)


def test_no_run_is_expected_to_take_longer_than_the_host_allows(bert, timings):
    timings.go.clear()
    handlers = FinetuneHandlers(Workbench(Settings(max_run_s=20.0), lambda spec, **limits: bert))
    job = handlers.start(asked(handlers, form=replace(QUICK, duration="2 minutes")))
    assert job.expected_s == 20
    assert handlers.at_stake("ann") == {"models": 0, "running": True}
    handlers.workbench.training_queue.leave(job)


def test_what_is_expected_follows_the_steps(handlers, timings, monkeypatch):
    slow = replace(SPEED, step_s=1000.0)  # as it seemed before it began
    monkeypatch.setattr(ui.finetune.job, "measure_speed", lambda *given: slow)
    job = handlers.start(asked(handlers))
    seen = news(job)
    [cost] = [content for _, content in seen if isinstance(content, Cost)]
    assert cost.seconds > 1000
    assert cost.other_s <= job.expected_s < 1000 + cost.other_s


def test_the_expectation_is_corrected_when_the_steps_are_timed(handlers, timings, monkeypatch):
    cost = Cost(prepare_s=0.0, step_s=0.01, steps=3, looks_s=0.0, other_s=7_000.0)
    monkeypatch.setattr(ui.state.costs, "estimate", lambda *given, **how: cost)
    job = handlers.start(asked(handlers))
    assert news(job)
    assert 0 <= job.expected_s - cost.other_s < SOON_S  # not the rough guess any more


def test_a_loss_that_does_not_fit_is_refused_before_the_line(handlers, timings):
    with pytest.raises(EncoderError, match="does not fit"):
        handlers.start(asked(handlers, form=replace(QUICK, loss="triplet")))
    assert not handlers.workbench.training_queue.busy


def test_one_visitor_has_one_run_at_a_time(handlers, timings):
    timings.go.clear()
    handlers.start(asked(handlers))
    with pytest.raises(EncoderError, match="under way"):
        handlers.start(asked(handlers))


def test_no_run_holds_the_slot_for_longer_than_the_host_allows(bert, timings):
    settings = Settings(max_run_s=0.0)
    handlers = FinetuneHandlers(Workbench(settings, lambda spec, **limits: bert))
    job = handlers.start(asked(handlers, form=replace(QUICK, steps=20_000)))
    run = news(job)[-2][1].run
    assert run.done.stopped
    assert run.done.steps < 10
    assert "the most a run may take" in run.done.notes[-1]


# --- other pairs --------------------------------------------------------------------------------


def test_the_cost_is_never_that_of_the_pairs_before(handlers, timings):
    timings.go.clear()
    first = asked(handlers)
    found = []
    thread = threading.Thread(target=lambda: found.append(handlers.cost(first)))
    thread.start()
    assert timings.began.wait(SOON_S)
    handlers.open_text("ann", csv("boat"))
    timings.go.set()
    thread.join(SOON_S)
    assert found == [None]  # nobody asks for it any more
    second = asked(handlers)
    costs = handlers.visitor("ann").costs
    assert costs.recall(second.encoder, second.training_pairs.pairs, second.config) is None
    handlers.cost(second)
    assert timings.of == [first.training_pairs.pairs, second.training_pairs.pairs]


def test_costs_are_kept_for_one_set_of_pairs_only(bert):
    costs, pairs, others, made = Costs(), graded(), anchors(), []
    config = TrainConfig(steps=5, train_blocks=1)

    def measure():
        made.append(1)
        return Timing(SPEED)

    costs.start_over(pairs)
    found = costs.estimate(bert, pairs, config, measure)
    assert (
        costs.estimate(bert, pairs, config, measure) == found == costs.recall(bert, pairs, config)
    )
    assert len(made) == 1
    longer = replace(config, steps=50)  # other numbers of steps are as fast
    assert costs.recall(bert, pairs, longer) is None
    assert costs.estimate(bert, pairs, longer, measure).cost.steps == 50
    assert len(made) == 1
    costs.estimate(bert, pairs, replace(config, train_blocks=2), measure)
    assert len(made) == 2
    costs.estimate(bert, others, config, measure)
    costs.estimate(bert, others, config, measure)
    assert len(made) == 4  # of others nothing is remembered
    costs.start_over(others)
    assert costs.recall(bert, pairs, config) is None


def test_names_of_models_are_told_apart(handlers, timings):
    both = [news(handlers.start(asked(handlers))) for _ in range(2)]
    own_models = handlers.visitor("ann").own_models
    first, second = (told[-2][1].run.key for told in both)
    own_models.rename(first, "mine")
    own_models.rename(second, "mine")
    own_models.rename(second, "mine")  # its own name is free to itself
    assert [model.name for model in own_models] == ["mine", "mine (2)"]
    assert all(a.run.name != b.run.name for a, b in pairwise(own_models))
    assert own_models.free_name("mine") == "mine (3)"
