"""What the Fine-tune tab does when a visitor touches something. No gradio."""

from dataclasses import replace
from functools import partial

from encoder import EncoderError, TrainConfig
from encoder.training.losses import LOSSES, losses_for
from ingest import OverLimit, PairSet, template, write_csv, write_dropped
from ui.finetune.form import Form, parse_form
from ui.finetune.job import Request, cost_of, rough_s, tuning
from ui.state.costs import CostEstimate
from ui.state.jobs import Job
from ui.state.pairs import (
    NO_LABEL,
    PairsCheck,
    TrainingPairs,
    check_training_pairs,
    open_data,
    open_sample,
    parse_mapping,
)
from ui.state.workbench import Visitor, Workbench


class FinetuneHandlers:
    """The tab's behaviour over one workbench. `visitor` is the key of a browser tab."""

    def __init__(self, workbench: Workbench) -> None:
        self.workbench = workbench
        self.upload = workbench.settings.upload  # how much of a file is read

    def visitor(self, key: str | None) -> Visitor:
        """What the server keeps for this browser tab."""
        return self.workbench.visitor(key or "")

    # --- the pairs --------------------------------------------------------------------------

    def open_sample(self, visitor: str | None, name: str) -> TrainingPairs:
        """Take the pairs of a bundled file."""
        return self.visitor(visitor).put(open_sample(name))

    def open_file(self, visitor: str | None, path: str, sample: bool = False) -> TrainingPairs:
        """Take the pairs of an uploaded file, or a sample of one that is over the limit."""
        with self.workbench.uploads.read_once(path, unless=OverLimit) as file:
            return self.visitor(visitor).put(open_data(file, file.name, sample, self.upload))

    def open_text(self, visitor: str | None, text: str, sample: bool = False) -> TrainingPairs:
        """Take pasted rows, or a sample of them."""
        if not str(text or "").strip():
            raise EncoderError("Nothing was pasted. Paste a row per pair, columns separated.")
        return self.visitor(visitor).put(open_data(str(text), "pasted rows", sample, self.upload))

    def training_pairs(self, visitor: str | None) -> TrainingPairs:
        """The pairs that this visitor trains on. Raises EncoderError where there are none."""
        training_pairs = self.visitor(visitor).training_pairs
        if training_pairs is None:
            raise EncoderError("There are no pairs yet. Choose a sample, or send a file.")
        return training_pairs

    def map_columns(
        self,
        visitor: str | None,
        kind: object,
        columns: tuple[object, ...],
        scale: tuple[object, object] = (None, None),
    ) -> TrainingPairs:
        """Read the file's other columns, as another kind, or on another scale of labels."""
        training_pairs = self.training_pairs(visitor)
        mapping = parse_mapping(training_pairs, kind, columns, scale)
        if mapping == training_pairs.mapping and training_pairs.pairs is not None:
            return training_pairs  # remedies stay
        return self.visitor(visitor).put(training_pairs.with_mapping(mapping))

    def without_pairs(self, visitor: str | None, problem: str) -> TrainingPairs:
        """The file stays, but what was chosen of it makes no pairs: none are checked or trained."""
        file = self.training_pairs(visitor)
        return self.visitor(visitor).put(replace(file, pairs=None, problem=problem, applied=()))

    def column_values(
        self, training_pairs: TrainingPairs
    ) -> tuple[str | None, tuple[str | None, str | None, str | None]]:
        """The kind, and what the three dropdowns show."""
        mapping = training_pairs.mapping
        if mapping is None:
            return None, (None, None, NO_LABEL)
        third = mapping.label or (mapping.texts[2] if len(mapping.texts) > 2 else NO_LABEL)
        return mapping.kind, (mapping.texts[0], mapping.texts[1], third)

    def request(
        self,
        visitor: str | None,
        model: object,
        form: Form,
        training_pairs: TrainingPairs | None = None,
    ) -> Request:
        """Everything sent, checked; of the visitor's pairs, or of some given. Raises LabError.

        Pairs that are given do not take the place of the visitor's.
        """
        key = self.workbench.model_key(model, visitor)
        encoder = self.workbench.encoder(key, visitor)
        config = parse_form(form, encoder.backbone.depth, self.workbench.settings)
        training_pairs = training_pairs or self.training_pairs(visitor)
        return Request(self.visitor(visitor), training_pairs, key, encoder, config)

    def check(self, request: Request) -> PairsCheck:
        """Findings and split; a click on a remedy means these findings."""
        check = check_training_pairs(
            request.training_pairs, request.encoder, self._with_loss(request)
        )
        if request.is_current:
            request.visitor.pairs_check = check
        return check

    def _with_loss(self, request: Request) -> TrainConfig:
        pairs = request.training_pairs.pairs
        if pairs is None or request.config.loss in losses_for(pairs.kind):
            return request.config
        return replace(request.config, loss=losses_for(pairs.kind)[0])

    def remedy(self, visitor: str | None, name: str) -> TrainingPairs:
        """Apply a remedy of a finding on the screen: "name", or "name:1" for its next one …"""
        name, _, place = str(name).partition(":")
        choice = int(place) if place.isdecimal() and len(place) == 1 else 0
        training_pairs, check = self.training_pairs(visitor), self.visitor(visitor).pairs_check
        findings = check.findings if check and check.pairs is training_pairs.pairs else ()
        finding = next((f for f in findings if f.remedy and f.name == name), None)
        if finding is None:
            raise EncoderError("That finding is not on the list any more; look at it again.")
        return self.visitor(visitor).put(training_pairs.remedied(finding, choice))

    def loss_choices(self, kind: str) -> list[tuple[str, str]]:
        """(title, name) of the losses that fit, the default first."""
        return [(LOSSES[name].title, name) for name in losses_for(kind)]

    # --- files to take ----------------------------------------------------------------------

    def cleaned_csv(self, request: Request) -> str:
        """The pairs as they would be trained on, each with its part."""
        pairs = _pairs(request)
        parts = check_training_pairs(
            request.training_pairs, request.encoder, self._with_loss(request)
        ).parts
        return write_csv(parts.pairs, parts.split) if parts else write_csv(pairs)

    def dropped_csv(self, visitor: str | None) -> str:
        """Every row that is not trained on, and why."""
        training_pairs = self.training_pairs(visitor)
        if training_pairs.pairs is None:
            raise EncoderError(training_pairs.problem)
        if not training_pairs.pairs.report.dropped:
            raise EncoderError("No row was dropped.")
        return write_dropped(training_pairs.pairs.report, training_pairs.table)

    def template_csv(self, kind: str) -> str:
        """A small file of this kind."""
        return template(kind)

    # --- the run ----------------------------------------------------------------------------

    def cost(self, request: Request) -> CostEstimate | None:
        """Seconds, before it starts; None where the visitor has taken other pairs meanwhile.

        Some steps are made to know it. Raises LabError as `start` does.
        """
        self._check_page(request.visitor)
        pairs = _pairs(request)

        def tell(*_: object) -> None:
            if not request.is_current:
                raise _Outdated

        try:
            estimate = cost_of(request, pairs, self.workbench.training_queue, tell)
        except _Outdated:
            return None
        return estimate if request.is_current else None

    def at_stake(self, visitor: str | None) -> dict[str, int]:
        """What a visitor would lose with the page: the models, and a run that waits or goes on."""
        state = self.visitor(visitor)
        return {"models": len(state.own_models), "running": state.busy}

    def start(self, request: Request, page: bool = True) -> Job:
        """Join the queue, at once. Raises LabError for what cannot be trained.

        It cannot, too, while another run of this visitor is under way, nor for a program that has
        no page open where the host is open to everyone. `page`: it goes on while its page may come
        back.
        """
        self._check_page(request.visitor)
        if request.visitor.busy:
            raise EncoderError("A run of yours is under way. Stop it, or wait for it to end.")
        pairs, config = _pairs(request), request.config
        config.resolved(request.encoder, pairs.kind, len(pairs))  # refuses what does not fit
        estimate = request.visitor.costs.recall(request.encoder, pairs, config)
        expected_s = estimate.cost.total_s if estimate else rough_s(config)
        expected_s = min(expected_s, self.workbench.settings.max_run_s)
        job = Job(partial(tuning, request, pairs, self.workbench), expected_s=expected_s)
        visitor, line = request.visitor, self.workbench.training_queue
        visitor.job = self.workbench.enlist(job, line, visitor.key, page)
        return job

    def _check_page(self, visitor: Visitor) -> None:
        """Raises EncoderError for who may not train here."""
        has_page = self.workbench.presence.has_page(visitor.key)
        if not (has_page or self.workbench.settings.train_without_page):
            raise EncoderError(
                "This host is open to everyone, so it trains only for those who have its page "
                "open. Use the Fine-tune tab there, or run the lab on a machine of your own and "
                "train over its web API."
            )

    def stop(self, visitor: str | None) -> None:
        """End this visitor's run early with the best so far; a waiting one leaves the queue."""
        job = self.visitor(visitor).job
        if job is None:
            return
        if self.workbench.training_queue.place(job):
            self.workbench.training_queue.leave(job)
        job.stop.set()


class _Outdated(Exception):
    """The visitor has taken other pairs."""


def _pairs(request: Request) -> PairSet:
    if request.training_pairs.pairs is None:
        raise EncoderError(request.training_pairs.problem)
    return request.training_pairs.pairs
