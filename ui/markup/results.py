"""What a run was worth: the model before and after, its rivals, and what it forgot."""

from collections.abc import Mapping
from html import escape

import numpy as np

from encoder.evaluation import METRICS, PRIMARY, Metric
from encoder.training import Done
from encoder.training.judge_run import RunJudgement
from encoder.training.losses import LOSSES
from ingest.findings import count
from ui.markup.metrics import (
    NONE,
    TITLES,
    change_cell,
    hundred,
    interval,
    judged,
    what_trains,
)
from ui.markup.pieces import message
from ui.markup.scores import Axis

GAUGE_STEP = 10  # points


def results_table(done: Done, study: RunJudgement | None) -> str:
    """A row a model, a column a metric: before, after, and what needed no training.

    The primary metric and what the tuned model leads by stand first.
    """
    kind = done.predictions[0].kind
    if done.gain is None:
        return message("No pairs were held out, so what the training is worth is not known.")
    rows = _row("before", "before", "the model you started from", done.before, done.gain)
    rows += _row("after", "after", "the tuned model", done.after, None)
    for rival in study.rivals if study else ():
        rows += _row("rival", rival.name, "no training", rival.metrics, rival.lead)
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


def _row(
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


def forgetting_meter(study: RunJudgement) -> str:
    """Spearman on pairs of other subjects, before and after, on one axis."""
    before, after, change = study.probe_before, study.probe_after, study.probe_change
    lowest = 100 * min(before.low, after.low, before.value, after.value)
    low = max(-100.0, GAUGE_STEP * np.floor(lowest / GAUGE_STEP))
    axis = Axis(float(low), 100.0, GAUGE_STEP if low >= 50 else 2 * GAUGE_STEP)
    rows = _gauge("before", before, axis) + _gauge("after", after, axis)
    figures = f"{hundred(change.value, sign=True)} ({interval(change, sign=True)})"
    return (
        f'<div class="lab-meter"><p class="said">{forgetting(study)}</p>'
        f'<div class="gauge">{rows}<div class="ticks" aria-hidden="true">{axis.ticks()}</div></div>'
        f'<p class="lab-note">Spearman ρ × 100 on pairs of other subjects than yours, with 95% '
        f"intervals. Change, on the same draws: {figures}.</p></div>"
    )


def forgetting(study: RunJudgement) -> str:
    """What the change out of domain says, in a sentence."""
    return {
        "better": "Nothing was forgotten: on other subjects the model is a little better, too.",
        "worse": "The model forgot something: on other subjects it is worse than before.",
        "unclear": "No forgetting that could be told from chance.",
        "unknown": "Whether anything was forgotten cannot be said.",
    }[judged(study.probe_change)]


def _gauge(name: str, metric: Metric, axis: Axis) -> str:
    low, at, high = (axis.at(100 * value) for value in (metric.low, metric.value, metric.high))
    return (
        f'<div class="line {name}"><span class="name">{name}</span><span class="track" '
        f'aria-hidden="true"><i class="reach" style="left:{low:.2f}%;width:{high - low:.2f}%"></i>'
        f'<i class="at" style="left:{at:.2f}%"></i></span><span class="num">{hundred(metric.value)}'
        f"<small>{interval(metric)}</small></span></div>"
    )
