"""What the Search tab does when a visitor touches something. No gradio."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial

from encoder import Encoder, EncoderError
from explore import Stopped
from explore.verdict import Verdict
from ingest import Corpus
from ui.checks import pooling_at, row_number
from ui.page.tasks import Task, stoppable
from ui.page.texts import TextsHandlers
from ui.search.answer import (
    NO_HIT,
    Answer,
    HitExplanation,
    explain_hit,
    find,
    is_judged,
    keywords,
    verdict,
)
from ui.search.form import Search, SearchForm, parse
from ui.search.index import Index, build_index, is_encoded
from ui.search.state import SearchState
from ui.state.jobs import Job
from ui.state.stages import Tell
from ui.state.texts import OpenTexts, for_search

EXPECTED_S = 15.0  # of one index, for those who wait
NOTHING_YET = "Nothing has been searched yet: ask a question first, by Enter."
STAGES = {
    "encode": "Turning texts into vectors",
    "store": "Storing the vectors",
    "keywords": "Counting the words",
    "queries": "Asking what has nothing to do with these texts, to compare the best hits",
}


@dataclass(frozen=True, eq=False)
class SearchRequest:
    """Everything a search is made of, checked. `owner` is "" where the vectors are a sample's."""

    state: SearchState
    texts: OpenTexts
    corpus: Corpus
    encoder: Encoder
    search: Search
    owner: str


@dataclass(frozen=True, eq=False)
class JudgedAnswer:
    """An answer, and what its best hit is worth once that is known."""

    answer: Answer
    verdict: Verdict | None = None
    whole: bool = False  # nothing more will come


class SearchHandlers(TextsHandlers):
    """The tab's behaviour over one workbench. `visitor` is the key of a browser tab."""

    def state(self, visitor: str | None) -> SearchState:
        """What this tab keeps for a visitor."""
        return self.texts(visitor).state(SearchState)

    def index(self, visitor: str | None) -> Index:
        """What was searched last. Raises EncoderError where there is nothing yet."""
        index = self.state(visitor).index
        if index is None:
            raise EncoderError(NOTHING_YET)
        return index

    def last(self, visitor: str | None) -> Answer:
        """The last query: its text, vector, hits and k. Raises EncoderError before the first."""
        answer = self.state(visitor).answer
        if answer is None:
            raise EncoderError(NOTHING_YET)
        return answer

    def stays(self, task: Task, visitor: str | None) -> bool:
        """Whether what a section shows may stay when there are other hits.

        It may while it is of the vectors that were searched, or while something new is under way.
        """
        result, index = task.result(visitor), self.state(visitor).index
        current = result is not None and index is not None and result.source == index.source
        return current or task.is_running(visitor)

    # --- one search -------------------------------------------------------------------------

    def request(self, visitor: str | None, form: SearchForm) -> SearchRequest:
        """Everything sent, checked. Raises EncoderError."""
        texts = self.opened(visitor)
        search = parse(form, self.settings)
        key = self.picker.parse(search.settings.model, visitor)
        encoder = self.workbench.encoder(key, visitor)
        pooling = pooling_at(search.settings.layer, search.settings.pooling, encoder)
        search = replace(search, settings=replace(search.settings, model=key, pooling=pooling))
        # What depends on a visitor's own model is the visitor's, whatever the texts are.
        shared = texts.bundled and self.workbench.own_model(key, visitor) is None
        corpus = for_search(texts.corpus, self.settings.search_texts)
        owner = "" if shared else visitor or ""
        return SearchRequest(self.state(visitor), texts, corpus, encoder, search, owner)

    def is_ready(self, asked: SearchRequest) -> bool:
        """Whether `answer` has nothing to compute but the query itself."""
        texts, corpus = asked.texts, asked.corpus
        counted = texts.stages.known("bm25", (texts.identity, len(corpus)))
        return is_encoded(texts, corpus, asked.encoder, asked.search.settings) and (
            counted or asked.search.method == "dense"
        )

    def answer(self, asked: SearchRequest, tell: Tell, stop: threading.Event) -> JudgedAnswer:
        """The hits, and the verdict where nothing has to be computed for it. Raises Stopped."""
        search, state = asked.search, asked.state
        index = build_index(
            asked.texts, asked.corpus, asked.encoder, search.settings, asked.owner, tell, stop
        )
        self.workbench.vectors.put(index.collection, index.vectors, tell, stop)
        words = keywords(index, tell, stop) if search.method != "dense" else None
        answer = find(index, search.query, search.method, search.k, self.workbench.vectors, words)
        if stop.is_set():
            raise Stopped
        state.index, state.answer = index, answer
        return self.judged(answer, tell, stop) if is_judged(answer) else JudgedAnswer(answer)

    def answer_now(self, asked: SearchRequest, stop: threading.Event) -> JudgedAnswer | None:
        """`answer` outside the line of long work; None where a newer search has ended this one.

        Raises LabError.
        """
        try:
            return self.answer(asked, lambda *_: None, stop)
        except Stopped:
            return None

    def judged(self, answer: Answer, tell: Tell, stop: threading.Event) -> JudgedAnswer:
        """An answer with what its best hit is worth. Raises Stopped."""
        return JudgedAnswer(answer, verdict(answer, tell, stop), True)

    def start(
        self,
        visitor: str | None,
        asked: SearchRequest,
        stop: threading.Event,
        answered: JudgedAnswer | None = None,
    ) -> Job:
        """Queue what takes time; yields the answer, and again with the verdict.

        Where `answered` has the hits already, only the verdict is still to come.
        """
        job = Job(stoppable(partial(self._work, asked, answered)), expected_s=EXPECTED_S, stop=stop)
        self.workbench.enlist(job, self.workbench.work_queue, visitor)
        self.workbench.visitor(visitor or "").indexing = job
        return job

    def _work(
        self, asked: SearchRequest, answered: JudgedAnswer | None, tell: Tell, stop: threading.Event
    ) -> Iterator[JudgedAnswer]:
        if answered is None:
            answered = self.answer(asked, tell, stop)
            yield answered
        if not answered.whole:
            yield self.judged(answered.answer, tell, stop)

    # --- one hit ----------------------------------------------------------------------------

    def why(self, visitor: str | None, name: str) -> HitExplanation:
        """A hit of the last query by "why:<row>", taken apart. Raises EncoderError."""
        answer = self.last(visitor)
        why = explain_hit(answer, row_number(name.removeprefix("why:"), answer.rows, NO_HIT))
        self.state(visitor).explained = answer
        return why
