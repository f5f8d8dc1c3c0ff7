"""“How far can I trust it?”: what a map tore apart, what noise would look like, what is stable."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from html import escape
from typing import Any

import gradio as gr

from encoder import DEFAULT_MODEL, POOLINGS, EncoderError
from ui.checks import OWN_POOLING, pooling_at
from ui.map.figures import Overlay, categories, points, sweep_curve
from ui.map.files import FILES, map_snippet
from ui.map.form import MapForm, parse, to_query
from ui.map.handlers import MapHandlers
from ui.map.html import hubs_panel
from ui.map.sides import Sides, draw_sides, moved_rows, overlap_words
from ui.map.trust import NullMap, Report, measure, torn_and_false
from ui.map.trust_html import not_yet, null_words, report_table, stability_table
from ui.map.view import as_value, value
from ui.page.components import address_bar, copies_link, markup, plot, prose, scatter_map
from ui.page.events import QUIET, picked_name, told, told_steps
from ui.page.matrix import figure_json
from ui.page.models import connect_model
from ui.page.tasks import follow, stoppable
from ui.state.jobs import Job
from ui.state.texts import SIDES, TRUST, sample_of
from ui.words import NONE, cut, notes

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


# --- Taking a map along: files, a picture, a link, and the Python that makes it again -------------


PNG = """() => {
  const facts = [...document.querySelectorAll('#map-header p')].map((line) => line.textContent);
  window.dispatchEvent(new CustomEvent('lab-map-png', { detail: { id: 'map', facts } }));
}"""
TITLES = {
    "map.csv": "CSV: texts, clusters, coordinates, vectors",
    "map.parquet": "Parquet, the same",
    "map.npz": "NPZ for numpy",
    "map.html": "a page of its own, which opens with no network",
    "map.json": "its settings",
}


class MapKeeping:
    """The last section of the tab."""

    def __init__(self, handlers: MapHandlers, form: Sequence[Any], drawn: gr.State) -> None:
        self.handlers = handlers
        with gr.Accordion("Take it along", open=True, elem_id="keep-section"):
            links = markup(elem_id="map-files")
            with gr.Row(elem_classes=["lab-actions"]):
                png = gr.Button("Picture (PNG)", size="sm", elem_id="map-png", scale=0,
                                min_width=140)  # fmt: skip
                copy = gr.Button("Copy a link to these settings", size="sm", elem_id="map-link",
                                 scale=0, min_width=220)  # fmt: skip
            with gr.Accordion("Show the Python", open=False, elem_classes=["lab-small"],
                              elem_id="map-python"):  # fmt: skip
                code = gr.Code(language="python", elem_id="map-code", interactive=False,
                               show_label=False)  # fmt: skip
            address = address_bar(elem_id="map-address")
        png.click(None, js=PNG, api_visibility="private")
        copies_link(copy, address, "Link copied: it opens this tab with these settings.", **QUIET)
        drawn.change(told(self.offer), list(form), [links, code, address], **QUIET)

    def offer(self, request: gr.Request, *values: Any) -> list[Any]:
        """Addresses of the files of the map on the screen."""
        if self.handlers.atlas(request.session_hash).picture is None:
            return [gr.skip()] * 3  # the state is set when the page opens, too
        picture = self.handlers.picture(request.session_hash)
        files = "".join(
            f'<li><a href="lab-map/{picture.token}/{name}" download>{title}</a></li>'
            for name, title in TITLES.items()
            if name in FILES
        )
        form = MapForm(*values)
        sample = sample_of(picture.atlas)
        said = ["In the files, cluster 0 holds the texts that are in none."]
        if not sample:
            said.append(
                "The link holds settings, never your texts: whoever opens it needs the same file."
            )
        return [
            f'<ul class="lab-links">{files}</ul>{notes(said)}',
            map_snippet(picture),
            to_query(form, sample),
        ]


# --- Side by side: the map on the screen beside that of another model, pooling or layer -----------


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
