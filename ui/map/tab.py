"""The Map tab: texts as points, clusters with names, and how far to trust both. Wiring only."""

from collections.abc import Iterator, Sequence
from typing import Any

import gradio as gr

from encoder import EncoderError
from explore.cluster import SPACES as SPACE_WORDS
from ui.map.drawing import Picture
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
from ui.map.sections import MapKeeping, MapReport, MapSides
from ui.map.view import CLUSTER, Shown, colour_choices, value
from ui.page.components import saved
from ui.page.events import now, picked_name, told, told_steps
from ui.page.matrix import figure_json, token_matrix
from ui.page.models import connect_model
from ui.page.tasks import follow
from ui.page.texts import MapTexts, lay_out_texts
from ui.state.workbench import Workbench
from ui.words import message, notes, number

QUIET: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
TOUCH: dict[str, Any] = {**QUIET, "concurrency_id": "touch", "concurrency_limit": 4}
READ: dict[str, Any] = {"api_visibility": "private", "concurrency_id": "read",
                        "concurrency_limit": 2, "show_progress": "minimal"}  # fmt: skip
STOPPED = notes(["Stopped. What was drawn so far stays."])


def build(demo: gr.Blocks, tabs: gr.Tabs, tab: gr.Tab, workbench: Workbench) -> "_MapTab":
    """Lay the tab out inside the current Blocks and connect it."""
    made = _MapTab(MapHandlers(workbench))
    made.texts.connect(tab)
    boxes = list(vars(made.ui.form).values())
    made.texts.connect_link(demo, tabs, "map", from_json, made.model, boxes)
    return made


class _MapTab:
    """Components on the one side, handlers on the other, and the events between them."""

    def __init__(self, handlers: MapHandlers) -> None:
        self.handlers = handlers
        default = handlers.workbench.encoder(MapForm().model, None)
        texts = lay_out_texts()
        self.ui: MapLayout = lay_out_map(
            handlers.picker.choices(None), ["-1", *map(str, default.layers)]
        )
        self.model = gr.State(MapForm().model)  # the last one that loaded
        self.form = [self.model, *list(vars(self.ui.form).values())[1:]]
        self.texts = MapTexts(handlers, texts, self.ui.colour, offered_colours)
        self.drawn = gr.State("")  # new whenever a map is ready
        self.connect_map()
        self.connect_touch()
        MapReport(handlers, self.ui.map, self.drawn)
        self.sides = MapSides(handlers, self.ui.form.model, self.drawn)
        MapKeeping(handlers, self.form, self.drawn)
        self.pickers = [self.ui.form.model, self.sides.model]

    # --- the map ----------------------------------------------------------------------------

    def connect_map(self) -> None:
        ui, form = self.ui, self.ui.form
        self.map_outputs = [
            ui.progress, ui.stop, ui.header, ui.map, ui.clusters, ui.space_note,
            self.drawn, ui.point, ui.selection, ui.below, ui.why_note, ui.why,
        ]  # fmt: skip
        connect_model(self.handlers.picker, form.model, self.model, ui.model_note, form.layer)
        changed = [control.change for control in self.form]
        gr.on(
            [self.texts.version.change, *changed],
            told_steps(self.draw),
            self.form,
            self.map_outputs,
            trigger_mode="multiple",  # a newer one ends the older
            concurrency_id="maps",
            concurrency_limit=16,
            **QUIET,
        )
        ui.stop.click(told(self.stop), None, [ui.progress, ui.stop], **TOUCH)
        self.drawn.change(told(self.offer_clusters), None, ui.cluster, **TOUCH)

    def draw(self, request: gr.Request, *values: Any) -> Iterator[list[Any]]:
        """The map in steps; a newer request ends this one without a word."""
        visitor = request.session_hash
        if self.handlers.atlas(visitor).corpus is None:
            yield [gr.skip() for _ in self.map_outputs]  # ending without a word would empty them
            return
        asked = self.handlers.request(visitor, MapForm(*values))
        job = self.handlers.start(asked)
        for moment in follow(job, self.handlers.workbench.maps):
            if asked.atlas.running is not job.stop:  # another has taken its place
                # Gradio sends the last answer once more when this ends: it shall change nothing.
                yield [gr.skip() for _ in self.map_outputs]
                return
            made = None if moment.made is None else self.drawn_values(moment.made)
            if moment.ended == "done":
                took = notes([f"Drawn in {moment.seconds:.1f} s."])
                yield [took, gr.Button(visible="hidden"), *self.rest(made, drawn=True)]
            elif made is not None and not moment.ended:
                yield [moment.progress, gr.Button(visible=True), *self.rest(made)]
            elif moment.ended:
                said = STOPPED if moment.ended == "cancelled" else moment.progress
                yield [said, gr.Button(visible="hidden"), *self.rest(made)]
            elif not job.stop.is_set():
                yield [moment.progress, gr.Button(visible=True), *self.rest(made)]

    def drawn_values(self, picture: Picture) -> list[Any]:
        shown = self.handlers.shown_of(picture)
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

    def offer_clusters(self, request: gr.Request) -> Any:
        if self.handlers.atlas(request.session_hash).picture is None:
            return gr.skip()  # the state is set when the page opens, too
        return cluster_choices(self.handlers.picture(request.session_hash), 0)

    def rest(self, made: list[Any] | None, drawn: bool = False) -> list[Any]:
        """Values for the outputs below the progress: a picture or nothing, and that it is ready."""
        values = [gr.skip() for _ in self.map_outputs[2:]] if made is None else made
        if drawn:
            values[self.map_outputs.index(self.drawn) - 2] = now()
        return values

    def stop(self, request: gr.Request) -> list[Any]:
        self.handlers.atlas(request.session_hash).stop()
        return [STOPPED, gr.Button(visible="hidden")]

    # --- what is touched --------------------------------------------------------------------

    def connect_touch(self) -> None:
        ui = self.ui
        ui.map.pick(told(self.pick_point), None, [ui.map, ui.point, ui.why_note, ui.why], **TOUCH)
        ui.map.lasso(told(self.lasso), None, ui.selection, **TOUCH)
        ui.colour.select(told(self.colour), ui.colour, [ui.map, ui.below], **TOUCH)
        ui.search.submit(told(self.search), ui.search, [ui.map, ui.colour, ui.below], **TOUCH)
        ui.drop.submit(told(self.drop), ui.drop, [ui.map, ui.below], **TOUCH)
        ui.clusters.pick(told(self.zoom), None, [ui.map, ui.cluster, ui.selection], **TOUCH)
        ui.whole.click(told(self.whole), None, [ui.map, ui.selection], **TOUCH)
        gr.on([ui.rename.click, ui.title.submit], told(self.rename), [ui.cluster, ui.title],
              [ui.map, ui.clusters, ui.cluster, ui.title], **TOUCH)  # fmt: skip
        ui.point.pick(told(self.why), None, [ui.why_note, ui.why], **TOUCH)
        ui.selection_csv.click(told(self.save_selection), None, ui.download, **TOUCH)

    def repaint(self, picture: Picture, shown: Shown) -> str:
        return value(picture, shown, whole=False, group="map")

    def pick_point(self, request: gr.Request, event: gr.EventData) -> list[Any]:
        row = getattr(event, "row", None)
        picture, shown, at = self.handlers.point(request.session_hash, row)
        return [self.repaint(picture, shown), point_panel(picture, at), "", None]

    def lasso(self, request: gr.Request, event: gr.EventData) -> str:
        rows = getattr(event, "rows", None)
        picture, found = self.handlers.lasso(request.session_hash, rows)
        return selection_panel(picture, found)

    def colour(self, request: gr.Request, colour: str) -> list[Any]:
        picture, shown = self.handlers.colour(request.session_hash, colour)
        return [self.repaint(picture, shown), search_panel(picture, shown)]

    def search(self, request: gr.Request, text: str) -> list[Any]:
        picture, shown = self.handlers.search(request.session_hash, text)
        return [self.repaint(picture, shown), shown.colour, search_panel(picture, shown)]

    def drop(self, request: gr.Request, text: str) -> list[Any]:
        picture, shown, found = self.handlers.drop(request.session_hash, text)
        return [self.repaint(picture, shown), place_panel(picture, str(text), found)]

    def zoom(self, request: gr.Request, event: gr.EventData) -> list[Any]:
        word = picked_name(event).removeprefix("cluster:")
        cluster = int(word) if word.isdecimal() else -1
        picture, shown = self.handlers.zoom(request.session_hash, cluster)
        rows = self.handlers.members(picture, cluster)
        return [self.repaint(picture, shown), cluster, selection_panel(picture, rows)]

    def whole(self, request: gr.Request) -> list[Any]:
        picture, shown = self.handlers.whole(request.session_hash)
        return [self.repaint(picture, shown), selection_panel(picture, picture.vectors[:0, 0])]

    def rename(self, request: gr.Request, cluster: Any, title: str) -> list[Any]:
        number_ = cluster if isinstance(cluster, int) else -1
        picture, shown = self.handlers.rename(request.session_hash, number_, title)
        return [self.repaint(picture, shown), cluster_table(picture),
                cluster_choices(picture, number_), ""]  # fmt: skip

    def why(self, request: gr.Request, event: gr.EventData) -> list[Any]:
        found = self.handlers.why(request.session_hash, picked_name(event))
        a, b, explained, readable = found
        said = (
            f"“{a}” and “{b}”: cosine {number(explained.cosine, 3)}, the sum of these numbers, "
            "one for each token of the one with each token of the other."
        )
        return [notes([said]), figure_json(token_matrix(explained, *readable))]

    def save_selection(self, request: gr.Request) -> dict[str, str]:
        picture = self.handlers.picture(request.session_hash)
        rows = self.handlers.shown(request.session_hash).selected
        if not rows:
            raise EncoderError("Nothing is selected. Draw around some points with the lasso first.")
        return saved("selection.csv", selection_rows(picture, rows))


def cluster_choices(picture: Picture, chosen: int) -> Any:
    """The clusters, for the dropdown that renames one."""
    count = picture.clusters.count if picture.clusters else 0
    titles = [(f"{c + 1}. {picture.title(c)}", c) for c in range(count)]
    return gr.Dropdown(choices=titles, value=chosen if chosen < count else None)


def offered_colours(labels: Sequence[str]) -> gr.Dropdown:
    """What dots can be coloured by where the texts have these label columns."""
    return gr.Dropdown(choices=colour_choices(labels), value=CLUSTER)
