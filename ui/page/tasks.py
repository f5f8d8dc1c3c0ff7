"""Long work of the Map and Search tabs: done in the line, heard to its end or that of the visit."""

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import gradio as gr

from encoder import EncoderError
from explore import ExploreError, Stopped
from ui.page.components import markup
from ui.page.events import ANSWER_EVERY_S, QUIET, told, told_steps
from ui.state.jobs import Cancelled, Job, Line
from ui.state.stages import Tell
from ui.state.texts import Atlas
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
Work = Callable[[Tell, threading.Event], Any]


@dataclass(frozen=True)
class Moment:
    """How far the work is, as HTML; something it made, if anything; and how it ended, if it did."""

    progress: str
    made: Any = None
    ended: str = ""  # "done", "cancelled", "failed"
    seconds: float = 0.0


def stoppable(work: Callable[[Tell, threading.Event], Iterator[Any]]) -> Callable[[Job], Any]:
    """Work of the engines as a job does it: it ends where that is asked for, and fails in words."""

    def steps(job: Job) -> Iterator[Any]:
        def tell(stage: str, share: float) -> None:
            if job.stop.is_set():
                raise Cancelled
            job.tell(stage, share)

        try:
            yield from work(tell, job.stop)
        except Stopped:
            raise Cancelled from None
        except ExploreError as error:
            raise EncoderError(str(error)) from error

    return steps


def at_once(work: Work) -> Callable[[Tell, threading.Event], Iterator[Any]]:
    """Work that makes one thing, at its end."""

    def steps(tell: Tell, stop: threading.Event) -> Iterator[Any]:
        yield work(tell, stop)

    return steps


def done_in_line(work: Work, line: Line, expected_s: float) -> Any:
    """What `work` gives, once it was its turn: for those who hear nothing on the way."""
    job = Job(stoppable(at_once(work)), expected_s)
    line.join(job)
    made = [moment.made for moment in follow(job, line) if moment.made is not None]
    return made[-1]


def follow(job: Job, line: Line, stages: Mapping[str, str] = STAGES) -> Iterator[Moment]:
    """Hear a job to its end. A follower that is closed (the browser has gone) ends the job.

    Yields what is made and the end at once, else about every ANSWER_EVERY_S, so that Gradio can
    close it. Raises EncoderError where the work failed, after a moment that says so.

    What is made last comes in one moment with the end: of two answers that reach the browser
    together, it takes what the second leaves alone out of the first, too.
    """
    begun, stage, share, ended, failed = time.monotonic(), "", 0.0, "", ""
    answered = -ANSWER_EVERY_S
    try:
        while not ended:
            made = None  # of several things that were made since, only the newest is of use
            heard = job.listen()
            if any(news.kind == "event" for news in heard):
                heard += job.listen(SOON_S)  # the end may be right behind
            for news in heard:
                if news.kind == "progress":
                    stage, share = news.content[:2]
                elif news.kind == "event":
                    made = news.content
                else:
                    ended = news.kind
                    failed = str(news.content) if ended == "failed" else ""
            seconds = time.monotonic() - begun
            place = line.place(job)
            if place and job.stop.is_set():
                line.leave(job)  # its turn would only end it
            if made is None and not ended and seconds - answered < ANSWER_EVERY_S:
                continue
            answered = seconds
            what = f"waiting at place {place} of the line" if place else stage
            progress = notes([failed]) if failed else stages_line(what, share, seconds, stages)
            yield Moment(progress, made, ended, seconds)
        if failed:
            raise EncoderError(failed)
    finally:
        if not ended:
            job.stop.set()
            line.leave(job)


# --- Long work in a section of the Search tab: a button, how far it is, Stop, and what came o


STOPPED = notes(["Stopped."])
EXPECTED_S = 20.0


class Task:
    """Lays out its button and progress; `connect` says what to do and where to show it.

    What came of it is kept in the visitor's atlas under `name`, until there are other texts.
    """

    def __init__(self, workbench: Workbench, name: str, title: str, **stages: str) -> None:
        self.workbench, self.name = workbench, name
        self.stages = {"encode": "Turning texts into vectors", **stages}
        with gr.Row(elem_classes=["lab-actions", "lab-task"]):
            self.go = gr.Button(title, elem_id=f"{name}-go", scale=0, min_width=160)
            self.stop = gr.Button("Stop", variant="stop", size="sm", elem_id=f"{name}-stop",
                                  visible="hidden", scale=0, min_width=90)  # fmt: skip
            self.progress = markup(elem_id=f"{name}-progress")

    def connect(
        self,
        prepare: Callable[..., Work],
        show: Callable[[Any], list[Any]],
        inputs: Sequence[Any],
        outputs: Sequence[Any],
    ) -> None:
        """`prepare(visitor, *values)` checks everything and gives the work, whose result is shown.

        Both run for one visitor; `show` gives a value for each of `outputs`.
        """
        self.prepare, self.show, self.outputs = prepare, show, list(outputs)
        self.go.click(
            told_steps(self.run), list(inputs), [self.progress, self.stop, *self.outputs],
            trigger_mode="once", api_visibility="private", show_progress="hidden",
            concurrency_id="maps", concurrency_limit=16,
        )  # fmt: skip
        self.stop.click(told(self.give_up), None, [self.progress, self.stop], **QUIET)

    def run(self, request: gr.Request, *values: Any) -> Iterator[list[Any]]:
        """From the click to the result, with news on the way."""
        visitor = request.session_hash
        work = self.prepare(visitor, *values)
        atlas = self.atlas(visitor)
        job = Job(stoppable(at_once(work)), EXPECTED_S, stop=atlas.begin_task(self.name))
        line = self.workbench.maps
        line.join(job)
        still: list[Any] = [gr.skip() for _ in self.outputs]
        shown = still
        try:
            for moment in follow(job, line, self.stages):
                if atlas.tasks.get(self.name) is not job.stop:
                    # Other texts are open, or newer work has begun: this is of no use any more.
                    yield [gr.skip(), gr.skip(), *still]
                    return
                if moment.made is not None:
                    atlas.made[self.name] = moment.made
                    shown = self.show(moment.made)  # with the last word, not before it
                if moment.ended:
                    done = notes([f"Done in {moment.seconds:.1f} s."])
                    ends = {"done": done, "cancelled": STOPPED}
                    said = ends.get(moment.ended, moment.progress)
                    yield [said, gr.Button(visible="hidden"), *shown]
                elif not job.stop.is_set():
                    yield [moment.progress, gr.Button(visible=True), *still]
        finally:
            atlas.end_task(self.name, job.stop)

    def give_up(self, request: gr.Request) -> list[Any]:
        """Stop; what is shown stays."""
        self.atlas(request.session_hash).stop_task(self.name)
        return [STOPPED, gr.Button(visible="hidden")]

    def stays(self, visitor: str | None) -> bool:
        """Whether what is shown may stay when there are other hits.

        It may while it is of the vectors that were searched, or while something new is under way.
        """
        atlas = self.atlas(visitor)
        made, index = self.result(visitor), atlas.index
        current = made is not None and index is not None and made.source == index.source
        return current or self.name in atlas.tasks

    def result(self, visitor: str | None) -> Any:
        """What came of it last, or None."""
        return self.atlas(visitor).made.get(self.name)

    def atlas(self, visitor: str | None) -> Atlas:
        """What is kept for this browser tab."""
        return self.workbench.visitor(visitor or "").atlas
