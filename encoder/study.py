"""What a run is worth beside rivals that need no training, and what it cost elsewhere."""

from collections.abc import Callable
from dataclasses import dataclass

from encoder.encoder import Encoder
from encoder.evaluation import Metric, Predictions, difference, evaluate
from encoder.events import Done
from encoder.probe import probe
from encoder.rivals import linear_map, mapped_predictions, whitening
from encoder.scoring import OnBatch

WHITENING, LINEAR_MAP, PROBE = "whitening", "linear map", "probe"


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

    def against(one: Predictions, other: Predictions, part: str, metric: str = "") -> Metric:
        return difference(one, other, metric, seed, on_batch=heard(part))

    source, seed = done.source, done.config.seed
    rivals = []
    if len(done.held_out):
        fitted = {WHITENING: whitening(source, done.train, heard(WHITENING))}
        on_batch = heard(LINEAR_MAP)
        fitted[LINEAR_MAP] = linear_map(source, done.train, done.validation, on_batch)
        for name, encoder in fitted.items():
            found = mapped_predictions(source, encoder, done.held_out, heard(name))
            metrics = evaluate(found, seed, on_batch=heard(name))
            lead = against(found, done.predictions[1], name)
            rivals.append(Rival(name, encoder, metrics, lead))
    before, after = (probe(encoder, heard(PROBE)) for encoder in (source, done.encoder))
    return Study(
        tuple(rivals),
        evaluate(before, seed, on_batch=heard(PROBE))["spearman"],
        evaluate(after, seed, on_batch=heard(PROBE))["spearman"],
        against(before, after, PROBE, "spearman"),
    )
