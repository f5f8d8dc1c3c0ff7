"""The runs of this visit, side by side."""

from collections.abc import Mapping, Sequence
from html import escape
from math import nan
from typing import Any

from encoder.evaluation import PRIMARY, Metric
from encoder.training import TrainConfig
from encoder.training.losses import LOSSES
from ui.markup.metrics import KINDS, NONE, TITLES, change_cell, hundred, what_trains
from ui.markup.pieces import message
from ui.runs import Run
from ui.shelf import Tuned

HEADS = ("run", "model", "loss", "seconds", "before", "after", "gain")


def runs_table(models: Sequence[Tuned], chosen: str) -> str:
    """A row a model; its name is a button that picks "run:" and the model's key."""
    if not models:
        return message("No run yet. Each one you train is listed here.")
    heads = "".join(
        f'<th scope="col"{_NUMBER if at > 2 else ""}>{name}</th>' for at, name in enumerate(HEADS)
    )
    rows = "".join(_model_row(model, model.key == chosen) for model in models)
    return (
        '<p class="lab-note">Metrics × 100, on the held-out pairs of each run; 95% intervals.</p>'
        '<div class="lab-frame" role="region" tabindex="0" aria-label="Runs">'
        '<table class="lab-table lab-runs" aria-label="Runs of this visit">'
        f"<thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table></div>"
    )


_NUMBER = ' class="num"'


def _model_row(model: Tuned, chosen: bool) -> str:
    if model.run is not None:
        told, cells = _of_run(model.run)
    else:
        told, cells = _of_record(model.record or {})
    return (
        f'<tr class="{"chosen" if chosen else ""}"><th scope="row"><button type="button" '
        f'class="lab-link" data-pick="run:{escape(model.key)}" '
        f'aria-pressed="{str(chosen).lower()}">{escape(model.name)}</button><small>'
        f"{escape(told)}</small></th>{cells}</tr>"
    )


def _of_run(run: Run) -> tuple[str, str]:
    """What stands below the name, and the cells."""
    done = run.done
    kind = done.predictions[0].kind
    cells = _cells(
        kind, run.model, done.source.pooling, done.config, done.source.backbone.depth,
        (done.train_seconds, run.predicted_s),
        done.before.get(PRIMARY[kind]), done.after.get(PRIMARY[kind]), done.gain,
    )  # fmt: skip
    return f"{run.data}, {KINDS[kind]}{', stopped' if done.stopped else ''}", cells


def _of_record(record: Mapping[str, Any]) -> tuple[str, str]:
    """The same of a model that was brought back, as far as its zip says."""
    settings = record.get("settings")
    kind = record.get("kind")
    if not settings or not kind:
        return "brought back; its zip says nothing of its training", f"<td>{NONE}</td>" * 6
    before, after, gain = (
        Metric(*(nan if part is None else part for part in found)) if found else None
        for found in (
            record.get("before", {}).get(PRIMARY[kind]),
            record.get("after", {}).get(PRIMARY[kind]),
            record.get("gain"),
        )
    )
    cells = _cells(
        kind, record.get("model", NONE), record.get("pooling", NONE), TrainConfig(**settings),
        record.get("blocks"), (record.get("train_seconds"), record.get("predicted_seconds")),
        before, after, gain,
    )  # fmt: skip
    return f"brought back: {record.get('data', NONE)}, {KINDS[kind]}", cells


def _cells(
    kind: str,
    model: str,
    pooling: str,
    config: TrainConfig,
    depth: int | None,
    seconds: tuple[float | None, float | None],
    before: Metric | None,
    after: Metric | None,
    gain: Metric | None,
) -> str:
    took, predicted = (NONE if value is None else f"{value:.1f}" for value in seconds)
    was, became = (hundred(metric.value) if metric else NONE for metric in (before, after))
    trained = what_trains(config.train_blocks or 0, depth)
    return (
        f"<td>{escape(model)}<small>{escape(pooling)} pooling</small></td>"
        f"<td>{LOSSES[config.loss or ''].title}<small>{trained}, seed {config.seed}</small></td>"
        f'<td class="num">{took}<small>predicted {predicted}</small></td>'
        f'<td class="num">{was}<small>{TITLES[PRIMARY[kind]]}</small></td>'
        f'<td class="num">{became}</td>'
        f'<td class="num">{change_cell(gain) if gain else NONE}</td>'
    )
