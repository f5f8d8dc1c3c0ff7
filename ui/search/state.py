"""What the Search tab keeps for one visitor: the last answer, and what was judged."""

import threading
from dataclasses import dataclass, field

from ui.search.answer import Answer
from ui.search.index import Index
from ui.state.judgements import Grades, Judgements, left_over, split_by_texts
from ui.state.texts import OpenTexts, TabState


@dataclass(eq=False)
class SearchState(TabState):
    """All but the judgements belongs to the texts that are open."""

    index: Index | None = None  # what was searched last
    answer: Answer | None = None  # the last query and its hits
    explained: Answer | None = None  # the answer whose hit is taken apart on the page
    offered: Answer | None = None  # the answer whose hits the query lab offers
    searching: threading.Event | None = None  # set it, and that work is given up
    judged: Judgements = field(default_factory=Judgements)  # of these texts, under any model
    left: Grades = field(default_factory=dict)  # what was judged on the texts before
    # Queries that went to training: the models made of them outlive these texts.
    sent: set[str] = field(default_factory=set)

    @property
    def made_something(self) -> bool:
        """Whether hits were judged, of these texts or others."""
        return bool(self.judged.grades or self.left)

    def reopen(self, texts: OpenTexts | None) -> None:
        """No hits of other texts stay; what was judged on these very ones earlier counts again."""
        self.stop()
        self.index = self.answer = self.explained = self.offered = self.searching = None
        before = left_over(self.left, self.judged.grades)
        here, self.left = split_by_texts(before, texts.corpus.texts if texts else ())
        self.judged = Judgements(here)

    def begin(self) -> threading.Event:
        """New work; what is under way is given up."""
        self.stop()
        self.searching = threading.Event()
        return self.searching

    def stop(self) -> None:
        """Give up what is under way."""
        if self.searching is not None:
            self.searching.set()
