"""What came of a run, on the page: one run at a time, chosen in the table of runs."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from html import escape

import gradio as gr
import numpy as np

from encoder import Encoder, EncoderError
from encoder.training import TrainConfig
from ingest import LabError
from ui.checks import in_range, parse_name, parse_text, row_number
from ui.finetune.blend import blend_line, blend_run
from ui.finetune.compared import NotComparable, can_compare, compare_runs, comparison_html
from ui.finetune.figures import distributions, predicted
from ui.finetune.form import form_of
from ui.finetune.handlers import FinetuneHandlers
from ui.finetune.layout import NOTHING, ResultsLayout, SettingsLayout
from ui.finetune.results_html import (
    NEGATIVE,
    forgetting_meter,
    ledger,
    ledger_rows,
    results_table,
    runs_table,
)
from ui.finetune.verdict import links, outcome
from ui.page.events import LOAD, RESULTS, now, picked_name, picked_value, worded
from ui.page.matrix import explain, figure_json
from ui.page.models import ModelPicker
from ui.page.tab import Page
from ui.state.models import OwnModel, Run, RunRecord
from ui.words import message, notes, number


class Results:
    """The lower part of the tab."""

    def __init__(self, page: Page, handlers: FinetuneHandlers, ui: ResultsLayout) -> None:
        self.handlers, self.ui = handlers, ui
        self.shown = gr.State("")  # key of the run on screen
        self.version = page.own_models
        self.outputs = [self.shown, self.version]
        shown = [
            ui.box, ui.naming, ui.runs, ui.name, ui.answer, ui.table, ui.links, ui.distributions,
            ui.scatter, ui.ledger, ui.forgetting, ui.alpha, ui.blended, ui.tried, ui.pair_note,
            ui.pair_before, ui.pair_after, ui.leave,
        ]  # fmt: skip
        gr.on(
            [self.shown.change, self.version.change],
            worded(self.draw),
            [self.shown, ui.order, ui.try_a, ui.try_b],
            shown,
            trigger_mode="always_last",
            **RESULTS,
        )
        ui.order.change(worded(self.draw_ledger), [self.shown, ui.order], ui.ledger, **RESULTS)
        matrices = [ui.pair_note, ui.pair_before, ui.pair_after]
        ui.ledger.pick(worded(self.pick_pair), self.shown, matrices, **RESULTS)
        ui.scatter.pick(worded(self.pick_dot), self.shown, matrices, **RESULTS)
        ui.alpha.change(worded(self.draw_blend), [self.shown, ui.alpha], ui.blended,
                        trigger_mode="always_last", **RESULTS)  # fmt: skip
        ui.use_blend.click(worded(self.add_blend), [self.shown, ui.alpha],
                           self.outputs, **RESULTS)  # fmt: skip
        gr.on([ui.try_a.change, ui.try_b.change], worded(self.draw_tried),
              [self.shown, ui.try_a, ui.try_b], ui.tried, trigger_mode="always_last",
              **RESULTS)  # fmt: skip
        if ui.push is not None:
            ui.push.click(worded(self.push), [self.shown, ui.repo], ui.pushed, **RESULTS)

    def show_run(self, key: str) -> list[object]:
        """Values of `outputs` where a model is new: it is shown."""
        return [key, now()]

    def own(self, visitor: str | None, key: object) -> OwnModel:
        """A model of this visitor's. Raises EncoderError."""
        own = self.handlers.workbench.own_model(str(key), visitor)
        if own is None:
            raise EncoderError("That run is not kept any more. Choose another in the table.")
        return own

    def run(self, visitor: str | None, key: object) -> Run:
        """A run of this visitor's. Raises EncoderError."""
        run = self.own(visitor, key).run
        if run is None:
            raise EncoderError("This model was brought back from a download: its run is not here.")
        return run

    # --- one run on screen ------------------------------------------------------------------

    def draw(self, request: gr.Request, key: str, order: str, a: str, b: str) -> list[object]:
        """Everything about one run."""
        visitor = request.session_hash
        own = self.handlers.workbench.own_model(key, visitor)
        models = self.handlers.workbench.own_models(visitor)
        stake = self.handlers.at_stake(visitor)
        table = runs_table(models, key)
        naming = gr.Row(visible=own is not None)
        if own is None or own.run is None:
            name = own.name if own else ""
            return [gr.Column(visible=False), naming, table, name, "", "", "", None, None, "",
                    "", 1, "", "", "", None, None, stake]  # fmt: skip
        run = own.run
        before, after = run.done.predictions
        some = len(before.values) > 0
        return [
            gr.Column(visible=True),
            naming,
            table,
            run.name,
            outcome(run),
            results_table(run.done, run.judgement),
            links(own),
            figure_json(distributions(before, after)) if some else None,
            figure_json(predicted(before, after)) if some and before.kind == "score" else None,
            ledger(ledger_rows(run.done), order),
            forgetting_meter(run.judgement),
            1,
            blend_line(run, 1.0),
            self.tried(run, a, b),
            message("Click a pair to see its tokens before and after."),
            None,
            None,
            stake,
        ]

    def draw_ledger(self, request: gr.Request, key: str, order: str) -> str:
        """The pairs in another order."""
        return ledger(ledger_rows(self.run(request.session_hash, key).done), order)

    def pick_pair(self, request: gr.Request, event: gr.EventData, key: str) -> list[object]:
        """Both token matrices of a clicked pair."""
        row, _, other = picked_name(event).removeprefix("pair:").partition(":")
        return self.matrices(request.session_hash, key, row, other == str(NEGATIVE))

    def pick_dot(self, request: gr.Request, event: gr.EventData, key: str) -> list[object]:
        """Both token matrices of the pair whose dot was clicked."""
        return self.matrices(request.session_hash, key, str(picked_value(event, "row")))

    def matrices(
        self, visitor: str | None, key: str, number_: str, negative: bool = False
    ) -> list[object]:
        """What makes up the cosine of a held-out pair, before and after.

        With `negative`, of the anchor and the negative of a triplet.
        """
        done = self.run(visitor, key).done
        row = row_number(number_, len(done.held_out), "That pair is not in this run")
        texts = done.held_out.texts[row]
        a, b = texts[0], texts[NEGATIVE if negative and len(texts) > NEGATIVE else 1]
        figures: list[object] = []
        cosines = []
        for encoder in (done.source, done.encoder):
            pair = explain(encoder, a, b)
            figures.append(pair.matrix)
            cosines.append(pair.explained.cosine)
        summary = (
            f"“{a}” and “{b}”: cosine {number(cosines[0], 3)} before (above or left), "
            f"{number(cosines[1], 3)} after. The numbers of each matrix sum to it."
        )
        return [notes([summary]), *figures]

    # --- blend ------------------------------------------------------------------------------

    def draw_blend(self, request: gr.Request, key: str, alpha: object) -> str:
        """The score at another mixture."""
        own = self.handlers.workbench.own_model(key, request.session_hash)
        return blend_line(own.run, _share(alpha)) if own and own.run else ""

    def add_blend(self, request: gr.Request, key: str, alpha: object) -> list[object]:
        """Make the mixture a model of the visitor's."""
        visitor = request.session_hash
        run, share = self.run(visitor, key), _share(alpha)
        own = self.handlers.visitor(visitor)
        blended = blend_run(run, share, own.own_models.next_key())
        blended = replace(blended, name=own.own_models.free_name(blended.name))
        model = OwnModel(blended.key, blended.name, blended.tuned, blended)
        tell_gone(self.handlers.workbench.add_model(model, own))
        return self.show_run(blended.key)

    # --- try it, push -----------------------------------------------------------------------

    def draw_tried(self, request: gr.Request, key: str, a: str, b: str) -> str:
        """The cosine of two typed sentences, before and after."""
        own = self.handlers.workbench.own_model(key, request.session_hash)
        return self.tried(own.run, a, b) if own and own.run else ""

    def tried(self, run: Run, a: str, b: str) -> str:
        """The cosine of two typed sentences before and after a run."""
        settings = self.handlers.workbench.settings
        try:
            texts = [parse_text(a, "one", settings), parse_text(b, "two", settings)]
        except LabError as error:
            return message(str(error))
        before, after = (_cosine(encoder, texts) for encoder in (run.base, run.tuned))
        return message(f"Cosine {number(before, 3)} before, {number(after, 3)} after.")

    def push(
        self, request: gr.Request, key: str, repo: str, token: gr.OAuthToken | None = None
    ) -> str:
        """Send the model to the Hub, in the name of whoever is signed in."""
        from ui.finetune.takehome import push_to_hub

        if token is None:
            raise EncoderError("Sign in with Hugging Face first; the button stands beside this.")
        url = push_to_hub(self.run(request.session_hash, key), str(repo), token.token)
        return message(f"Pushed to {url}, private.")


def tell_gone(names: Sequence[str]) -> None:
    """Warn of the models that were given up for a new one."""
    if names:
        gone = ", ".join(f"“{escape(name)}”" for name in names)
        gr.Warning(f"To make room, given up: {gone}.", duration=20)


def _cosine(encoder: Encoder, texts: list[str]) -> float:
    a, b = encoder.encode(texts)
    return float(np.clip(a @ b, -1, 1))


def _share(alpha: object) -> float:
    return round(in_range(alpha, "α", 0, 1), 2)


# --- The runs of this visit: one chosen, renamed, used again, compared; models brought back -------


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
        ui.runs.pick(worded(self.pick), None, shown, **RESULTS)
        ui.rename.click(worded(self.rename), [shown, ui.name], version, **RESULTS)
        ui.archive.upload(worded(self.bring_back), ui.archive,
                          [ui.archive, *results.outputs], **RESULTS)  # fmt: skip
        gr.on(
            [shown.change, version.change, ui.against.select],
            worded(self.compare),
            [shown, ui.against],
            [ui.against, ui.compared],
            trigger_mode="always_last",
            **RESULTS,
        )
        ui.reuse.click(
            worded(self.reuse),
            [shown, model],
            [settings.model, model, settings.model_note, *settings.form.components],
            show_progress_on=settings.model_note,
            **LOAD,
        )

    def pick(self, request: gr.Request, event: gr.EventData) -> str:
        """Show the run that was clicked."""
        key = picked_name(event).removeprefix("run:")
        return self.results.own(request.session_hash, key).key

    def rename(self, request: gr.Request, key: str, name: str) -> str:
        """Give the run on screen another name."""
        self.handlers.visitor(request.session_hash).own_models.rename(key, parse_name(name))
        return now()

    def bring_back(self, request: gr.Request, path: str | None) -> list[object]:
        """Make the model in a zip that was downloaded here the visitor's again."""
        from ui.finetune.takehome import read_archive

        if path is None:
            return [gr.skip(), gr.skip(), gr.skip()]
        settings = self.handlers.workbench.settings
        with self.handlers.workbench.uploads.read_once(path) as file:
            sent = read_archive(file, settings.max_archive_bytes)
        own = self.handlers.visitor(request.session_hash)
        name = own.own_models.free_name(f"{sent.name} (brought back)")
        model = OwnModel(own.own_models.next_key(), name, sent.encoder, None, sent.record)
        tell_gone(self.handlers.workbench.add_model(model, own))
        gr.Info(f"“{escape(name)}” is here: every model picker offers it.")
        if sent.notes:
            gr.Warning(escape(" ".join(sent.notes)), duration=20)
        return [None, *self.results.show_run(model.key)]

    # --- two runs ---------------------------------------------------------------------------

    def compare(self, request: gr.Request, key: str, against: str) -> list[object]:
        """The runs to compare with, and the run on screen against the one chosen, or why not."""
        models = self.handlers.workbench.own_models(request.session_hash)
        others = {model.key: model for model in models if model.key != key}
        one = next((model for model in models if model.key == key), None)
        fitting = [
            (other.name, other.key)
            for other in others.values()
            if one and one.run and other.run and can_compare(one.run, other.run)
        ]
        choices = [(NOTHING, NOTHING), *fitting]
        other = others.get(str(against))
        chosen = other.key if other and other.key in dict(fitting).values() else NOTHING
        box = gr.Dropdown(choices=choices, value=chosen)
        return [box, against_each_other(one, other) if one and other else ""]

    # --- settings ---------------------------------------------------------------------------

    def reuse(
        self,
        request: gr.Request,
        key: str,
        model: str,
        progress: gr.Progress = gr.Progress(),  # noqa: B008 - how Gradio injects it
    ) -> list[object]:
        """Put the model and the settings of the run on screen into the form, as far as they fit."""
        visitor = request.session_hash
        own = self.results.own(visitor, key)
        if own.settings is None:
            raise EncoderError("Its zip does not say with which settings it was trained.")
        base, encoder, of_model = self.restored(own, model, visitor, progress)
        training_pairs = self.handlers.visitor(visitor).training_pairs
        kind = training_pairs.mapping.kind if training_pairs and training_pairs.mapping else None
        depth = encoder.backbone.depth
        settings, of_steps = repeating(own)
        form, of_form = form_of(settings, kind, depth, self.handlers.workbench.settings)
        values: dict[str, object] = vars(form) | {
            "blocks": gr.Slider(maximum=depth + 1, value=form.blocks)
        }
        return [
            gr.Dropdown(choices=self.picker.choices(visitor, base), value=base),
            base,
            self.picker.describe(base, encoder, visitor) + notes([*of_model, *of_steps, *of_form]),
            *values.values(),
        ]

    def restored(
        self, own: OwnModel, model: str, visitor: str | None, progress: Callable[..., object]
    ) -> tuple[str, Encoder, list[str]]:
        """The model that `own` was trained from, or else `model` and why."""
        wanted = (
            own.run.model
            if own.run
            else (own.record or RunRecord()).get("model", "an unknown model")
        )
        try:
            # A zip's word for it may be a stranger's: his "run-1" is none of this visitor's.
            if own.run is None and wanted not in self.handlers.workbench.catalog:
                raise EncoderError(f"{wanted} is none of the catalog")
            return *self.picker.load(wanted, visitor, progress), []
        except LabError:
            encoder = self.handlers.workbench.encoder(model, visitor)
            return model, encoder, [f"It was trained from {wanted}, which cannot be had here now."]


def repeating(own: OwnModel) -> tuple[TrainConfig, list[str]]:
    """Settings that repeat a run exactly, where it was planned by seconds; and a word on that."""
    assert own.settings is not None
    budget_s, steps = own.settings.budget_s, own.steps
    if budget_s is None or own.settings.steps or not steps:
        return own.settings, []
    remark = (
        f"It had {budget_s:g} seconds and made {steps:,} steps; with that number it is repeated."
    )
    return replace(own.settings, budget_s=None, steps=steps), [remark]


def against_each_other(one: OwnModel, other: OwnModel) -> str:
    """Two models of a visitor on the held-out pairs both have, or why that cannot be told."""
    back = next((model.name for model in (one, other) if model.run is None), None)
    if back is not None or one.run is None or other.run is None:
        return message(f"“{back}” was brought back from a download, without its held-out pairs.")
    try:
        return comparison_html(compare_runs(one.run, other.run), one.name, other.name)
    except NotComparable as error:
        return message(f"These two cannot be compared. {error}")
