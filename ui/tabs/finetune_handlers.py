"""What the Fine-tune tab does when a visitor touches something. No gradio."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from encoder import Encoder, EncoderError, TrainConfig
from encoder.cost import Cost, estimate, measure_speed
from encoder.losses import LOSSES, losses_for
from encoder.study import study
from encoder.training import Done, fine_tune
from ingest import template, write_csv, write_dropped
from ui.desk import (
    NO_LABEL,
    Checked,
    Desk,
    check_desk,
    open_data,
    open_sample,
    parse_mapping,
)
from ui.jobs import Job
from ui.runs import Run
from ui.shelf import Tuned
from ui.tuning_form import Form, parse_form
from ui.workbench import Visitor, Workbench


@dataclass(frozen=True, eq=False)
class Request:
    """Everything a run or its check is made of, checked."""

    visitor: Visitor
    desk: Desk
    model: str
    encoder: Encoder
    config: TrainConfig


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
        return self._put(visitor, open_sample(title))

    def open_file(self, visitor: str | None, path: str, sample: bool = False) -> Desk:
        """Put an uploaded file on the desk, or a sample of one that is over the limit."""
        file = Path(path)
        return self._put(visitor, open_data(file, file.name, sample))

    def open_text(self, visitor: str | None, text: str, sample: bool = False) -> Desk:
        """Put pasted rows on the desk, or a sample of them."""
        if not str(text or "").strip():
            raise EncoderError("Nothing was pasted. Paste a row per pair, columns separated.")
        return self._put(visitor, open_data(str(text), "pasted rows", sample))

    def _put(self, visitor: str | None, desk: Desk) -> Desk:
        known = self.visitor(visitor)
        known.desk = desk
        known.speeds.clear()  # they were timed on other texts
        return desk

    def desk(self, visitor: str | None) -> Desk:
        """What is on the desk. Raises EncoderError where nothing is."""
        desk = self.visitor(visitor).desk
        if desk is None:
            raise EncoderError("There are no pairs yet. Choose a sample, or send a file.")
        return desk

    def map_columns(self, visitor: str | None, kind: object, columns: tuple[object, ...]) -> Desk:
        """Read the file's other columns, or as another kind."""
        desk = self.desk(visitor)
        return self._put(visitor, desk.with_mapping(parse_mapping(desk, kind, columns)))

    def column_values(self, desk: Desk) -> tuple[str | None, list[str | None]]:
        """The kind, and what the three dropdowns show."""
        mapping = desk.mapping
        if mapping is None:
            return None, [None, None, NO_LABEL]
        third = mapping.label or (mapping.texts[2] if len(mapping.texts) > 2 else NO_LABEL)
        return mapping.kind, [*mapping.texts[:2], third]

    def request(self, visitor: str | None, model: str, form: Form) -> Request:
        """Everything sent, checked. Raises EncoderError."""
        encoder = self.workbench.encoder(model, visitor)
        config = parse_form(form, encoder.backbone.depth)
        desk = self.desk(visitor)
        return Request(self.visitor(visitor), desk, model, encoder, config)

    def check(self, request: Request) -> Checked:
        """Findings and split; kept, so that a click on a remedy means what was on the screen."""
        found = check_desk(request.desk, request.encoder, self._with_loss(request))
        request.visitor.checked = found
        return found

    def _with_loss(self, request: Request) -> TrainConfig:
        pairs = request.desk.pairs
        if pairs is None or request.config.loss in losses_for(pairs.kind):
            return request.config
        return TrainConfig(**vars(request.config) | {"loss": losses_for(pairs.kind)[0]})

    def remedy(self, visitor: str | None, name: str) -> Desk:
        """Apply the remedy of a finding on the screen, by "remedy:<its number>"."""
        checked = self.visitor(visitor).checked
        kind, _, number = name.partition(":")
        findings = checked.findings if checked else ()
        if kind != "remedy" or number not in map(str, range(len(findings))):
            raise EncoderError("That finding is not on the list any more; look at it again.")
        return self._put(visitor, self.desk(visitor).remedied(findings[int(number)]))

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

    def cost(self, request: Request) -> Cost:
        """Seconds, said before it starts; what was timed once is not timed again."""
        pairs = request.desk.pairs
        if pairs is None:
            raise EncoderError(request.desk.problem)
        config = request.config
        source = request.encoder
        timed = (source.backbone.fingerprint, config.pooling, config.train_blocks,
                 config.batch_size, config.loss)  # fmt: skip
        speeds = request.visitor.speeds
        if timed not in speeds:
            speeds[timed] = measure_speed(source, pairs, config)
        return estimate(source, pairs, config, speed=speeds[timed])

    def start(self, request: Request) -> Job:
        """Join the line. Raises EncoderError while another run of this visitor is under way."""
        if request.visitor.busy:
            raise EncoderError("A run of yours is under way. Stop it, or wait for it to end.")
        if request.desk.pairs is None:
            raise EncoderError(request.desk.problem)
        cost = self.cost(request)
        job = Job(partial(self._work, request, cost.seconds), expected_s=cost.seconds)
        request.visitor.job = job
        self.workbench.line.join(job)
        return job

    def _work(self, request: Request, predicted_s: float, job: Job) -> Iterator[Any]:
        """Events of the run, and at last the models kept and the names of those given up."""
        pairs = request.desk.pairs
        assert pairs is not None
        done: Done | None = None
        for event in fine_tune(
            request.encoder, pairs, request.config, stop=job.stop, on_progress=job.tell
        ):
            yield event
            done = event if isinstance(event, Done) else done
        assert done is not None
        found = study(done, lambda part: job.tell(part, 0, 0))
        job.tell("keeping", 0, 0)  # last chance to be cancelled
        shelf = request.visitor.shelf
        key = shelf.next_key()
        name = f"{request.desk.name.rsplit('.', 1)[0]}, {key.replace('-', ' ')}"
        table = request.desk.table if pairs.report.dropped else None
        run = Run(key, name, request.model, request.desk.name, done, found, predicted_s, table)
        gone = self.workbench.keep(Tuned(key, name, done.encoder, run), request.visitor)
        yield run, gone

    def stop(self, visitor: str | None) -> None:
        """End this visitor's run early with the best so far; a waiting one leaves the line."""
        job = self.visitor(visitor).job
        if job is None:
            return
        if self.workbench.line.place(job):
            self.workbench.line.leave(job)
        job.stop.set()
