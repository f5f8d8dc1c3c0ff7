"""“How far can I trust it?”: what a map tore apart, what noise would look like, what is stable."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from html import escape

import gradio as gr
from gradio.components import Component

from encoder import DEFAULT_MODEL, POOLINGS, EncoderError
from ui.checks import OWN_POOLING, pooling_at
from ui.map.figures import Overlay, categories, points, sweep_curve
from ui.map.files import EXPORTS, map_snippet
from ui.map.form import MapForm, parse, to_query
from ui.map.handlers import MapHandlers
from ui.map.html import hubs_panel
from ui.map.sides import Sides, draw_sides, moved_rows, overlap_words
from ui.map.state import SIDES, TRUST
from ui.map.trust import NullMap, Trust, measure_trust, torn_and_false
from ui.map.trust_html import not_yet, null_words, report_table, stability_table
from ui.map.view import Shown, as_value, value
from ui.page.components import address_bar, copies_link, markup, plot, prose, scatter_map
from ui.page.events import TOUCH, picked_name, worded
from ui.page.matrix import figure_json
from ui.page.models import ModelBox, connect_model, layers_of
from ui.page.tab import Page
from ui.page.tasks import STAGES, Steps, Task
from ui.state.texts import sample_of
from ui.words import NONE, cut, notes

TRUST_EXPECTED_S = 30.0
MEASURING_STOPPED = notes(["Stopped. What was measured so far stays."])


class MapTrust:
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
            self.task = Task(
                handlers.workbench, TRUST, "Measure it", STAGES, TRUST_EXPECTED_S,
                done="Measured in {seconds:.0f} s.", stopped=MEASURING_STOPPED,
            )  # fmt: skip
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
        outputs = [table, sweep, words, own, null, stable, hubs]
        overlay.input(worded(self.honesty), overlay, [shown_map, how_many], **TOUCH)
        self.task.connect(self.prepare, self.show, [], outputs)
        fresh = [self.task.progress, self.task.stop, *outputs, overlay, how_many]
        drawn.change(worded(self.fresh), None, fresh, **TOUCH)

    def honesty(self, request: gr.Request, on: bool) -> list[object]:
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

    def fresh(self, request: gr.Request) -> list[object]:
        """A new map has been drawn: what was measured is of another one."""
        nothing = ["", gr.Button(visible="hidden"), not_yet(), None, "", None, None, "", ""]
        return [*nothing, False, ""]

    def prepare(self, visitor: str | None) -> Steps:
        """Everything that is measured of the map on the screen, step by step."""
        return partial(measure_trust, self.handlers.finished(visitor))

    def show(self, visitor: str | None, report: Trust) -> list[object]:
        """What is known so far, for the outputs below the progress."""
        picture, null, stable = report.picture, report.null, report.stable
        clusters = picture.clusters
        size = clusters.config.size_for(len(picture.corpus)) if clusters else 2
        curve = figure_json(sweep_curve(report.swept, size)) if report.swept else None
        # Beside noise stand the dots alone: lines over one of the two would tell them apart.
        shown = replace(self.handlers.shown(visitor), overlay=Overlay(), selected=None)
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


class MapTakeHome:
    """The last section of the tab."""

    def __init__(self, handlers: MapHandlers, form: Sequence[Component], drawn: gr.State) -> None:
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
        copies_link(copy, address, "Link copied: it opens this tab with these settings.", **TOUCH)
        drawn.change(worded(self.offer), list(form), [links, code, address], **TOUCH)

    def offer(self, request: gr.Request, *values: object) -> list[object]:
        """Addresses of the files of the map on the screen."""
        if self.handlers.state(request.session_hash).drawn is None:
            return [gr.skip()] * 3  # the state is set when the page opens, too
        picture = self.handlers.picture(request.session_hash)
        files = "".join(
            f'<li><a href="lab-map/{picture.token}/{name}" download>{export.title}</a></li>'
            for name, export in EXPORTS.items()
        )
        form = MapForm(*values)
        sample = sample_of(picture.texts)
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


class MapSides:
    """The section below the report."""

    def __init__(self, page: Page, handlers: MapHandlers, drawn: gr.State) -> None:
        self.handlers = handlers
        default = handlers.workbench.encoder(DEFAULT_MODEL, None)
        with gr.Accordion("Side by side", open=False, elem_id="sides-section"):
            prose(
                "The same texts under another pooling, layer or model: before and after "
                "fine-tuning, mean against [CLS], the first layer against the last. Point at a "
                "text on one side, and it is marked on the other."
            )
            with gr.Row(elem_classes=["lab-settings"]):
                model = gr.Dropdown(handlers.picker.choices(None), value=DEFAULT_MODEL,
                                         label="Model of the right map", elem_id="other-model",
                                         filterable=False, scale=3, min_width=200)  # fmt: skip
                pooling = gr.Dropdown([OWN_POOLING, *POOLINGS], value="cls",
                                      label="Its pooling", elem_id="other-pooling",
                                      filterable=False, scale=2, min_width=150)  # fmt: skip
                layer = gr.Dropdown(["-1", *map(str, default.layers)], value="-1",
                                    label="Its layer", elem_id="other-layer", filterable=False,
                                    scale=1, min_width=110)  # fmt: skip
            note = markup(elem_id="other-model-note")
            self.task = Task(
                handlers.workbench, SIDES, "Compare", STAGES, SIDES_EXPECTED_S,
                done="Compared in {seconds:.1f} s.",
            )  # fmt: skip
            words = markup(elem_id="sides-words")
            with gr.Row():
                with gr.Column(min_width=320):
                    left = scatter_map("The map on the screen", elem_id="side-left")
                with gr.Column(min_width=320):
                    right = scatter_map("The other map, laid over it", elem_id="side-right")
            moved = markup(elem_id="moved")
        used = gr.State(DEFAULT_MODEL)  # the last one that loaded
        outputs = [words, left, right, moved]
        self.task.connect(self.prepare, self.show, [used, pooling, layer], outputs)
        moved.pick(worded(self.ring), None, [left, right], **TOUCH)
        connect_model(handlers.picker, ModelBox(model, used, note), layer, layers_of)
        page.offer_own_models(model)
        fresh = [self.task.progress, self.task.stop, *outputs]
        drawn.change(worded(self.fresh), None, fresh, **TOUCH)

    def fresh(self, request: gr.Request) -> list[object]:
        """A new map has been drawn: the comparison is of another one."""
        self.task.forget(request.session_hash)
        return ["", gr.Button(visible="hidden"), "", None, None, ""]

    def prepare(self, visitor: str | None, model: object, pooling: object, layer: object) -> Steps:
        """The other side, checked."""
        picture = self.handlers.finished(visitor)
        key = self.handlers.picker.parse(model, visitor)
        encoder = self.handlers.workbench.encoder(key, visitor)
        asked = parse(MapForm(model=key, pooling=pooling, layer=layer))
        settings = replace(
            asked, model=key, pooling=pooling_at(asked.layer, asked.pooling, encoder)
        )
        return partial(draw_sides, picture, encoder, settings)

    def show(self, visitor: str | None, sides: Sides) -> list[object]:
        """Words, both maps, and what moved most."""
        shown = replace(self.handlers.shown(visitor), overlay=Overlay(), selected=None)
        return [
            notes([overlap_words(sides)]),
            value(sides.picture, shown, group=GROUP),
            self.right(sides, shown),
            moved_table(sides),
        ]

    def right(self, sides: Sides, shown: Shown, whole: bool = True) -> str:
        """The other map: the same colours, its own places."""
        rev = f"{sides.picture.rev}|{sides.other.rev}"
        coloured = replace(sides.other, fidelity=sides.picture.fidelity)
        return value(coloured, shown, whole=whole, group=GROUP, rev=rev)

    def ring(self, request: gr.Request, event: gr.EventData) -> list[object]:
        """Mark a text of the table on both sides."""
        sides = self.task.result(request.session_hash)
        if sides is None:
            raise EncoderError("This comparison is not kept any more. Compare again.")
        row = self.handlers.row(sides.picture, picked_name(event).removeprefix("moved:"))
        visitor = request.session_hash
        shown = replace(self.handlers.shown(visitor), overlay=Overlay(rings=(row,)), selected=None)
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
