"""Long work in a section of the Search tab: a button, how far it is, Stop, and what came of it."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import gradio as gr

from ui.atlas import Atlas
from ui.components import markup
from ui.guard import told, told_steps
from ui.jobs import Job
from ui.markup.pieces import notes
from ui.tabs.long_work import Work, at_once, follow, stoppable
from ui.workbench import Workbench

QUIET: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden",
                         "concurrency_id": "touch", "concurrency_limit": 4}  # fmt: skip
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
