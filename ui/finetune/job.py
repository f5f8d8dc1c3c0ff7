"""A run from the timing of its steps to a model of the visitor's: what a job in the queue does."""

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from encoder import Encoder, TrainConfig
from encoder.training import Done, Eval, Step, fine_tune
from encoder.training.cost import Cost
from encoder.training.judge_run import RunJudgement, judge_run
from encoder.training.speed import TIMING, measure_speed
from ingest import PairSet
from ui.state.costs import CostEstimate, Timing
from ui.state.jobs import Job, Queue
from ui.state.models import OwnModel, Run
from ui.state.pairs import TrainingPairs
from ui.state.workbench import Visitor, Workbench
from ui.words import duration

log = logging.getLogger("lab.training")
STORING = "storing"
ROUGH_S, ROUGH_REST_S = 60.0, 30.0  # of training and of scoring, where nothing is known yet
Tell = Callable[[str, int, int], None]


@dataclass(frozen=True, eq=False)
class Request:
    """Everything a run or its check is made of, checked."""

    visitor: Visitor
    training_pairs: TrainingPairs
    model: str
    encoder: Encoder
    config: TrainConfig

    @property
    def is_current(self) -> bool:
        """Whether the visitor has not taken other pairs since."""
        return self.visitor.training_pairs is self.training_pairs


@dataclass(frozen=True, eq=False)
class RunResult:
    """A finished run, whose model is the visitor's now, and what had to go for it."""

    run: Run
    models_gone: tuple[str, ...]  # their names


RunEvent = Cost | Step | Eval | Done | RunResult


def rough_s(config: TrainConfig) -> float:
    """Seconds to expect of a run whose steps were not timed yet."""
    return (config.budget_s or ROUGH_S) + ROUGH_REST_S


def cost_of(
    request: Request, pairs: PairSet, queue: Queue, tell: Tell, own: int = 0
) -> CostEstimate:
    """Seconds that a run will take; what was timed on these pairs is not timed again.

    `own` is how many runs of this visitor are under way: inside one, steps that were timed beside
    another are timed again. What `tell` raises ends the timing.
    """

    def measure() -> Timing:
        tell(TIMING, 0, 0)
        before = queue.busy
        speed = measure_speed(request.encoder, pairs, request.config, tell)
        return Timing(speed, max(before, queue.busy) <= own)

    costs = request.visitor.costs
    return costs.estimate(request.encoder, pairs, request.config, measure, only_alone=own > 0)


def tuning(request: Request, pairs: PairSet, workbench: Workbench, job: Job) -> Iterator[RunEvent]:
    """The cost, the events of the training, and at last the result; the host's log has its ends."""
    log.info("training", extra={"fields": {"model": request.model, "pairs": len(pairs)}})
    result: RunEvent | None = None
    try:
        for result in _events(request, pairs, workbench, job):
            yield result
    finally:
        facts = {"kept": isinstance(result, RunResult), "seconds": round(job.spent_s, 1)}
        log.info("trained", extra={"fields": facts})


def _events(request: Request, pairs: PairSet, workbench: Workbench, job: Job) -> Iterator[RunEvent]:
    cost = cost_of(request, pairs, workbench.training_queue, job.tell, own=1).cost
    most_s = workbench.settings.max_run_s
    job.expect(min(cost.total_s, most_s))
    yield cost
    over = False
    done: Done | None = None
    for event in fine_tune(
        request.encoder, pairs, request.config, stop=job.stop, on_progress=job.tell
    ):
        if not over and job.spent_s > most_s:
            over = True
            job.stop.set()
        if isinstance(event, Step):  # who waits hears how it really goes
            left_s = 0.0 if job.stop.is_set() else min(event.left_s, most_s - job.spent_s)
            job.expect(max(0.0, left_s) + cost.other_s)
        if isinstance(event, Done):
            done = event = _with_note(event, most_s) if over and event.stopped else event
        yield event
    assert done is not None
    judgement = judge_run(done, lambda part: job.tell(part, 0, 0))
    job.tell(STORING, 0, 0)  # last chance to be cancelled
    yield _store(request, workbench, done, judgement, cost)


def _with_note(done: Done, most_s: float) -> Done:
    note = f"Stopped after {duration(most_s)}: that is the most a run may take here."
    return replace(done, notes=(*done.notes, note))


def _store(
    request: Request, workbench: Workbench, done: Done, judgement: RunJudgement, cost: Cost
) -> RunResult:
    own_models, source = request.visitor.own_models, request.training_pairs
    key = own_models.next_key()
    name = own_models.free_name(f"{source.name.rsplit('.', 1)[0]}, {key.replace('-', ' ')}")
    table = source.table if done.train.report.dropped else None
    base = own_models.get(request.model)
    learned = base.run.learned if base and base.run else frozenset[str]()
    run = Run(key, name, request.model, source.name, done, judgement, cost.seconds, table, learned)
    gone = workbench.add_model(OwnModel(key, name, done.encoder, run), request.visitor)
    return RunResult(run, tuple(gone))
