"""“Side by side”: the map on the screen beside that of another model, pooling or layer."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from html import escape

import gradio as gr

from encoder import DEFAULT_MODEL, POOLINGS, Encoder, EncoderError
from explore import Comparison, Projection, compare, neighbours, project
from ui.checks import OWN_POOLING, pooling_at
from ui.map.drawing import NEAR, DrawnMap, map_key, map_vectors
from ui.map.figures import Overlay
from ui.map.form import MapForm, MapSettings, parse
from ui.map.handlers import MapHandlers
from ui.map.state import SIDE_BY_SIDE
from ui.map.view import Shown, value
from ui.page.components import markup, pick, prose, scatter_map
from ui.page.events import TOUCH, picked_name, worded
from ui.page.models import LAST, ModelBox, connect_model, layer_choices, layers_of
from ui.page.tab import Page
from ui.page.tasks import STAGES, Steps, Task
from ui.state.stages import Tell
from ui.words import NONE, cut, notes

GROUP = "sides"  # of maps that are pointed at together
EXPECTED_S = 15.0
MOVED = 15  # texts that are listed


@dataclass(frozen=True, eq=False)
class SideBySide:
    """The map on the screen, the other one laid over it, and what differs."""

    left: DrawnMap
    right: DrawnMap  # its places are aligned to those of `left`
    comparison: Comparison

    @property
    def moved(self) -> list[int]:
        """Rows whose neighbours changed most."""
        return [int(row) for row in self.comparison.moved_most(MOVED)]


def draw_side_by_side(
    left: DrawnMap, encoder: Encoder, settings: MapSettings, tell: Tell, stop: threading.Event
) -> Iterator[SideBySide]:
    """The other vectors, their map with the same settings, and the comparison."""
    texts, corpus, stages = left.texts, left.corpus, left.texts.stages
    config = left.settings.projection
    settings = replace(settings, projection=config, read=left.settings.read)
    vectors = map_vectors(texts, corpus, encoder, settings, tell, stop)
    source = map_key(texts, corpus, encoder, settings)
    k = max(NEAR, config.n_neighbors)
    near = stages.get("neighbours", (*source, k), lambda: neighbours(vectors, k, tell, stop))
    stage = "pca" if config.method == "pca" else "layout"
    layout: Projection = stages.get(
        stage, (*source, *config.key), lambda: project(vectors, config, near, tell, stop)
    )
    comparison = compare(
        left.vectors,
        vectors,
        left.projection.coordinates,
        layout.coordinates,
        near=left.near,
        other_near=near,
    )
    right = replace(
        left,
        encoder=encoder,
        settings=settings,
        vectors=vectors,
        projection=replace(layout, coordinates=comparison.aligned),
        near=near,
        fidelity=None,
    )
    yield SideBySide(left, right, comparison)


# --- In words, and as a table ---------------------------------------------------------------------


def overlap_words(sides: SideBySide) -> str:
    """How much both sides agree, in one sentence."""
    comparison = sides.comparison
    if not comparison.k:
        return "One text alone has no neighbours to compare."
    few = int((comparison.overlap <= 0.2).sum())
    return (
        f"On average {comparison.mean_overlap:.0%} of a text's {comparison.k} nearest texts are "
        f"the same on both sides, counted in the original spaces; {few:,} of "
        f"{len(comparison.overlap):,} texts keep at most a fifth of theirs. The right map is "
        "turned, mirrored and scaled to lie on the left one. Groups may still lie elsewhere as a "
        "whole, as they do under another seed: what counts are the common neighbours."
    )


def moved_table(sides: SideBySide) -> str:
    """The texts with the fewest common neighbours."""
    comparison, texts = sides.comparison, sides.left.corpus.texts
    rows = "".join(
        f'<tr><td class="num">{f"{comparison.overlap[row]:.0%}" if comparison.k else NONE}</td>'
        f'<td class="num">{comparison.moved[row]:.2f}</td>'
        '<th scope="row" dir="auto"><button type="button" '
        f'class="lab-link" data-pick="moved:{row}">{escape(cut(texts[row]))}</button></th></tr>'
        for row in sides.moved
    )
    return (
        '<div class="lab-frame"><table class="lab-table" aria-label="Texts that moved most"><thead>'
        '<tr><th scope="col" class="num">common<br>neighbours</th><th scope="col" class="num">moved'
        '<br>(map radii)</th><th scope="col">the texts that moved most</th></tr></thead>'
        f"<tbody>{rows}</tbody></table></div>"
    )


# --- On the page ----------------------------------------------------------------------------------


class SideBySideSection:
    """The section below “How far can I trust it?”."""

    def __init__(self, page: Page, handlers: MapHandlers, map_ready: gr.State) -> None:
        self.handlers = handlers
        picker = handlers.picker
        layers = layer_choices(handlers.workbench.encoder(DEFAULT_MODEL, None))
        with gr.Accordion("Side by side", open=False, elem_id="sides-section"):
            prose(
                "The same texts under another pooling, layer or model: before and after "
                "fine-tuning, mean against [CLS], the first layer against the last. Point at a "
                "text on one side, and it is marked on the other."
            )
            with gr.Row(elem_classes=["lab-settings"]):
                model = pick("Model of the right map", "other-model", picker.choices(None),
                             DEFAULT_MODEL, scale=3)  # fmt: skip
                pooling = pick("Its pooling", "other-pooling", [OWN_POOLING, *POOLINGS], "cls",
                               scale=2)  # fmt: skip
                layer = pick("Its layer", "other-layer", layers, LAST)
            note = markup(elem_id="other-model-note")
            self.task = Task(
                handlers.workbench, SIDE_BY_SIDE, "Compare", STAGES, EXPECTED_S,
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
        connect_model(picker, ModelBox(model, used, note), layer, layers_of)
        page.offer_own_models(model)
        fresh = [self.task.progress, self.task.stop, *outputs]
        map_ready.change(worded(self.fresh), None, fresh, **TOUCH)

    def fresh(self, request: gr.Request) -> list[object]:
        """A new map has been drawn: the comparison is of another one."""
        self.task.forget(request.session_hash)
        return ["", gr.Button(visible="hidden"), "", None, None, ""]

    def prepare(
        self, visitor: str | None, model: object, pooling: object, layer: object
    ) -> Steps[SideBySide]:
        """The other side, checked."""
        left = self.handlers.finished(visitor)
        key = self.handlers.picker.parse(model, visitor)
        encoder = self.handlers.workbench.encoder(key, visitor)
        asked = parse(MapForm(model=key, pooling=pooling, layer=layer))
        settings = replace(
            asked, model=key, pooling=pooling_at(asked.layer, asked.pooling, encoder)
        )
        return partial(draw_side_by_side, left, encoder, settings)

    def show(self, visitor: str | None, sides: SideBySide) -> list[object]:
        """Words, both maps, and what moved most."""
        shown = replace(self.handlers.shown(visitor), overlay=Overlay(), selected=None)
        words = notes([overlap_words(sides)])
        return [words, *both_maps(sides, shown), moved_table(sides)]

    def ring(self, request: gr.Request, event: gr.EventData) -> list[str]:
        """Mark a text of the table on both sides."""
        visitor = request.session_hash
        sides = self.task.result(visitor)
        if sides is None:
            raise EncoderError("This comparison is not kept any more. Compare again.")
        row = self.handlers.row(sides.left, picked_name(event).removeprefix("moved:"))
        shown = replace(self.handlers.shown(visitor), overlay=Overlay(rings=(row,)), selected=None)
        return both_maps(sides, shown, whole=False)


def both_maps(sides: SideBySide, shown: Shown, whole: bool = True) -> list[str]:
    """Values of both maps: the colours of the left one, each with its own places."""
    left, right = sides.left, replace(sides.right, fidelity=sides.left.fidelity)
    return [
        value(left, shown, whole=whole, group=GROUP),
        value(right, shown, whole=whole, group=GROUP, rev=f"{left.rev}|{sides.right.rev}"),
    ]
