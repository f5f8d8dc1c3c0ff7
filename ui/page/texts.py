"""The texts of the Map and Search tabs: samples, files, pasted lines, a visitor's pairs; links."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from html import escape
from pathlib import Path
from typing import Any

import gradio as gr

from encoder import CATALOG, DEFAULT_MODEL
from ingest import Corpus
from ingest.findings import count
from ui.page.components import heading, markup, prose
from ui.page.events import told
from ui.page.models import ModelPicker
from ui.state.texts import (
    FIRST_SAMPLE,
    SAMPLES,
    Atlas,
    choose_columns,
    on_map,
    open_data,
    open_pairs,
    open_sample,
)
from ui.state.workbench import Workbench
from ui.words import notes


def corpus_facts(name: str, texts: int, dropped: Mapping[str, Sequence[int]],
                 remarks: Sequence[str]) -> str:  # fmt: skip
    """What was read."""
    said = [f"{name}: {count(texts, 'text')}."]
    if dropped:
        left = "; ".join(f"{why}: {len(rows):,}" for why, rows in dropped.items())
        said.append(f"Left out: {left}.")
    return notes([*said, *remarks])


# --- Choosing the texts of the Map and Search tabs. No gradio -------------------------------------


class CorpusHandlers:
    """What both tabs do with texts. `visitor` is the key of a browser tab."""

    def __init__(self, workbench: Workbench) -> None:
        self.workbench = workbench
        self.settings = workbench.settings
        self.picker = ModelPicker(workbench)

    def atlas(self, visitor: str | None) -> Atlas:
        """What is kept for this browser tab."""
        return self.workbench.visitor(visitor or "").atlas

    def open_sample(self, visitor: str | None, title: str) -> Atlas:
        """A bundled corpus."""
        atlas = self.atlas(visitor)
        open_sample(atlas, title)
        return atlas

    def open_file(self, visitor: str | None, path: str) -> Atlas:
        """An uploaded file."""
        atlas, file = self.atlas(visitor), Path(path)
        open_data(atlas, file, file.name)
        return atlas

    def open_text(self, visitor: str | None, text: object) -> Atlas:
        """Pasted sentences."""
        atlas = self.atlas(visitor)
        open_data(atlas, str(text or ""), "pasted texts")
        return atlas

    def open_pairs(self, visitor: str | None) -> Atlas:
        """The texts of the pairs on the Fine-tune tab."""
        known = self.workbench.visitor(visitor or "")
        desk = known.desk
        open_pairs(known.atlas, desk.pairs if desk else None, desk.name if desk else "")
        return known.atlas

    def choose_columns(self, visitor: str | None, text: object, labels: Any) -> Atlas:
        """Other columns of the same file."""
        atlas = self.atlas(visitor)
        choose_columns(atlas, text, labels if isinstance(labels, list) else [])
        return atlas


SMALL = ["lab-small"]


@dataclass(frozen=True)
class TextsLayout:
    """Choosing the texts."""

    samples: dict[str, gr.Button]
    pairs: gr.Button
    file: gr.File
    pasted: gr.Textbox
    use_pasted: gr.Button
    column: gr.Dropdown
    labels: gr.Dropdown
    facts: gr.HTML


MAP_LEAD = (
    "Sentences with like vectors lie <b>near each other on this map</b>. Each dot is a "
    "sentence; groups get their names from their own words. A map of hundreds of dimensions on "
    "two must lie somewhere: below you see where, and how much."
)


def lay_out_texts(
    lead: str = MAP_LEAD, prefix: str = "", first: str = FIRST_SAMPLE, use: str = "Map these"
) -> TextsLayout:
    """Samples, a file, pasted lines, and the columns of either. `prefix` is put before every id."""
    prose(lead)
    heading("1. The texts")
    with gr.Row(elem_classes=["lab-chips"]):
        samples = {
            title: gr.Button(title, size="sm", elem_classes=["lab-chip"],
                             elem_id=f"{prefix}corpus-{list(SAMPLES).index(title)}")
            for title in sorted(SAMPLES, key=lambda title: title != first)
        }  # fmt: skip
        pairs = gr.Button("The texts of my pairs", size="sm", elem_id=f"{prefix}corpus-pairs",
                          elem_classes=["lab-chip"])  # fmt: skip
    with gr.Accordion("Your own texts", open=False, elem_classes=SMALL,
                      elem_id=f"{prefix}own-texts"):  # fmt: skip
        with gr.Row():
            file = gr.File(
                label="CSV, TSV, TXT, JSONL, Parquet; .gz, .zip",
                elem_id=f"{prefix}corpus-file", height=150, scale=2, min_width=280,
            )  # fmt: skip
            with gr.Column(scale=3, min_width=280):
                pasted = gr.Textbox(label="Or paste sentences, one a line", lines=3, max_lines=8,
                                    elem_id=f"{prefix}corpus-pasted")  # fmt: skip
                use_pasted = gr.Button(use, size="sm", elem_id=f"{prefix}use-corpus-pasted")
        with gr.Row():
            column = gr.Dropdown([], label="Column of the texts", elem_id=f"{prefix}text-column",
                                 filterable=False, min_width=200)  # fmt: skip
            labels = gr.Dropdown([], label="Columns of labels", multiselect=True,
                                 elem_id=f"{prefix}label-columns", filterable=False,
                                 min_width=200)  # fmt: skip
    return TextsLayout(samples, pairs, file, pasted, use_pasted, column, labels,
                       markup(elem_id=f"{prefix}corpus-facts"))  # fmt: skip


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
