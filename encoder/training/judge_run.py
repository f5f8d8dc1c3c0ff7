"""What a run is worth beside rivals that need no training, and what it cost elsewhere."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from encoder.background import FOLDER
from encoder.encoder import Encoder
from encoder.evaluation import Metric, OnBatch, Predictions, difference, evaluate
from encoder.training.events import Done
from encoder.training.rivals import linear_map, mapped_predictions, whitening
from encoder.training.scoring import predictions
from ingest import PairSet, read_pairs

# --- The out-of-domain probe: graded pairs that show what a model forgets -------------------------


@cache
def probe_pairs() -> PairSet:
    """Graded pairs of our own writing; no sample and no background text is among them."""
    return read_pairs(FOLDER / "probe_pairs.csv")


def probe(encoder: Encoder, on_batch: OnBatch | None = None) -> Predictions:
    """What an encoder says about them; a second time from the vectors that it has cached.

    `on_batch` is told (texts encoded, texts in all).
    """
    return predictions(encoder, probe_pairs(), on_batch)


WHITENING, LINEAR_MAP, PROBE = "whitening", "linear map", "probe"


@dataclass(frozen=True, eq=False)
class Rival:
    """A model made without training steps, scored on the same held-out pairs."""

    name: str  # "whitening", "linear map"
    encoder: Encoder
    metrics: dict[str, Metric]
    lead: Metric  # what the tuned model has over it in the primary metric, paired


@dataclass(frozen=True, eq=False)
class RunJudgement:
    """Rivals and the forgetting meter of one run."""

    rivals: tuple[Rival, ...]  # none where nothing is held out
    probe_before: Metric  # Spearman on the out-of-domain probe
    probe_after: Metric
    probe_change: Metric  # paired


def judge_run(done: Done, on_part: Callable[[str], None] | None = None) -> RunJudgement:
    """Fit the rivals on the run's training pairs and score everything.

    `on_part` is told "whitening", "linear map" or "probe" before each part, and again while texts
    are encoded for it; what it raises ends the judging.
    """
    tell = on_part or (lambda part: None)

    def listener(part: str) -> OnBatch:
        tell(part)
        return lambda *_: tell(part)

    def against(one: Predictions, other: Predictions, part: str, metric: str = "") -> Metric:
        return difference(one, other, metric, seed, on_batch=listener(part))

    source, seed = done.source, done.config.seed
    rivals = []
    if len(done.held_out):
        fitted = {WHITENING: whitening(source, done.train, listener(WHITENING))}
        on_batch = listener(LINEAR_MAP)
        fitted[LINEAR_MAP] = linear_map(source, done.train, done.validation, on_batch)
        for name, encoder in fitted.items():
            scored = mapped_predictions(source, encoder, done.held_out, listener(name))
            metrics = evaluate(scored, seed, on_batch=listener(name))
            lead = against(scored, done.predictions[1], name)
            rivals.append(Rival(name, encoder, metrics, lead))
    before, after = (probe(encoder, listener(PROBE)) for encoder in (source, done.encoder))
    return RunJudgement(
        tuple(rivals),
        evaluate(before, seed, on_batch=listener(PROBE))["spearman"],
        evaluate(after, seed, on_batch=listener(PROBE))["spearman"],
        against(before, after, PROBE, "spearman"),
    )
