"""The core of the Search tab over tiny models: visitors who search, and the tab as it is wired."""

import threading
from typing import Any

import gradio as gr

from tests.ui.map.lab import MapPage
from tests.ui.map.pages import TABLE
from ui.search import tab as search_tab
from ui.search.form import SearchForm
from ui.search.handlers import Found, SearchHandlers
from ui.state.texts import open_data
from ui.state.workbench import Workbench

QUERY = "a red cat"


def quiet(stage: str, share: float) -> None:
    """Nobody listens."""


class SearchLab(MapPage):
    """One workbench with the tab laid out; visitors go by name and have the texts of map_pages."""

    def __init__(self, workbench: Workbench) -> None:
        self.workbench = workbench
        self.handlers = SearchHandlers(workbench)
        with gr.Blocks() as self.demo, gr.Tabs() as tabs:
            with gr.Tab("Search", id="search", elem_id="tab-search") as tab:
                self.tab = search_tab.build(self.demo, tabs, tab, workbench)

    def open(self, visitor: str = "ann", table: str = TABLE) -> None:
        """Give a visitor texts."""
        open_data(self.handlers.atlas(visitor), table, "texts.csv")

    def find(self, visitor: str = "ann", query: str = QUERY, **form: Any) -> Found:
        """Search, with the verdict where it is known already."""
        if self.handlers.atlas(visitor).corpus is None:
            self.open(visitor)
        asked = self.handlers.request(visitor, SearchForm(query, **form))
        return self.handlers.answer(asked, quiet, threading.Event())

    def judged(self, visitor: str = "ann", **form: Any) -> Found:
        """Search, and wait for the verdict."""
        found = self.find(visitor, **form)
        return self.handlers.judged(found.answer, quiet, threading.Event())

    def work(self, visitor: str = "ann") -> dict[str, int]:
        """What was really computed for a visitor, by stage."""
        return dict(self.handlers.atlas(visitor).stages.work)
