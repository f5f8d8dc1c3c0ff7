"""What a visitor takes home from a run: a zip with the model, its card, its pairs and a script."""

from ui.finetune.takehome.archive import scores_csv, write_archive
from ui.finetune.takehome.card import model_card
from ui.finetune.takehome.push import push_to_hub
from ui.finetune.takehome.reload import ReloadedModel, read_archive
from ui.finetune.takehome.script import training_script

__all__ = [
    "ReloadedModel",
    "model_card",
    "push_to_hub",
    "read_archive",
    "scores_csv",
    "training_script",
    "write_archive",
]
