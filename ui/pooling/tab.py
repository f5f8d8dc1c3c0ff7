"""The Pooling tab: two sentences, twelve strategies, every score taken apart. Wiring only."""

import html
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import gradio as gr

from encoder import POOLINGS, EncoderError
from ui.page.components import copies_link, csv_file
from ui.page.events import ENCODE, INSTANT, LOAD, QUIET, pick_box, pick_name, picked, worded
from ui.page.models import progress_text
from ui.page.tab import Page, Tab
from ui.pooling.comparison import Session
from ui.pooling.examples import EXAMPLES
from ui.pooling.files import scores_csv, vectors_csv
from ui.pooling.form import View, split_texts
from ui.pooling.handlers import Inputs, PoolingHandlers, Screen
from ui.pooling.layout import lay_out
from ui.words import message, notes

PIN, UNPIN = "Pin these scores", "Unpin"


def build(page: Page) -> Tab:
    """Lay the tab out on the page and connect it."""
    with page.tab("pooling", "Pooling"):
        return _PoolingTab(page, PoolingHandlers(page.workbench)).door()


class _PoolingTab:
    """Components on the one side, handlers on the other, and the events between them."""

    def __init__(self, page: Page, handlers: PoolingHandlers) -> None:
        self.handlers = handlers
        self.session = gr.State(Session())
        self.ui = ui = lay_out(handlers)
        # A state of its own for each section: in one for all, two quick clicks would each add to
        # what they found, and one of them would be lost.
        self.unfolded = {name: gr.State(box.open) for name, box in ui.accordions.items()}
        self.inputs = [
            *(ui.a, ui.b, ui.layer, ui.pooling, ui.special, ui.measure, ui.lines),
            self.session,
            *self.unfolded.values(),
        ]
        self.core = [ui.scores, ui.answer, ui.counts, ui.address, ui.timer]
        self.parts = [part for parts in ui.sections.values() for part in parts]
        self.model_outputs = [ui.model, ui.layer, ui.model_note, self.session]
        self.connect_answer()
        self.connect_sentences()
        self.connect_models()
        self.connect_picks()
        self.connect_sections()
        self.connect_keeping()
        self.connect_link(page.demo)
        page.offer_own_models(ui.model)

    def door(self) -> Tab:
        """What others may use: the page with the sentences and settings that they give."""
        ui = self.ui
        form = [ui.a, ui.b, ui.pooling, ui.special, ui.measure, ui.lines, ui.link_notes,
                *self.model_outputs]  # fmt: skip
        return Tab("pooling", form, self.open)

    def open(self, request: gr.Request, settings: Mapping[str, str]) -> list[Any]:
        """The view that a link to it says."""
        return self.restored(request, settings, Session())

    # --- the answer -------------------------------------------------------------------------

    def connect_answer(self) -> None:
        """One event draws the page, whatever changed: so an older answer never covers a newer."""
        ui = self.ui
        gr.on(
            [control.change for control in self.inputs],
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

    def sent(self, values: Sequence[Any]) -> Inputs:
        """The values of `self.inputs`, in their order."""
        count = len(values) - len(self.unfolded)
        flags = zip(self.unfolded, values[count:], strict=True)
        inputs = Inputs(*values[:count])
        session = replace(inputs.session, open=frozenset(name for name, flag in flags if flag))
        return replace(inputs, session=session)

    def refresh(self, request: gr.Request, *values: Any) -> list[Any]:
        screen = self.handlers.screen(self.sent(values), request.session_hash)
        shown = self.show_core(screen)
        for name, parts in self.ui.sections.items():
            content = screen.sections[name]
            shown += content if content is not None else [gr.skip() for _ in parts]
        return shown

    def tick(self, request: gr.Request, *values: Any) -> list[Any]:
        """While percentiles are being measured, only what shows them is drawn again."""
        inputs = self.sent(values)
        few = replace(inputs.session, open=inputs.session.open & {"honesty"})
        screen = self.handlers.screen(replace(inputs, session=few), request.session_hash)
        return [*self.show_core(screen), *(screen.sections["honesty"] or [gr.skip()])]

    def show_core(self, screen: Screen) -> list[Any]:
        timer = gr.Timer(active=screen.measuring)
        return [screen.scores, screen.answer, screen.counts, screen.address, timer]

    # --- sentences --------------------------------------------------------------------------

    def connect_sentences(self) -> None:
        ui, pair = self.ui, [self.ui.a, self.ui.b]
        for name, chip in ui.chips.items():
            example = EXAMPLES[name]
            chip.click(_always((example.a, example.b)), None, pair, **INSTANT)
        ui.swap.click(lambda a, b: (b, a), pair, pair, **INSTANT)
        ui.clear.click(_always(("", "")), None, pair, **INSTANT)
        ui.reset.click(
            worded(self.reset),
            self.session,
            [*pair, ui.pooling, ui.special, ui.measure, ui.lines, ui.pin, ui.link_notes,
             *self.model_outputs],
            **ENCODE,
        )  # fmt: skip

    def reset(self, request: gr.Request, session: Session) -> list[Any]:
        return [
            *self.show_view(View()),
            PIN,
            "",
            *self.show_model(View().model, "-1", replace(session, pinned=None), request),
        ]

    def show_view(self, view: View) -> list[Any]:
        return [view.a, view.b, view.pooling, view.pool_special, view.measure,
                "\n".join(view.texts)]  # fmt: skip

    # --- models -----------------------------------------------------------------------------

    def connect_models(self) -> None:
        ui = self.ui
        # `select`, since `input` fires twice for one pick of a dropdown
        sources: list[tuple[Any, list[Any]]] = [(ui.model, [ui.model.select])]
        if ui.hub_id is not None and ui.hub_load is not None:
            sources.append((ui.hub_id, [ui.hub_load.click, ui.hub_id.submit]))
        for source, triggers in sources:
            gr.on(
                triggers,
                worded(self.choose_model),
                [source, ui.layer, self.session],
                self.model_outputs,
                show_progress_on=ui.model_note,
                **LOAD,
            )

    def choose_model(
        self,
        request: gr.Request,
        model: str,
        layer: str,
        session: Session,
        progress: gr.Progress = gr.Progress(),  # noqa: B008 - how Gradio injects it
    ) -> list[Any]:
        def report(p: Any) -> None:
            progress(p.done_bytes / max(1, p.total_bytes), desc=progress_text(p))

        return self.show_model(model, layer, session, request, report)

    def show_model(
        self,
        model: str,
        layer: str,
        session: Session,
        request: gr.Request,
        report: Callable[[Any], None] | None = None,
    ) -> list[Any]:
        """Updates of picker, layers, note and session; a model that fails leaves the old one."""
        handlers, visitor = self.handlers, request.session_hash
        old = handlers.workbench.encoder(session.model, visitor)
        try:
            session, encoder = handlers.choose_model(model, session, visitor, report)
        except EncoderError as error:
            gr.Warning(html.escape(str(error), quote=False), duration=20)
            encoder = old
        choices = handlers.picker.choices(visitor, session.model)
        after = handlers.layer_after(layer, old.backbone.depth, encoder)
        return [
            gr.Dropdown(choices=choices, value=session.model),
            gr.Dropdown(choices=handlers.layer_choices(encoder), value=after),
            handlers.picker.describe(session.model, encoder, visitor),
            session,
        ]

    # --- clicks on pictures -----------------------------------------------------------------

    def connect_picks(self) -> None:
        ui = self.ui
        ui.scores.pick(worded(pick_name), None, ui.pooling, **INSTANT)
        ui.sections["layers"][0].pick(
            worded(self.pick_cell), self.session, [ui.layer, ui.pooling], **INSTANT
        )
        matrix, sentences = ui.sections["several"]
        matrix.pick(worded(self.pick_pair), ui.lines, [ui.a, ui.b], **INSTANT)
        sentences.pick(worded(self.pick_sentence), [ui.lines, ui.a, ui.b], [ui.a, ui.b], **INSTANT)

    def pick_cell(
        self, request: gr.Request, event: gr.EventData, session: Session
    ) -> tuple[str, str]:
        layers = self.handlers.workbench.encoder(session.model, request.session_hash).layers
        row, column = picked(event, len(layers), len(POOLINGS))
        return str(layers[row]), list(POOLINGS)[column]

    def pick_sentence(self, event: gr.EventData, lines: str, a: str, b: str) -> tuple[str, str]:
        texts = split_texts(lines, self.handlers.settings)[0]
        box, number = pick_box(event, len(texts))
        return (texts[number], b) if box == "a" else (a, texts[number])

    def pick_pair(self, event: gr.EventData, lines: str) -> tuple[str, str]:
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
        ui.pin.click(worded(self.pin), self.inputs, [self.session, ui.pin], **ENCODE)
        for button, name, write in (
            (ui.scores_csv, "scores.csv", scores_csv),
            (ui.vectors_csv, "vectors.csv", vectors_csv),
        ):
            button.click(worded(self.save(name, write)), self.inputs, ui.download, **ENCODE)
        ui.forget.click(
            worded(self.forget),
            self.session,
            [ui.a, ui.b, ui.lines, self.session, ui.pin, ui.link_notes, ui.download, ui.address],
            **INSTANT,
        )

    def pin(self, request: gr.Request, *values: Any) -> tuple[Session, str]:
        session = self.handlers.pin(self.sent(values), request.session_hash)
        return session, UNPIN if session.pinned else PIN

    def save(self, name: str, write: Callable[..., str]) -> Callable[..., dict[str, str]]:
        def saved(request: gr.Request, *values: Any) -> dict[str, str]:
            view = self.handlers.pair(self.sent(values), request.session_hash)
            comparison, _ = self.handlers.compare(view, request.session_hash)
            return csv_file(name, write(comparison))

        return saved

    def forget(self, request: gr.Request, session: Session) -> list[Any]:
        session = self.handlers.forget(session, request.session_hash)
        said = message("Everything of yours has been forgotten: sentences, scores and vectors.")
        return ["", "", "", session, PIN, said, None, "?"]

    def connect_link(self, demo: gr.Blocks) -> None:
        ui = self.ui
        copied = "Link copied: it opens this page with these sentences and settings."
        # Not without the queue: it delivers the toast, too.
        copies_link(ui.copy, ui.address, copied, **QUIET)
        demo.load(
            worded(self.restore),
            self.session,
            [ui.a, ui.b, ui.pooling, ui.special, ui.measure, ui.lines, ui.link_notes,
             *self.model_outputs],
            **ENCODE,
        )  # fmt: skip
        demo.unload(self.leave)

    def restore(self, request: gr.Request, session: Session) -> list[Any]:
        return self.restored(request, request.query_params, session)

    def restored(
        self, request: gr.Request, query: Mapping[str, str], session: Session
    ) -> list[Any]:
        view, session, remarks = self.handlers.restore(query, session)
        model = self.show_model(view.model, str(view.layer), session, request)
        return [*self.show_view(view), notes(remarks), *model]

    def leave(self, request: gr.Request) -> None:
        self.handlers.workbench.forget(request.session_hash)


def _always(values: tuple[str, str]) -> Callable[[], tuple[str, str]]:
    return lambda: values
