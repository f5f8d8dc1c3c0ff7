"""The Map tab: texts as points, clusters with names, and how far to trust both. Wiring only."""

from collections.abc import Iterator, Mapping, Sequence

import gradio as gr

from encoder import EncoderError
from explore.cluster import SPACES as SPACE_WORDS
from ui.map.drawing import DrawnMap
from ui.map.form import MapForm, from_json
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
from ui.map.sections import MapSides, MapTakeHome, MapTrust
from ui.map.state import MapState
from ui.map.view import CLUSTER, Shown, colour_choices, value
from ui.page.components import csv_file
from ui.page.events import FOLLOW, TOUCH, now, picked_name, worded, worded_steps
from ui.page.models import ModelBox, connect_model, layers_of
from ui.page.tab import Page, Tab
from ui.page.tasks import Moment, Telling
from ui.page.texts import TextsSection, lay_out_texts
from ui.words import csv_text, message, notes, number

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
        self.ui: MapLayout = lay_out_map(
            handlers.picker.choices(None), ["-1", *map(str, default.layers)]
        )
        self.model = gr.State(MapForm().model)  # the last one that loaded
        self.form = [self.model, *list(self.ui.form.values())[1:]]
        self.texts = TextsSection(handlers, texts, self.ui.colour, offered_colours)
        self.drawn = gr.State("")  # new whenever a map is ready
        page.offer_own_models(self.ui.form["model"])
        self.texts.connect(tab)
        self.connect_map()
        self.connect_touch()
        MapTrust(handlers, self.ui.map, self.drawn)
        MapSides(page, handlers, self.drawn)
        MapTakeHome(handlers, self.form, self.drawn)

    def door(self) -> Tab:
        """What others may use: a map with their settings, of a sample or the pairs to train on."""
        form = [self.model, *self.ui.form.values(), *self.texts.outputs]
        return Tab("map", form, self.open)

    def open(self, request: gr.Request, settings: Mapping[str, str]) -> list[object]:
        """A map as a link to it says: `settings["map"]` in JSON, and the corpus."""
        form, remarks = from_json(settings.get("map", "{}"))
        return self.texts.restored(request.session_hash, settings, form, remarks)

    # --- the map ----------------------------------------------------------------------------

    def connect_map(self) -> None:
        ui, form = self.ui, self.ui.form
        self.map_outputs = [
            ui.progress, ui.stop, ui.header, ui.map, ui.clusters, ui.space_note,
            self.drawn, ui.point, ui.selection, ui.below, ui.why_note, ui.why,
        ]  # fmt: skip
        chosen = ModelBox(form["model"], self.model, ui.model_note)
        connect_model(self.handlers.picker, chosen, form["layer"], layers_of)
        changed = [control.change for control in self.form]
        gr.on(
            [self.texts.version.change, *changed],
            worded_steps(self.draw),
            self.form,
            self.map_outputs,
            **{**FOLLOW, "trigger_mode": "multiple"},  # a newer one ends the older
        )
        ui.stop.click(worded(self.stop), None, [ui.progress, ui.stop], **TOUCH)
        self.drawn.change(worded(self.offer_clusters), None, ui.cluster, **TOUCH)

    def draw(self, request: gr.Request, *values: object) -> Iterator[list[object]]:
        """The map in steps; a newer request ends this one without a word."""
        visitor = request.session_hash
        if self.handlers.texts(visitor).opened is None:
            yield [gr.skip() for _ in self.map_outputs]  # ending without a word would empty them
            return
        asked = self.handlers.request(visitor, MapForm(*values))
        job = self.handlers.start(visitor, asked)

        def show(moment: Moment) -> list[object] | None:
            made = None if moment.made is None else self.drawn_values(asked.state, moment.made)
            return self.rest(made, drawn=moment.ended == "done")

        telling = Telling(
            show, len(self.map_outputs) - 2, lambda: asked.state.running is job.stop,
            done=lambda moment: notes([f"Drawn in {moment.seconds:.1f} s."]),
            stopped=lambda: STOPPED,
        )  # fmt: skip
        yield from telling.answers(job, self.handlers.workbench.work_queue)

    def drawn_values(self, state: MapState, picture: DrawnMap) -> list[object]:
        shown = state.shown
        config = picture.settings.clusters
        return [
            header(picture),
            value(picture, shown, group="map"),
            cluster_table(picture),
            space_note(config, SPACE_WORDS[config.space]),
            gr.skip(),
            message("Click a dot: its ten nearest texts in the original space."),
            selection_panel(picture, picture.vectors[:0, 0].astype(int)),
            search_panel(picture, shown),
            "",
            None,
        ]

    def offer_clusters(self, request: gr.Request) -> gr.Dropdown:
        if self.handlers.state(request.session_hash).drawn is None:
            return gr.skip()  # the state is set when the page opens, too
        return cluster_choices(self.handlers.picture(request.session_hash), 0)

    def rest(self, made: list[object] | None, drawn: bool = False) -> list[object]:
        """Values for the outputs below the progress: a picture or nothing, and that it is ready."""
        values = [gr.skip() for _ in self.map_outputs[2:]] if made is None else made
        if drawn:
            values[self.map_outputs.index(self.drawn) - 2] = now()
        return values

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

    def repaint(self, picture: DrawnMap, shown: Shown) -> str:
        return value(picture, shown, whole=False, group="map")

    def pick_point(self, request: gr.Request, event: gr.EventData) -> list[object]:
        row = getattr(event, "row", None)
        picture, shown, at = self.handlers.point(request.session_hash, row)
        return [self.repaint(picture, shown), point_panel(picture, at), "", None]

    def lasso(self, request: gr.Request, event: gr.EventData) -> str:
        rows = getattr(event, "rows", None)
        picture, found = self.handlers.lasso(request.session_hash, rows)
        return selection_panel(picture, found)

    def colour(self, request: gr.Request, colour: str) -> list[object]:
        picture, shown = self.handlers.colour(request.session_hash, colour)
        return [self.repaint(picture, shown), search_panel(picture, shown)]

    def search(self, request: gr.Request, text: str) -> list[object]:
        picture, shown = self.handlers.search(request.session_hash, text)
        return [self.repaint(picture, shown), shown.colour, search_panel(picture, shown)]

    def drop(self, request: gr.Request, text: str) -> list[object]:
        picture, shown, found = self.handlers.drop(request.session_hash, text)
        return [self.repaint(picture, shown), place_panel(picture, str(text), found)]

    def zoom(self, request: gr.Request, event: gr.EventData) -> list[object]:
        cluster = self.handlers.cluster(
            request.session_hash, picked_name(event).removeprefix("cluster:")
        )
        picture, shown = self.handlers.zoom(request.session_hash, cluster)
        rows = self.handlers.members(picture, cluster)
        return [self.repaint(picture, shown), cluster, selection_panel(picture, rows)]

    def whole(self, request: gr.Request) -> list[object]:
        picture, shown = self.handlers.whole(request.session_hash)
        return [self.repaint(picture, shown), selection_panel(picture, picture.vectors[:0, 0])]

    def rename(self, request: gr.Request, cluster: object, title: str) -> list[object]:
        number_ = self.handlers.cluster(request.session_hash, cluster)
        picture, shown = self.handlers.rename(request.session_hash, number_, title)
        return [self.repaint(picture, shown), cluster_table(picture),
                cluster_choices(picture, number_), ""]  # fmt: skip

    def why(self, request: gr.Request, event: gr.EventData) -> list[object]:
        pair = self.handlers.why(request.session_hash, picked_name(event))
        cosine = number(pair.explained.cosine, 3)
        said = (
            f"“{pair.a}” and “{pair.b}”: cosine {cosine}, the sum of these numbers, one for each "
            "token of the one with each token of the other."
        )
        return [notes([said]), pair.matrix]

    def save_selection(self, request: gr.Request) -> dict[str, str]:
        picture = self.handlers.picture(request.session_hash)
        rows = self.handlers.shown(request.session_hash).selected
        if not rows:
            raise EncoderError("Nothing is selected. Draw around some points with the lasso first.")
        return csv_file("selection.csv", csv_text(selection_rows(picture, rows)))


def cluster_choices(picture: DrawnMap, chosen: int) -> gr.Dropdown:
    """The clusters, for the dropdown that renames one."""
    count = picture.clusters.count if picture.clusters else 0
    titles = [(f"{c + 1}. {picture.title(c)}", c) for c in range(count)]
    return gr.Dropdown(choices=titles, value=chosen if chosen < count else None)


def offered_colours(labels: Sequence[str]) -> gr.Dropdown:
    """What dots can be coloured by where the texts have these label columns."""
    return gr.Dropdown(choices=colour_choices(labels), value=CLUSTER)
