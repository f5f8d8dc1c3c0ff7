"""What a run was worth: the model before and after, its rivals, and what it forgot."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from math import nan

import numpy as np

from encoder.evaluation import METRICS, PRIMARY, Metric
from encoder.metrics import TITLES
from encoder.training import Done, TrainConfig
from encoder.training.judge_run import RunJudgement
from encoder.training.losses import LOSSES
from ingest.findings import count
from ui.checks import one_of
from ui.finetune.check_html import text_html
from ui.finetune.metrics import KINDS, change_cell, direction_of
from ui.state.models import OwnModel, Run, RunRecord
from ui.words import NONE, Axis, hundred, interval, message, number, what_trains

GAUGE_STEP = 10  # points


def results_table(done: Done, judgement: RunJudgement | None) -> str:
    """A row a model, a column a metric: before, after, and what needed no training.

    The primary metric and what the tuned model leads by stand first.
    """
    kind = done.predictions[0].kind
    if done.gain is None:
        return message("No pairs were held out, so what the training is worth is not known.")
    rows = _metrics_row("before", "before", "the model you started from", done.before, done.gain)
    rows += _metrics_row("after", "after", "the tuned model", done.after, None)
    for rival in judgement.rivals if judgement else ():
        rows += _metrics_row("rival", rival.name, "no training", rival.metrics, rival.lead)
    first, *others = (f'<th scope="col" class="num">{TITLES[n]}</th>' for n in METRICS[kind])
    ahead = (
        f'<th scope="col" class="num">after is ahead by<small>{TITLES[PRIMARY[kind]]}</small></th>'
    )
    return (
        '<p class="lab-note">On the held-out pairs, × 100, with 95% intervals.</p>'
        '<div class="lab-frame" role="region" tabindex="0" aria-label="Before and after">'
        '<table class="lab-table lab-results" aria-label="Before and after, and rivals"><thead><tr>'
        f'<th scope="col">model</th>{first}{ahead}{"".join(others)}</tr></thead>'
        f"<tbody>{rows}</tbody></table></div>{settings_line(done)}"
    )


def _metrics_row(
    kind: str, name: str, what: str, metrics: Mapping[str, Metric], lead: Metric | None
) -> str:
    first, *others = (
        f'<td class="num">{hundred(metric.value)}<small>{interval(metric)}</small></td>'
        for metric in metrics.values()
    )
    ahead = change_cell(lead) if lead else NONE
    return (
        f'<tr class="{kind}"><th scope="row"><i class="key {kind}"></i><span><b>{escape(name)}</b>'
        f'<small class="more">{what}</small></span></th>{first}<td class="num lead">{ahead}</td>'
        f"{''.join(others)}</tr>"
    )


def settings_line(done: Done) -> str:
    """The settings and the pairs that the numbers hold for."""
    config, groups = done.config, len(np.unique(done.predictions[0].groups))
    parts = [
        done.source.name,
        f"{done.source.pooling} pooling",
        f"{LOSSES[config.loss or ''].title} loss",
        what_trains(config.train_blocks or 0, done.source.backbone.depth),
        f"step {done.kept_step:,} of {done.steps:,} kept",
        f"seed {config.seed}",
        f"{count(len(done.held_out), 'held-out row')} in {count(groups, 'group')} of linked texts",
    ]
    return f'<p class="lab-note">{escape(" · ".join(parts))}</p>'


def forgetting_meter(judgement: RunJudgement) -> str:
    """Spearman on pairs of other subjects, before and after, on one axis."""
    before, after, change = judgement.probe_before, judgement.probe_after, judgement.probe_change
    lowest = 100 * min(before.low, after.low, before.value, after.value)
    low = max(-100.0, GAUGE_STEP * np.floor(lowest / GAUGE_STEP))
    axis = Axis(float(low), 100.0, GAUGE_STEP if low >= 50 else 2 * GAUGE_STEP)
    rows = _gauge("before", before, axis) + _gauge("after", after, axis)
    figures = f"{hundred(change.value, sign=True)} ({interval(change, sign=True)})"
    return (
        f'<div class="lab-meter"><p class="said">{forgetting(judgement)}</p>'
        f'<div class="gauge">{rows}<div class="ticks" aria-hidden="true">{axis.ticks()}</div></div>'
        f'<p class="lab-note">Spearman ρ × 100 on pairs of other subjects than yours, with 95% '
        f"intervals. Change, on the same draws: {figures}.</p></div>"
    )


def forgetting(judgement: RunJudgement) -> str:
    """What the change out of domain says, in a sentence."""
    return {
        "better": "Nothing was forgotten: on other subjects the model is a little better, too.",
        "worse": "The model forgot something: on other subjects it is worse than before.",
        "unclear": "No forgetting that could be told from chance.",
        "unknown": "Whether anything was forgotten cannot be said.",
    }[direction_of(judgement.probe_change)]


def _gauge(name: str, metric: Metric, axis: Axis) -> str:
    low, at, high = (axis.at(100 * value) for value in (metric.low, metric.value, metric.high))
    return (
        f'<div class="line {name}"><span class="name">{name}</span><span class="track" '
        f'aria-hidden="true"><i class="reach" style="left:{low:.2f}%;width:{high - low:.2f}%"></i>'
        f'<i class="at" style="left:{at:.2f}%"></i></span><span class="num">{hundred(metric.value)}'
        f"<small>{interval(metric)}</small></span></div>"
    )


# --- Every held-out pair before and after, what got worse first -----------------------------------


TEXT_CHARS = 240
NEGATIVE = 2  # its place among the texts of a triplet
COUNTS = {  # what before and after count, and when a change is for the better
    "score": ("cosine", "closer to the label"),
    "binary": ("cosine", "towards the side of the label: up for 1, down for 0"),
    "positive": ("rank", "the own positive found earlier"),
    "triplet": ("margin", "the positive further ahead of the negative"),
}


@dataclass(frozen=True)
class LedgerRow:
    """One held-out pair. `before` and `after` are what `Predictions.values` counts."""

    index: int  # in `done.held_out`
    number: int  # of the row in the file
    kind: str
    texts: tuple[str, ...]
    label: float | None  # 0 … 1
    before: float
    after: float
    change: float  # above 0 for the better


def ledger_rows(done: Done) -> list[LedgerRow]:
    """All held-out pairs, in the order of the file."""
    pairs, (before, after) = done.held_out, done.predictions
    changes = _change(before.kind, before.values, after.values, pairs.labels)
    return [
        LedgerRow(
            index,
            pairs.row_numbers[index],
            before.kind,
            pairs.texts[index],
            None if pairs.labels is None else float(pairs.labels[index]),
            float(before.values[index]),
            float(after.values[index]),
            float(changes[index]),
        )
        for index in range(len(pairs))
    ]


def _change(
    kind: str, before: np.ndarray, after: np.ndarray, labels: np.ndarray | None
) -> np.ndarray:
    """(N,) what got better, in the unit of the values."""
    if labels is None:
        return before - after if kind == "positive" else after - before
    if kind == "binary":
        return (after - before) * np.where(labels > 0.5, 1, -1)
    return np.abs(before - labels) - np.abs(after - labels)


# Ties stay in the order of the file.
ORDERS: dict[str, Callable[[LedgerRow], float]] = {
    "worst first": lambda row: row.change,
    "best first": lambda row: -row.change,
    "label": lambda row: -1.0 if row.label is None else -row.label,
    "file order": lambda row: row.number,
}


def sort_rows(rows: Sequence[LedgerRow], by: str) -> list[LedgerRow]:
    """Sorted by one of ORDERS; "label" puts the highest first. Raises UnknownName."""
    return sorted(rows, key=ORDERS[one_of(by, "order", ORDERS)])


def ledger(rows: Sequence[LedgerRow], sort: str = "worst first", limit: int = 50) -> str:
    """The first `limit` rows of that order; a row's button picks "pair:" and its index.

    That of a triplet's negative picks "pair:", its index and ":2".
    """
    if not rows:
        return message("No pairs were held out.")
    counted, better = COUNTS[rows[0].kind]
    labelled = rows[0].label is not None
    body = "".join(_pair_row(row) for row in sort_rows(rows, sort)[:limit])
    shown = f"The first {limit:,} of {len(rows):,}" if len(rows) > limit else f"All {len(rows):,}"
    worse = sum(word(row) == "worse" for row in rows)
    label = '<th scope="col" class="num">label</th>' if labelled else ""
    return (
        f'<p class="lab-note">{shown} held-out pairs, {escape(sort)}; {worse:,} of {len(rows):,} '
        f"got worse. Better means {better}.</p>"
        '<div class="lab-frame lab-tall" role="region" tabindex="0" aria-label="Held-out pairs">'
        '<table class="lab-table lab-ledger"><caption class="lab-unseen">'
        f"Held-out pairs, {escape(sort)}</caption>"
        f'<thead><tr><th scope="col">row</th><th scope="col">texts</th>{label}'
        f'<th scope="col" class="num">{counted} before</th><th scope="col" class="num">after</th>'
        f'<th scope="col" class="num">change</th></tr></thead><tbody>{body}</tbody></table></div>'
    )


def _pair_row(row: LedgerRow) -> str:
    sides = ("A", "B") if row.label is not None else ("anchor", "positive", "negative")
    shown = [f'<span class="side">{side}</span>' for side in sides[: len(row.texts)]]
    if len(shown) > NEGATIVE:  # what decides a margin is taken apart, too
        shown[NEGATIVE] = (
            f'<button type="button" class="lab-button" data-pick="pair:{row.index}:{NEGATIVE}" '
            f'aria-label="Row {row.number:,}: open the matrices of its negative">negative</button>'
        )
    texts = "".join(
        f"<p>{side} {text_html(text, TEXT_CHARS)}</p>"
        for side, text in zip(shown, row.texts, strict=True)
    )
    label, decimals = "", 0 if row.kind == "binary" else 2
    if row.label is not None:
        label = f'<td class="num" data-of="label">{number(row.label, decimals)}</td>'
    return (
        f'<tr><th scope="row"><button type="button" class="lab-button" '
        f'data-pick="pair:{row.index}" aria-label="Row {row.number:,}: open its matrices">'
        f'{row.number:,}</button></th><td class="texts">{texts}</td>{label}'
        f'<td class="num before" data-of="before">{value(row, row.before)}</td>'
        f'<td class="num after" data-of="after">{value(row, row.after)}</td>'
        f'<td class="num" data-of="change">{change(row)}</td></tr>'
    )


def value(row: LedgerRow, amount: float) -> str:
    """A cosine or margin with two decimals; a rank whole, or a half where it is shared."""
    if row.kind != "positive":
        return number(amount, 2)
    return f"{amount:,.0f}" if amount == int(amount) else f"{amount:,.1f}"


def word(row: LedgerRow) -> str:
    """Better, worse, or the same where the change is too small for the digits shown."""
    if abs(row.change) < 0.005:
        return "same"
    return "better" if row.change > 0 else "worse"


def change(row: LedgerRow) -> str:
    """How the number moved, with a sign, and whether that is better, in a word beside the colour.

    From 0.20 to 0.25 is +0.05, and worse where the label is 0.
    """
    direction = word(row)
    if direction == "same":
        return direction
    moved = row.after - row.before
    sign = "+" if moved > 0 else "−"
    return (
        f'<span class="{direction}">{sign}{value(row, abs(moved))}<small>{direction}</small></span>'
    )


# --- The runs of this visit, side by side ---------------------------------------------------------


HEADS = ("run", "model", "loss", "seconds", "before", "after", "gain")


def runs_table(models: Sequence[OwnModel], chosen: str) -> str:
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


def _model_row(model: OwnModel, chosen: bool) -> str:
    if model.run is not None:
        about, cells = _of_run(model.run)
    else:
        about, cells = _of_record(model.record or {})
    return (
        f'<tr class="{"chosen" if chosen else ""}"><th scope="row"><button type="button" '
        f'class="lab-link" data-pick="run:{escape(model.key)}" '
        f'aria-pressed="{str(chosen).lower()}" dir="auto">{escape(model.name)}</button><small>'
        f"{escape(about)}</small></th>{cells}</tr>"
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


def _of_record(record: RunRecord) -> tuple[str, str]:
    """What stands below the name of a model that was brought back, and the cells its zip fills."""
    settings = record.get("settings")
    kind = record.get("kind")
    if not settings or not kind:
        return "brought back; its zip says nothing of its training", f"<td>{NONE}</td>" * 6
    before, after, gain = (
        Metric(*(nan if part is None else part for part in parts)) if parts else None
        for parts in (
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
