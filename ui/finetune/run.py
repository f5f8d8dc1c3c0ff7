"""A run on the page: waiting in line, live curves, Stop, and what happens when nobody looks."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import gradio as gr

from encoder.evaluation import PRIMARY
from encoder.training import AFTER, BEFORE, FROZEN, LOOK, STEP, Done, Eval, Step
from encoder.training.cost import Cost
from encoder.training.judge_run import LINEAR_MAP, PROBE, WHITENING
from encoder.training.speed import TIMING
from ui.finetune.figures import curves
from ui.finetune.form import Form
from ui.finetune.handlers import FinetuneHandlers
from ui.finetune.job import KEEPING, Request
from ui.finetune.layout import SettingsLayout
from ui.finetune.results import Results, tell_gone
from ui.finetune.run_html import Stage, happening, progress
from ui.page.events import worded_steps
from ui.page.matrix import figure_json
from ui.state.jobs import Job, News, Queue
from ui.state.models import Run

PRIVATE: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
DRAWN_EVERY_S = 0.6


@dataclass
class Live:
    """What is known of a run so far, and how it is shown."""

    request: Request
    losses: list[tuple[int, float]] = field(default_factory=list)
    looks: list[Eval] = field(default_factory=list)
    last: Step | None = None
    latest: Any = None  # event, or None where something else was told since
    cost: Cost | None = None  # known when a few steps were timed
    part: int = 0  # of what comes after the steps
    kept_step: int | None = None  # known when the run is over
    sentence: str = ""
    ended: str = ""  # "done", "failed", "cancelled"
    undrawn: bool = False  # something on the curves is new
    run: Run | None = None
    gone: list[str] = field(default_factory=list)  # models given up for this one

    def hear(self, news: News) -> None:
        """Take one piece of news in."""
        content = news.content
        self.latest = content if news.kind == "event" else None
        if news.kind == "event":
            self._event(content)
        elif news.kind == "progress":
            what, done, total = content
            share = f", {done / total:.0%}" if total else ""
            self.sentence = f"{PHASES.get(what, what)}{share} …"
            if what in AFTERWARDS:
                self.part = max(self.part, 1 + list(AFTERWARDS).index(what))
        else:
            self.ended = news.kind
            if news.kind == "failed":
                self.sentence = str(content)
            elif news.kind == "cancelled":
                self.sentence = "This run was given up; nothing of it is left."

    def _event(self, event: Any) -> None:
        self.undrawn = self.undrawn or isinstance(event, Step | Eval | Done)
        if isinstance(event, Cost):
            self.cost = event
        elif isinstance(event, Step):
            self.last = event
            self.losses.append((event.step, event.loss))
            over = event.step == event.steps
            self.sentence = happening(
                "scoring" if over else "training",
                blocks=self.blocks,
                depth=self.request.encoder.backbone.depth,
            )
        elif isinstance(event, Eval):
            self.looks.append(event)
        elif isinstance(event, Done):
            self.kept_step = event.kept_step
        else:
            self.run, self.gone = event
            stage: Stage = "stopped" if self.run.done.stopped else "done"
            self.sentence = happening(stage, kept_step=self.run.done.kept_step)

    @property
    def scoring(self) -> bool:
        """Whether every step is made, or as many as the visitor wanted."""
        return bool(self.part) or (self.last is not None and self.last.step == self.last.steps)

    @property
    def blocks(self) -> int:
        """How many blocks train."""
        source, pairs = self.request.encoder, self.request.desk.pairs
        assert pairs is not None
        return self.request.config.resolved(source, pairs.kind, len(pairs)).train_blocks or 0

    def progress(self) -> str:
        """The line above the curves."""
        if self.last is None or self.ended == "failed":
            return progress(self.sentence)
        if self.part and not self.ended:
            return progress(self.sentence, self.part, len(AFTERWARDS), unit="part")
        over = self.last.step == self.last.steps or self.ended
        left_s = None if over else self.last.left_s
        return progress(self.sentence, self.last.step, self.last.steps, left_s)

    def wait(self, place: int, wait_s: float) -> None:
        """It stands in the line."""
        self.sentence = happening("waiting", place=place, wait_s=wait_s)

    def figure(self) -> Any:
        """The curves so far."""
        pairs = self.request.desk.pairs
        assert pairs is not None
        steps = self.last.steps if self.last else 0
        metric = PRIMARY[pairs.kind]
        return figure_json(curves(self.losses, self.looks, metric, steps, self.kept_step))


AFTERWARDS = {  # in this order, when every step is made
    AFTER: "Training is over. Scoring the held-out pairs with the tuned model",
    WHITENING: "Training is over. Trying whitening, which needs none, on the same pairs",
    LINEAR_MAP: "Training is over. Trying a closed-form linear map on the same pairs",
    PROBE: "Training is over. Looking for what was forgotten, on pairs of other subjects",
    KEEPING: "Keeping the model",
}
PHASES = AFTERWARDS | {
    TIMING: "Timing a few steps",
    BEFORE: "Scoring the held-out pairs with the model as it is",
    FROZEN: "Reading all texts with the blocks that do not train, once",
    STEP: "Working on one batch of pairs",
    LOOK: "Looking at how well it does so far",
}


def watch(job: Job, line: Queue, live: Live) -> Iterator[bool]:
    """Hear a job to its end; True where something new can be shown. Leaves the line at the end.

    A listener that is closed (the browser has gone) takes the job with it.
    """
    try:
        while not live.ended:
            place = line.place(job)
            news = job.listen()
            if place:
                live.wait(place, line.wait_s(job))
            for item in news:
                live.hear(item)
            yield bool(news) or bool(place)
    finally:
        if not live.ended:
            line.leave(job)


def connect_run(
    handlers: FinetuneHandlers,
    ui: SettingsLayout,
    sent: Sequence[Any],
    results: Results,
) -> None:
    """Train and Stop."""
    outputs = [ui.progress, ui.curves, ui.train, ui.stop, results.ui.leave, *results.outputs]
    nothing = [gr.skip() for _ in results.outputs]

    def train(request: gr.Request, *values: Any) -> Iterator[list[Any]]:
        visitor = request.session_hash
        model, *form = values
        asked = handlers.request(visitor, model, Form(*form))
        job = handlers.start(asked)
        live = Live(asked, sentence="Getting ready …")
        place = handlers.workbench.training_queue.place(job)
        if place:
            live.wait(place, handlers.workbench.training_queue.wait_s(job))
        hidden, shown = gr.Button(visible="hidden"), gr.Button(visible=True)
        drawn, figure = time.monotonic(), gr.skip()
        stake = handlers.at_stake(visitor)
        yield [live.progress(), None, gr.Button(interactive=False), shown, stake, *nothing]
        for new in watch(job, handlers.workbench.training_queue, live):
            due = live.undrawn and time.monotonic() - drawn >= DRAWN_EVERY_S
            if new or due:
                if due:  # the same again till then: a skip right behind it could undo it
                    figure, drawn, live.undrawn = live.figure(), time.monotonic(), False
                over = hidden if live.scoring else gr.skip()  # there is nothing left to stop
                yield [live.progress(), figure, gr.skip(), over, gr.skip(), *nothing]
            else:
                yield [gr.skip() for _ in outputs]  # lets Gradio close us when the visitor leaves
        tell_gone(live.gone)
        after = results.arrived(live.run.key) if live.run else nothing
        stake = handlers.at_stake(visitor) | {"running": False}
        yield [live.progress(), live.figure(), gr.Button(interactive=True), hidden, stake, *after]

    ui.train.click(
        worded_steps(train), list(sent), outputs, concurrency_limit=64, concurrency_id="train",
        **PRIVATE,
    )  # fmt: skip

    def stop(request: gr.Request) -> list[Any]:
        handlers.stop(request.session_hash)
        return [progress(happening("stopping")), gr.Button(visible="hidden")]

    ui.stop.click(
        stop, None, [ui.progress, ui.stop], concurrency_id="stop", concurrency_limit=8, **PRIVATE
    )
