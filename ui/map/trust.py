"""“How far can I trust it?”: what the map tore apart, what noise would look like, what is stable.

What is measured is in `ui.map.trust_measures`, what is said of it in `ui.map.trust_html`.
"""

from dataclasses import replace
from functools import partial

import gradio as gr

from ui.map.figures import Overlay, categories, points, sweep_curve
from ui.map.handlers import MapHandlers
from ui.map.html import hubs_panel
from ui.map.state import TRUST
from ui.map.trust_html import not_yet, null_words, stability_table, trust_table
from ui.map.trust_measures import NullMap, Trust, measure_trust, torn_and_false
from ui.map.view import as_value, value
from ui.page.components import markup, plot, prose, scatter_map
from ui.page.events import TOUCH, worded
from ui.page.matrix import figure_json
from ui.page.tasks import STAGES, Steps, Task
from ui.words import notes

EXPECTED_S = 30.0
STOPPED = notes(["Stopped. What was measured so far stays."])


class TrustSection:
    """The section below the map."""

    def __init__(self, handlers: MapHandlers, shown_map: gr.HTML, map_ready: gr.State) -> None:
        self.handlers = handlers
        with gr.Accordion("How far can I trust it?", open=False, elem_id="trust-section"):
            prose(
                "On two dimensions some neighbours must part and some strangers must meet. The "
                "lines join texts that are <b>near in the vectors but torn apart</b> on the map; "
                "crosses mark texts that only <b>look like neighbours</b>."
            )
            overlay = gr.Checkbox(label="Show torn and false neighbours on the map",
                                  elem_id="map-honesty")  # fmt: skip
            overlay_note = markup(elem_id="map-honesty-note")
            self.task = Task(
                handlers.workbench, TRUST, "Measure it", STAGES, EXPECTED_S,
                done="Measured in {seconds:.0f} s.", stopped=STOPPED,
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
        overlay.input(worded(self.honesty), overlay, [shown_map, overlay_note], **TOUCH)
        self.task.connect(self.prepare, self.show, [], outputs)
        fresh = [self.task.progress, self.task.stop, *outputs, overlay, overlay_note]
        map_ready.change(worded(self.fresh), None, fresh, **TOUCH)

    def honesty(self, request: gr.Request, on: bool) -> list[object]:
        """Draw the worst pairs over the map, or take them away."""
        visitor = request.session_hash
        drawn_map, overlay, note = self.handlers.drawn(visitor), Overlay(), ""
        if on:
            worst = torn_and_false(drawn_map)
            torn = tuple((int(a), int(b)) for a, b in worst.torn)
            crosses = tuple(sorted({int(row) for pair in worst.false for row in pair}))
            overlay = Overlay(torn=torn, crosses=crosses)
            note = notes([
                f"Shown: {len(worst.torn):,} of {worst.all_torn:,} torn pairs and "
                f"{len(worst.false):,} of {worst.all_false:,} false ones, the worst first."
            ])  # fmt: skip
        changed = replace(self.handlers.shown(visitor), overlay=overlay)
        drawn_map, shown = self.handlers.show(visitor, changed, honest=True)
        return [value(drawn_map, shown, whole=False, group="map"), note]

    def fresh(self, request: gr.Request) -> list[object]:
        """A new map has been drawn: what was measured is of another one."""
        nothing = ["", gr.Button(visible="hidden"), not_yet(), None, "", None, None, "", ""]
        return [*nothing, False, ""]

    def prepare(self, visitor: str | None) -> Steps[Trust]:
        """Everything that is measured of the map on the screen, step by step."""
        return partial(measure_trust, self.handlers.finished(visitor))

    def show(self, visitor: str | None, trust: Trust) -> list[object]:
        """What is measured so far, for the outputs below the progress."""
        drawn_map, null, stable = trust.drawn_map, trust.null, trust.stable
        clusters = drawn_map.clusters
        size = clusters.config.size_for(len(drawn_map.corpus)) if clusters else 2
        curve = figure_json(sweep_curve(trust.swept, size)) if trust.swept else None
        # Beside noise stand the dots alone: lines over one of the two would tell them apart.
        shown = replace(self.handlers.shown(visitor), overlay=Overlay(), selected=None)
        return [
            trust_table(trust),
            curve,
            null_words(trust, null) if null else "",
            value(drawn_map, shown, group=None) if null else None,
            null_value(null) if null else None,
            stability_table(drawn_map, stable) if stable else "",
            hubs_panel(drawn_map),
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
