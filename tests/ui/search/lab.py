"""The core of the Search tab over tiny models: visitors who search, and the tab as it is wired."""

import threading
from typing import Any

from tests.ui.laid_out import LaidOut
from tests.ui.map.pages import TABLE
from ui.finetune import tab as finetune_tab
from ui.search import tab as search_tab
from ui.search.form import SearchForm
from ui.search.handlers import JudgedAnswer, SearchHandlers
from ui.state.texts import open_data
from ui.state.workbench import Workbench

QUERY = "a red cat"


def quiet(stage: str, share: float) -> None:
    """Nobody listens."""


class SearchLab(LaidOut):
    """One workbench with the tab laid out; visitors go by name and have the texts of map_pages."""

    def __init__(self, workbench: Workbench) -> None:
        super().__init__(workbench, search_tab.build, finetune_tab.build)
        self.handlers = SearchHandlers(workbench)

    def open(self, visitor: str = "ann", table: str = TABLE) -> None:
        """Give a visitor texts."""
        texts = self.handlers.texts(visitor)
        texts.open(open_data(table, "texts.csv", texts.stages))

    def find(self, visitor: str = "ann", query: str = QUERY, **form: Any) -> JudgedAnswer:
        """Search, with the verdict where it is known already."""
        if self.handlers.texts(visitor).opened is None:
            self.open(visitor)
        asked = self.handlers.request(visitor, SearchForm(query, **form))
        return self.handlers.answer(asked, quiet, threading.Event())

    def judged(self, visitor: str = "ann", **form: Any) -> JudgedAnswer:
        """Search, and wait for the verdict."""
        found = self.find(visitor, **form)
        return self.handlers.judged(found.answer, quiet, threading.Event())

    def work(self, visitor: str = "ann") -> dict[str, int]:
        """What was really computed for a visitor, by stage."""
        return dict(self.handlers.texts(visitor).stages.work)
