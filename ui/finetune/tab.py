"""The Fine-tune tab: pairs checked, a model trained on them, before beside after. Wiring only."""

from collections.abc import Callable, Mapping, Sequence

import gradio as gr

from encoder import Encoder
from encoder.training.config import TRAIN_BLOCKS
from encoder.training.losses import LOSSES, losses_for
from ingest import LabError
from ui.finetune.check_html import findings
from ui.finetune.data import PairsSection
from ui.finetune.form import PRESETS, Form
from ui.finetune.handlers import FinetuneHandlers
from ui.finetune.job import Request
from ui.finetune.layout import lay_out_data, lay_out_results, lay_out_settings
from ui.finetune.results import Results, Runs
from ui.finetune.run import connect_run
from ui.finetune.run_html import cost_line, sizes, split_bar
from ui.page.components import csv_file
from ui.page.events import CHECK, COST, QUIET, READ, worded
from ui.page.models import ModelBox, connect_model
from ui.page.tab import Page, Tab
from ui.page.texts import PAIRS
from ui.words import message, notes

BESIDE = "Timed beside somebody else's run: with the machine to itself it takes less."


def build(page: Page) -> Tab:
    """Lay the tab out on the page and connect it."""
    with page.tab("finetune", "Fine-tune") as tab:
        return _FinetuneTab(page, FinetuneHandlers(page.workbench), tab).door()


class _FinetuneTab:
    """Components on the one side, handlers on the other, and the events between them."""

    def __init__(self, page: Page, handlers: FinetuneHandlers, tab: gr.Tab) -> None:
        self.handlers, self.picker = handlers, page.picker
        limits = handlers.workbench.settings
        self.ui = lay_out_data(limits.upload)
        self.settings = lay_out_settings(page.picker.choices(None), limits)
        below = lay_out_results(limits.can_push)
        self.model = gr.State(self.settings.model.value)  # the last one that loaded
        self.form = self.settings.form.components
        self.sent = [self.model, *self.form]
        self.pairs = PairsSection(tab, handlers, self.ui, self.settings.form.loss)
        self.connect_check()
        self.connect_settings()
        results = Results(page, handlers, below)
        Runs(handlers, page.picker, below, self.settings, results, self.model)
        page.offer_own_models(self.settings.model)
        page.lead(self.ui.on_map, "map", {"corpus": PAIRS})
        connect_run(handlers, self.settings, self.sent, results, self.request)

    def door(self) -> Tab:
        """What others may use: the tab with the pairs that were put ready for it."""
        return Tab("finetune", self.pairs.outputs, self.open)

    def open(self, request: gr.Request, settings: Mapping[str, str]) -> list[object]:
        """The pairs that lie ready, or the first sample. There are no other settings yet."""
        return self.pairs.open(request.session_hash)

    def request(self, visitor: str | None, values: Sequence[object]) -> Request:
        """The values of `self.sent`, checked."""
        model, *form = values
        return self.handlers.request(visitor, model, Form(*form))

    # --- check and cost ---------------------------------------------------------------------

    def connect_check(self) -> None:
        """One event draws the check and one the cost, whatever changed: no answer is outdated."""
        form, ui, settings = self.settings.form, self.ui, self.settings
        checks = [form.pooling, form.loss, form.batch_size, form.seed, form.held_out]
        gr.on(
            [c.change for c in (self.pairs.version, self.model, *checks)],
            worded(self.draw_check),
            self.sent,
            [ui.findings, ui.split, settings.loss_note, settings.train],
            show_progress_on=ui.split,
            **CHECK,
        )
        gr.on(
            [c.change for c in (self.pairs.version, self.model, *self.form)],
            worded(self.draw_cost),
            self.sent,
            settings.cost,
            **COST,
        )
        ui.cleaned.click(worded(self.save_cleaned), self.sent, ui.download, **READ)

    def draw_check(self, request: gr.Request, *values: object) -> list[object]:
        """What is wrong with the pairs, how they are split, and whether they can be trained on."""
        nothing = ["", "", "", gr.Button(interactive=False)]
        if self.handlers.visitor(request.session_hash).training_pairs is None:
            return nothing
        sent = self.request(request.session_hash, values)
        pairs = sent.training_pairs.pairs
        if pairs is None:
            return nothing
        check = self.handlers.check(sent)
        if not sent.is_current:
            return [gr.skip() for _ in nothing]  # other pairs came; they are checked next
        split = message(check.problem) if check.problem else ""
        if check.parts is not None:
            split += split_bar(sizes(check.parts.split), check.parts.split.notes)
        fitting = losses_for(pairs.kind)
        loss = sent.config.loss if sent.config.loss in fitting else fitting[0]
        return [
            findings(check.findings, check.parts.pairs if check.parts else check.pairs)
            + notes(check.notes),
            split,
            notes([LOSSES[loss].effect]),
            gr.Button(interactive=check.parts is not None and not check.problem),
        ]

    def draw_cost(self, request: gr.Request, *values: object) -> object:
        """Seconds, before it starts."""
        if self.handlers.visitor(request.session_hash).training_pairs is None:
            return ""
        try:
            estimate = self.handlers.cost(self.request(request.session_hash, values))
        except LabError as error:
            return message(str(error))
        if estimate is None:
            return gr.skip()  # other pairs came; their cost is drawn next
        return cost_line(estimate.cost, "" if estimate.alone else BESIDE)

    def save_cleaned(self, request: gr.Request, *values: object) -> dict[str, str]:
        """The pairs as they would be trained on."""
        text = self.handlers.cleaned_csv(self.request(request.session_hash, values))
        return csv_file("pairs_cleaned.csv", text)

    # --- settings ---------------------------------------------------------------------------

    def connect_settings(self) -> None:
        settings, form = self.settings, self.settings.form
        chosen = ModelBox(settings.model, self.model, settings.model_note)
        connect_model(self.picker, chosen, form.blocks, blocks_of)
        for name, button in settings.presets.items():
            button.click(
                worded(self.preset(name)), self.model, [form.blocks, form.duration], **QUIET
            )

    def preset(self, name: str) -> Callable[[gr.Request, str], tuple[int, str]]:
        """A handler that fills in what a preset sets."""

        def choose(request: gr.Request, model: str) -> tuple[int, str]:
            encoder = self.handlers.workbench.encoder(model, request.session_hash)
            return min(PRESETS[name].blocks, encoder.backbone.depth), PRESETS[name].duration

        return choose


def blocks_of(encoder: Encoder, blocks: object) -> gr.Slider:
    """How many blocks can train in a model, and how many do as a rule."""
    depth = encoder.backbone.depth
    return gr.Slider(maximum=depth + 1, value=min(TRAIN_BLOCKS, depth))
