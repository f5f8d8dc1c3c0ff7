"""The pairs of the Fine-tune tab: samples, files, columns, remedies, and files to take."""

from collections.abc import Callable
from pathlib import Path

import gradio as gr
from gradio.components import Component

from ingest import LabError, OverLimit
from ui.finetune.check_html import facts, preview
from ui.finetune.handlers import FinetuneHandlers
from ui.finetune.layout import DataLayout
from ui.page.components import csv_file
from ui.page.events import QUIET, READ, Lane, now, picked_name, worded
from ui.state.pairs import FIRST_SAMPLE, HALF_A_SCALE, KINDS, NO_LABEL, TrainingPairs
from ui.words import message, notes

CHECKING = "Checking these pairs …"
Handler = Callable[[gr.Request], list[object]]
Reader = Callable[[gr.Request, str | None, str], list[object]]


class PairsSection:
    """Whenever a visitor takes other pairs, `version` is new, and `outputs` show them."""

    def __init__(
        self, tab: gr.Tab, handlers: FinetuneHandlers, ui: DataLayout, loss: gr.Dropdown
    ) -> None:
        self.handlers, self.ui = handlers, ui
        self.version = gr.State("")  # new whenever other pairs lie ready
        self.too_large = gr.State("")  # "file" or "text", where a sample of it can be asked for
        columns = {f"column_{number}": box for number, box in enumerate(ui.columns, 1)}
        self.shown: dict[str, Component] = {
            "version": self.version, "kind": ui.kind, **columns, "lowest": ui.scale[0],
            "highest": ui.scale[1], "loss": loss, "preview": ui.preview, "facts": ui.facts,
            "findings": ui.findings, "note": ui.note, "sampled": ui.sampled,
            "too_large": self.too_large,
        }  # fmt: skip
        self.outputs = list(self.shown.values())
        self.connect(tab)

    def connect(self, tab: gr.Tab) -> None:
        """Everything that changes the pairs, and the files to take."""
        ui, outputs = self.ui, self.outputs
        read: Lane = {**READ, "show_progress_on": ui.preview}
        tab.select(worded(self.arrive), None, outputs, **read)
        for name, chip in ui.samples.items():
            chip.click(worded(self.take_sample(name)), None, outputs, **read)
        sent = [ui.file, ui.pasted]
        ui.file.upload(worded(self.take_file), sent, [*outputs, ui.file], **read)
        ui.use_pasted.click(worded(self.take("text")), sent, outputs, **read)
        ui.sampled.click(worded(self.take_part), [self.too_large, *sent], outputs, **read)
        gr.on(
            [
                *(control.select for control in (ui.kind, *ui.columns)),
                *(event for box in ui.scale for event in (box.submit, box.blur)),
            ],
            worded(self.map_columns),
            [ui.kind, *ui.columns, *ui.scale],
            outputs,
            trigger_mode="always_last",
            **read,
        )
        ui.findings.pick(worded(self.remedy), None, outputs, **read)
        for kind, button in ui.templates.items():
            button.click(worded(self.save_template(kind)), None, ui.download, **QUIET)
        ui.dropped.click(worded(self.save_dropped), None, ui.download, **READ)

    def answer(self, **values: object) -> list[object]:
        """`outputs` with these values, by the names in `shown`; all others stay as they are."""
        assert values.keys() <= self.shown.keys(), values.keys()
        return [values.get(name, gr.skip()) for name in self.shown]

    def arrive(self, request: gr.Request) -> list[object]:
        """On the first look at the tab a sample lies ready."""
        if self.handlers.visitor(request.session_hash).training_pairs is not None:
            return self.answer()
        return self.show_new(self.handlers.open_sample(request.session_hash, FIRST_SAMPLE))

    def open(self, visitor: str | None) -> list[object]:
        """The pairs that lie ready, put there from elsewhere; a sample where there are none."""
        training_pairs = self.handlers.visitor(visitor).training_pairs
        return self.show_new(training_pairs or self.handlers.open_sample(visitor, FIRST_SAMPLE))

    def take_sample(self, name: str) -> Handler:
        """A handler that takes one of the bundled files."""

        def take(request: gr.Request) -> list[object]:
            return self.show_new(self.handlers.open_sample(request.session_hash, name))

        return take

    def take(self, source: str) -> Reader:
        """A handler that reads what was sent; over the limit, it offers to read a sample of it."""

        def take(request: gr.Request, path: str | None, text: str) -> list[object]:
            visitor = request.session_hash
            try:
                return self.read(visitor, source, path, text)
            except OverLimit as error:
                offer = gr.Button(visible=True)
                return self.answer(note=message(str(error)), sampled=offer, too_large=source)
            except LabError as error:
                name = Path(path).name if source == "file" and path else "The pasted rows"
                return self.unread(visitor, f"{name}: {error}")

        return take

    def take_file(self, request: gr.Request, path: str | None, text: str) -> list[object]:
        """What `take` gives for a file; one that cannot be read leaves its box."""
        before = self.handlers.visitor(request.session_hash).training_pairs
        answer = self.take("file")(request, path, text)
        over = answer[self.outputs.index(self.too_large)] == "file"
        now_ready = self.handlers.visitor(request.session_hash).training_pairs
        return [*answer, gr.skip() if over or now_ready is not before else None]

    def unread(self, visitor: str | None, why: str) -> list[object]:
        """Something could not be read: why, and which pairs are still the ones below."""
        before = self.handlers.visitor(visitor).training_pairs
        still = f" The pairs below are still those of {before.name}." if before else ""
        return self.answer(note=message(why + still), sampled=gr.Button(visible="hidden"))

    def take_part(
        self, request: gr.Request, source: str, path: str | None, text: str
    ) -> list[object]:
        """Read a sample of what was too large."""
        return self.read(request.session_hash, source, path, text, sample=True)

    def read(
        self, visitor: str | None, source: str, path: str | None, text: str, sample: bool = False
    ) -> list[object]:
        """Take the pairs of a file, or of pasted text."""
        if source == "text":
            return self.show_new(self.handlers.open_text(visitor, text, sample))
        if not path:
            return self.answer()
        return self.show_new(self.handlers.open_file(visitor, path, sample))

    def map_columns(self, request: gr.Request, *values: object) -> list[object]:
        """Take other columns, another kind, or another scale."""
        kind, first, second, third, lowest, highest = values
        if kind == "score" and (lowest is None) != (highest is None):
            typing = message(HALF_A_SCALE)  # the other end is still to come
            return self.answer(note=typing, sampled=gr.Button(visible="hidden"))
        visitor = request.session_hash
        before = self.handlers.visitor(visitor).training_pairs
        try:
            training_pairs = self.handlers.map_columns(
                visitor, kind, (first, second, third), (lowest, highest)
            )
        except LabError as error:
            return self.unusable(self.handlers.without_pairs(visitor, str(error)))
        if training_pairs is before:
            return self.answer()
        was = before.mapping.kind if before and before.mapping else ""
        mapping = training_pairs.mapping
        return self.show(training_pairs, loss_stays=mapping is not None and mapping.kind == was)

    def unusable(self, training_pairs: TrainingPairs) -> list[object]:
        """What is chosen stays as it is; it does not make pairs, and nothing is trained on others.

        The dropdowns are set one after the other, so half a choice is no mistake yet.
        """
        return self.answer(version=now(), facts=message(training_pairs.problem), findings="")

    def remedy(self, request: gr.Request, event: gr.EventData) -> list[object]:
        """Mend what was clicked."""
        name = picked_name(event).removeprefix("remedy:")
        return self.show(self.handlers.remedy(request.session_hash, name), loss_stays=True)

    def show_new(self, training_pairs: TrainingPairs) -> list[object]:
        """Pairs of another file: the findings on those before are not offered any more."""
        return self.show(training_pairs, findings=message(CHECKING))

    def show(
        self, training_pairs: TrainingPairs, loss_stays: bool = False, findings: str | None = None
    ) -> list[object]:
        """Pairs as values of `outputs`; another kind brings its own loss."""
        table, mapping = training_pairs.table, training_pairs.mapping
        kind, chosen = self.handlers.column_values(training_pairs)
        names = list(table.columns)
        columns = {
            f"column_{number}": gr.Dropdown(
                choices=names if number < 3 else [NO_LABEL, *names], value=column
            )
            for number, column in enumerate(chosen, 1)
        }
        ends = (mapping.scale if mapping else None) or (None, None)
        lowest, highest = (gr.Number(value=end, visible=kind == "score") for end in ends)
        losses = self.handlers.loss_choices(kind) if kind else []
        loss = gr.Dropdown(choices=losses, value=losses[0][1] if losses else None)
        pairs, problem = training_pairs.pairs, training_pairs.problem
        rows = len(table.frame) + sum(map(len, table.dropped.values()))  # as the facts count them
        remarks = [f"{training_pairs.name}: {rows:,} rows, {len(names)} columns."]
        remarks += [f"Done: {remedy}." for remedy in training_pairs.applied]
        remarks += [problem] if problem else []
        return self.answer(
            version=now(),
            kind=gr.Dropdown(choices=[(title, name) for name, title in KINDS.items()], value=kind),
            **columns,
            lowest=lowest,
            highest=highest,
            loss=gr.skip() if loss_stays else loss,
            preview=preview(table, mapping) if mapping else "",
            facts=facts(pairs.report, pairs) if pairs else message(problem),
            findings=gr.skip() if findings is None else findings,
            note=notes(remarks),
            sampled=gr.Button(visible="hidden"),
            too_large="",
        )

    def save_template(self, kind: str) -> Callable[[], dict[str, str]]:
        """A handler for a small file of this kind."""
        return lambda: csv_file(f"{kind}_template.csv", self.handlers.template_csv(kind))

    def save_dropped(self, request: gr.Request) -> dict[str, str]:
        """Every row that is not trained on."""
        return csv_file("pairs_dropped.csv", self.handlers.dropped_csv(request.session_hash))
