"""Side by side: the map on the screen beside that of another model, pooling or layer."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from html import escape
from typing import Any

import gradio as gr

from encoder import DEFAULT_MODEL, POOLINGS, EncoderError
from ui.atlas import SIDES
from ui.components import markup, scatter_map
from ui.encoding import pooling_at
from ui.figures.scatter import Overlay
from ui.guard import told, told_steps
from ui.jobs import Job
from ui.map_form import MapForm, parse
from ui.map_view import value
from ui.markup.map_facts import cut
from ui.markup.metrics import NONE
from ui.markup.pieces import notes
from ui.picks import picked_name
from ui.sides import Sides, draw_sides, moved_rows, overlap_words
from ui.tabs.choose_model import connect_model
from ui.tabs.frame import prose
from ui.tabs.long_work import follow, stoppable
from ui.tabs.map_handlers import MapHandlers
from ui.tabs.search_task import QUIET
from ui.tuning_form import OWN_POOLING

GROUP = "sides"
SIDES_EXPECTED_S = 15.0
COMPARING_STOPPED = notes(["Stopped."])


class MapSides:
    """The section below the report."""

    def __init__(self, handlers: MapHandlers, follows: gr.Dropdown, drawn: gr.State) -> None:
        self.handlers = handlers
        default = handlers.workbench.encoder(DEFAULT_MODEL, None)
        with gr.Accordion("Side by side", open=False, elem_id="sides-section"):
            prose(
                "The same texts under another pooling, layer or model: before and after "
                "fine-tuning, mean against [CLS], the first layer against the last. Point at a "
                "text on one side, and it is marked on the other."
            )
            with gr.Row(elem_classes=["lab-settings"]):
                self.model = gr.Dropdown(handlers.picker.choices(None), value=DEFAULT_MODEL,
                                         label="Model of the right map", elem_id="other-model",
                                         filterable=False, scale=3, min_width=200)  # fmt: skip
                pooling = gr.Dropdown([OWN_POOLING, *POOLINGS], value="cls",
                                      label="Its pooling", elem_id="other-pooling",
                                      filterable=False, scale=2, min_width=150)  # fmt: skip
                layer = gr.Dropdown(["-1", *map(str, default.layers)], value="-1",
                                    label="Its layer", elem_id="other-layer", filterable=False,
                                    scale=1, min_width=110)  # fmt: skip
            note = markup(elem_id="other-model-note")
            with gr.Row(elem_classes=["lab-actions"]):
                go = gr.Button("Compare", elem_id="compare-maps", scale=0, min_width=160)
                stop = gr.Button("Stop", variant="stop", size="sm", elem_id="stop-compare",
                                 visible="hidden", scale=0, min_width=90)  # fmt: skip
                progress = markup(elem_id="sides-progress")
            words = markup(elem_id="sides-words")
            with gr.Row():
                with gr.Column(min_width=320):
                    left = scatter_map("The map on the screen", elem_id="side-left")
                with gr.Column(min_width=320):
                    right = scatter_map("The other map, laid over it", elem_id="side-right")
            moved = markup(elem_id="moved")
        used = gr.State(DEFAULT_MODEL)  # the last one that loaded
        self.outputs = [progress, stop, words, left, right, moved]
        go.click(told_steps(self.compare), [used, pooling, layer], self.outputs,
                 trigger_mode="once", concurrency_id="maps", concurrency_limit=16,
                 api_visibility="private", show_progress="hidden")  # fmt: skip
        stop.click(told(self.stop), None, [progress, stop], **QUIET)
        moved.pick(told(self.ring), None, [left, right], **QUIET)
        connect_model(handlers.picker, self.model, used, note, layer)
        drawn.change(told(self.fresh), self.model, [self.model, *self.outputs], **QUIET)

    def fresh(self, request: gr.Request, model: str) -> list[Any]:
        """A new map has been drawn: the comparison is of another one."""
        choices = self.handlers.picker.choices(request.session_hash, str(model))
        self.handlers.atlas(request.session_hash).compared = None
        hidden = gr.Button(visible="hidden")
        return [gr.Dropdown(choices=choices), "", hidden, "", None, None, ""]

    def compare(
        self, request: gr.Request, model: str, pooling: str, layer: str
    ) -> Iterator[list[Any]]:
        """Draw the other side."""
        visitor = request.session_hash
        picture = self.handlers.finished(visitor)
        key = self.handlers.picker.parse(model, visitor)
        encoder = self.handlers.workbench.encoder(key, visitor)
        asked = parse(MapForm(model=key, pooling=pooling, layer=layer))
        settings = replace(
            asked, model=key, pooling=pooling_at(asked.layer, asked.pooling, encoder)
        )
        stop = picture.atlas.begin_task(SIDES)
        work = partial(draw_sides, picture, encoder, settings)
        job = Job(stoppable(work), SIDES_EXPECTED_S, stop=stop)
        line = self.handlers.workbench.maps
        line.join(job)
        rest: Sequence[Any] = [gr.skip() for _ in self.outputs[2:]]
        try:
            for moment in follow(job, line):
                shown = rest
                if moment.made is not None:
                    picture.atlas.compared = moment.made
                    shown = self.shown(moment.made)
                if moment.ended:
                    said = notes([f"Compared in {moment.seconds:.1f} s."])
                    ends = {"done": said, "cancelled": COMPARING_STOPPED, "failed": moment.progress}
                    yield [ends[moment.ended], gr.Button(visible="hidden"), *shown]
                elif not stop.is_set():
                    yield [moment.progress, gr.Button(visible=True), *shown]
        finally:
            picture.atlas.end_task(SIDES, stop)

    def stop(self, request: gr.Request) -> list[Any]:
        """Give up; an earlier comparison stays."""
        self.handlers.atlas(request.session_hash).stop_task(SIDES)
        return [COMPARING_STOPPED, gr.Button(visible="hidden")]

    def shown(self, sides: Sides) -> list[Any]:
        """Words, both maps, and what moved most."""
        shown = replace(self.handlers.shown_of(sides.picture), overlay=Overlay(), selected=None)
        return [
            notes([overlap_words(sides)]),
            value(sides.picture, shown, group=GROUP),
            self.right(sides, shown),
            moved_table(sides),
        ]

    def right(self, sides: Sides, shown: Any, whole: bool = True) -> str:
        """The other map: the same colours, its own places."""
        rev = f"{sides.picture.rev}|{sides.other.rev}"
        coloured = replace(sides.other, fidelity=sides.picture.fidelity)
        return value(coloured, shown, whole=whole, group=GROUP, rev=rev)

    def ring(self, request: gr.Request, event: gr.EventData) -> list[Any]:
        """Mark a text of the table on both sides."""
        sides = self.handlers.atlas(request.session_hash).compared
        if sides is None:
            raise EncoderError("This comparison is not kept any more. Compare again.")
        row = self.handlers.row(sides.picture, picked_name(event).removeprefix("moved:"))
        shown = replace(self.handlers.shown_of(sides.picture), overlay=Overlay(rings=(row,)),
                        selected=None)  # fmt: skip
        return [value(sides.picture, shown, whole=False, group=GROUP),
                self.right(sides, shown, whole=False)]  # fmt: skip


def moved_table(sides: Sides) -> str:
    """The texts with the fewest common neighbours."""
    found = sides.comparison
    rows = "".join(
        f'<tr><td class="num">{f"{found.overlap[row]:.0%}" if found.k else NONE}</td>'
        f'<td class="num">{found.moved[row]:.2f}</td><th scope="row"><button type="button" '
        f'class="lab-link" data-pick="moved:{row}">{escape(cut(sides.picture.corpus.texts[row]))}'
        "</button></th></tr>"
        for row in map(int, moved_rows(sides))
    )
    return (
        '<div class="lab-frame"><table class="lab-table" aria-label="Texts that moved most"><thead>'
        '<tr><th scope="col" class="num">common<br>neighbours</th><th scope="col" class="num">moved'
        '<br>(map radii)</th><th scope="col">the texts that moved most</th></tr></thead>'
        f"<tbody>{rows}</tbody></table></div>"
    )
