"""The further sections of the Search tab over tiny models, and visitors who have searched."""

import threading
from typing import Any

from encoder import Encoder
from tests.ui.laid_out import LaidOut, tiny_workbench
from tests.ui.map.pages import ATTRIBUTE, TAGS, TEXTS
from tests.ui.visit import Node, read_html
from ui.finetune import tab as finetune_tab
from ui.search import tab as search_tab
from ui.search.answer import Answer
from ui.search.form import SearchForm
from ui.search.handlers import SearchHandlers
from ui.state.texts import open_texts

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


class SectionsPage(LaidOut):
    """What is searched comes from `search`."""

    def __init__(self, first: Encoder, other: Encoder, **settings: Any) -> None:
        workbench = tiny_workbench(first, other, **settings)
        super().__init__(workbench, search_tab.build, finetune_tab.build)
        self.handlers = SearchHandlers(workbench)

    def search(
        self, visitor: str = "ann", query: str = QUERY, texts: Any = None, **form: Any
    ) -> Answer:
        """Search these texts, or those the visitor has, or the usual ones."""
        of_visitor = self.handlers.texts(visitor)
        if texts is not None or of_visitor.opened is None:
            given = TEXTS if texts is None else texts
            of_visitor.open(open_texts(given, "texts", of_visitor.stages))
        asked = self.handlers.request(visitor, SearchForm(query, **form))
        return self.handlers.answer(asked, quiet, threading.Event()).answer

    def sample(
        self, visitor: str = "ann", title: str = "What a small town's offices say"
    ) -> Answer:
        """Search a sample."""
        self.handlers.open_sample(visitor, title)
        return self.search(visitor, "pool opening hours sunday")

    def fresh(self, elem_id: str, visitor: str = "ann") -> dict:
        """What the section of a component shows after other hits."""
        return self.call(self.filling(elem_id, "fresh"), visitor=visitor)
