"""A run from the timing of its steps to the model on the shelf: what a job in the line does."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from encoder import Encoder, TrainConfig
from encoder.training import Done, Step, fine_tune
from encoder.training.cost import Cost
from encoder.training.judge_run import RunJudgement, judge_run
from encoder.training.speed import TIMING, measure_speed
from ingest import PairSet
from ui.state.costs import Timed, Told
from ui.state.jobs import Job, Queue
from ui.state.models import OwnModel, Run
from ui.state.pairs import Desk
from ui.state.workbench import Visitor, Workbench
from ui.words import duration

KEEPING = "keeping"
ROUGH_S, ROUGH_REST_S = 60.0, 30.0  # of training and of scoring, where nothing is known yet
Tell = Callable[[str, int, int], None]


@dataclass(frozen=True, eq=False)
class Request:
    """Everything a run or its check is made of, checked."""

    visitor: Visitor
    desk: Desk
    model: str
    encoder: Encoder
    config: TrainConfig

    @property
    def current(self) -> bool:
        """Whether these pairs still lie on the visitor's desk."""
        return self.visitor.desk is self.desk


def rough_s(config: TrainConfig) -> float:
    """Seconds to expect of a run whose steps were not timed yet."""
    return (config.budget_s or ROUGH_S) + ROUGH_REST_S


def cost_of(request: Request, pairs: PairSet, line: Queue, tell: Tell, own: int = 0) -> Told:
    """Seconds that a run will take; what was timed on these pairs is not timed again.

    `own` is how many runs of this visitor are under way: inside one, steps that were timed beside
    another are timed again. What `tell` raises ends the timing.
    """

    def measure() -> Timed:
        tell(TIMING, 0, 0)
        before = line.busy
        speed = measure_speed(request.encoder, pairs, request.config, tell)
        return Timed(speed, max(before, line.busy) <= own)

    costs = request.visitor.costs
    return costs.find(request.encoder, pairs, request.config, measure, only_alone=own > 0)


def tuning(request: Request, pairs: PairSet, workbench: Workbench, job: Job) -> Iterator[Any]:
    """The cost, the events of the run, and at last the run with the names of models given up."""
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
    found = judge_run(done, lambda part: job.tell(part, 0, 0))
    job.tell(KEEPING, 0, 0)  # last chance to be cancelled
    yield _keep(request, workbench, done, found, cost)


def _with_note(done: Done, most_s: float) -> Done:
    note = f"Stopped after {duration(most_s)}: that is the most a run may take here."
    return replace(done, notes=(*done.notes, note))


def _keep(
    request: Request, workbench: Workbench, done: Done, found: RunJudgement, cost: Cost
) -> tuple[Run, list[str]]:
    shelf, desk = request.visitor.own_models, request.desk
    key = shelf.next_key()
    name = shelf.free_name(f"{desk.name.rsplit('.', 1)[0]}, {key.replace('-', ' ')}")
    table = desk.table if done.train.report.dropped else None
    base = shelf.get(request.model)
    learned = base.run.learned if base and base.run else frozenset[str]()
    run = Run(key, name, request.model, desk.name, done, found, cost.seconds, table, learned)
    return run, workbench.keep(OwnModel(key, name, done.encoder, run), request.visitor)
