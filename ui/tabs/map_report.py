"""“How far can I trust it?”: what a map tore apart, what noise would look like, what is stable."""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import Any

import gradio as gr

from ui.atlas import TRUST
from ui.components import markup, plot, scatter_map
from ui.figures.as_json import figure_json
from ui.figures.scatter import Overlay, categories, points
from ui.figures.sweep import sweep_curve
from ui.guard import told, told_steps
from ui.jobs import Job
from ui.map_view import as_value, value
from ui.markup.map_points import hubs_panel
from ui.markup.map_report import not_yet, null_words, report_table, stability_table
from ui.markup.pieces import notes
from ui.report import NullMap, Report, measure, torn_and_false
from ui.tabs.frame import prose
from ui.tabs.long_work import follow, stoppable
from ui.tabs.map_handlers import MapHandlers
from ui.tabs.search_task import QUIET

TRUST_EXPECTED_S = 30.0
MEASURING_STOPPED = notes(["Stopped. What was measured so far stays."])


class MapReport:
    """The section below the map."""

    def __init__(self, handlers: MapHandlers, shown_map: gr.HTML, drawn: gr.State) -> None:
        self.handlers = handlers
        with gr.Accordion("How far can I trust it?", open=False, elem_id="trust-section"):
            prose(
                "On two dimensions some neighbours must part and some strangers must meet. The "
                "lines join texts that are <b>near in the vectors but torn apart</b> on the map; "
                "crosses mark texts that only <b>look like neighbours</b>."
            )
            overlay = gr.Checkbox(label="Show torn and false neighbours on the map",
                                  elem_id="map-honesty")  # fmt: skip
            how_many = markup(elem_id="map-honesty-note")
            with gr.Row(elem_classes=["lab-actions"]):
                go = gr.Button("Measure it", elem_id="measure-trust", scale=0, min_width=160)
                stop = gr.Button("Stop", variant="stop", size="sm", elem_id="stop-measure",
                                 visible="hidden", scale=0, min_width=90)  # fmt: skip
                progress = markup(elem_id="measure-progress")
            table = markup(not_yet(), elem_id="report")
            sweep = plot("Clusters over the least size of a cluster", elem_id="sweep")
            words = markup(elem_id="null-words")
            with gr.Row():
                with gr.Column(min_width=320):
                    own = scatter_map("The map of the texts", elem_id="own-map")
                with gr.Column(min_width=320):
                    null = scatter_map("The map of noise", elem_id="null-map")
            stable = markup(elem_id="stability")
            hubs = markup(elem_id="hubs")
        self.outputs = [progress, stop, table, sweep, words, own, null, stable, hubs]
        overlay.input(told(self.honesty), overlay, [shown_map, how_many], **QUIET)
        go.click(told_steps(self.measure), None, self.outputs, trigger_mode="once",
                 concurrency_id="maps", concurrency_limit=16, api_visibility="private",
                 show_progress="hidden")  # fmt: skip
        stop.click(told(self.stop), None, [progress, stop], **QUIET)
        drawn.change(told(self.fresh), None, [*self.outputs, overlay, how_many], **QUIET)

    def honesty(self, request: gr.Request, on: bool) -> list[Any]:
        """Draw the worst pairs over the map, or take them away."""
        visitor = request.session_hash
        picture, overlay, said = self.handlers.picture(visitor), Overlay(), ""
        if on:
            found = torn_and_false(picture)
            torn = tuple((int(a), int(b)) for a, b in found.torn)
            crosses = tuple(sorted({int(row) for pair in found.false for row in pair}))
            overlay = Overlay(torn=torn, crosses=crosses)
            said = notes([
                f"Shown: {len(found.torn):,} of {found.all_torn:,} torn pairs and "
                f"{len(found.false):,} of {found.all_false:,} false ones, the worst first."
            ])  # fmt: skip
        picture, shown = self.handlers.show(visitor, honest=True, overlay=overlay)
        return [value(picture, shown, whole=False, group="map"), said]

    def fresh(self, request: gr.Request) -> list[Any]:
        """A new map has been drawn: what was measured is of another one."""
        nothing = ["", gr.Button(visible="hidden"), not_yet(), None, "", None, None, "", ""]
        return [*nothing, False, ""]

    def measure(self, request: gr.Request) -> Iterator[list[Any]]:
        """Everything, step by step."""
        visitor = request.session_hash
        picture = self.handlers.finished(visitor)
        stop = picture.atlas.begin_task(TRUST)
        job = Job(stoppable(partial(measure, picture)), TRUST_EXPECTED_S, stop=stop)
        line = self.handlers.workbench.maps
        line.join(job)
        rest = [gr.skip() for _ in self.outputs[2:]]
        try:
            for moment in follow(job, line):
                shown = rest if moment.made is None else self.shown(moment.made)
                if moment.ended:
                    said = f"Measured in {moment.seconds:.0f} s."
                    ends = {
                        "done": notes([said]),
                        "cancelled": MEASURING_STOPPED,
                        "failed": moment.progress,
                    }
                    yield [ends[moment.ended], gr.Button(visible="hidden"), *shown]
                elif moment.made is not None or not stop.is_set():
                    yield [moment.progress, gr.Button(visible=True), *shown]
        finally:
            picture.atlas.end_task(TRUST, stop)

    def stop(self, request: gr.Request) -> list[Any]:
        """Give up; what was measured stays."""
        self.handlers.atlas(request.session_hash).stop_task(TRUST)
        return [MEASURING_STOPPED, gr.Button(visible="hidden")]

    def shown(self, report: Report) -> list[Any]:
        """What is known so far, for the outputs below the progress."""
        picture, null, stable = report.picture, report.null, report.stable
        clusters = picture.clusters
        size = clusters.config.size_for(len(picture.corpus)) if clusters else 2
        curve = figure_json(sweep_curve(report.swept, size)) if report.swept else None
        # Beside noise stand the dots alone: lines over one of the two would tell them apart.
        shown = replace(self.handlers.shown_of(picture), overlay=Overlay(), selected=None)
        return [
            report_table(report),
            curve,
            null_words(report, null) if null else "",
            value(picture, shown, group=None) if null else None,
            null_value(null) if null else None,
            stability_table(picture, stable) if stable else "",
            hubs_panel(picture),
        ]


def null_value(null: NullMap) -> str:
    """The map of noise for its component."""
    places, clusters = null.projection.coordinates, null.clusters
    names = [f"cluster {c + 1}" for c in range(clusters.count)]
    return as_value({
        "rev": f"null-{hash(places.tobytes())}",
        "points": points(places, ["noise"] * len(places)),
        "paint": categories("in noise", clusters.labels, names, places),
        "overlay": None, "names": None, "selected": None, "focus": None, "focus_rev": "",
        "group": None,
    })  # fmt: skip
