"""The web API of fine-tuning: plain JSON in, plain JSON out, the same checks as the page."""

import math
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import gradio as gr

from encoder import DEFAULT_MODEL, EncoderError
from encoder.evaluation import Metric
from encoder.events import Done, Eval, Step
from ingest import Finding
from ui.desk import Checked, open_data
from ui.guard import told, told_steps
from ui.runs import Run
from ui.tabs.finetune_handlers import FinetuneHandlers, Request
from ui.tabs.finetune_run import Live, watch
from ui.tabs.models import ModelPicker
from ui.tuning_form import AUTO, BY_STEPS, OWN_POOLING, Form
from ui.workbench import Workbench

MOST_ROWS_NAMED = 100


def build_tuning_api(workbench: Workbench) -> None:
    """Add `/check_pairs` and `/fine_tune` to the current Blocks."""
    handlers, picker = FinetuneHandlers(workbench), ModelPicker(workbench)

    def asked(visitor: str | None, pairs: str, model: str, form: Form) -> Request:
        key = picker.parse(model, visitor)
        if not str(pairs or "").strip():
            raise EncoderError("There are no pairs. Send the text of a CSV with a row per pair.")
        handlers.visitor(visitor).desk = open_data(str(pairs), "pairs")
        return handlers.request(visitor, key, form)

    def check_pairs(
        request: gr.Request,
        pairs: str,
        model: str = DEFAULT_MODEL,
        loss: str = "",
        held_out_percent: float = 20,
        seed: int = 0,
    ) -> dict:
        """Read and check pairs before training on them.

        pairs: the text of a CSV (or TSV, JSON Lines), a row per pair. model: a key of the model
        list; its cosines and token limit are part of the check. Answers {"kind", "columns", "kept",
        "dropped": {reason: [rows]}, "scaling", "findings": [{"name", "severity", "rows", "what",
        "effect", "remedy"}], "split": {"train", "validation", "held_out"}, "problem", "notes"}; of
        rows the first 100 are named.
        """
        form = Form(loss=loss or None, held_out=held_out_percent, seed=seed)
        sent = asked(request.session_hash, pairs, model, form)
        found = handlers.check(sent)
        return _check_as_json(sent, found)

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
    ) -> Iterator[dict]:
        """Train on pairs; answers as it goes on.

        pairs: the text of a CSV, a row per pair. 0 or "" means: the default; so does -1 for
        train_blocks, of which 0 is a linear map. Answers {"event": "waiting" | "step" | "eval" |
        "progress", ...} and at last {"event": "done", "model": a key for the other endpoints of
        this session, "before", "after", "gain", "steps", "seconds", "download": an address on this
        host}.
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
        )
        sent = asked(request.session_hash, pairs, model, form)
        if budget_s and not steps:
            sent = replace(sent, config=replace(sent.config, budget_s=float(budget_s)))
        job = handlers.start(sent)
        live = Live(sent)
        for new in watch(job, workbench.line, live):
            if new:
                yield _live_as_json(live, workbench.line.place(job))
        if live.run is None:
            raise EncoderError(live.sentence)
        yield _run_as_json(live.run, handlers, request.session_hash)

    limits: dict[str, Any] = {"concurrency_id": "api-tuning", "concurrency_limit": 16}
    gr.api(told(check_pairs), api_name="check_pairs", **limits)
    gr.api(told_steps(fine_tune), api_name="fine_tune", **limits)


def _check_as_json(sent: Request, found: Checked) -> dict:
    pairs, mapping = sent.desk.pairs, sent.desk.mapping
    named = slice(MOST_ROWS_NAMED)
    if pairs is None or mapping is None:
        return {"kind": None, "kept": 0, "findings": [], "problem": found.problem}
    split = found.parts.split if found.parts else None
    return {
        "kind": pairs.kind,
        "columns": [*mapping.texts, *([mapping.label] if mapping.label else [])],
        "kept": len(pairs),
        "dropped": {why: list(rows[named]) for why, rows in pairs.report.dropped.items()},
        "scaling": pairs.report.scaling,
        "findings": [_finding_as_json(finding) for finding in found.findings],
        "split": split
        and {
            "train": len(split.train),
            "validation": len(split.validation),
            "held_out": len(split.held_out),
        },
        "problem": found.problem,
        "notes": list(found.notes),
    }


def _finding_as_json(finding: Finding) -> dict:
    return {
        "name": finding.name,
        "severity": finding.severity,
        "rows": list(finding.rows)[:MOST_ROWS_NAMED],
        "what": finding.what,
        "effect": finding.effect,
        "remedy": finding.remedy.label if finding.remedy else None,
    }


def _live_as_json(live: Live, place: int) -> dict:
    if place:
        return {"event": "waiting", "place": place, "text": live.sentence}
    event: Step | Eval | Done | None = live.latest
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
    return {"event": "progress", "text": live.sentence}


def _run_as_json(run: Run, handlers: FinetuneHandlers, visitor: str | None) -> dict:
    done, own = run.done, handlers.workbench.tuned(run.key, visitor)
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
        "download": f"lab-download/{own.token}/model.zip" if own else None,
        "notes": list(done.notes),
    }


def _metric(metric: Metric) -> dict:
    return _numbers({"value": metric.value, "low": metric.low, "high": metric.high})


def _numbers(values: dict[str, float]) -> dict:
    """JSON has no NaN."""
    return {name: round(v, 6) if math.isfinite(v) else None for name, v in values.items()}
