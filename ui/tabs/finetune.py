"""The Fine-tune tab: pairs checked, a model trained on them, before beside after. Wiring only."""

import html
import time
from collections.abc import Sequence
from typing import Any

import gradio as gr

from encoder import EncoderError
from encoder.losses import LOSSES
from encoder.train_config import TRAIN_BLOCKS
from ingest import OverLimit
from ui.desk import FIRST_SAMPLE, NO_LABEL, Desk
from ui.guard import told
from ui.markup.findings import findings
from ui.markup.pieces import message, notes
from ui.markup.preview import facts, preview
from ui.markup.progress import cost_line, sizes, split_bar
from ui.picks import picked_name
from ui.tabs.finetune_handlers import FinetuneHandlers, Request
from ui.tabs.finetune_layout import components, lay_out_data, lay_out_results, lay_out_settings
from ui.tabs.finetune_results import Results
from ui.tabs.finetune_run import connect_run
from ui.tabs.models import ModelPicker
from ui.tuning_form import PRESETS, Form
from ui.workbench import Workbench

QUIET: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
# One at a time: steps that are timed while something else is computed would seem to take longer.
CHECK: dict[str, Any] = {"api_visibility": "private", "concurrency_id": "check",
                         "concurrency_limit": 1, "trigger_mode": "always_last",
                         "show_progress": "minimal"}  # fmt: skip
READ: dict[str, Any] = {"api_visibility": "private", "concurrency_id": "read",
                        "concurrency_limit": 2, "show_progress": "minimal"}  # fmt: skip


def build(
    tab: gr.Tab, workbench: Workbench, picker: ModelPicker, pickers: Sequence[gr.Dropdown]
) -> None:
    """Lay the tab out inside the current Blocks and connect it.

    `pickers` are the model pickers of other tabs, which offer what is trained here.
    """
    _FinetuneTab(tab, FinetuneHandlers(workbench), picker).results.follow(pickers)


class _FinetuneTab:
    """Components on the one side, handlers on the other, and the events between them."""

    def __init__(self, tab: gr.Tab, handlers: FinetuneHandlers, picker: ModelPicker) -> None:
        self.handlers = handlers
        self.picker = picker
        self.data = lay_out_data()
        self.settings = lay_out_settings(picker.choices(None))
        below = lay_out_results(handlers.workbench.settings.can_push)
        self.version = gr.State(0)  # goes up with whatever is done to the desk
        self.model = gr.State(self.settings.model.value)  # the last one that loaded
        self.form = components(self.settings.form)
        self.sent = [self.model, *self.form]
        self.desk_outputs = [
            self.version, self.data.kind, *self.data.columns, self.settings.form.loss,
            self.data.note, self.data.sampled,
        ]  # fmt: skip
        self.too_large = gr.State("")  # "file" or "text", where a sample of it can be asked for
        self.connect_data(tab)
        self.connect_check()
        self.connect_settings()
        self.results = Results(handlers, picker, below, self.settings)
        connect_run(handlers, self.settings, self.sent, self.results)

    def request(self, visitor: str | None, values: Sequence[Any]) -> Request:
        """The values of `self.sent`, checked."""
        model, *form = values
        return self.handlers.request(visitor, model, Form(*form))

    # --- pairs ------------------------------------------------------------------------------

    def connect_data(self, tab: gr.Tab) -> None:
        data, handlers = self.data, self.handlers
        tab.select(told(self.arrive), self.version, self.desk_outputs, **READ)
        for title, chip in data.samples.items():
            chip.click(told(self.take_sample(title)), self.version, self.desk_outputs, **READ)
        sent = [data.file, data.pasted, self.version]
        read = [*self.desk_outputs, self.too_large]
        data.file.upload(told(self.take("file")), sent, read, **READ)
        data.use_pasted.click(told(self.take("text")), sent, read, **READ)
        data.sampled.click(told(self.take_part), [self.too_large, *sent], read, **READ)
        gr.on(
            [control.select for control in (data.kind, *data.columns)],
            told(self.map_columns),
            [data.kind, *data.columns, self.version],
            self.desk_outputs,
            **READ,
        )
        data.findings.pick(told(self.remedy), self.version, self.desk_outputs, **READ)
        for kind, button in data.templates.items():
            button.click(
                _saved(f"{kind}_template.csv", handlers.template_csv(kind)), None, data.download,
                **QUIET,
            )  # fmt: skip
        data.cleaned.click(told(self.save_cleaned), self.sent, data.download, **READ)
        data.dropped.click(told(self.save_dropped), None, data.download, **READ)

    def arrive(self, request: gr.Request, version: int) -> list[Any]:
        """On the first look at the tab a sample lies ready."""
        if self.handlers.visitor(request.session_hash).desk is not None:
            return [gr.skip() for _ in self.desk_outputs]
        return self.show_desk(
            self.handlers.open_sample(request.session_hash, FIRST_SAMPLE), version
        )

    def take_sample(self, title: str) -> Any:
        def take(request: gr.Request, version: int) -> list[Any]:
            return self.show_desk(self.handlers.open_sample(request.session_hash, title), version)

        return take

    def take(self, source: str) -> Any:
        """Read what was sent; over the limit, offer to read a sample of it."""

        def take(request: gr.Request, path: str | None, text: str, version: int) -> list[Any]:
            try:
                return self.read(request.session_hash, source, path, text, version)
            except OverLimit as error:
                kept = [gr.skip() for _ in self.desk_outputs[:-2]]
                return [*kept, message(str(error)), gr.Button(visible=True), source]

        return take

    def take_part(
        self, request: gr.Request, source: str, path: str | None, text: str, version: int
    ) -> list[Any]:
        return self.read(request.session_hash, source, path, text, version, sample=True)

    def read(
        self,
        visitor: str | None,
        source: str,
        path: str | None,
        text: str,
        version: int,
        sample: bool = False,
    ) -> list[Any]:
        if source == "text":
            desk = self.handlers.open_text(visitor, text, sample)
        elif path:
            desk = self.handlers.open_file(visitor, path, sample)
        else:
            return [gr.skip() for _ in self.desk_outputs] + [gr.skip()]
        return [*self.show_desk(desk, version), ""]

    def map_columns(self, request: gr.Request, *values: Any) -> list[Any]:
        kind, first, second, third, version = values
        desk = self.handlers.map_columns(request.session_hash, kind, (first, second, third))
        return self.show_desk(desk, version)

    def remedy(self, request: gr.Request, event: gr.EventData, version: int) -> list[Any]:
        desk = self.handlers.remedy(request.session_hash, picked_name(event))
        return self.show_desk(desk, version)

    def show_desk(self, desk: Desk, version: int) -> list[Any]:
        kind, columns = self.handlers.column_values(desk)
        names = list(desk.table.columns)
        losses = self.handlers.loss_choices(kind) if kind else []
        said = [f"{desk.name}: {len(desk.table.frame):,} rows, {len(names)} columns."]
        said += [f"Done: {remedy}." for remedy in desk.applied]
        said += [desk.problem] if desk.problem else []
        return [
            version + 1,
            gr.Dropdown(value=kind),
            *(
                gr.Dropdown(choices=names if at < 2 else [NO_LABEL, *names], value=column)
                for at, column in enumerate(columns)
            ),
            gr.Dropdown(choices=losses, value=losses[0][1] if losses else None),
            notes(said),
            gr.Button(visible="hidden"),
        ]

    def save_cleaned(self, request: gr.Request, *values: Any) -> dict[str, str]:
        text = self.handlers.cleaned_csv(self.request(request.session_hash, values))
        return _file("pairs_cleaned.csv", text)

    def save_dropped(self, request: gr.Request) -> dict[str, str]:
        return _file("pairs_dropped.csv", self.handlers.dropped_csv(request.session_hash))

    # --- check and cost ---------------------------------------------------------------------

    def connect_check(self) -> None:
        """One event draws the check and one the cost, whatever changed: no answer is outdated."""
        form, data, settings = self.settings.form, self.data, self.settings
        checks = [form.pooling, form.loss, form.batch_size, form.seed, form.held_out]
        gr.on(
            [c.change for c in (self.version, self.model, *checks)],
            told(self.draw_check),
            self.sent,
            [data.preview, data.facts, data.findings, data.split, settings.loss_note],
            show_progress_on=data.split,
            **CHECK,
        )
        gr.on(
            [c.change for c in (self.version, self.model, *self.form)],
            told(self.draw_cost),
            self.sent,
            settings.cost,
            **CHECK,
        )

    def draw_check(self, request: gr.Request, *values: Any) -> list[str]:
        if self.handlers.visitor(request.session_hash).desk is None:
            return ["", "", "", "", ""]
        sent = self.request(request.session_hash, values)
        desk = sent.desk
        if desk.mapping is None or desk.pairs is None:
            shown = preview(desk.table, desk.mapping) if desk.mapping else ""
            return [shown, message(desk.problem), "", "", ""]
        checked = self.handlers.check(sent)
        split = message(checked.problem)
        if checked.parts is not None:
            split = split_bar(sizes(checked.parts.split), checked.parts.split.notes)
        loss = sent.config.loss or self.handlers.loss_choices(desk.pairs.kind)[0][1]
        return [
            preview(desk.table, desk.mapping),
            facts(desk.pairs.report, desk.pairs),
            findings(checked.findings) + notes(checked.notes),
            split,
            notes([LOSSES[loss].effect]),
        ]

    def draw_cost(self, request: gr.Request, *values: Any) -> str:
        if self.handlers.visitor(request.session_hash).desk is None:
            return ""
        try:
            cost = self.handlers.cost(self.request(request.session_hash, values))
        except EncoderError as error:
            return message(str(error))
        return cost_line(cost.seconds, cost.prepare_s, cost.steps, cost.step_s)

    # --- settings ---------------------------------------------------------------------------

    def connect_settings(self) -> None:
        settings, form = self.settings, self.settings.form
        settings.model.select(
            told(self.choose_model),
            [settings.model, self.model],
            [settings.model, self.model, settings.model_note, form.blocks],
            api_visibility="private",
            concurrency_id="load",
            concurrency_limit=2,
            show_progress_on=settings.model_note,
        )
        for name, button in settings.presets.items():
            button.click(told(self.preset(name)), self.model, [form.blocks, form.duration], **QUIET)

    def preset(self, name: str) -> Any:
        def choose(request: gr.Request, model: str) -> tuple[int, str]:
            encoder = self.handlers.workbench.encoder(model, request.session_hash)
            return min(PRESETS[name].blocks, encoder.backbone.depth), PRESETS[name].duration

        return choose

    def choose_model(
        self,
        request: gr.Request,
        model: str,
        old: str,
        progress: gr.Progress = gr.Progress(),  # noqa: B008 - how Gradio injects it
    ) -> list[Any]:
        visitor = request.session_hash
        try:
            key, encoder = self.picker.load(model, visitor, progress)
        except EncoderError as error:
            gr.Warning(html.escape(str(error), quote=False), duration=20)
            key, encoder = old, self.handlers.workbench.encoder(old, visitor)
        depth = encoder.backbone.depth
        return [
            key,
            key,
            self.picker.describe(key, encoder, visitor),
            gr.Slider(maximum=depth + 1, value=min(TRAIN_BLOCKS, depth)),
        ]


def _file(name: str, text: str) -> dict[str, str]:
    # The time makes each request a new value: the browser acts on changes only.
    return {"name": name, "type": "text/csv", "text": text, "at": str(time.time_ns())}


def _saved(name: str, text: str) -> Any:
    return lambda: _file(name, text)
