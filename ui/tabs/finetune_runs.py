"""The runs of this visit: one chosen, renamed, used again, compared; models brought back."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from html import escape
from pathlib import Path
from typing import Any

import gradio as gr

from encoder import CATALOG, Encoder, EncoderError
from encoder.training import TrainConfig
from ui.guard import told
from ui.markup.compared import compared
from ui.markup.pieces import message, notes
from ui.picks import picked_name
from ui.runs_compared import NotComparable, compare_runs
from ui.shelf import Tuned
from ui.tabs.finetune_handlers import FinetuneHandlers
from ui.tabs.finetune_layout import SettingsLayout, components
from ui.tabs.finetune_results import QUIET, Results, now, tell_gone
from ui.tabs.finetune_results_layout import NOTHING, ResultsLayout
from ui.tabs.models import ModelPicker
from ui.tuning_form import form_of, parse_name


class Runs:
    """What can be done with whole runs; `results` shows the one that is chosen."""

    def __init__(
        self,
        handlers: FinetuneHandlers,
        picker: ModelPicker,
        ui: ResultsLayout,
        settings: SettingsLayout,
        results: Results,
        model: gr.State,
    ) -> None:
        self.handlers, self.picker, self.results = handlers, picker, results
        self.settings = settings
        shown, version = results.shown, results.version
        ui.runs.pick(told(self.pick), None, shown, **QUIET)
        ui.rename.click(told(self.rename), [shown, ui.name], version, **QUIET)
        ui.archive.upload(told(self.bring_back), ui.archive,
                          [ui.archive, *results.outputs], **QUIET)  # fmt: skip
        gr.on(
            [shown.change, version.change, ui.against.select],
            told(self.compare),
            [shown, ui.against],
            [ui.against, ui.compared],
            trigger_mode="always_last",
            **QUIET,
        )
        ui.reuse.click(
            told(self.reuse),
            [shown, model],
            [settings.model, model, settings.model_note, *components(settings.form)],
            api_visibility="private",
            concurrency_id="load",
            concurrency_limit=2,
            show_progress_on=settings.model_note,
        )

    def follow(self, pickers: Sequence[gr.Dropdown]) -> None:
        """Let model pickers, here and on other tabs, offer this visitor's models."""
        boxes = [self.settings.model, *pickers]

        def offer(request: gr.Request, *chosen: Any) -> list[Any]:
            found = [self.picker.choices(request.session_hash, str(key)) for key in chosen]
            return [gr.Dropdown(choices=choices) for choices in found]

        self.results.version.change(offer, boxes, boxes, **QUIET)

    def pick(self, request: gr.Request, event: gr.EventData) -> str:
        """Show the run that was clicked."""
        key = picked_name(event).removeprefix("run:")
        return self.results.own(request.session_hash, key).key

    def rename(self, request: gr.Request, key: str, name: str) -> str:
        """Give the run on screen another name."""
        self.handlers.visitor(request.session_hash).shelf.rename(key, parse_name(name))
        return now()

    def bring_back(self, request: gr.Request, path: str | None) -> list[Any]:
        """Keep a model from a zip that was downloaded here."""
        from ui.takehome.reload import read_archive

        if path is None:
            return [gr.skip(), gr.skip(), gr.skip()]
        settings = self.handlers.workbench.settings
        found = read_archive(Path(path), settings.max_archive_bytes)
        own = self.handlers.visitor(request.session_hash)
        name = own.shelf.free_name(f"{found.name} (brought back)")
        model = Tuned(own.shelf.next_key(), name, found.encoder, None, found.record)
        tell_gone(self.handlers.workbench.keep(model, own))
        gr.Info(f"“{escape(name)}” is here: every model picker offers it.")
        if found.notes:
            gr.Warning(escape(" ".join(found.notes)), duration=20)
        return [None, *self.results.arrived(model.key)]

    # --- two runs ---------------------------------------------------------------------------

    def compare(self, request: gr.Request, key: str, against: str) -> list[Any]:
        """The other runs to choose from, and the run on screen against the one chosen."""
        models = self.handlers.workbench.own(request.session_hash)
        others = {model.key: model for model in models if model.key != key}
        choices = [(NOTHING, NOTHING), *((other.name, other.key) for other in others.values())]
        one = next((model for model in models if model.key == key), None)
        other = others.get(str(against))
        box = gr.Dropdown(choices=choices, value=other.key if other else NOTHING)
        return [box, against_each_other(one, other) if one and other else ""]

    # --- settings ---------------------------------------------------------------------------

    def reuse(
        self,
        request: gr.Request,
        key: str,
        model: str,
        progress: gr.Progress = gr.Progress(),  # noqa: B008 - how Gradio injects it
    ) -> list[Any]:
        """Put the model and the settings of the run on screen into the form, as far as they fit."""
        visitor = request.session_hash
        own = self.results.own(visitor, key)
        if own.settings is None:
            raise EncoderError("Its zip does not say with which settings it was trained.")
        found, encoder, said = self.restored(own, model, visitor, progress)
        desk = self.handlers.visitor(visitor).desk
        kind = desk.mapping.kind if desk and desk.mapping else None
        depth = encoder.backbone.depth
        settings, made = repeating(own)
        form, more = form_of(settings, kind, depth, self.handlers.workbench.settings)
        values: dict[str, Any] = vars(form) | {
            "blocks": gr.Slider(maximum=depth + 1, value=form.blocks)
        }
        return [
            gr.Dropdown(choices=self.picker.choices(visitor, found), value=found),
            found,
            self.picker.describe(found, encoder, visitor) + notes([*said, *made, *more]),
            *values.values(),
        ]

    def restored(
        self, own: Tuned, model: str, visitor: str | None, progress: Callable[..., Any]
    ) -> tuple[str, Encoder, list[str]]:
        """The model that `own` was trained from, or else `model` and why."""
        wanted = str(own.run.model if own.run else (own.record or {}).get("model"))
        try:
            # A zip's word for it may be a stranger's: his "run-1" is none of this visitor's.
            if own.run is None and wanted not in CATALOG:
                raise EncoderError(f"{wanted} is none of the catalog")
            return *self.picker.load(wanted, visitor, progress), []
        except EncoderError:
            encoder = self.handlers.workbench.encoder(model, visitor)
            return model, encoder, [f"It was trained from {wanted}, which cannot be had here now."]


def repeating(own: Tuned) -> tuple[TrainConfig, list[str]]:
    """Settings that repeat a run exactly, where it was planned by seconds; and a word on that."""
    assert own.settings is not None
    budget_s, steps = own.settings.budget_s, own.steps
    if budget_s is None or own.settings.steps or not steps:
        return own.settings, []
    said = f"It had {budget_s:g} seconds and made {steps:,} steps; with that number it is repeated."
    return replace(own.settings, budget_s=None, steps=steps), [said]


def against_each_other(one: Tuned, other: Tuned) -> str:
    """Two models of a visitor on the held-out pairs both have, or why that cannot be told."""
    back = next((model.name for model in (one, other) if model.run is None), None)
    if back is not None or one.run is None or other.run is None:
        return message(f"“{back}” was brought back from a download, without its held-out pairs.")
    try:
        return compared(compare_runs(one.run, other.run), one.name, other.name)
    except NotComparable as error:
        return message(f"These two cannot be compared. {error}")
