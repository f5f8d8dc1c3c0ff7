"""What a visitor takes home from a run: a zip with the model, its card, its pairs and a script."""

from ui.takehome.archive import write_archive
from ui.takehome.card import model_card
from ui.takehome.push import push_to_hub
from ui.takehome.reload import Reloaded, read_archive
from ui.takehome.script import training_script
from ui.takehome.tables import scores_csv

__all__ = [
    "Reloaded",
    "model_card",
    "push_to_hub",
    "read_archive",
    "scores_csv",
    "training_script",
    "write_archive",
]
