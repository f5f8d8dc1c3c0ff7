"""Long work of the Map and Search tabs: done in the line, heard to its end or that of the visit."""

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Any, Generic, TypeVar

import gradio as gr
from gradio.components import Component

from ingest import LabError
from ui.page.components import markup
from ui.page.events import ANSWER_EVERY_S, FOLLOW, TOUCH, worded, worded_steps
from ui.state.jobs import Cancelled, Job, Queue, Tasks, hear
from ui.state.stages import Tell
from ui.state.workbench import Workbench
from ui.words import notes

STAGES = {
    "encode": "Turning texts into vectors",
    "neighbours": "Finding the exact neighbours of each",
    "layout": "Laying the map out",
    "clusters": "Looking for clusters",
    "fidelity": "Measuring how far the map can be trusted",
}


def stages_line(
    stage: str, share: float, seconds: float, stages: Mapping[str, str] = STAGES
) -> str:
    """How far a map is: the stages in a row, the present one with its share."""
    at = list(stages).index(stage) if stage in stages else -1
    marks = "".join(
        f'<i class="{"done" if i < at else "now" if i == at else ""}"></i>'
        for i in range(len(stages) if at >= 0 else 0)  # other work has no stages to count
    )
    what = stages.get(stage, stage.capitalize())
    done = f" {share:.0%}" if 0 < share < 1 else ""
    return (
        f'<div class="lab-stages" role="status"><span class="marks" aria-hidden="true">{marks}'
        f"</span><span>{escape(what)}{done} … {seconds:.0f} s</span></div>"
    )


SOON_S = 0.05
T = TypeVar("T")
Work = Callable[[Tell, threading.Event], T]  # makes one thing
Steps = Callable[[Tell, threading.Event], Iterator[T]]  # makes it again and again, each better


@dataclass(frozen=True)
class Moment(Generic[T]):
    """How far the work is, as HTML; something it made, if anything; and how it ended, if it did."""

    progress: str
    made: T | None = None
    ended: str = ""  # "done", "cancelled", "failed"
    seconds: float = 0.0


def stoppable(work: Steps[T]) -> Callable[[Job], Iterator[T]]:
    """Work of the engines as a job does it: it ends where that is asked for."""

    def steps(job: Job) -> Iterator[T]:
        def tell(stage: str, share: float) -> None:
            if job.stop.is_set():
                raise Cancelled
            job.tell(stage, share)

        yield from work(tell, job.stop)

    return steps


def at_once(work: Work[T]) -> Steps[T]:
    """Work that makes one thing, at its end."""

    def steps(tell: Tell, stop: threading.Event) -> Iterator[T]:
        yield work(tell, stop)

    return steps


UNHEARD = "Nobody was waiting for this answer any more, so the work was stopped."


def done_for_caller(
    work: Work[T], workbench: Workbench, visitor: str | None, expected_s: float
) -> T:
    """What `work` gives, once it was its turn: for programs, who hear nothing on the way.

    Raises LabError where it takes longer than a call may, or nobody listens any more.
    """
    line, most_s = workbench.work_queue, workbench.settings.call_s
    job = Job(stoppable(at_once(work)), expected_s)
    workbench.enlist(job, line, visitor, page=False)
    made: list[T] = []
    for moment in follow(job, line):
        made += [] if moment.made is None else [moment.made]
        if workbench.presence.is_unheard(visitor):
            raise LabError(UNHEARD)
        if job.spent_s > most_s and not moment.ended:
            raise LabError(
                f"This call was stopped after {most_s:g} seconds of work, the most that one may "
                "take here. Send fewer or shorter texts, or use the Python package."
            )
    return made[-1]


def follow(job: Job, line: Queue, stages: Mapping[str, str] = STAGES) -> Iterator[Moment]:
    """Hear a job to its end, as `ui.state.jobs.hear` does, and say how far it is.

    Yields what is made and the end at once, else about every ANSWER_EVERY_S, so that Gradio can
    close it. Raises LabError where the work failed, after a moment that says so.

    What is made last comes in one moment with the end: of two answers that reach the browser
    together, it takes what the second leaves alone out of the first, too.
    """
    begun, stage, share, ended, failed = time.monotonic(), "", 0.0, "", ""
    answered = -ANSWER_EVERY_S
    for place, heard in hear(job, line, SOON_S):
        made = None  # of several things that were made since, only the newest is of use
        for news in heard:
            if news.kind == "progress":
                stage, share = news.content
            elif news.kind == "event":
                made = news.content
            else:
                ended = news.kind
                failed = str(news.content) if ended == "failed" else ""
        seconds = time.monotonic() - begun
        if made is None and not ended and seconds - answered < ANSWER_EVERY_S:
            continue
        answered = seconds
        what = f"waiting at place {place} of the line" if place else stage
        progress = notes([failed]) if failed else stages_line(what, share, seconds, stages)
        yield Moment(progress, made, ended, seconds)
    if failed:
        raise LabError(failed)


@dataclass(frozen=True)
class Telling(Generic[T]):
    """How long work is told on the page. `show` gives values for its outputs, or None to leave
    them; `current` says whether nothing newer has taken its place.
    """

    show: Callable[[Moment[T]], Sequence[object] | None]
    outputs: int
    current: Callable[[], bool]
    done: Callable[[Moment[T]], str]
    stopped: Callable[[], str]
    stages: Mapping[str, str] = field(default_factory=lambda: STAGES)

    def answers(self, job: Job, line: Queue) -> Iterator[list[object]]:
        """Progress, the Stop button, and the outputs, from the first news to the last word."""
        still = [gr.skip() for _ in range(self.outputs)]
        for moment in follow(job, line, self.stages):
            if not self.current():
                # Gradio sends the last answer once more when this ends: it shall change nothing.
                yield [gr.skip(), gr.skip(), *still]
                return
            shown = self.show(moment)
            values = still if shown is None else shown
            if moment.ended:
                said = moment.progress
                if moment.ended != "failed":
                    said = self.done(moment) if moment.ended == "done" else self.stopped()
                yield [said, gr.Button(visible="hidden"), *values]
            elif moment.made is not None or not job.stop.is_set():
                yield [moment.progress, gr.Button(visible=True), *values]


# --- A section that does long work: a button, how far it is, Stop, and what came of it ------------


STOPPED = notes(["Stopped."])
EXPECTED_S = 20.0


class Task:
    """Lays out its button and progress; `connect` says what to do and where to show it.

    What came of it is kept with the visitor's texts under `name`, until there are others.
    """

    def __init__(
        self,
        workbench: Workbench,
        name: str,
        title: str,
        stages: Mapping[str, str],
        expected_s: float = EXPECTED_S,
        done: str = "Done in {seconds:.1f} s.",
        stopped: str = STOPPED,
    ) -> None:
        self.workbench, self.name, self.stages = workbench, name, stages
        self.expected_s, self.done, self.stopped = expected_s, done, stopped
        with gr.Row(elem_classes=["lab-actions", "lab-task"]):
            self.go = gr.Button(title, elem_id=f"{name}-go", scale=0, min_width=160)
            self.stop = gr.Button("Stop", variant="stop", size="sm", elem_id=f"{name}-stop",
                                  visible="hidden", scale=0, min_width=90)  # fmt: skip
            self.progress = markup(elem_id=f"{name}-progress")

    def connect(
        self,
        prepare: Callable[..., Steps],
        show: Callable[..., list[object]],
        inputs: Sequence[Component],
        outputs: Sequence[Component],
    ) -> None:
        """`prepare(visitor, *values)` checks everything and gives the steps of the work.

        `show(visitor, result)` gives a value for each of `outputs` whenever there is a newer one.
        """
        self.prepare, self.show, self.outputs = prepare, show, list(outputs)
        shown = [self.progress, self.stop, *self.outputs]
        self.go.click(worded_steps(self.run), list(inputs), shown, **FOLLOW)
        self.stop.click(worded(self.give_up), None, [self.progress, self.stop], **TOUCH)

    def run(self, request: gr.Request, *values: object) -> Iterator[list[object]]:
        """From the click to the result, with news on the way."""
        visitor = request.session_hash
        steps = self.prepare(visitor, *values)
        tasks = self.tasks(visitor)
        stop = tasks.begin(self.name)
        job = Job(stoppable(steps), self.expected_s, stop=stop)
        self.workbench.enlist(job, self.workbench.work_queue, visitor)

        def show(moment: Moment) -> list[object] | None:
            if moment.made is None:
                return None
            tasks.results[self.name] = moment.made
            return self.show(visitor, moment.made)

        telling = Telling(
            show, len(self.outputs), lambda: tasks.is_current(self.name, stop),
            lambda moment: notes([self.done.format(seconds=moment.seconds)]),
            lambda: self.stopped, self.stages,
        )  # fmt: skip
        try:
            yield from telling.answers(job, self.workbench.work_queue)
        finally:
            tasks.end(self.name, stop)

    def give_up(self, request: gr.Request) -> list[object]:
        """Stop; what is shown stays."""
        self.tasks(request.session_hash).stop(self.name)
        return [self.stopped, gr.Button(visible="hidden")]

    def is_running(self, visitor: str | None) -> bool:
        """Whether it is under way."""
        return self.tasks(visitor).is_running(self.name)

    def result(self, visitor: str | None) -> Any:
        """What came of it last, or None."""
        return self.tasks(visitor).results.get(self.name)

    def forget(self, visitor: str | None) -> None:
        """Keep no result."""
        self.tasks(visitor).results.pop(self.name, None)

    def tasks(self, visitor: str | None) -> Tasks:
        """The long work of this browser tab."""
        return self.workbench.visitor(visitor or "").texts.tasks
