"""The Map tab: texts as points, clusters with names, and how far to trust both. Wiring only."""

from collections.abc import Iterator, Mapping, Sequence

import gradio as gr
import numpy as np
from gradio.components import Component

from encoder import EncoderError
from explore.cluster import SPACES as SPACE_WORDS
from ingest.templates import csv_text
from ui.map.drawing import DrawnMap
from ui.map.form import MapForm, form_of, from_json
from ui.map.handlers import MapHandlers
from ui.map.html import (
    cluster_table,
    header,
    place_panel,
    point_panel,
    search_panel,
    selection_panel,
    selection_rows,
    space_note,
)
from ui.map.layout import MapLayout, lay_out_map
from ui.map.side_by_side import SideBySideSection
from ui.map.state import MapState
from ui.map.take_home import TakeHomeSection
from ui.map.trust import TrustSection
from ui.map.view import CLUSTER, Shown, painters, value
from ui.page.components import csv_file
from ui.page.events import FOLLOW, TOUCH, now, picked_name, picked_value, worded, worded_steps
from ui.page.models import ModelBox, connect_model, layer_choices, layers_of
from ui.page.tab import Page, Tab
from ui.page.tasks import Moment, Telling
from ui.page.texts import TextsSection, lay_out_texts
from ui.words import message, notes, number

NO_ROWS = np.zeros(0, np.int64)
STOPPED = notes(["Stopped. What was drawn so far stays."])


def build(page: Page) -> Tab:
    """Lay the tab out on the page and connect it."""
    with page.tab("map", "Map") as tab:
        return _MapTab(page, MapHandlers(page.workbench), tab).door()


class _MapTab:
    """Components on the one side, handlers on the other, and the events between them."""

    def __init__(self, page: Page, handlers: MapHandlers, tab: gr.Tab) -> None:
        self.handlers = handlers
        default = handlers.workbench.encoder(MapForm().model, None)
        texts = lay_out_texts()
        self.ui: MapLayout = lay_out_map(handlers.picker.choices(None), layer_choices(default))
        self.model = gr.State(MapForm().model)  # the last one that loaded
        self.form: dict[str, Component] = {**self.ui.form, "model": self.model}
        self.texts = TextsSection(handlers, texts, self.ui.colour, offered_colours)
        self.map_ready = gr.State("")  # new whenever a map is ready
        page.offer_own_models(self.ui.form["model"])
        self.texts.connect(tab)
        self.connect_map()
        self.connect_touch()
        TrustSection(handlers, self.ui.map, self.map_ready)
        SideBySideSection(page, handlers, self.map_ready)
        TakeHomeSection(handlers, self.form, self.map_ready)

    def door(self) -> Tab:
        """What others may use: a map with their settings, of a sample or the pairs to train on."""
        form = [self.model, *self.ui.form.values(), *self.texts.outputs]
        return Tab("map", form, self.open)

    def open(self, request: gr.Request, settings: Mapping[str, str]) -> list[object]:
        """A map as a link to it says: `settings["map"]` in JSON, and the corpus."""
        return self.texts.restored(request.session_hash, settings, "map", from_json)

    # --- the map ----------------------------------------------------------------------------

    def connect_map(self) -> None:
        ui, form = self.ui, self.ui.form
        self.map_outputs = [
            ui.progress, ui.stop, ui.header, ui.map, ui.clusters, ui.space_note,
            self.map_ready, ui.point, ui.selection, ui.below, ui.why_note, ui.why,
        ]  # fmt: skip
        chosen = ModelBox(form["model"], self.model, ui.model_note)
        connect_model(self.handlers.picker, chosen, form["layer"], layers_of)
        changed = [box.change for box in self.form.values()]
        gr.on(
            [self.texts.version.change, *changed],
            worded_steps(self.draw),
            list(self.form.values()),
            self.map_outputs,
            **{**FOLLOW, "trigger_mode": "multiple"},  # a newer one ends the older
        )
        ui.stop.click(worded(self.stop), None, [ui.progress, ui.stop], **TOUCH)
        self.map_ready.change(worded(self.offer_clusters), None, ui.cluster, **TOUCH)

    def draw(self, request: gr.Request, *values: object) -> Iterator[list[object]]:
        """The map in steps; a newer request ends this one without a word."""
        visitor = request.session_hash
        if self.handlers.texts(visitor).opened is None:
            yield [gr.skip() for _ in self.map_outputs]  # ending without a word would empty them
            return
        map_request = self.handlers.request(visitor, form_of(self.form, values))
        state = map_request.state
        job = self.handlers.start(visitor, map_request)

        def show(moment: Moment[DrawnMap]) -> list[object]:
            return self.map_values(state, moment.made, ready=moment.ended == "done")

        telling = Telling(
            show, len(self.map_outputs) - 2, lambda: state.running is job.stop,
            done=lambda moment: notes([f"Drawn in {moment.seconds:.1f} s."]),
            stopped=lambda: STOPPED,
        )  # fmt: skip
        yield from telling.answers(job, self.handlers.workbench.work_queue)

    def map_values(self, state: MapState, drawn_map: DrawnMap | None, ready: bool) -> list[object]:
        """Values for the outputs below the progress: a map or nothing, and that it is ready."""
        version = now() if ready else gr.skip()
        if drawn_map is None:
            return [version if box is self.map_ready else gr.skip() for box in self.map_outputs[2:]]
        shown, config = state.shown, drawn_map.settings.clusters
        return [
            header(drawn_map),
            value(drawn_map, shown, group="map"),
            cluster_table(drawn_map),
            space_note(config, SPACE_WORDS[config.space]),
            version,
            message("Click a dot: its ten nearest texts in the original space."),
            selection_panel(drawn_map, NO_ROWS),
            search_panel(drawn_map, shown),
            "",
            None,
        ]

    def offer_clusters(self, request: gr.Request) -> gr.Dropdown:
        drawn_map = self.handlers.state(request.session_hash).drawn
        if drawn_map is None:
            return gr.skip()  # the state is set when the page opens, too
        return cluster_choices(drawn_map, 0)

    def stop(self, request: gr.Request) -> list[object]:
        self.handlers.state(request.session_hash).stop()
        return [STOPPED, gr.Button(visible="hidden")]

    # --- what is touched --------------------------------------------------------------------

    def connect_touch(self) -> None:
        ui = self.ui
        ui.map.pick(worded(self.pick_point), None, [ui.map, ui.point, ui.why_note, ui.why], **TOUCH)
        ui.map.lasso(worded(self.lasso), None, ui.selection, **TOUCH)
        ui.colour.select(worded(self.colour), ui.colour, [ui.map, ui.below], **TOUCH)
        ui.search.submit(worded(self.search), ui.search, [ui.map, ui.colour, ui.below], **TOUCH)
        ui.drop.submit(worded(self.drop), ui.drop, [ui.map, ui.below], **TOUCH)
        ui.clusters.pick(worded(self.zoom), None, [ui.map, ui.cluster, ui.selection], **TOUCH)
        ui.whole.click(worded(self.whole), None, [ui.map, ui.selection], **TOUCH)
        gr.on([ui.rename.click, ui.title.submit], worded(self.rename), [ui.cluster, ui.title],
              [ui.map, ui.clusters, ui.cluster, ui.title], **TOUCH)  # fmt: skip
        ui.point.pick(worded(self.why), None, [ui.why_note, ui.why], **TOUCH)
        ui.selection_csv.click(worded(self.save_selection), None, ui.download, **TOUCH)

    def repaint(self, drawn_map: DrawnMap, shown: Shown) -> str:
        return value(drawn_map, shown, whole=False, group="map")

    def pick_point(self, request: gr.Request, event: gr.EventData) -> list[object]:
        row = picked_value(event, "row")
        drawn_map, shown, at = self.handlers.point(request.session_hash, row)
        return [self.repaint(drawn_map, shown), point_panel(drawn_map, at), "", None]

    def lasso(self, request: gr.Request, event: gr.EventData) -> str:
        rows = picked_value(event, "rows")
        return selection_panel(*self.handlers.lasso(request.session_hash, rows))

    def colour(self, request: gr.Request, colour: str) -> list[object]:
        drawn_map, shown = self.handlers.colour(request.session_hash, colour)
        return [self.repaint(drawn_map, shown), search_panel(drawn_map, shown)]

    def search(self, request: gr.Request, text: str) -> list[object]:
        drawn_map, shown = self.handlers.search(request.session_hash, text)
        return [self.repaint(drawn_map, shown), shown.colour, search_panel(drawn_map, shown)]

    def drop(self, request: gr.Request, text: str) -> list[object]:
        drawn_map, shown, landed = self.handlers.drop(request.session_hash, text)
        return [self.repaint(drawn_map, shown), place_panel(drawn_map, str(text), landed)]

    def zoom(self, request: gr.Request, event: gr.EventData) -> list[object]:
        cluster = self.handlers.cluster(
            request.session_hash, picked_name(event).removeprefix("cluster:")
        )
        drawn_map, shown = self.handlers.zoom(request.session_hash, cluster)
        rows = self.handlers.members(drawn_map, cluster)
        return [self.repaint(drawn_map, shown), cluster, selection_panel(drawn_map, rows)]

    def whole(self, request: gr.Request) -> list[object]:
        drawn_map, shown = self.handlers.whole(request.session_hash)
        return [
            self.repaint(drawn_map, shown),
            selection_panel(drawn_map, NO_ROWS),
        ]

    def rename(self, request: gr.Request, cluster: object, title: str) -> list[object]:
        at = self.handlers.cluster(request.session_hash, cluster)
        drawn_map, shown = self.handlers.rename(request.session_hash, at, title)
        return [self.repaint(drawn_map, shown), cluster_table(drawn_map),
                cluster_choices(drawn_map, at), ""]  # fmt: skip

    def why(self, request: gr.Request, event: gr.EventData) -> list[object]:
        pair = self.handlers.why(request.session_hash, picked_name(event))
        cosine = number(pair.explained.cosine, 3)
        note = (
            f"“{pair.a}” and “{pair.b}”: cosine {cosine}, the sum of these numbers, one for each "
            "token of the one with each token of the other."
        )
        return [notes([note]), pair.matrix]

    def save_selection(self, request: gr.Request) -> dict[str, str]:
        drawn_map = self.handlers.drawn(request.session_hash)
        rows = self.handlers.shown(request.session_hash).selected
        if not rows:
            raise EncoderError("Nothing is selected. Draw around some points with the lasso first.")
        return csv_file("selection.csv", csv_text(selection_rows(drawn_map, rows)))


def cluster_choices(drawn_map: DrawnMap, chosen: int) -> gr.Dropdown:
    """The clusters, for the dropdown that renames one."""
    count = drawn_map.clusters.count if drawn_map.clusters else 0
    titles = [(f"{c + 1}. {drawn_map.title(c)}", c) for c in range(count)]
    return gr.Dropdown(choices=titles, value=chosen if chosen < count else None)


def offered_colours(labels: Sequence[str]) -> gr.Dropdown:
    """What dots can be coloured by where the texts have these label columns."""
    return gr.Dropdown(choices=list(painters(labels)), value=CLUSTER)
