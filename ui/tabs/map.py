"""The Map tab: texts as points, clusters with names, and how far to trust both. Wiring only."""

import csv
import io
import time
from collections.abc import Iterator, Sequence
from typing import Any

import gradio as gr

from encoder import EncoderError
from explore.cluster import SPACES as SPACE_WORDS
from ui.atlas import Atlas
from ui.corpora import FIRST_SAMPLE
from ui.figures.as_json import figure_json
from ui.figures.token_matrix import token_matrix
from ui.guard import told, told_steps
from ui.map_form import MapForm
from ui.map_view import CLUSTER, Shown, colour_choices, value
from ui.markup.map_facts import (
    cluster_table,
    corpus_facts,
    header,
    space_note,
    stages_line,
)
from ui.markup.map_points import (
    place_panel,
    point_panel,
    search_panel,
    selection_panel,
    selection_rows,
)
from ui.markup.pieces import message, notes
from ui.markup.scores import number
from ui.picks import picked_name
from ui.picture import Picture
from ui.tabs.map_handlers import MapHandlers, now
from ui.tabs.map_layout import MapLayout, TextsLayout, lay_out_map, lay_out_texts
from ui.workbench import Workbench

QUIET: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
TOUCH: dict[str, Any] = {**QUIET, "concurrency_id": "touch", "concurrency_limit": 4}
READ: dict[str, Any] = {"api_visibility": "private", "concurrency_id": "read",
                        "concurrency_limit": 2, "show_progress": "minimal"}  # fmt: skip


def build(tab: gr.Tab, workbench: Workbench) -> gr.Dropdown:
    """Lay the tab out inside the current Blocks and connect it. Returns its model picker."""
    return _MapTab(tab, MapHandlers(workbench)).ui.form.model


class _MapTab:
    """Components on the one side, handlers on the other, and the events between them."""

    def __init__(self, tab: gr.Tab, handlers: MapHandlers) -> None:
        self.handlers = handlers
        default = handlers.workbench.encoder(MapForm().model, None)
        self.texts: TextsLayout = lay_out_texts()
        self.ui: MapLayout = lay_out_map(
            handlers.picker.choices(None), ["-1", *map(str, default.layers)]
        )
        self.form = list(vars(self.ui.form).values())
        self.version = gr.State("")  # new whenever there are other texts
        self.drawn = gr.State("")  # new whenever a map is ready
        self.text_outputs = [
            self.version, self.texts.column, self.texts.labels, self.ui.colour,
            self.texts.facts,
        ]  # fmt: skip
        self.connect_texts(tab)
        self.connect_map()
        self.connect_touch()

    # --- texts ------------------------------------------------------------------------------

    def connect_texts(self, tab: gr.Tab) -> None:
        texts, out = self.texts, self.text_outputs
        tab.select(told(self.arrive), None, out, **READ)
        for title, chip in texts.samples.items():
            chip.click(told(self.sample(title)), None, out, **READ)
        texts.pairs.click(told(self.pairs), None, out, **READ)
        texts.file.upload(told(self.file), texts.file, out, **READ)
        texts.use_pasted.click(told(self.pasted), texts.pasted, out, **READ)
        gr.on([texts.column.select, texts.labels.input], told(self.columns),
              [texts.column, texts.labels], out, **READ)  # fmt: skip

    def arrive(self, request: gr.Request) -> list[Any]:
        """On the first look at the tab a sample lies ready."""
        if self.handlers.atlas(request.session_hash).corpus is not None:
            return [gr.skip() for _ in self.text_outputs]
        return self.opened(self.handlers.open_sample(request.session_hash, FIRST_SAMPLE))

    def sample(self, title: str) -> Any:
        def take(request: gr.Request) -> list[Any]:
            return self.opened(self.handlers.open_sample(request.session_hash, title))

        return take

    def pairs(self, request: gr.Request) -> list[Any]:
        return self.opened(self.handlers.open_pairs(request.session_hash))

    def file(self, request: gr.Request, path: str | None) -> list[Any]:
        if path is None:
            return [gr.skip() for _ in self.text_outputs]
        return self.opened(self.handlers.open_file(request.session_hash, path))

    def pasted(self, request: gr.Request, text: str) -> list[Any]:
        return self.opened(self.handlers.open_text(request.session_hash, text))

    def columns(self, request: gr.Request, text: str, labels: list[str]) -> list[Any]:
        return self.opened(self.handlers.choose_columns(request.session_hash, text, labels))

    def opened(self, atlas: Atlas) -> list[Any]:
        corpus = atlas.corpus
        assert corpus is not None
        names = list(atlas.table.columns) if atlas.table else []
        labels = list(corpus.columns.labels)
        return [
            now(),
            gr.Dropdown(choices=names, value=corpus.columns.text if names else None),
            gr.Dropdown(choices=names, value=labels if names else []),
            gr.Dropdown(choices=colour_choices(labels), value=CLUSTER),
            corpus_facts(atlas.name, len(corpus), corpus.report.dropped, corpus.report.notes),
        ]

    # --- the map ----------------------------------------------------------------------------

    def connect_map(self) -> None:
        ui, form = self.ui, self.ui.form
        self.map_outputs = [
            ui.progress, ui.stop, ui.header, ui.map, ui.clusters, ui.cluster, ui.space_note,
            self.drawn, ui.point, ui.selection, ui.below,
        ]  # fmt: skip
        changed = [control.change for control in vars(form).values()]
        gr.on(
            [self.version.change, *changed],
            told_steps(self.draw),
            self.form,
            self.map_outputs,
            trigger_mode="multiple",  # a newer one ends the older
            concurrency_id="maps",
            concurrency_limit=16,
            **QUIET,
        )
        ui.stop.click(told(self.stop), None, [ui.progress, ui.stop], **TOUCH)

    def draw(self, request: gr.Request, *values: Any) -> Iterator[list[Any]]:
        """The map in steps; a newer request ends this one without a word."""
        visitor = request.session_hash
        asked = self.handlers.request(visitor, MapForm(*values))
        job, begun = self.handlers.start(asked), time.monotonic()
        said, ended = ("", 0.0), ""
        line = self.handlers.workbench.maps
        try:
            while not ended:
                picture: Picture | None = None
                for news in job.listen():
                    if news.kind == "progress":
                        said = news.content
                    elif news.kind == "event":
                        picture = news.content
                    else:
                        ended = news.kind
                        if ended == "failed":
                            raise EncoderError(str(news.content))
                place = line.place(job)
                progress = stages_line(
                    f"waiting behind {place} other map{'s' * (place > 1)}" if place else said[0],
                    said[1], time.monotonic() - begun,
                )  # fmt: skip
                if picture is not None:
                    yield self.drawn_values(picture, progress)
                elif not ended:
                    yield [progress, gr.Button(visible=True), *self.skips(2)]
            if ended == "done":
                took = f"Drawn in {time.monotonic() - begun:.1f} s."
                yield [notes([took]), gr.Button(visible="hidden"), *self.skips(2, drawn=True)]
        finally:
            if not ended:
                job.stop.set()
                line.leave(job)

    def drawn_values(self, picture: Picture, progress: str) -> list[Any]:
        shown = self.handlers.shown_of(picture)
        config = picture.settings.clusters
        count = picture.clusters.count if picture.clusters else 0
        titles = [(f"{c + 1}. {picture.title(c)}", c) for c in range(count)]
        return [
            progress,
            gr.Button(visible=True),
            header(picture),
            value(picture, shown, group="map"),
            cluster_table(picture),
            gr.Dropdown(choices=titles, value=0 if titles else None),
            space_note(config, SPACE_WORDS[config.space]),
            gr.skip(),
            message("Click a dot: its ten nearest texts in the original space."),
            selection_panel(picture, picture.vectors[:0, 0].astype(int)),
            search_panel(picture, shown),
        ]

    def skips(self, done: int, drawn: bool = False) -> list[Any]:
        """Nothing for the outputs that are left, but that a map is ready."""
        left = [gr.skip() for _ in self.map_outputs[done:]]
        if drawn:
            left[self.map_outputs.index(self.drawn) - done] = now()
        return left

    def stop(self, request: gr.Request) -> list[Any]:
        self.handlers.atlas(request.session_hash).stop()
        return [notes(["Stopped. What was drawn so far stays."]), gr.Button(visible="hidden")]

    # --- what is touched --------------------------------------------------------------------

    def connect_touch(self) -> None:
        ui = self.ui
        ui.map.pick(told(self.pick_point), None, [ui.map, ui.point], **TOUCH)
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

    def repaint(self, picture: Picture, shown: Shown) -> dict[str, Any]:
        return value(picture, shown, whole=False, group="map")

    def pick_point(self, request: gr.Request, event: gr.EventData) -> list[Any]:
        row = getattr(event, "row", None)
        picture, shown, at = self.handlers.point(request.session_hash, row)
        return [self.repaint(picture, shown), point_panel(picture, at)]

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
        count = picture.clusters.count if picture.clusters else 0
        titles = [(f"{c + 1}. {picture.title(c)}", c) for c in range(count)]
        return [self.repaint(picture, shown), cluster_table(picture),
                gr.Dropdown(choices=titles, value=number_), ""]  # fmt: skip

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


def saved(name: str, rows: Sequence[Sequence[str]]) -> dict[str, str]:
    """A CSV for the browser to save."""
    buffer = io.StringIO()
    csv.writer(buffer).writerows(rows)
    # The time makes each request a new value: the browser acts on changes only.
    return {"name": name, "type": "text/csv", "text": buffer.getvalue(), "at": now()}
