"""What came of a run, on the page: one run at a time, chosen in the table of runs."""

import time
from collections.abc import Sequence
from dataclasses import replace
from html import escape
from typing import Any

import gradio as gr
import numpy as np

from encoder import Encoder, EncoderError
from ui.blending import blend_line, blend_run
from ui.figures.as_json import figure_json
from ui.figures.distributions import distributions
from ui.figures.predicted import predicted
from ui.figures.token_matrix import token_matrix
from ui.guard import told
from ui.markup.ledger import NEGATIVE, ledger, ledger_rows
from ui.markup.outcome import links, outcome
from ui.markup.pieces import message, notes
from ui.markup.results import forgetting_meter, results_table
from ui.markup.runs_table import runs_table
from ui.markup.scores import number
from ui.picks import picked_name
from ui.runs import Run
from ui.shelf import Tuned
from ui.tabs.finetune_handlers import FinetuneHandlers
from ui.tabs.finetune_results_layout import ResultsLayout
from ui.tuning_form import number as form_number
from ui.view import parse_text

QUIET: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden",
                         "concurrency_id": "results", "concurrency_limit": 2}  # fmt: skip


class Results:
    """The lower part of the tab."""

    def __init__(self, handlers: FinetuneHandlers, ui: ResultsLayout) -> None:
        self.handlers, self.ui = handlers, ui
        self.shown = gr.State("")  # key of the run on screen
        self.version = gr.State("")  # new whenever the shelf has changed
        self.outputs = [self.shown, self.version]
        shown = [
            ui.box, ui.naming, ui.runs, ui.name, ui.answer, ui.table, ui.links, ui.distributions,
            ui.scatter, ui.ledger, ui.forgetting, ui.alpha, ui.blended, ui.tried, ui.pair_note,
            ui.pair_before, ui.pair_after, ui.leave,
        ]  # fmt: skip
        gr.on(
            [self.shown.change, self.version.change],
            told(self.draw),
            [self.shown, ui.order, ui.try_a, ui.try_b],
            shown,
            trigger_mode="always_last",
            **QUIET,
        )
        ui.order.change(told(self.draw_ledger), [self.shown, ui.order], ui.ledger, **QUIET)
        matrices = [ui.pair_note, ui.pair_before, ui.pair_after]
        ui.ledger.pick(told(self.pick_pair), self.shown, matrices, **QUIET)
        ui.scatter.pick(told(self.pick_dot), self.shown, matrices, **QUIET)
        ui.alpha.change(told(self.draw_blend), [self.shown, ui.alpha], ui.blended,
                        trigger_mode="always_last", **QUIET)  # fmt: skip
        ui.use_blend.click(told(self.keep_blend), [self.shown, ui.alpha],
                           self.outputs, **QUIET)  # fmt: skip
        gr.on([ui.try_a.change, ui.try_b.change], told(self.draw_tried),
              [self.shown, ui.try_a, ui.try_b], ui.tried, trigger_mode="always_last",
              **QUIET)  # fmt: skip
        if ui.push is not None:
            ui.push.click(told(self.push), [self.shown, ui.repo], ui.pushed, **QUIET)

    def arrived(self, key: str) -> list[Any]:
        """Values of `outputs` when a model has come on the shelf."""
        return [key, now()]

    def own(self, visitor: str | None, key: object) -> Tuned:
        """A model of this visitor's. Raises EncoderError."""
        found = self.handlers.workbench.tuned(str(key), visitor)
        if found is None:
            raise EncoderError("That run is not kept any more. Choose another in the table.")
        return found

    def run(self, visitor: str | None, key: object) -> Run:
        """A run of this visitor's. Raises EncoderError."""
        found = self.own(visitor, key).run
        if found is None:
            raise EncoderError("This model was brought back from a download: its run is not here.")
        return found

    # --- one run on screen ------------------------------------------------------------------

    def draw(self, request: gr.Request, key: str, order: str, a: str, b: str) -> list[Any]:
        """Everything about one run."""
        visitor = request.session_hash
        own = self.handlers.workbench.tuned(key, visitor)
        models = self.handlers.workbench.own(visitor)
        kept = self.handlers.at_stake(visitor)
        table = runs_table(models, key)
        naming = gr.Row(visible=own is not None)
        if own is None or own.run is None:
            name = own.name if own else ""
            return [gr.Column(visible=False), naming, table, name, "", "", "", None, None, "",
                    "", 1, "", "", "", None, None, kept]  # fmt: skip
        run = own.run
        before, after = run.done.predictions
        some = len(before.values) > 0
        return [
            gr.Column(visible=True),
            naming,
            table,
            run.name,
            outcome(run),
            results_table(run.done, run.study),
            links(own),
            figure_json(distributions(before, after)) if some else None,
            figure_json(predicted(before, after)) if some and before.kind == "score" else None,
            ledger(ledger_rows(run.done), order),
            forgetting_meter(run.study),
            1,
            blend_line(run, 1.0),
            self.tried(run, a, b),
            message("Click a pair to see its tokens before and after."),
            None,
            None,
            kept,
        ]

    def draw_ledger(self, request: gr.Request, key: str, order: str) -> str:
        """The pairs in another order."""
        return ledger(ledger_rows(self.run(request.session_hash, key).done), order)

    def pick_pair(self, request: gr.Request, event: gr.EventData, key: str) -> list[Any]:
        """Both token matrices of a clicked pair."""
        row, _, other = picked_name(event).removeprefix("pair:").partition(":")
        return self.matrices(request.session_hash, key, row, other == str(NEGATIVE))

    def pick_dot(self, request: gr.Request, event: gr.EventData, key: str) -> list[Any]:
        """The same for a dot of the scatter plot."""
        return self.matrices(request.session_hash, key, str(getattr(event, "row", "")))

    def matrices(
        self, visitor: str | None, key: str, number_: str, negative: bool = False
    ) -> list[Any]:
        """What makes up the cosine of a held-out pair, before and after.

        With `negative`, of the anchor and the negative of a triplet.
        """
        done = self.run(visitor, key).done
        if number_ not in map(str, range(len(done.held_out))):
            raise EncoderError("That pair is not in this run; look at the list again.")
        texts = done.held_out.texts[int(number_)]
        a, b = texts[0], texts[NEGATIVE if negative and len(texts) > NEGATIVE else 1]
        figures, cosines = [], []
        for encoder in (done.source, done.encoder):
            explained = encoder.explain_pair(a, b)
            readable = encoder.backbone.readable
            tokens = readable(explained.tokens_a), readable(explained.tokens_b)
            figures.append(figure_json(token_matrix(explained, *tokens)))
            cosines.append(explained.cosine)
        said = (
            f"“{a}” and “{b}”: cosine {number(cosines[0], 3)} before (above or left), "
            f"{number(cosines[1], 3)} after. The numbers of each matrix sum to it."
        )
        return [notes([said]), *figures]

    # --- blend ------------------------------------------------------------------------------

    def draw_blend(self, request: gr.Request, key: str, alpha: Any) -> str:
        """The score at another mixture."""
        own = self.handlers.workbench.tuned(key, request.session_hash)
        return blend_line(own.run, _share(alpha)) if own and own.run else ""

    def keep_blend(self, request: gr.Request, key: str, alpha: Any) -> list[Any]:
        """Make the mixture a model of its own."""
        visitor = request.session_hash
        run, share = self.run(visitor, key), _share(alpha)
        own = self.handlers.visitor(visitor)
        blended = blend_run(run, share, own.shelf.next_key())
        blended = replace(blended, name=own.shelf.free_name(blended.name))
        model = Tuned(blended.key, blended.name, blended.tuned, blended)
        tell_gone(self.handlers.workbench.keep(model, own))
        return self.arrived(blended.key)

    # --- try it, push -----------------------------------------------------------------------

    def draw_tried(self, request: gr.Request, key: str, a: str, b: str) -> str:
        """The cosine of two typed sentences, before and after."""
        own = self.handlers.workbench.tuned(key, request.session_hash)
        return self.tried(own.run, a, b) if own and own.run else ""

    def tried(self, run: Run, a: str, b: str) -> str:
        """The same, for a run."""
        settings = self.handlers.workbench.settings
        try:
            texts = [parse_text(a, "one", settings), parse_text(b, "two", settings)]
        except EncoderError as error:
            return message(str(error))
        before, after = (_cosine(encoder, texts) for encoder in (run.base, run.tuned))
        return message(f"Cosine {number(before, 3)} before, {number(after, 3)} after.")

    def push(
        self, request: gr.Request, key: str, repo: str, token: gr.OAuthToken | None = None
    ) -> str:
        """Send the model to the Hub, in the name of whoever is signed in."""
        from ui.takehome.push import push_to_hub

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


def _share(alpha: Any) -> float:
    return round(form_number(alpha, "α", 0, 1), 2)


def now() -> str:
    """A value that no state had before, so that its change is an event."""
    return str(time.time_ns())
