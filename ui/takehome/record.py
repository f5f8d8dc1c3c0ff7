"""`run.json`: what a table of runs shows of a run, as it is written."""

from collections.abc import Mapping
from dataclasses import asdict
from math import isfinite
from typing import Any

from encoder.evaluation import Metric
from ui.runs import Run
from ui.takehome.facts import base_of, one_line, versions

FORMAT = 1


def record_of(run: Run) -> dict[str, Any]:
    """Settings and metrics of a run as plain JSON values; metrics as [value, low, high]."""
    done, study = run.done, run.study
    return {
        "format": FORMAT,
        "name": one_line(run.name),
        "model": one_line(run.model),
        "hub_id": base_of(run).hub_id,
        "data": one_line(run.data),
        "kind": done.train.kind,
        "pooling": run.base.pooling,
        "blocks": run.base.backbone.depth,
        "settings": asdict(done.config),
        "steps": done.steps,
        "kept_step": done.kept_step,
        "stopped": done.stopped,
        "train_seconds": done.train_seconds,
        "predicted_seconds": run.predicted_s,
        "rows": {
            "train": len(done.train),
            "validation": len(done.validation),
            "held-out": len(done.held_out),
        },
        "before": _metrics(done.before),
        "after": _metrics(done.after),
        "gain": _metric(done.gain),
        "rivals": [
            {
                "name": rival.name,
                "metrics": _metrics(rival.metrics),
                "lead": _metric(rival.lead),
            }
            for rival in study.rivals
        ],
        "probe": {
            "before": _metric(study.probe_before),
            "after": _metric(study.probe_after),
            "change": _metric(study.probe_change),
        },
        "notes": [one_line(note) for note in done.notes],
        "versions": versions(),
    }


def _metric(metric: Metric | None) -> list[float | None] | None:
    """None where there is no number, which JSON cannot say; so are bounds that are unknown."""
    if metric is None or not isfinite(metric.value):
        return None
    return [
        number if isfinite(number) else None for number in (metric.value, metric.low, metric.high)
    ]


def _metrics(metrics: Mapping[str, Metric]) -> dict[str, list[float | None] | None]:
    return {name: _metric(metric) for name, metric in metrics.items()}
