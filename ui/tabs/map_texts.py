"""The texts of the Map and Search tabs: samples, files, pasted lines, a visitor's pairs; links."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from html import escape
from typing import Any

import gradio as gr

from encoder import CATALOG, DEFAULT_MODEL
from ingest import Corpus
from ui.atlas import Atlas
from ui.corpora import FIRST_SAMPLE, SAMPLES, on_map
from ui.guard import told
from ui.markup.map_facts import corpus_facts
from ui.tabs.corpus_handlers import CorpusHandlers
from ui.tabs.map_layout import TextsLayout

READ: dict[str, Any] = {"api_visibility": "private", "concurrency_id": "read",
                        "concurrency_limit": 2, "show_progress": "minimal"}  # fmt: skip


class MapTexts:
    """What is to be mapped or searched: the texts of both tabs are the same.

    `version` is new whenever there are other texts. `first` is the sample that lies ready, `part`
    the texts of a corpus that this tab takes, `colour` a dropdown of the label columns, which
    `colours` fills for the names of these.
    """

    def __init__(
        self,
        handlers: CorpusHandlers,
        texts: TextsLayout,
        colour: gr.Dropdown | None = None,
        colours: Callable[[Sequence[str]], gr.Dropdown] | None = None,
        first: str = FIRST_SAMPLE,
        part: Callable[[Corpus], Corpus] | None = None,
    ) -> None:
        self.handlers, self.texts, self.first, self.colours = handlers, texts, first, colours
        self.part = part or (lambda corpus: on_map(corpus, handlers.settings.map_texts))
        self.version = gr.State("")
        self.outputs = [self.version, texts.column, texts.labels, texts.facts]
        if colour is not None:
            self.outputs.append(colour)

    def connect(self, tab: gr.Tab) -> None:
        """Samples, files, pasted lines, columns."""
        texts, out = self.texts, self.outputs
        tab.select(told(self.arrive), self.version, out, **READ)
        for title, chip in texts.samples.items():
            chip.click(told(self.sample(title)), None, out, **READ)
        texts.pairs.click(told(self.pairs), None, out, **READ)
        texts.file.upload(told(self.file), texts.file, out, **READ)
        texts.use_pasted.click(told(self.pasted), texts.pasted, out, **READ)
        gr.on([texts.column.select, texts.labels.input], told(self.columns),
              [texts.column, texts.labels], out, **READ)  # fmt: skip

    def arrive(self, request: gr.Request, version: str) -> list[Any]:
        """On the first look a sample lies ready; what the other tab has opened is taken over."""
        atlas = self.handlers.atlas(request.session_hash)
        if atlas.corpus is None:
            return self.opened(self.handlers.open_sample(request.session_hash, self.first))
        if atlas.opened == version:
            return [gr.skip() for _ in self.outputs]
        return self.opened(atlas)

    def connect_pairs(self, button: gr.Button, tabs: gr.Tabs) -> None:
        """A button of the Fine-tune tab that leads here with its texts."""

        def go(request: gr.Request) -> list[Any]:
            return [gr.Tabs(selected="map"), *self.pairs(request)]

        button.click(told(go), None, [tabs, *self.outputs], **READ)

    def connect_link(
        self,
        demo: gr.Blocks,
        tabs: gr.Tabs,
        name: str,
        read: Callable[[object], tuple[Any, list[str]]],
        model: gr.State,
        boxes: Sequence[Any],
    ) -> None:
        """A link with settings under `name`, which is this tab's too, opens the tab with them.

        `read` gives a form, whose fields are the values of `boxes`, and remarks.
        """
        outputs = [tabs, model, *boxes, *self.outputs]

        def restore(request: gr.Request) -> list[Any]:
            if name not in dict(request.query_params):
                return [gr.skip() for _ in outputs]
            form, *values = self.restored(request, *read(request.query_params[name]))
            return [gr.Tabs(selected=name), form.model, *values]

        demo.load(told(restore), None, outputs, **READ)

    def restored(self, request: gr.Request, form: Any, remarks: list[str]) -> list[Any]:
        """A link's form as far as it can be had here, and values of the boxes and `outputs`."""
        query, visitor = dict(request.query_params), request.session_hash
        titles = {file: title for title, file in SAMPLES.items()}
        title = titles.get(str(query.get("corpus", "")), self.first)
        model, layers, layer, remark = loadable(self.handlers, visitor, form.model, form.layer)
        form = replace(form, model=model, layer=layer)
        missing = (
            "This link holds settings, but not the texts that they were used on. Shown: a sample. "
            "Send the same file under “Your own texts” to have that again."
        )
        for said in [*remarks, remark, "" if query.get("corpus") in titles else missing]:
            if said:
                gr.Warning(escape(said, quote=False), duration=20)
        models = self.handlers.picker.choices(visitor, form.model)
        shown = vars(form) | {
            "model": gr.Dropdown(choices=models, value=form.model),
            "layer": gr.Dropdown(choices=layers, value=form.layer),
        }
        opened = self.opened(self.handlers.open_sample(visitor, title))
        return [form, *shown.values(), *opened]

    def sample(self, title: str) -> Any:
        """A handler for a sample."""

        def take(request: gr.Request) -> list[Any]:
            return self.opened(self.handlers.open_sample(request.session_hash, title))

        return take

    def pairs(self, request: gr.Request) -> list[Any]:
        """The texts of the Fine-tune tab."""
        return self.opened(self.handlers.open_pairs(request.session_hash))

    def file(self, request: gr.Request, path: str | None) -> list[Any]:
        """An uploaded file."""
        if path is None:
            return [gr.skip() for _ in self.outputs]
        return self.opened(self.handlers.open_file(request.session_hash, path))

    def pasted(self, request: gr.Request, text: str) -> list[Any]:
        """Pasted lines."""
        return self.opened(self.handlers.open_text(request.session_hash, text))

    def columns(self, request: gr.Request, text: str, labels: list[str]) -> list[Any]:
        """Other columns of the file."""
        return self.opened(self.handlers.choose_columns(request.session_hash, text, labels))

    def opened(self, atlas: Atlas) -> list[Any]:
        """Values of `outputs` for a corpus that has just been opened."""
        assert atlas.corpus is not None
        corpus = self.part(atlas.corpus)
        names = list(atlas.table.columns) if atlas.table else []
        labels = list(corpus.columns.labels)
        values = [
            atlas.opened,
            gr.Dropdown(choices=names, value=corpus.columns.text if names else None),
            gr.Dropdown(choices=names, value=labels if names else [], multiselect=True),
            corpus_facts(atlas.name, len(atlas.corpus), corpus.report.dropped, corpus.report.notes),
        ]
        if self.colours is not None:
            values.append(self.colours(labels))
        return values


def loadable(
    handlers: CorpusHandlers, visitor: str | None, model: str, layer: str
) -> tuple[str, list[str], str, str]:
    """A link's model if it is here, its layers, the layer, and a remark where either is another.

    A link alone never starts a download.
    """
    spec, remark = CATALOG.get(model), ""
    if not (spec and spec.bundled) and not handlers.workbench.is_loaded(model, visitor):
        remark = (
            f"This link was made with {model[:80]!r}, which is not loaded here. Pick it in the "
            "model list to download it; shown meanwhile: the bundled model."
        )
        model = DEFAULT_MODEL
    layers = ["-1", *map(str, handlers.workbench.encoder(model, visitor).layers)]
    if layer not in layers:
        remark = remark or f"This model has no layer {layer}; shown: the last one."
        layer = "-1"
    return model, layers, layer, remark
