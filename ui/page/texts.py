"""The texts of the Map and Search tabs: samples, files, pasted lines, a visitor's pairs; links."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Protocol, TypeVar

import gradio as gr

from encoder import DEFAULT_MODEL, EncoderError
from ingest import Corpus, LabError
from ingest.findings import count
from ui.checks import parse_layer
from ui.page.components import heading, markup, prose
from ui.page.events import READ, Lane, worded
from ui.page.models import LAST, ModelPicker, layer_value, layers_of
from ui.state.samples import FIRST_SAMPLE, TEXT_SAMPLES, linked_sample
from ui.state.texts import (
    OpenTexts,
    VisitorTexts,
    choose_columns,
    on_map,
    open_data,
    open_pairs,
    open_sample,
)
from ui.state.workbench import Workbench
from ui.words import message, notes


def corpus_facts(name: str, texts: int, dropped: Mapping[str, Sequence[int]],
                 remarks: Sequence[str]) -> str:  # fmt: skip
    """What was read."""
    said = [f"{name}: {count(texts, 'text')}."]
    if dropped:
        left = "; ".join(f"{why}: {len(rows):,}" for why, rows in dropped.items())
        said.append(f"Left out: {left}.")
    return notes([*said, *remarks])


# --- Choosing the texts of the Map and Search tabs. No gradio -------------------------------------


class TextsHandlers:
    """What both tabs do with texts. `visitor` is the key of a browser tab."""

    def __init__(self, workbench: Workbench) -> None:
        self.workbench = workbench
        self.settings = workbench.settings
        self.picker = ModelPicker(workbench)

    def texts(self, visitor: str | None) -> VisitorTexts:
        """The texts of this browser tab, and what belongs to them."""
        return self.workbench.visitor(visitor or "").texts

    def opened(self, visitor: str | None) -> OpenTexts:
        """The texts that lie open. Raises EncoderError where there are none."""
        opened = self.texts(visitor).opened
        if opened is None:
            raise EncoderError("There are no texts yet. Choose a sample, or send a file.")
        return opened

    def open_sample(self, visitor: str | None, name: str) -> OpenTexts:
        """A bundled corpus."""
        texts = self.texts(visitor)
        return texts.open(open_sample(name, texts.stages))

    def open_file(self, visitor: str | None, path: str) -> OpenTexts:
        """An uploaded file."""
        texts, limits = self.texts(visitor), self.settings.upload
        with self.workbench.uploads.read_once(path) as file:
            return texts.open(open_data(file, file.name, texts.stages, limits=limits))

    def open_text(self, visitor: str | None, text: object) -> OpenTexts:
        """Pasted sentences."""
        texts = self.texts(visitor)
        return texts.open(
            open_data(str(text or ""), "pasted texts", texts.stages, limits=self.settings.upload)
        )

    def open_pairs(self, visitor: str | None) -> OpenTexts:
        """The texts of the pairs on the Fine-tune tab."""
        texts, training = self.texts(visitor), self.workbench.visitor(visitor or "").training_pairs
        pairs, name = (training.pairs, training.name) if training else (None, "")
        return texts.open(open_pairs(pairs, name, texts.stages))

    def choose_columns(self, visitor: str | None, column: object, labels: object) -> OpenTexts:
        """Other columns of the same file."""
        texts = self.texts(visitor)
        named = labels if isinstance(labels, list) else []
        return texts.open(choose_columns(texts.opened, column, named, self.settings.upload))


SMALL = ["lab-small"]
PAIRS = "pairs"  # as the name of a corpus: the texts of the Fine-tune tab


@dataclass(frozen=True)
class TextsLayout:
    """Choosing the texts."""

    samples: dict[str, gr.Button]  # by the names of the samples
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
            name: gr.Button(TEXT_SAMPLES[name].title, size="sm", elem_classes=["lab-chip"],
                            elem_id=f"{prefix}corpus-{name}")
            for name in sorted(TEXT_SAMPLES, key=lambda name: name != first)
        }  # fmt: skip
        pairs = gr.Button("The texts of my pairs", size="sm", elem_id=f"{prefix}corpus-pairs",
                          elem_classes=["lab-chip"])  # fmt: skip
    with gr.Accordion("Your own texts", open=False, elem_classes=SMALL,
                      elem_id=f"{prefix}own-texts"):  # fmt: skip
        with gr.Row():
            file = gr.File(
                label="CSV, TSV, TXT, JSON, Parquet, Excel; .gz, .zip",
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
    return TextsLayout(
        samples=samples, pairs=pairs, file=file, pasted=pasted, use_pasted=use_pasted,
        column=column, labels=labels, facts=markup(elem_id=f"{prefix}corpus-facts"),
    )  # fmt: skip


class TextsForm(Protocol):
    """Settings of a tab that says how texts become vectors: a dataclass."""

    @property
    def model(self) -> object:
        """A key of a model, perhaps."""

    @property
    def layer(self) -> object:
        """A layer, perhaps."""


FormT = TypeVar("FormT", bound=TextsForm)


class TextsSection:
    """What is to be mapped or searched: the texts of both tabs are the same.

    `version` is new whenever there are other texts. `first` is the sample that lies ready, `part`
    the texts of a corpus that this tab takes, `colour` a dropdown of the label columns, which
    `colours` fills for the names of these.
    """

    def __init__(
        self,
        handlers: TextsHandlers,
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
        read: Lane = {**READ, "show_progress_on": texts.facts}
        tab.select(worded(self.arrive), self.version, out, **read)
        for name, chip in texts.samples.items():
            chip.click(worded(self.sample(name)), None, out, **read)
        texts.pairs.click(worded(self.pairs), None, out, **read)
        texts.file.upload(worded(self.file), texts.file, [*out, texts.file], **read)
        texts.use_pasted.click(worded(self.pasted), texts.pasted, out, **read)
        gr.on([texts.column.select, texts.labels.input], worded(self.columns),
              [texts.column, texts.labels], out, **read)  # fmt: skip

    def arrive(self, request: gr.Request, version: str) -> list[object]:
        """On the first look a sample lies ready; what the other tab has opened is taken over."""
        texts = self.handlers.texts(request.session_hash).opened
        if texts is None:
            return self.opened(self.handlers.open_sample(request.session_hash, self.first))
        if texts.token == version:
            return [gr.skip() for _ in self.outputs]
        return self.opened(texts)

    def restored(
        self,
        visitor: str | None,
        settings: Mapping[str, str],
        name: str,
        read: Callable[[object], tuple[FormT, list[str]]],
    ) -> list[object]:
        """A form as far as it can be had here: values of its boxes, then of `outputs`.

        `settings[name]` is the form as JSON, which `read` checks; without it, or where it is empty,
        the boxes stay as they are. `settings["corpus"]` names a sample, or PAIRS for the texts of
        the Fine-tune tab.
        """
        corpus, given = settings.get("corpus", ""), settings.get(name, "")
        sample = linked_sample(corpus)
        form, remarks = read(given or "{}")
        model, layer, remark = loadable(self.handlers, visitor, str(form.model), str(form.layer))
        missing = (
            "This link holds settings, but not the texts that they were used on. Shown: a sample. "
            "Send the same file under “Your own texts” to have that again."
        )
        for said in [*remarks, remark, "" if sample or corpus == PAIRS or not given else missing]:
            if said:
                gr.Warning(escape(said, quote=False), duration=20)
        models = self.handlers.picker.choices(visitor, model)
        values = vars(form) | {
            "model": gr.Dropdown(choices=models, value=model),
            "layer": layer,
        }
        if corpus == PAIRS:
            texts = self.handlers.open_pairs(visitor)
        else:
            texts = self.handlers.open_sample(visitor, sample.name if sample else self.first)
        boxes = [model, *values.values()]
        if not given:
            boxes = [gr.skip() for _ in boxes]
        return [*boxes, *self.opened(texts)]

    def sample(self, name: str) -> Callable[[gr.Request], list[object]]:
        """A handler for a sample."""

        def take(request: gr.Request) -> list[object]:
            return self.opened(self.handlers.open_sample(request.session_hash, name))

        return take

    def pairs(self, request: gr.Request) -> list[object]:
        """The texts of the Fine-tune tab."""
        return self.opened(self.handlers.open_pairs(request.session_hash))

    def file(self, request: gr.Request, path: str | None) -> list[object]:
        """An uploaded file. One that cannot be read leaves its box: what is open is another."""
        visitor = request.session_hash
        if path is None:
            return [gr.skip() for _ in [*self.outputs, self.texts.file]]
        try:
            return [*self.opened(self.handlers.open_file(visitor, path)), gr.skip()]
        except LabError as error:
            return [*self.unread(visitor, Path(path).name, error), None]

    def pasted(self, request: gr.Request, text: str) -> list[object]:
        """Pasted lines."""
        visitor = request.session_hash
        try:
            return self.opened(self.handlers.open_text(visitor, text))
        except LabError as error:
            return self.unread(visitor, "the pasted lines", error)

    def unread(self, visitor: str | None, name: str, error: LabError) -> list[object]:
        """Values of `outputs` where something could not be read: why, and what is still open."""
        texts = self.handlers.texts(visitor).opened
        still = f" Still open: {texts.name}." if texts else ""
        facts = message(f"{name} was not read. {error}{still}")
        return [facts if box is self.texts.facts else gr.skip() for box in self.outputs]

    def columns(self, request: gr.Request, text: str, labels: list[str]) -> list[object]:
        """Other columns of the file."""
        return self.opened(self.handlers.choose_columns(request.session_hash, text, labels))

    def opened(self, texts: OpenTexts) -> list[object]:
        """Values of `outputs` for texts that have just been opened."""
        corpus = self.part(texts.corpus)
        names = list(texts.table.columns) if texts.table else []
        labels = list(corpus.columns.labels)
        report = corpus.report
        values: list[object] = [
            texts.token,
            gr.Dropdown(choices=names, value=corpus.columns.text if names else None),
            gr.Dropdown(choices=names, value=labels if names else [], multiselect=True),
            corpus_facts(texts.name, len(texts.corpus), report.dropped, report.notes),
        ]
        if self.colours is not None:
            values.append(self.colours(labels))
        return values


def loadable(
    handlers: TextsHandlers, visitor: str | None, model: str, layer: str
) -> tuple[str, gr.Dropdown, str]:
    """A link's model if it is here, its layer, and a remark where either is another.

    A link alone never starts a download.
    """
    remark = ""
    if not handlers.workbench.is_here(model, visitor):
        remark = f"This link was made with {model[:80]!r}, which is not loaded here. " + (
            "Pick it in the model list to download it; shown meanwhile: the bundled model."
            if handlers.workbench.has_model(model, visitor)
            else "This host does not offer it, or it was somebody's own; shown: the bundled model."
        )
        model = DEFAULT_MODEL
    encoder = handlers.workbench.encoder(model, visitor)
    try:
        chosen = layer_value(parse_layer(layer), encoder)
    except LabError:
        remark = remark or f"This model has no layer {layer}; shown: the last one."
        chosen = LAST
    return model, layers_of(encoder, chosen), remark
