"""A run on the page: waiting in line, live curves, Stop, and what happens when nobody looks."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import gradio as gr
from gradio.components import Component

from encoder.evaluation import PRIMARY
from encoder.training import AFTER, BEFORE, FROZEN, LOOK, STEP, Done, Eval, Step
from encoder.training.cost import Cost
from encoder.training.judge_run import LINEAR_MAP, PROBE, WHITENING
from encoder.training.speed import TIMING
from ui.finetune.figures import curves
from ui.finetune.handlers import FinetuneHandlers
from ui.finetune.job import STORING, Request, RunEvent, RunResult
from ui.finetune.layout import SettingsLayout
from ui.finetune.results import Results, tell_gone
from ui.finetune.run_html import (
    GIVEN_UP,
    STEPS_MADE,
    STOPPING,
    over,
    progress,
    scoring_bar,
    training,
    training_bar,
    waiting,
)
from ui.page.events import ANSWER_EVERY_S, FOLLOW, TOUCH, Lane, worded, worded_steps
from ui.page.matrix import Figure, figure_json
from ui.state.jobs import Job, News, Queue, hear

# As FOLLOW, in a lane of its own: who waits for a run holds up nobody's map.
TRAIN: Lane = {**FOLLOW, "concurrency_id": "train", "concurrency_limit": 64}

AFTERWARDS = {  # in this order, when every step is made
    AFTER: "Training is over. Scoring the held-out pairs with the tuned model",
    WHITENING: "Training is over. Trying whitening, which needs none, on the same pairs",
    LINEAR_MAP: "Training is over. Trying a closed-form linear map on the same pairs",
    PROBE: "Training is over. Looking for what was forgotten, on pairs of other subjects",
    STORING: "Keeping the model",
}
PHASES = AFTERWARDS | {
    TIMING: "Timing a few steps",
    BEFORE: "Scoring the held-out pairs with the model as it is",
    FROZEN: "Reading all texts with the blocks that do not train, once",
    STEP: "Working on one batch of pairs",
    LOOK: "Looking at how well it does so far",
}


@dataclass
class RunProgress:
    """How far a run is, and how that is shown."""

    request: Request
    sentence: str = "Getting ready …"  # on what goes on
    losses: list[tuple[int, float]] = field(default_factory=list)  # by step
    looks: list[Eval] = field(default_factory=list)
    step: Step | None = None  # the last one
    event: RunEvent | None = None  # the last one, None where other news came since
    cost: Cost | None = None  # when a few steps were timed
    part: int = 0  # of what comes after the steps
    best_step: int | None = None  # whose weights the model has, when the run is over
    ended: str = ""  # "done", "failed", "cancelled"
    undrawn: bool = False  # something on the curves is new
    result: RunResult | None = None

    def follow(self, job: Job, queue: Queue) -> Iterator[bool]:
        """Hear a job to its end; True where something new can be shown.

        A listener that is closed (the browser has gone) takes the job with it.
        """
        for place, news in hear(job, queue):
            if place:
                self.wait(place, queue.wait_s(job))
            for item in news:
                self.hear(item)
            yield bool(news) or bool(place)

    def wait(self, place: int, wait_s: float) -> None:
        """It stands in the queue."""
        self.sentence = waiting(place, wait_s)

    def hear(self, news: News) -> None:
        """Take one piece of news in."""
        self.event = None
        if news.kind == "event":
            self.event = news.content
            self._take(news.content)
        elif news.kind == "progress":
            phase, done, total = news.content
            share = f", {done / total:.0%}" if total else ""
            self.sentence = f"{PHASES.get(phase, phase)}{share} …"
            if phase in AFTERWARDS:
                self.part = max(self.part, 1 + list(AFTERWARDS).index(phase))
        else:
            self.ended = news.kind
            if news.kind == "failed":
                self.sentence = str(news.content)
            elif news.kind == "cancelled":
                self.sentence = GIVEN_UP

    def _take(self, event: RunEvent) -> None:
        self.undrawn = self.undrawn or isinstance(event, Step | Eval | Done)
        if isinstance(event, Cost):
            self.cost = event
        elif isinstance(event, Step):
            self.step = event
            self.losses.append((event.step, event.loss))
            depth = self.request.encoder.backbone.depth
            self.sentence = STEPS_MADE if self.scoring else training(self.blocks, depth)
        elif isinstance(event, Eval):
            self.looks.append(event)
        elif isinstance(event, Done):
            self.best_step = event.kept_step
        else:
            self.result = event
            self.sentence = over(event.run.done.stopped, event.run.done.kept_step)

    @property
    def scoring(self) -> bool:
        """Whether every step is made, or as many as the visitor wanted."""
        return bool(self.part) or (self.step is not None and self.step.step == self.step.steps)

    @property
    def blocks(self) -> int:
        """How many blocks train."""
        source, pairs = self.request.encoder, self.request.training_pairs.pairs
        assert pairs is not None
        return self.request.config.resolved(source, pairs.kind, len(pairs)).train_blocks or 0

    def html(self, stopping: bool = False) -> str:
        """The line above the curves. `stopping`: the visitor wants it to end."""
        if stopping and not (self.scoring or self.ended):
            return progress(STOPPING)
        if self.step is None or self.ended == "failed":
            return progress(self.sentence)
        if self.part and not self.ended:
            return progress(self.sentence, scoring_bar(self.part, len(AFTERWARDS)))
        left_s = None if self.scoring or self.ended else self.step.left_s
        return progress(self.sentence, training_bar(self.step.step, self.step.steps, left_s))

    def figure(self) -> Figure:
        """The curves so far."""
        pairs = self.request.training_pairs.pairs
        assert pairs is not None
        steps = self.step.steps if self.step else 0
        metric = PRIMARY[pairs.kind]
        self.undrawn = False
        return figure_json(curves(self.losses, self.looks, metric, steps, self.best_step))


def connect_run(
    handlers: FinetuneHandlers,
    ui: SettingsLayout,
    sent: Sequence[Component],
    results: Results,
    request_of: Callable[[str | None, Sequence[object]], Request],
) -> None:
    """Train and Stop. `request_of(visitor, values of sent)` gives what is to be trained."""
    outputs = [ui.progress, ui.curves, ui.train, ui.stop, results.ui.leave, *results.outputs]
    queue = handlers.workbench.training_queue

    def train(request: gr.Request, *values: object) -> Iterator[list[object]]:
        visitor = request.session_hash
        asked = request_of(visitor, values)
        job, run = handlers.start(asked), RunProgress(asked)
        if place := queue.place(job):
            run.wait(place, queue.wait_s(job))
        figure: Figure = None
        off, stop, hidden = (
            gr.Button(interactive=False), gr.Button(visible=True), gr.Button(visible="hidden")
        )  # fmt: skip
        stake, results_stay = handlers.at_stake(visitor), [gr.skip() for _ in results.outputs]
        # Each answer says all: of two that reach the browser together, it takes what the second
        # leaves alone out of the first, too. The same again where there is nothing new lets Gradio
        # close us when the visitor leaves.
        yield [run.html(), figure, off, stop, stake, *results_stay]
        answered = time.monotonic()
        for _ in run.follow(job, queue):
            if time.monotonic() - answered < ANSWER_EVERY_S and not run.ended:
                continue
            answered = time.monotonic()
            if run.undrawn:
                figure = run.figure()
            if run.scoring or job.stop.is_set():
                stop = hidden  # there is nothing left to stop
            yield [run.html(job.stop.is_set()), figure, off, stop, stake, *results_stay]
        after = results_stay
        if run.result is not None:
            tell_gone(run.result.models_gone)
            after = results.show_run(run.result.run.key)
        stake = handlers.at_stake(visitor) | {"running": False}
        yield [run.html(), run.figure(), gr.Button(interactive=True), hidden, stake, *after]

    def stop(request: gr.Request) -> list[object]:
        handlers.stop(request.session_hash)
        return [progress(STOPPING), gr.Button(visible="hidden")]

    ui.train.click(worded_steps(train), list(sent), outputs, **TRAIN)
    ui.stop.click(worded(stop), None, [ui.progress, ui.stop], **TOUCH)
