"""The pairs of the Fine-tune tab: samples, files, columns, remedies, and files to take."""

from typing import Any

import gradio as gr

from encoder import EncoderError
from ingest import OverLimit
from ui.finetune.check_html import facts, preview
from ui.finetune.handlers import FinetuneHandlers
from ui.finetune.layout import DataLayout
from ui.page.components import csv_file
from ui.page.events import QUIET, READ, now, picked_name, worded
from ui.state.pairs import FIRST_SAMPLE, HALF_A_SCALE, NO_LABEL, Desk
from ui.words import message, notes


class Data:
    """Whatever is done to the desk, `version` goes up, and `outputs` show what lies on it."""

    def __init__(
        self, tab: gr.Tab, handlers: FinetuneHandlers, ui: DataLayout, loss: gr.Dropdown
    ) -> None:
        self.handlers, self.ui = handlers, ui
        self.version = gr.State("")  # new whenever other pairs lie ready
        self.too_large = gr.State("")  # "file" or "text", where a sample of it can be asked for
        self.facts, self.found = ui.facts, ui.findings
        self.outputs = [
            self.version, ui.kind, *ui.columns, *ui.scale, loss, ui.preview, ui.facts,
            ui.findings, ui.note, ui.sampled,
        ]  # fmt: skip
        tab.select(worded(self.arrive), self.version, self.outputs, **READ)
        for title, chip in ui.samples.items():
            chip.click(worded(self.take_sample(title)), self.version, self.outputs, **READ)
        sent = [ui.file, ui.pasted, self.version]
        read = [*self.outputs, self.too_large]
        ui.file.upload(worded(self.take("file")), sent, read, **READ)
        ui.use_pasted.click(worded(self.take("text")), sent, read, **READ)
        ui.sampled.click(worded(self.take_part), [self.too_large, *sent], read, **READ)
        lowest, highest = ui.scale
        gr.on(
            [
                *(control.select for control in (ui.kind, *ui.columns)),
                *(event for box in ui.scale for event in (box.submit, box.blur)),
            ],
            worded(self.map_columns),
            [ui.kind, *ui.columns, lowest, highest, self.version],
            self.outputs,
            trigger_mode="always_last",
            **READ,
        )
        ui.findings.pick(worded(self.remedy), self.version, self.outputs, **READ)
        for kind, button in ui.templates.items():
            text = handlers.template_csv(kind)
            button.click(_saved(f"{kind}_template.csv", text), None, ui.download, **QUIET)
        ui.dropped.click(worded(self.save_dropped), None, ui.download, **READ)

    def arrive(self, request: gr.Request, version: int) -> list[Any]:
        """On the first look at the tab a sample lies ready."""
        if self.handlers.visitor(request.session_hash).desk is not None:
            return self.nothing()
        return self.show_new(self.handlers.open_sample(request.session_hash, FIRST_SAMPLE), version)

    def arrived(self, visitor: str | None) -> list[Any]:
        """What lies ready, put there from elsewhere; a sample where nothing does."""
        desk = self.handlers.visitor(visitor).desk
        return self.show_new(desk or self.handlers.open_sample(visitor, FIRST_SAMPLE), 0)

    def nothing(self) -> list[Any]:
        """Everything stays as it is."""
        return [gr.skip() for _ in self.outputs]

    def say(self, text: str, sampled: bool = False) -> list[Any]:
        """Everything stays as it is, and this is said."""
        return [*self.nothing()[:-2], message(text), gr.Button(visible=sampled or "hidden")]

    def take_sample(self, title: str) -> Any:
        """Put one of the bundled files on the desk."""

        def take(request: gr.Request, version: int) -> list[Any]:
            return self.show_new(self.handlers.open_sample(request.session_hash, title), version)

        return take

    def take(self, source: str) -> Any:
        """Read what was sent; over the limit, offer to read a sample of it."""

        def take(request: gr.Request, path: str | None, text: str, version: int) -> list[Any]:
            try:
                return self.read(request.session_hash, source, path, text, version)
            except OverLimit as error:
                return [*self.say(str(error), sampled=True), source]

        return take

    def take_part(
        self, request: gr.Request, source: str, path: str | None, text: str, version: int
    ) -> list[Any]:
        """Read a sample of what was too large."""
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
        """Put a file, or pasted text, on the desk."""
        if source == "text":
            desk = self.handlers.open_text(visitor, text, sample)
        elif path:
            desk = self.handlers.open_file(visitor, path, sample)
        else:
            return [*self.nothing(), gr.skip()]
        return [*self.show_new(desk, version), ""]

    def map_columns(self, request: gr.Request, *values: Any) -> list[Any]:
        """Take other columns, another kind, or another scale."""
        kind, first, second, third, lowest, highest, version = values
        if kind == "score" and (lowest is None) != (highest is None):
            return self.say(HALF_A_SCALE)  # the second is still to be typed
        known = self.handlers.visitor(request.session_hash).desk
        columns, scale = (first, second, third), (lowest, highest)
        visitor = request.session_hash
        try:
            desk = self.handlers.map_columns(visitor, kind, columns, scale)
        except EncoderError as error:
            return self.unusable(self.handlers.without_pairs(visitor, str(error)), version)
        if desk is known:
            return self.nothing()
        was = known.mapping.kind if known and known.mapping else ""
        return self.show(desk, version, loss_stays=bool(desk.mapping and desk.mapping.kind == was))

    def unusable(self, desk: Desk, version: int) -> list[Any]:
        """What is chosen stays as it is; it does not make pairs, and nothing is trained on others.

        The dropdowns are set one after the other, so half a choice is no mistake yet.
        """
        values = self.nothing()
        values[0] = now()
        values[self.outputs.index(self.facts)] = message(desk.problem)
        values[self.outputs.index(self.found)] = ""
        return values

    def remedy(self, request: gr.Request, event: gr.EventData, version: int) -> list[Any]:
        """Mend what was clicked."""
        desk = self.handlers.remedy(request.session_hash, picked_name(event))
        return self.show(desk, version, loss_stays=True)

    def show_new(self, desk: Desk, version: int) -> list[Any]:
        """The same for another file: what was found in the one before is not offered any more."""
        return self.show(desk, version, message("Checking these pairs …"))

    def show(
        self, desk: Desk, version: int, found: Any = None, loss_stays: bool = False
    ) -> list[Any]:
        """What lies on the desk, as values of `outputs`; another kind brings its own loss."""
        kind, columns = self.handlers.column_values(desk)
        names = list(desk.table.columns)
        losses = self.handlers.loss_choices(kind) if kind else []
        scale = (desk.mapping.scale if desk.mapping else None) or (None, None)
        said = [f"{desk.name}: {len(desk.table.frame):,} rows, {len(names)} columns."]
        said += [f"Done: {remedy}." for remedy in desk.applied]
        said += [desk.problem] if desk.problem else []
        return [
            now(),
            gr.Dropdown(value=kind),
            *(
                gr.Dropdown(choices=names if at < 2 else [NO_LABEL, *names], value=column)
                for at, column in enumerate(columns)
            ),
            *(gr.Number(value=end, visible=kind == "score") for end in scale),
            gr.skip()
            if loss_stays
            else gr.Dropdown(choices=losses, value=losses[0][1] if losses else None),
            preview(desk.table, desk.mapping) if desk.mapping else "",
            facts(desk.pairs.report, desk.pairs) if desk.pairs else message(desk.problem),
            gr.skip() if found is None else found,
            notes(said),
            gr.Button(visible="hidden"),
        ]

    def save_dropped(self, request: gr.Request) -> dict[str, str]:
        """Every row that is not trained on."""
        return csv_file("pairs_dropped.csv", self.handlers.dropped_csv(request.session_hash))


def _saved(name: str, text: str) -> Any:
    return lambda: csv_file(name, text)
