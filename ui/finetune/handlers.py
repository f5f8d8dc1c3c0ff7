"""What the Fine-tune tab does when a visitor touches something. No gradio."""

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from encoder import EncoderError, TrainConfig
from encoder.training.losses import LOSSES, losses_for
from ingest import PairSet, template, write_csv, write_dropped
from ui.finetune.form import Form, parse_form
from ui.finetune.job import Request, cost_of, rough_s, tuning
from ui.state.costs import Told
from ui.state.jobs import Job
from ui.state.pairs import (
    NO_LABEL,
    Checked,
    Desk,
    check_desk,
    open_data,
    open_sample,
    parse_mapping,
)
from ui.state.workbench import Visitor, Workbench


class FinetuneHandlers:
    """The tab's behaviour over one workbench. `visitor` is the key of a browser tab."""

    def __init__(self, workbench: Workbench) -> None:
        self.workbench = workbench

    def visitor(self, key: str | None) -> Visitor:
        """What is kept for this browser tab."""
        return self.workbench.visitor(key or "")

    # --- the pairs --------------------------------------------------------------------------

    def open_sample(self, visitor: str | None, title: str) -> Desk:
        """Put a bundled file on the desk."""
        return self.put(visitor, open_sample(title))

    def open_file(self, visitor: str | None, path: str, sample: bool = False) -> Desk:
        """Put an uploaded file on the desk, or a sample of one that is over the limit."""
        file = Path(path)
        return self.put(visitor, open_data(file, file.name, sample))

    def open_text(self, visitor: str | None, text: str, sample: bool = False) -> Desk:
        """Put pasted rows on the desk, or a sample of them."""
        if not str(text or "").strip():
            raise EncoderError("Nothing was pasted. Paste a row per pair, columns separated.")
        return self.put(visitor, open_data(str(text), "pasted rows", sample))

    def put(self, visitor: str | None, desk: Desk) -> Desk:
        """Put pairs on the desk in place of those that were there."""
        return self.visitor(visitor).put(desk)

    def desk(self, visitor: str | None) -> Desk:
        """What is on the desk. Raises EncoderError where nothing is."""
        desk = self.visitor(visitor).desk
        if desk is None:
            raise EncoderError("There are no pairs yet. Choose a sample, or send a file.")
        return desk

    def map_columns(
        self,
        visitor: str | None,
        kind: object,
        columns: tuple[object, ...],
        scale: tuple[object, object] = (None, None),
    ) -> Desk:
        """Read the file's other columns, as another kind, or on another scale of labels."""
        desk = self.desk(visitor)
        mapping = parse_mapping(desk, kind, columns, scale)
        if mapping == desk.mapping and desk.pairs is not None:
            return desk  # remedies stay
        return self.put(visitor, desk.with_mapping(mapping))

    def without_pairs(self, visitor: str | None, problem: str) -> Desk:
        """The file stays, but what was chosen of it makes no pairs: none are checked or trained."""
        desk = replace(self.desk(visitor), pairs=None, problem=problem, applied=())
        return self.put(visitor, desk)

    def column_values(self, desk: Desk) -> tuple[str | None, list[str | None]]:
        """The kind, and what the three dropdowns show."""
        mapping = desk.mapping
        if mapping is None:
            return None, [None, None, NO_LABEL]
        third = mapping.label or (mapping.texts[2] if len(mapping.texts) > 2 else NO_LABEL)
        return mapping.kind, [*mapping.texts[:2], third]

    def request(
        self, visitor: str | None, model: str, form: Form, desk: Desk | None = None
    ) -> Request:
        """Everything sent, checked; of the pairs on the desk, or on one given. Raises EncoderError.

        Pairs that are given leave those on the desk as they are.
        """
        encoder = self.workbench.encoder(model, visitor)
        config = parse_form(form, encoder.backbone.depth, self.workbench.settings)
        desk = desk or self.desk(visitor)
        return Request(self.visitor(visitor), desk, model, encoder, config)

    def check(self, request: Request) -> Checked:
        """Findings and split; kept, so that a click on a remedy means what was on the screen."""
        found = check_desk(request.desk, request.encoder, self._with_loss(request))
        if request.current:
            request.visitor.checked = found
        return found

    def _with_loss(self, request: Request) -> TrainConfig:
        pairs = request.desk.pairs
        if pairs is None or request.config.loss in losses_for(pairs.kind):
            return request.config
        return TrainConfig(**vars(request.config) | {"loss": losses_for(pairs.kind)[0]})

    def remedy(self, visitor: str | None, name: str) -> Desk:
        """Apply the remedy of a finding on the screen, by "remedy:<its number>:<its name>"."""
        desk, checked = self.desk(visitor), self.visitor(visitor).checked
        findings = checked.findings if checked and checked.pairs is desk.pairs else ()
        shown = {f"remedy:{number}:{found.name}": found for number, found in enumerate(findings)}
        # A check under other settings may number them anew.
        alike = [found for found in findings if found.name == name.rpartition(":")[2]]
        if name not in shown and len(alike) != 1:
            raise EncoderError("That finding is not on the list any more; look at it again.")
        return self.put(visitor, desk.remedied(shown.get(name) or alike[0]))

    def loss_choices(self, kind: str) -> list[tuple[str, str]]:
        """(title, name) of the losses that fit, the default first."""
        return [(LOSSES[name].title, name) for name in losses_for(kind)]

    # --- files to take ----------------------------------------------------------------------

    def cleaned_csv(self, request: Request) -> str:
        """The pairs as they would be trained on, each with its part."""
        if request.desk.pairs is None:
            raise EncoderError(request.desk.problem)
        found = check_desk(request.desk, request.encoder, self._with_loss(request)).parts
        return write_csv(request.desk.pairs, found.split if found else None)

    def dropped_csv(self, visitor: str | None) -> str:
        """Every row that is not trained on, and why."""
        desk = self.desk(visitor)
        if desk.pairs is None:
            raise EncoderError(desk.problem)
        if not desk.pairs.report.dropped:
            raise EncoderError("No row was dropped.")
        return write_dropped(desk.pairs.report, desk.table)

    def template_csv(self, kind: str) -> str:
        """A small file of this kind."""
        return template(kind)

    # --- the run ----------------------------------------------------------------------------

    def cost(self, request: Request) -> Told | None:
        """Seconds, said before it starts; None where other pairs were put on the desk meanwhile."""
        pairs = _pairs(request)

        def tell(*_: object) -> None:
            if not request.current:
                raise _Outdated

        try:
            found = cost_of(request, pairs, self.workbench.training_queue, tell)
        except _Outdated:
            return None
        return found if request.current else None

    def at_stake(self, visitor: str | None) -> dict[str, Any]:
        """What a visitor would lose with the page: the models, and a run that waits or goes on."""
        known = self.visitor(visitor)
        return {"models": len(known.own_models), "running": known.busy}

    def start(self, request: Request) -> Job:
        """Join the line, at once. Raises EncoderError for what cannot be trained.

        It cannot, too, while another run of this visitor is under way.
        """
        if request.visitor.busy:
            raise EncoderError("A run of yours is under way. Stop it, or wait for it to end.")
        pairs, config = _pairs(request), request.config
        config.resolved(request.encoder, pairs.kind, len(pairs))  # refuses what does not fit
        known = request.visitor.costs.known(request.encoder, pairs, config)
        expected_s = known.cost.total_s if known else rough_s(config)
        expected_s = min(expected_s, self.workbench.settings.max_run_s)
        job = Job(partial(tuning, request, pairs, self.workbench), expected_s=expected_s)
        request.visitor.job = job
        self.workbench.training_queue.join(job)
        return job

    def stop(self, visitor: str | None) -> None:
        """End this visitor's run early with the best so far; a waiting one leaves the line."""
        job = self.visitor(visitor).job
        if job is None:
            return
        if self.workbench.training_queue.place(job):
            self.workbench.training_queue.leave(job)
        job.stop.set()


class _Outdated(Exception):
    """Other pairs lie on the desk by now."""


def _pairs(request: Request) -> PairSet:
    if request.desk.pairs is None:
        raise EncoderError(request.desk.problem)
    return request.desk.pairs
