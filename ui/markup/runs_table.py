"""The runs of this visit, side by side."""

from collections.abc import Sequence
from html import escape

from encoder.evaluation import PRIMARY
from encoder.losses import LOSSES
from ui.markup.metrics import KINDS, NONE, TITLES, change_cell, hundred, what_trains
from ui.markup.pieces import message
from ui.runs import Run

HEADS = ("run", "model", "loss", "seconds", "before", "after", "gain")


def runs_table(runs: Sequence[Run], chosen: str) -> str:
    """A row a run; its name is a button that picks "run:" and the run's key."""
    if not runs:
        return message("No run yet. Each one you train is listed here.")
    heads = "".join(
        f'<th scope="col"{_NUMBER if at > 2 else ""}>{name}</th>' for at, name in enumerate(HEADS)
    )
    rows = "".join(_row(run, run.key == chosen) for run in runs)
    return (
        '<p class="lab-note">Metrics × 100, on the held-out pairs of each run; 95% intervals.</p>'
        '<div class="lab-frame" role="region" tabindex="0" aria-label="Runs">'
        '<table class="lab-table lab-runs" aria-label="Runs of this visit">'
        f"<thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table></div>"
    )


_NUMBER = ' class="num"'


def _row(run: Run, chosen: bool) -> str:
    done = run.done
    kind, config = done.predictions[0].kind, done.config
    primary = PRIMARY[kind]
    predicted = NONE if run.predicted_s is None else f"{run.predicted_s:.1f}"
    before, after = (
        hundred(metrics[primary].value) if primary in metrics else NONE
        for metrics in (done.before, done.after)
    )
    gain = change_cell(done.gain) if done.gain else NONE
    trained = what_trains(config.train_blocks or 0, done.source.backbone.depth)
    cells = (
        f"<td>{escape(run.model)}<small>{escape(done.source.pooling)} pooling</small></td>"
        f"<td>{LOSSES[config.loss or ''].title}<small>{trained}, seed {config.seed}</small></td>"
        f'<td class="num">{done.train_seconds:.1f}<small>predicted {predicted}</small></td>'
        f'<td class="num">{before}<small>{TITLES[primary]}</small></td>'
        f'<td class="num">{after}</td><td class="num">{gain}</td>'
    )
    return (
        f'<tr class="{"chosen" if chosen else ""}"><th scope="row"><button type="button" '
        f'class="lab-link" data-pick="run:{escape(run.key)}" '
        f'aria-pressed="{str(chosen).lower()}">{escape(run.name)}</button><small>'
        f"{escape(run.data)}, {KINDS[kind]}{', stopped' if done.stopped else ''}</small></th>"
        f"{cells}</tr>"
    )
