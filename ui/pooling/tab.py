"""The Pooling tab: two sentences, every strategy, every score taken apart. Wiring only."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import gradio as gr
from gradio.components import Component

from encoder import POOLINGS, Encoder
from ui.page.components import copies_link, csv_file
from ui.page.events import ENCODE, INSTANT, QUIET, now, pick_box, pick_name, picked, worded
from ui.page.models import ModelBox, connect_model, layer_value, layers_of
from ui.page.tab import Page, Tab
from ui.pooling.comparison import Comparison, Pinned
from ui.pooling.examples import EXAMPLES
from ui.pooling.files import scores_csv, vectors_csv
from ui.pooling.form import View, split_texts, what_link_holds
from ui.pooling.handlers import Inputs, PoolingHandlers, Screen
from ui.pooling.layout import PIN, lay_out
from ui.words import message, notes

UNPIN = "Unpin"
TO_THE_TOP = "() => document.querySelector('#sentence-a').scrollIntoView({ behavior: 'smooth' })"


def build(page: Page) -> Tab:
    """Lay the tab out on the page and connect it."""
    with page.tab("pooling", "Pooling"):
        return _PoolingTab(page, PoolingHandlers(page.workbench)).door()


class _PoolingTab:
    """Components on the one side, handlers on the other, and the events between them."""

    def __init__(self, page: Page, handlers: PoolingHandlers) -> None:
        self.handlers = handlers
        self.model = gr.State(View().model)  # the last one that loaded
        self.pinned = gr.State(None)
        # New whenever the tab is filled, also with what stood there: on the first visit nothing
        # else changes, and the page must be drawn.
        self.filled = gr.State("")
        self.ui = ui = lay_out(handlers)
        # A state of its own for each section: in one for all, two quick clicks would each add to
        # what they found, and one of them would be lost.
        self.unfolded = {name: gr.State(box.open) for name, box in ui.accordions.items()}
        self.fields: dict[str, Component] = {  # of Inputs: what the browser sends
            "a": ui.a,
            "b": ui.b,
            "layer": ui.layer,
            "pooling": ui.pooling,
            "pool_special": ui.special,
            "measure": ui.measure,
            "lines": ui.lines,
            "model": self.model,
        }
        self.inputs = [*self.fields.values(), self.pinned, *self.unfolded.values()]
        self.core = [ui.scores, ui.answer, ui.counts, ui.address, ui.timer]
        self.parts = [part for parts in ui.sections.values() for part in parts]
        self.of_view = [ui.a, ui.b, ui.pooling, ui.special, ui.measure, ui.lines]
        self.chosen = ModelBox(ui.model, self.model, ui.model_note)
        self.of_model = [*self.chosen.components, ui.layer]
        self.form = [*self.of_view, ui.link_notes, *self.of_model, self.filled]
        self.connect_answer()
        self.connect_sentences()
        hub = (ui.hub.repo_id, ui.hub.load) if ui.hub is not None else None
        connect_model(handlers.picker, self.chosen, ui.layer, layers_of, hub)
        self.connect_picks()
        self.connect_sections()
        self.connect_keeping()
        self.connect_link()
        page.offer_own_models(ui.model)

    def door(self) -> Tab:
        """What others may use: the page with the sentences and settings that they give."""
        return Tab("pooling", self.form, self.open)

    def open(self, request: gr.Request, settings: Mapping[str, str]) -> list[object]:
        """Values of `form`: the view that a link to it says."""
        visitor = request.session_hash
        view, remarks = self.handlers.restore(settings, visitor)
        encoder = self.handlers.workbench.encoder(view.model, visitor)
        layer = layer_value(view.layer, encoder)
        model = self.show_model(view.model, encoder, layer, visitor)
        return [*self.show_view(view), notes(remarks), *model, now()]

    # --- the answer -------------------------------------------------------------------------

    def connect_answer(self) -> None:
        """One event draws the page, whatever changed: so an older answer never covers a newer."""
        ui = self.ui
        gr.on(
            [control.change for control in [*self.inputs, self.filled]],
            worded(self.refresh),
            self.inputs,
            [*self.core, *self.parts],
            trigger_mode="always_last",
            show_progress_on=ui.counts,
            **(ENCODE | {"show_progress": "minimal"}),
        )
        ui.timer.tick(
            worded(self.tick), self.inputs, [*self.core, *ui.sections["honesty"]], **ENCODE
        )

    def sent(self, values: Sequence[object]) -> Inputs:
        """The values of `self.inputs`, in their order."""
        fields = dict(zip(self.fields, values, strict=False))
        pinned, *flags = values[len(fields) :]
        unfolded = {name for name, flag in zip(self.unfolded, flags, strict=True) if flag}
        return Inputs(
            **fields,
            pinned=pinned if isinstance(pinned, Pinned) else None,
            unfolded=frozenset(unfolded),
        )

    def refresh(self, request: gr.Request, *values: object) -> list[object]:
        screen = self.handlers.screen(self.sent(values), request.session_hash)
        return [*self.show_core(screen), *self.show_sections(screen, list(self.ui.sections))]

    def tick(self, request: gr.Request, *values: object) -> list[object]:
        """While percentiles are being measured, only what shows them is drawn again."""
        inputs = self.sent(values)
        few = replace(inputs, unfolded=inputs.unfolded & {"honesty"})
        screen = self.handlers.screen(few, request.session_hash)
        return [*self.show_core(screen), *self.show_sections(screen, ["honesty"])]

    def show_core(self, screen: Screen) -> list[object]:
        timer = gr.Timer(active=screen.measuring)
        return [screen.scores, screen.answer, screen.counts, screen.address, timer]

    def show_sections(self, screen: Screen, names: Sequence[str]) -> list[object]:
        """Values of the sections' components; what is folded away is left alone."""
        values: list[object] = []
        for name in names:
            values += screen.sections[name] or [gr.skip() for _ in self.ui.sections[name]]
        return values

    # --- sentences --------------------------------------------------------------------------

    def connect_sentences(self) -> None:
        ui, pair = self.ui, [self.ui.a, self.ui.b]
        for name, chip in ui.chips.items():
            example = EXAMPLES[name]
            chip.click(_always((example.a, example.b)), None, pair, **INSTANT)
        ui.swap.click(lambda a, b: (b, a), pair, pair, **INSTANT)
        ui.clear.click(_always(("", "")), None, pair, **INSTANT)
        outputs = [*self.form, self.pinned, ui.pin]
        ui.reset.click(worded(self.reset), None, outputs, **ENCODE)

    def reset(self, request: gr.Request) -> list[object]:
        return [*self.open(request, {}), None, PIN]

    def show_view(self, view: View) -> list[object]:
        """Values of `of_view`."""
        texts = "\n".join(view.texts)
        return [view.a, view.b, view.pooling, view.pool_special, view.measure, texts]

    def show_model(
        self, key: str, encoder: Encoder, layer: object, visitor: str | None
    ) -> list[object]:
        """Values of `of_model`."""
        return [*self.handlers.picker.shown(key, encoder, visitor), layers_of(encoder, layer)]

    # --- clicks on pictures -----------------------------------------------------------------

    def connect_picks(self) -> None:
        ui = self.ui
        ui.scores.pick(worded(pick_name), None, ui.pooling, **INSTANT)
        layers, _ = ui.sections["layers"]
        layers.pick(worded(self.pick_cell), self.model, [ui.layer, ui.pooling], **INSTANT)
        matrix, sentences = ui.sections["several"]
        boxes = [ui.a, ui.b]
        matrix.pick(worded(self.pick_pair), ui.lines, boxes, **INSTANT).then(None, js=TO_THE_TOP)
        sentences.pick(worded(self.pick_sentence), [ui.lines, *boxes], boxes, **INSTANT).then(
            None, js=TO_THE_TOP
        )

    def pick_cell(self, request: gr.Request, event: gr.EventData, model: str) -> tuple[str, str]:
        encoder = self.handlers.workbench.encoder(model, request.session_hash)
        row, column = picked(event, len(encoder.layers), len(POOLINGS))
        layer = layer_value(encoder.layers[row], encoder)
        return layer, list(POOLINGS)[column]

    def pick_sentence(
        self, event: gr.EventData, lines: object, a: object, b: object
    ) -> tuple[object, object]:
        texts = split_texts(lines, self.handlers.settings)[0]
        box, number = pick_box(event, len(texts))
        return (texts[number], b) if box == "a" else (a, texts[number])

    def pick_pair(self, event: gr.EventData, lines: object) -> tuple[str, str]:
        texts = split_texts(lines, self.handlers.settings)[0]
        row, column = picked(event, len(texts), len(texts))
        return texts[row], texts[column]

    # --- sections ---------------------------------------------------------------------------

    def connect_sections(self) -> None:
        """A folded section costs nothing; unfolding one draws it.

        These events must go through the queue: without it Gradio does not report the changed state.
        """
        for name, accordion in self.ui.accordions.items():
            accordion.expand(lambda: True, None, self.unfolded[name], **QUIET)
            accordion.collapse(lambda: False, None, self.unfolded[name], **QUIET)

    # --- keeping, sharing, forgetting -------------------------------------------------------

    def connect_keeping(self) -> None:
        ui = self.ui
        ui.pin.click(worded(self.pin), self.inputs, [self.pinned, ui.pin], **ENCODE)
        for button, name, write in (
            (ui.scores_csv, "scores.csv", scores_csv),
            (ui.vectors_csv, "vectors.csv", vectors_csv),
        ):
            button.click(worded(self.save(name, write)), self.inputs, ui.download, **ENCODE)
        ui.forget.click(
            worded(self.forget),
            [self.model, ui.layer],
            [ui.a, ui.b, ui.lines, self.pinned, ui.pin, ui.link_notes, ui.download, ui.address,
             *self.of_model],
            **QUIET,
        )  # fmt: skip

    def pin(self, request: gr.Request, *values: object) -> tuple[Pinned | None, str]:
        pinned = self.handlers.pin(self.sent(values), request.session_hash)
        return pinned, UNPIN if pinned else PIN

    def save(self, name: str, write: Callable[[Comparison], str]) -> Callable[..., dict[str, str]]:
        """The handler that hands a file with this name to the browser."""

        def file(request: gr.Request, *values: object) -> dict[str, str]:
            view = self.handlers.pair(self.sent(values), request.session_hash)
            comparison, _ = self.handlers.compare(view, request.session_hash)
            return csv_file(name, write(comparison))

        return file

    def forget(self, request: gr.Request, model: str, layer: object) -> list[object]:
        visitor = request.session_hash
        key = self.handlers.forget(model, visitor)
        encoder = self.handlers.workbench.encoder(key, None)  # nothing is kept of them again
        done = message("Everything of yours has been forgotten: sentences, scores and vectors.")
        shown = self.show_model(key, encoder, layer, visitor)
        return ["", "", "", None, PIN, done, None, "?", *shown]

    def connect_link(self) -> None:
        ui = self.ui
        # Not without the queue: it delivers the toast, too.
        copies_link(ui.copy, ui.address, what_link_holds, **QUIET)


def _always(values: tuple[str, str]) -> Callable[[], tuple[str, str]]:
    return lambda: values
