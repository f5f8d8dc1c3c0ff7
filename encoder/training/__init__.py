"""Fine-tuning on sentence pairs: what trains, how a run goes, and what it is worth."""

from encoder.errors import TrainingFailed
from encoder.training.config import TrainConfig
from encoder.training.events import Done, Eval, Event, Step
from encoder.training.run import (
    AFTER,
    BEFORE,
    FROZEN,
    LOOK,
    STEP,
    OnProgress,
    Parts,
    fine_tune,
    parts,
)

__all__ = [
    "AFTER",
    "BEFORE",
    "FROZEN",
    "LOOK",
    "STEP",
    "Done",
    "Eval",
    "Event",
    "OnProgress",
    "Parts",
    "Step",
    "TrainConfig",
    "TrainingFailed",
    "fine_tune",
    "parts",
]
