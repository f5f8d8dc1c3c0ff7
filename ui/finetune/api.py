"""The web API of fine-tuning: plain JSON in, plain JSON out, the same checks as the page."""

import json
import math
from collections.abc import Iterator
from dataclasses import replace

import gradio as gr

from encoder import DEFAULT_MODEL, EncoderError
from encoder.evaluation import Metric
from encoder.training import Eval, Step, TrainConfig
from encoder.training.cost import Cost
from encoder.training.losses import LOSSES, losses_for
from ingest import Finding, LabError, PairSet
from ingest.findings import Context
from ingest.findings_columns import unread_label
from ui.checks import OWN_POOLING, in_range, whole_in_range
from ui.finetune.columns import columns_as_json, parse_columns
from ui.finetune.form import AUTO, BY_STEPS, Form
from ui.finetune.handlers import FinetuneHandlers
from ui.finetune.job import Request
from ui.finetune.run import RunProgress
from ui.page.addresses import link
from ui.page.events import Lane, worded, worded_steps
from ui.page.tasks import UNHEARD
from ui.state.models import Run
from ui.state.pairs import PairsCheck, TrainingPairs, open_data, parse_mapping, parse_scale
from ui.state.workbench import Workbench

MOST_ROWS_NAMED = 100


def build_tuning_api(workbench: Workbench) -> None:
    """Add `/check_pairs` and `/fine_tune` to the current Blocks."""
    handlers = FinetuneHandlers(workbench)

    def asked(
        visitor: str | None,
        pairs: str,
        model: str,
        form: Form,
        scale: tuple[object, object],
        columns: object,
    ) -> Request:
        """What was sent, checked; two calls at a time do not see each other's pairs."""
        if not str(pairs or "").strip():
            raise EncoderError("There are no pairs. Send the text of a CSV with a row per pair.")
        training_pairs = open_data(str(pairs), "pairs", limits=handlers.upload)
        if columns is not None:
            mapping = parse_columns(columns, training_pairs.table)
            training_pairs = training_pairs.with_mapping(mapping)
        training_pairs = _scaled(training_pairs, scale)
        _check_loss(form.loss, training_pairs)
        return handlers.request(visitor, model, form, training_pairs)

    def check_pairs(
        request: gr.Request,
        pairs: str,
        model: str = DEFAULT_MODEL,
        loss: str = "",
        held_out_percent: float = 20,
        seed: int = 0,
        lowest_label: float | None = None,
        highest_label: float | None = None,
        columns: dict | None = None,
    ) -> dict:
        """Read and check pairs before training on them.

        pairs: the text of a CSV (or TSV, JSON Lines), a row per pair. model: a key of the model
        list; its cosines and token limit are part of the check. lowest_label, highest_label: of
        graded pairs, where the scale shall not be recognised from the labels. columns: {"kind",
        "texts", "label", "scale", "meanings", "ignored", "only"}, where the columns shall not be
        guessed; a remedy may give them.

        Answers {"kind", "columns", "mapping", "kept", "dropped": {reason: [rows]}, "scaling",
        "findings": [{"name", "severity", "rows", "what", "effect", "remedy", "remedies": [{"label",
        "columns"}]}], "split": {"train", "validation", "held_out"}, "problem", "notes"}; of rows
        the first 100 are named. "mapping", and "columns" of a remedy, can be sent as columns; a
        remedy that leaves rows out has none.
        """
        form = Form(loss=loss or None, held_out=held_out_percent, seed=seed)
        scale = (lowest_label, highest_label)
        sent = asked(request.session_hash, pairs, model, form, scale, columns)
        return _check_as_json(sent, handlers.check(sent))

    def fine_tune(
        request: gr.Request,
        pairs: str,
        model: str = DEFAULT_MODEL,
        pooling: str = "",
        loss: str = "",
        train_blocks: int = -1,
        steps: int = 0,
        budget_s: float = 0,
        batch_size: int = 16,
        lr: float = 0,
        seed: int = 0,
        held_out_percent: float = 20,
        lowest_label: float | None = None,
        highest_label: float | None = None,
        patience: int = TrainConfig.patience,
        columns: dict | None = None,
    ) -> Iterator[dict]:
        """Train on pairs; answers as it goes on.

        pairs: the text of a CSV, a row per pair. 0 or "" means: the default; so does -1 for
        train_blocks, of which 0 is a linear map. steps may be up to 20,000 and budget_s up to 600
        seconds, unless the host says otherwise. lowest_label, highest_label: of graded pairs, where
        the scale shall not be recognised from the labels. patience: looks at the validation part in
        a row without a higher score that end a run; 0: none do. columns: as in /check_pairs. A
        column that looks like a label and is not used is refused: say there what it is.

        Answers {"event": "waiting" | "cost" | "step" | "eval" | "progress", ...} and at last
        {"event": "done", "model": a key for the other endpoints of this session, "before", "after",
        "gain", "steps", "seconds", "download": an address on this host}. The model is kept while
        this session has a connection (gradio_client keeps one), and two minutes after that.
        """
        form = Form(
            pooling=pooling or OWN_POOLING,
            loss=loss or None,
            blocks=None if train_blocks == -1 else train_blocks,
            duration=BY_STEPS if steps else AUTO,
            steps=steps or None,
            batch_size=batch_size,
            lr=lr or None,
            seed=seed,
            held_out=held_out_percent,
            patience=patience,
        )
        scale = (lowest_label, highest_label)
        sent = asked(request.session_hash, pairs, model, form, scale, columns)
        _refuse_unread_label(sent.training_pairs.pairs)
        if train_blocks != -1:
            whole_in_range(train_blocks, "train_blocks", 0, sent.encoder.backbone.depth + 1)
        if budget_s:
            budget_s = in_range(budget_s, "budget_s", 1, workbench.settings.max_budget_s)
            if not steps:
                sent = replace(sent, config=replace(sent.config, budget_s=budget_s))
        job = handlers.start(sent, page=False)
        run, queue = RunProgress(sent), workbench.training_queue
        for is_new in run.follow(job, queue):
            if workbench.presence.is_unheard(request.session_hash):
                raise LabError(UNHEARD)
            if is_new:
                yield _progress_as_json(run, queue.place(job))
        if run.result is None:
            raise LabError(run.sentence)
        yield _run_as_json(run.result.run, handlers, request.session_hash)

    limits: Lane = {"concurrency_id": "api-tuning", "concurrency_limit": 16}
    gr.api(worded(check_pairs), api_name="check_pairs", **limits)
    gr.api(worded_steps(fine_tune), api_name="fine_tune", **limits)


def _scaled(training_pairs: TrainingPairs, scale: tuple[object, object]) -> TrainingPairs:
    """The pairs with their labels read on this scale, if one is given."""
    mapping = training_pairs.mapping
    if parse_scale(*scale) is None or mapping is None:
        return training_pairs
    if mapping.label is None:
        raise EncoderError("A scale was given, but these pairs have no column of labels.")
    columns = (*mapping.texts, mapping.label)
    return training_pairs.with_mapping(parse_mapping(training_pairs, "score", columns, scale))


def _check_loss(loss: object, training_pairs: TrainingPairs) -> None:
    """Raises EncoderError for a loss that does not exist, or does not fit these pairs."""
    kind = training_pairs.pairs.kind if training_pairs.pairs else None
    fitting = losses_for(kind) if kind else list(LOSSES)
    if loss and loss not in fitting:
        pairs = f"{kind} pairs" if kind else "any pairs"
        raise EncoderError(
            f"Loss {str(loss)[:40]!r} does not fit {pairs}. Choose one of: {', '.join(fitting)}."
        )


def _refuse_unread_label(pairs: PairSet | None) -> None:
    """Raises EncoderError for a column that looks like a label and is not used, with what helps."""
    for finding in unread_label(Context(pairs)) if pairs else ():
        if finding.severity == "error":
            choices = [remedy for remedy in finding.remedies if remedy.mapping]
            examples = (
                f"{remedy.label}: {json.dumps(columns_as_json(remedy.mapping), ensure_ascii=False)}"
                for remedy in dict.fromkeys((choices[0], choices[-1]))
                if remedy.mapping
            )
            raise EncoderError(
                f"{finding.what} {finding.effect} Send it as columns; /check_pairs gives all "
                f"choices. {'; '.join(examples)}."
            )


def _check_as_json(sent: Request, check: PairsCheck) -> dict:
    pairs, mapping = sent.training_pairs.pairs, sent.training_pairs.mapping
    named = slice(MOST_ROWS_NAMED)
    if pairs is None or mapping is None:
        return {"kind": None, "kept": 0, "findings": [], "problem": check.problem}
    split = check.parts.split if check.parts else None
    return {
        "kind": pairs.kind,
        "columns": [*mapping.texts, *([mapping.label] if mapping.label else [])],
        "mapping": columns_as_json(mapping),
        "kept": len(pairs),
        "dropped": {str(why): list(rows[named]) for why, rows in pairs.report.dropped.items()},
        "scaling": pairs.report.scaling,
        "findings": [_finding_as_json(finding) for finding in check.findings],
        "split": split
        and {
            "train": len(split.train),
            "validation": len(split.validation),
            "held_out": len(split.held_out),
        },
        "problem": check.problem,
        "notes": list(check.notes),
    }


def _finding_as_json(finding: Finding) -> dict:
    return {
        "name": finding.name,
        "severity": finding.severity,
        "rows": list(finding.rows)[:MOST_ROWS_NAMED],
        "what": finding.what,
        "effect": finding.effect,
        "remedy": finding.remedy.label if finding.remedy else None,
        "remedies": [
            {"label": r.label, "columns": columns_as_json(r.mapping) if r.mapping else None}
            for r in finding.remedies
        ],
    }


def _progress_as_json(run: RunProgress, place: int) -> dict:
    if place:
        return {"event": "waiting", "place": place, "text": run.sentence}
    event = run.event
    if isinstance(event, Cost):
        return {
            "event": "cost",
            "steps": event.steps,
            "train_s": round(event.seconds, 2),
            "scoring_s": round(event.other_s, 2),
        }
    if isinstance(event, Step):
        return {
            "event": "step",
            "step": event.step,
            "steps": event.steps,
            "loss": round(event.loss, 6),
            "left_s": round(event.left_s, 2),
        }
    if isinstance(event, Eval):
        return {
            "event": "eval",
            "step": event.step,
            "validation": _numbers(event.metrics),
            "held_out": _numbers(event.held_out),
        }
    return {"event": "progress", "text": run.sentence}


def _run_as_json(run: Run, handlers: FinetuneHandlers, visitor: str | None) -> dict:
    done, own = run.done, handlers.workbench.own_model(run.key, visitor)
    return {
        "event": "done",
        "model": run.key,
        "before": {name: _metric(metric) for name, metric in done.before.items()},
        "after": {name: _metric(metric) for name, metric in done.after.items()},
        "gain": _metric(done.gain) if done.gain else None,
        "steps": done.steps,
        "kept_step": done.kept_step,
        "stopped": done.stopped,
        "seconds": round(done.train_seconds, 2),
        "download": link(f"model/{own.token}/model.zip") if own else None,
        "notes": list(done.notes),
    }


def _metric(metric: Metric) -> dict:
    return _numbers({"value": metric.value, "low": metric.low, "high": metric.high})


def _numbers(values: dict[str, float]) -> dict:
    """JSON has no NaN."""
    return {name: round(v, 6) if math.isfinite(v) else None for name, v in values.items()}
