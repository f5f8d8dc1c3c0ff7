"""The further sections of the Search tab over tiny models, and visitors who have searched."""

import threading
from typing import Any

import gradio as gr

from encoder import Encoder
from tests.ui.map.lab import MapPage, tiny_workbench
from tests.ui.map.pages import ATTRIBUTE, TAGS, TEXTS
from tests.ui.visit import Node, read_html
from ui.finetune.data import Data
from ui.finetune.handlers import FinetuneHandlers
from ui.finetune.layout import lay_out_data
from ui.search.answer import Answer
from ui.search.form import SearchForm
from ui.search.handlers import SearchHandlers
from ui.search.tab import SearchSections
from ui.state.texts import open_sample, open_texts

QUERY = "a red cat"


def check(piece: str) -> Node:
    """Well-formed, our own tags and attributes only, tables with headers."""
    root = read_html(piece)
    for node in root.walk():
        assert node.tag in TAGS | {"small"}, node.tag
        assert all(map(ATTRIBUTE.fullmatch, node.attributes)), node.attributes
    for table in root.all(".lab-table"):
        assert {th.attributes.get("scope") for th in table.one("thead").all("th")} == {"col"}
    return root


def quiet(stage: str, share: float) -> None:
    """Nobody listens."""


class SectionsPage(MapPage):
    """Laid out without the core of the tab: what is searched comes from `search`."""

    def __init__(self, first: Encoder, other: Encoder, **settings: Any) -> None:
        self.workbench = tiny_workbench(first, other, **settings)
        self.handlers = SearchHandlers(self.workbench)
        with gr.Blocks() as self.demo, gr.Tabs() as tabs:
            with gr.Tab("Search", id="search", elem_id="tab-search") as tab:
                self.searched = gr.State("")
                self.sections = SearchSections(self.handlers, tab, self.searched)
            with gr.Tab("Fine-tune", id="finetune") as tuning:
                self.data = Data(
                    tuning, FinetuneHandlers(self.workbench), lay_out_data(), gr.Dropdown([])
                )
            self.sections.judge.sending.connect(tabs, self.data)

    def search(
        self, visitor: str = "ann", query: str = QUERY, texts: Any = None, **form: Any
    ) -> Answer:
        """Search these texts, or those the visitor has, or the usual ones."""
        atlas = self.handlers.atlas(visitor)
        if texts is not None or atlas.corpus is None:
            open_texts(atlas, TEXTS if texts is None else texts, "texts")
        asked = self.handlers.request(visitor, SearchForm(query, **form))
        return self.handlers.answer(asked, quiet, threading.Event()).answer

    def sample(
        self, visitor: str = "ann", title: str = "What a small town's offices say"
    ) -> Answer:
        """Search a sample."""
        open_sample(self.handlers.atlas(visitor), title)
        return self.search(visitor, "pool opening hours sunday")

    def fresh(self, visitor: str = "ann", at: int = 0) -> dict:  # type: ignore[override]
        """What a section shows after other hits: 0 query lab, 1 judge, 2 compression, 3 twins."""
        changes = [
            fn for fn in self.demo.fns.values() if (self.searched._id, "change") in fn.targets
        ]
        return self.call(changes[at], visitor=visitor)
