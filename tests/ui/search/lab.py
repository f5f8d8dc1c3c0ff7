"""The Search tab over tiny models: visitors who search, and the tab as it is wired."""

import threading
from collections.abc import Mapping, Sequence
from typing import Any

import gradio as gr

from tests.ui.corpus import TABLE
from tests.ui.laid_out import LaidOut
from ui.page.components import markup
from ui.page.tab import Page, Tab
from ui.search import tab as search_tab
from ui.search.answer import Answer
from ui.search.examples import FIRST
from ui.search.form import SearchForm
from ui.search.handlers import JudgedAnswer, SearchHandlers
from ui.state.texts import OpenTexts, open_data, open_texts
from ui.state.vectors import Vectors
from ui.state.workbench import Workbench

QUERY = "a red cat"


def quiet(stage: str, share: float) -> None:
    """Nobody listens."""


class SearchLab:
    """What is behind the tab. Visitors go by name and have the small corpus, if nothing else."""

    def __init__(self, workbench: Workbench) -> None:
        self.workbench = workbench
        self.handlers = SearchHandlers(workbench)

    def open(self, visitor: str = "ann", texts: str | Sequence[str] = TABLE) -> OpenTexts:
        """Give a visitor texts: a CSV, or a list."""
        own = self.handlers.texts(visitor)
        if isinstance(texts, str):
            return own.open(open_data(texts, "texts.csv", own.stages))
        return own.open(open_texts(texts, "texts", own.stages))

    def find(
        self, visitor: str = "ann", query: str = QUERY, texts: Sequence[str] = (), **form: object
    ) -> JudgedAnswer:
        """Search, with the verdict where it is there already."""
        if texts or self.handlers.texts(visitor).opened is None:
            self.open(visitor, texts or TABLE)
        asked = self.handlers.request(visitor, SearchForm(query, **form))
        return self.handlers.answer(asked, quiet, threading.Event())

    def search(self, *visitor_query_texts: object, **form: object) -> Answer:
        """The hits alone."""
        return self.find(*visitor_query_texts, **form).answer

    def judged(self, *visitor_query_texts: object, **form: object) -> JudgedAnswer:
        """Search, and wait for the verdict."""
        answer = self.search(*visitor_query_texts, **form)
        return self.handlers.judged(answer, quiet, threading.Event())

    def sample(self, visitor: str = "ann", name: str = FIRST) -> Answer:
        """Search a sample."""
        self.handlers.open_sample(visitor, name)
        return self.search(visitor, "pool opening hours sunday")

    def work(self, visitor: str = "ann") -> dict[str, int]:
        """What was really computed for a visitor, by stage."""
        return dict(self.handlers.texts(visitor).stages.work)

    def result(self, task: str, visitor: str = "ann") -> Any:
        """What came of a task, None where nothing is kept."""
        return self.handlers.texts(visitor).tasks.results.get(task)

    def leave(self) -> None:
        """All visitors leave, and no job of theirs outlives a test; samples stay computed."""
        for visitor in list(self.workbench._visitors):
            self.workbench.forget(visitor)
        if not self.workbench.settings.vector_store:
            self.workbench.vectors = Vectors()


def stand_in(page: Page) -> Tab:
    """In the place of Fine-tune, to which pairs are sent: it says which lie ready."""
    with page.tab("finetune", "Fine-tune"):
        ready = markup(elem_id="pairs-ready")

    def open_tab(request: gr.Request, settings: Mapping[str, str]) -> list[object]:
        training_pairs = page.workbench.visitor(request.session_hash or "").training_pairs
        return [training_pairs.name if training_pairs else ""]

    return Tab("finetune", [ready], open_tab)


class SearchPage(SearchLab, LaidOut):
    """The tab laid out."""

    def __init__(self, workbench: Workbench) -> None:
        SearchLab.__init__(self, workbench)
        LaidOut.__init__(self, workbench, search_tab.build, stand_in)
        outputs = self.function("search-k", "change").outputs
        [self.searched] = [box for box in outputs if isinstance(box, gr.State)]

    def reaction(self, trigger: int, event: str, elem_id: str) -> Any:
        """The dependency of an event of a block, by its number, that fills a component."""
        [found] = [
            fn for fn in self.demo.fns.values()
            if (trigger, event) in fn.targets
            and elem_id in [getattr(box, "elem_id", None) for box in fn.outputs]
        ]  # fmt: skip
        return found

    def fresh(self, elem_id: str, *sent: object, visitor: str = "ann") -> dict:
        """What the section of a component shows after other hits."""
        return self.call(self.reaction(self.searched._id, "change", elem_id), *sent,
                         visitor=visitor)  # fmt: skip

    def arrive(self, version: str = "", visitor: str = "ann") -> dict:
        """The tab is turned to."""
        [tab] = [box for box in self.demo.blocks.values()
                 if getattr(box, "elem_id", None) == "tab-search"]  # fmt: skip
        return self.call(self.reaction(tab._id, "select", "search-corpus-facts"), version,
                         visitor=visitor)  # fmt: skip
