"""Choosing the texts of the Map and Search tabs. No gradio."""

from pathlib import Path
from typing import Any

from ui.atlas import Atlas
from ui.corpora import choose_columns, open_data, open_pairs, open_sample
from ui.tabs.models import ModelPicker
from ui.workbench import Workbench


class CorpusHandlers:
    """What both tabs do with texts. `visitor` is the key of a browser tab."""

    def __init__(self, workbench: Workbench) -> None:
        self.workbench = workbench
        self.settings = workbench.settings
        self.picker = ModelPicker(workbench)

    def atlas(self, visitor: str | None) -> Atlas:
        """What is kept for this browser tab."""
        return self.workbench.visitor(visitor or "").atlas

    def open_sample(self, visitor: str | None, title: str) -> Atlas:
        """A bundled corpus."""
        atlas = self.atlas(visitor)
        open_sample(atlas, title)
        return atlas

    def open_file(self, visitor: str | None, path: str) -> Atlas:
        """An uploaded file."""
        atlas, file = self.atlas(visitor), Path(path)
        open_data(atlas, file, file.name)
        return atlas

    def open_text(self, visitor: str | None, text: object) -> Atlas:
        """Pasted sentences."""
        atlas = self.atlas(visitor)
        open_data(atlas, str(text or ""), "pasted texts")
        return atlas

    def open_pairs(self, visitor: str | None) -> Atlas:
        """The texts of the pairs on the Fine-tune tab."""
        known = self.workbench.visitor(visitor or "")
        desk = known.desk
        open_pairs(known.atlas, desk.pairs if desk else None, desk.name if desk else "")
        return known.atlas

    def choose_columns(self, visitor: str | None, text: object, labels: Any) -> Atlas:
        """Other columns of the same file."""
        atlas = self.atlas(visitor)
        choose_columns(atlas, text, labels if isinstance(labels, list) else [])
        return atlas
