"""What a run is worth beside rivals that need no training, what it cost elsewhere, and in words."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from encoder.encoder import Encoder
from encoder.evaluation import PRIMARY, Metric, Predictions, difference, evaluate
from encoder.events import Done
from encoder.probe import probe, probe_pairs
from encoder.rivals import is_identity, linear_map, mapped_predictions, whitening
from encoder.scoring import OnBatch
from ingest import text_key
from ingest.findings import count

WHITENING, LINEAR_MAP, PROBE = "whitening", "linear map", "probe"
FEW = 30  # held-out rows or groups: below, an interval is wide and uncertain itself
PHRASES = {WHITENING: "whitening", LINEAR_MAP: "a closed-form linear map"}
TITLES = {
    "spearman": "Spearman ρ",
    "average_precision": "average precision",
    "mrr": "MRR",
    "accuracy": "triplet accuracy",
}


@dataclass(frozen=True, eq=False)
class Rival:
    """A model made without training steps, scored on the same held-out pairs."""

    name: str  # "whitening", "linear map"
    encoder: Encoder
    metrics: dict[str, Metric]
    lead: Metric  # what the tuned model has over it in the primary metric, paired


@dataclass(frozen=True, eq=False)
class Study:
    """Rivals and the forgetting meter of one run."""

    rivals: tuple[Rival, ...]  # none where nothing is held out
    probe_before: Metric  # Spearman on the out-of-domain probe
    probe_after: Metric
    probe_change: Metric  # paired


def study(done: Done, on_part: Callable[[str], None] | None = None) -> Study:
    """Fit the rivals on the run's training pairs and score everything.

    `on_part` is told "whitening", "linear map" or "probe" before each part, and again while texts
    are encoded for it; what it raises ends the study.
    """
    tell = on_part or (lambda part: None)

    def heard(part: str) -> OnBatch:
        tell(part)
        return lambda *_: tell(part)

    source, seed = done.source, done.config.seed
    rivals = []
    if len(done.held_out):
        fitted = {WHITENING: whitening(source, done.train, heard(WHITENING))}
        on_batch = heard(LINEAR_MAP)
        fitted[LINEAR_MAP] = linear_map(source, done.train, done.validation, on_batch)
        for name, encoder in fitted.items():
            found = mapped_predictions(source, encoder, done.held_out)
            lead = difference(found, done.predictions[1], seed=seed)
            rivals.append(Rival(name, encoder, evaluate(found, seed), lead))
    before, after = (probe(encoder, heard(PROBE)) for encoder in (source, done.encoder))
    return Study(
        tuple(rivals),
        evaluate(before, seed)["spearman"],
        evaluate(after, seed)["spearman"],
        difference(before, after, "spearman", seed),
    )


# --- in words -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Verdict:
    """What a run showed, in plain text, to escape."""

    headline: str
    reasons: tuple[str, ...]  # sentences, the figures among them
    helped: bool | None  # True, False: shown to be better, worse; None: neither was shown


def verdict(done: Done, study: Study) -> Verdict:
    """What the 95% intervals of paired differences allow to say, and no more.

    Figures are metrics and differences × 100.
    """
    forgetting = _forgetting(study)
    if done.gain is None:
        return Verdict("Nothing was held out, so nothing can be said.", (forgetting,), None)
    unknown = _no_interval(done.predictions[0])
    if unknown:
        cannot = "The held-out rows cannot say whether it helped."
        return Verdict(cannot, (unknown, forgetting), None)
    helped = True if done.gain.low > 0 else False if done.gain.high < 0 else None
    headline = {
        True: "Better than before",
        False: "Worse than before",
        None: "No better than before",
    }
    return Verdict(
        headline[helped] + (_but(study.rivals) if helped else "") + ".",
        (
            _before_after(done),
            *(_against(rival, done) for rival in study.rivals),
            *_caveats(done),
            forgetting,
        ),
        helped,
    )


def _no_interval(found: Predictions) -> str:
    """Why these rows give no interval, "" where they do."""
    rows = count(len(found.values), "held-out row")
    if found.labels is not None:
        labels = found.labels > 0.5 if found.kind == "binary" else found.labels
        if len(np.unique(labels)) < 2:
            return f"{rows} with one label: there is no {TITLES[PRIMARY[found.kind]]} to speak of."
    if len(np.unique(found.groups)) < 2:
        return f"{rows} in one group of linked texts: what chance can do cannot be measured."
    return ""


def _before_after(done: Done) -> str:
    assert done.gain is not None
    name = PRIMARY[done.predictions[0].kind]
    chance = "; the interval includes 0" if done.gain.low <= 0 <= done.gain.high else ""
    return (
        f"{_capital(TITLES[name])} × 100 on {count(len(done.held_out), 'held-out row')}: "
        f"{_hundred(done.before[name].value)} before, {_hundred(done.after[name].value)} after, "
        f"{_change(done.gain)}{chance}."
    )


def _but(rivals: Sequence[Rival]) -> str:
    """For the headline of a run that helped: which rivals it is not shown to beat."""
    match [PHRASES[rival.name] for rival in rivals if rival.lead.low <= 0]:
        case []:
            return ""
        case [one]:
            return f", but {one}, which needs no training, does no worse"
        case several:
            return f", but {' and '.join(several)}, which need no training, do no worse"


def _against(rival: Rival, done: Done) -> str:
    """How the tuned model stands to a rival."""
    name = PRIMARY[done.predictions[0].kind]
    lead = rival.lead
    does = "worse" if lead.low > 0 else "better" if lead.high < 0 else "as well"
    same = " (the best one leaves the base as it is)" if is_identity(rival.encoder) else ""
    return (
        f"{_capital(PHRASES[rival.name])}, which needs no training, does {does}{same}: "
        f"{_hundred(rival.metrics[name].value)}; against it, training gains {_change(lead)}."
    )


def _caveats(done: Done) -> list[str]:
    """Why to trust the figures less."""
    groups, rows = len(np.unique(done.predictions[0].groups)), len(done.held_out)
    said = []
    if groups < FEW:
        said.append(
            f"Only {count(rows, 'held-out row')} in {count(groups, 'group')} of linked texts: the "
            f"interval is wide, and uncertain itself. {FEW} or more would say more."
        )
    trained = {text_key(text) for row in done.train.texts for text in row}
    leaks = sum(any(text_key(text) in trained for text in row) for row in done.held_out.texts)
    if leaks:
        said.append(
            f"{count(leaks, 'held-out row')} of {rows:,} hold a text that was trained on, so the "
            "result looks too good."
        )
    return said


def _forgetting(study: Study) -> str:
    """What the probe says about other subjects."""
    before, after, change = study.probe_before, study.probe_after, study.probe_change
    figures = (
        f"Spearman ρ × 100 on {len(probe_pairs())} pairs of other subjects: "
        f"{_hundred(before.value)} before, {_hundred(after.value)} after, {_change(change)}"
    )
    if change.high < 0:
        return f"It forgot something. {figures}."
    return f"No forgetting shows. {figures}."


def _change(change: Metric) -> str:
    """'+2.3 points (95% interval +0.4 … +4.1)'."""
    low, high = _hundred(change.low, sign=True), _hundred(change.high, sign=True)
    return f"{_hundred(change.value, sign=True)} points (95% interval {low} … {high})"


def _capital(text: str) -> str:
    return text[0].upper() + text[1:]


def _hundred(value: float, sign: bool = False) -> str:
    """Times 100 with one decimal, a true minus sign and no negative zero."""
    rounded = round(100 * value, 1) + 0.0
    return f"{rounded:{'+' if sign else ''}.1f}".replace("-", "−")
