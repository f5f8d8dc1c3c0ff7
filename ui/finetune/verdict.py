"""What a run showed, in plain words, and no more than its intervals say."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from math import isfinite

import numpy as np

from encoder.evaluation import FEWEST_GROUPS, PRIMARY, Metric, Predictions
from encoder.metrics import TITLES
from encoder.training import Done
from encoder.training.judge_run import LINEAR_MAP, WHITENING, Rival, RunJudgement, probe_pairs
from encoder.training.rivals import is_identity
from ingest import text_key
from ingest.findings import count
from ui.finetune.metrics import smallest_shown
from ui.page.addresses import link
from ui.state.models import OwnModel, Run
from ui.words import hundred, interval, notes

FEW = 30  # held-out rows or groups: below, an interval is wide and uncertain itself
PHRASES = {WHITENING: "whitening", LINEAR_MAP: "a closed-form linear map"}


@dataclass(frozen=True)
class Verdict:
    """What a run showed, in plain text, to escape."""

    headline: str
    reasons: tuple[str, ...]  # sentences, the figures among them
    helped: bool | None  # True, False: shown to be better, worse; None: neither was shown


def verdict(done: Done, judgement: RunJudgement, rows_trained_before: int = 0) -> Verdict:
    """What the 95% intervals of paired differences allow to say, and no more.

    Figures are metrics and differences × 100. rows_trained_before: held-out rows with a text that
    the model which was trained had been trained on before.
    """
    forgetting = _forgetting(judgement)
    if done.gain is None:
        return Verdict("Nothing was held out, so nothing can be said.", (forgetting,), None)
    unknown = _no_interval(done.predictions[0])
    if unknown:
        cannot = "The held-out rows cannot say whether it helped."
        return Verdict(cannot, (unknown, forgetting), None)
    helped = True if done.gain.low > 0 else False if done.gain.high < 0 else None
    return Verdict(
        _headline(helped, done, judgement.rivals),
        (
            _before_after(done),
            *(_against(rival, done) for rival in judgement.rivals),
            *_trained_before(done, rows_trained_before),
            *_caveats(done),
            forgetting,
        ),
        helped,
    )


def _headline(helped: bool | None, done: Done, rivals: Sequence[Rival]) -> str:
    if helped is None:
        assert done.gain is not None
        return (
            f"Not shown to differ from before: on {count(len(done.held_out), 'held-out row')} a "
            f"gain shows from about {hundred(smallest_shown(done.gain))} points on."
        )
    return f"Better than before{_but(rivals)}." if helped else "Worse than before."


def _no_interval(held_out: Predictions) -> str:
    """Why these rows give no interval, "" where they do."""
    rows = count(len(held_out.values), "held-out row")
    if held_out.labels is not None:
        labels = held_out.labels > 0.5 if held_out.kind == "binary" else held_out.labels
        if len(np.unique(labels)) < 2:
            return (
                f"{rows} with one label: there is no {TITLES[PRIMARY[held_out.kind]]} to speak of."
            )
    groups = len(np.unique(held_out.groups))
    if groups < FEWEST_GROUPS:
        linked = "one group" if groups == 1 else f"{groups} groups"
        return f"{rows} in {linked} of linked texts: what chance can do cannot be measured."
    return ""


def _before_after(done: Done) -> str:
    assert done.gain is not None
    name = PRIMARY[done.predictions[0].kind]
    chance = "; the interval includes 0" if done.gain.low <= 0 <= done.gain.high else ""
    return (
        f"{_capital(TITLES[name])} × 100 on {count(len(done.held_out), 'held-out row')}: "
        f"{hundred(done.before[name].value)} before, {hundred(done.after[name].value)} after, "
        f"{_change(done.gain)}{chance}."
    )


def _but(rivals: Sequence[Rival]) -> str:
    """For the headline of a run that helped: which rivals it is not shown to beat."""
    match [PHRASES[rival.name] for rival in rivals if rival.lead.low <= 0]:
        case []:
            return ""
        case [one]:
            return f", but {one}, which needs no training, is not shown to do worse"
        case several:
            names = " and ".join(several)
            return f", but {names}, which need no training, are not shown to do worse"


def _against(rival: Rival, done: Done) -> str:
    """How the tuned model stands to a rival."""
    name = PRIMARY[done.predictions[0].kind]
    lead = rival.lead
    does = "does worse" if lead.low > 0 else "does better" if lead.high < 0 else (
        f"is not shown to differ on these {count(len(done.held_out), 'row')}"
    )  # fmt: skip
    same = " (the best one leaves the base as it is)" if is_identity(rival.encoder) else ""
    return (
        f"{_capital(PHRASES[rival.name])}, which needs no training, {does}{same}: "
        f"{hundred(rival.metrics[name].value)}; against it, training gains {_change(lead)}."
    )


def _trained_before(done: Done, rows: int) -> list[str]:
    """Why the figures before and after cannot be those of pairs never seen."""
    if not rows:
        return []
    of_all = count(len(done.held_out), "held-out row")
    return [
        f"{rows:,} of {of_all} hold a text that an earlier run had trained the model on, so both "
        "figures look too good. Use the same pairs, seed and held-out share as in that run."
    ]


def _caveats(done: Done) -> list[str]:
    """Why to trust the figures less."""
    groups, rows = len(np.unique(done.predictions[0].groups)), len(done.held_out)
    reasons = []
    if groups < FEW:
        reasons.append(
            f"Only {count(rows, 'held-out row')} in {count(groups, 'group')} of linked texts: the "
            f"interval is wide, and uncertain itself. {FEW} or more would say more."
        )
    trained = {text_key(text) for row in done.train.texts for text in row}
    leaks = sum(any(text_key(text) in trained for text in row) for row in done.held_out.texts)
    if leaks:
        reasons.append(
            f"{count(leaks, 'held-out row')} of {rows:,} hold a text that was trained on, so the "
            "result looks too good."
        )
    return reasons


def _forgetting(judgement: RunJudgement) -> str:
    """What the probe says about other subjects."""
    before, after, change = judgement.probe_before, judgement.probe_after, judgement.probe_change
    figures = (
        f"Spearman ρ × 100 on {len(probe_pairs())} pairs of other subjects: "
        f"{hundred(before.value)} before, {hundred(after.value)} after, {_change(change)}"
    )
    if change.high < 0:
        return f"It forgot something. {figures}."
    smallest = smallest_shown(change)
    could = f"; a loss shows from about {hundred(smallest)} points on" if isfinite(smallest) else ""
    return f"No forgetting shows. {figures}{could}."


def _change(change: Metric) -> str:
    """'+2.3 points (95% interval +0.4 … +4.1)'."""
    points = hundred(change.value, sign=True)
    return f"{points} points (95% interval {interval(change, sign=True)})"


def _capital(text: str) -> str:
    return text[0].upper() + text[1:]


# --- The outcome of a run in words, and what of it can be taken home ------------------------------


def outcome(run: Run) -> str:
    """The verdict, what backs it, and the settings and seconds."""
    judgement = verdict(run.done, run.judgement, run.rows_trained_before)
    more = " ".join(judgement.reasons)
    seconds = f"{run.done.train_seconds:.1f} s of training"
    if run.predicted_s is not None:
        seconds += f", {run.predicted_s:.1f} s were predicted"
    facts = [run.summary, f"{run.done.steps} steps, kept {run.done.kept_step}", seconds]
    facts += ["stopped early"] if run.done.stopped else []
    return (
        f'<div class="lab-answer" role="status"><p class="verdict">{escape(judgement.headline)}</p>'
        f'<p class="more">{escape(more)}</p><p class="facts">{escape(" · ".join(facts))}</p></div>'
        + notes(run.done.notes)
    )


def links(own: OwnModel) -> str:
    """Downloads, relative to the page."""
    folder = link(f"model/{own.token}")
    files = {
        "model.zip": "Download the model (zip)",
        "scores.csv": "Scores of the held-out pairs",
        "train.py": "Training script",
    }
    addresses = " ".join(
        f'<a class="lab-download" download href="{folder}/{name}">{title}</a>'
        for name, title in files.items()
    )
    return f'<p class="lab-links">{addresses}</p>' + notes(
        ["The zip loads with SentenceTransformer(folder), and can be brought back here."]
    )
