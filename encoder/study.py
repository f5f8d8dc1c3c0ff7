"""What a run is worth beside rivals that need no training, and what it cost elsewhere."""

from dataclasses import dataclass

from encoder.encoder import Encoder
from encoder.evaluation import Metric
from encoder.events import Done


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

    rivals: tuple[Rival, ...]
    probe_before: Metric  # Spearman on the out-of-domain probe
    probe_after: Metric
    probe_change: Metric  # paired


def study(done: Done) -> Study:
    """Fit the rivals on the run's training pairs and score everything."""
    raise NotImplementedError
