"""What the Search tab does when a visitor touches something. No gradio."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial

from encoder import Encoder, EncoderError
from explore import ExploreError, Stopped
from explore.lexical import Bm25Index
from explore.verdict import Verdict
from ingest import Corpus
from ui.checks import pooling_at
from ui.page.tasks import stoppable
from ui.page.texts import CorpusHandlers
from ui.search.answer import (
    Answer,
    Why,
    background,
    explain_hit,
    find,
    has_background,
    keywords,
    verdict,
)
from ui.search.form import Search, SearchForm, parse
from ui.search.index import Index, build_index, is_encoded
from ui.state.jobs import Job
from ui.state.stages import Tell
from ui.state.texts import Atlas, for_search

EXPECTED_S = 15.0  # of one index, for those who wait
NOTHING_YET = "Nothing has been searched yet: ask a question first, by Enter."
EXPLAINED = "explained"  # in what was made for a visitor: the answer whose hit is taken apart
STAGES = {
    "encode": "Turning texts into vectors",
    "store": "Storing the vectors",
    "keywords": "Counting the words",
    "queries": "Asking what has nothing to do with these texts, to compare the best hits",
}


@dataclass(frozen=True, eq=False)
class SearchRequest:
    """Everything a search is made of, checked. `owner` is "" where the vectors are a sample's."""

    atlas: Atlas
    corpus: Corpus
    encoder: Encoder
    search: Search
    owner: str


@dataclass(frozen=True, eq=False)
class Found:
    """An answer, and what its best hit is worth once that is known."""

    answer: Answer
    verdict: Verdict | None = None
    whole: bool = False  # nothing more will come


class SearchHandlers(CorpusHandlers):
    """The tab's behaviour over one workbench. `visitor` is the key of a browser tab."""

    def index(self, visitor: str | None) -> Index:
        """What was searched last. Raises EncoderError where there is nothing yet."""
        found = self.atlas(visitor).index
        if found is None:
            raise EncoderError(NOTHING_YET)
        return found

    def last(self, visitor: str | None) -> Answer:
        """The last query: its text, vector, hits and k. Raises EncoderError before the first."""
        found = self.atlas(visitor).answer
        if found is None:
            raise EncoderError(NOTHING_YET)
        return found

    def keywords(self, index: Index, tell: Tell, stop: threading.Event) -> Bm25Index:
        """BM25 over the texts of an index, made once. Raises Stopped."""
        return keywords(index, tell, stop)

    # --- one search -------------------------------------------------------------------------

    def request(self, visitor: str | None, form: SearchForm) -> SearchRequest:
        """Everything sent, checked. Raises EncoderError."""
        atlas = self.atlas(visitor)
        if atlas.corpus is None:
            raise EncoderError("There are no texts yet. Choose a sample, or send a file.")
        search = parse(form, self.settings)
        key = self.picker.parse(search.settings.model, visitor)
        encoder = self.workbench.encoder(key, visitor)
        pooling = pooling_at(search.settings.layer, search.settings.pooling, encoder)
        search = replace(search, settings=replace(search.settings, model=key, pooling=pooling))
        # What depends on a visitor's own model is the visitor's, whatever the texts are.
        shared = atlas.bundled and self.workbench.tuned(key, visitor) is None
        corpus = for_search(atlas.corpus, self.settings.search_texts)
        return SearchRequest(atlas, corpus, encoder, search, "" if shared else visitor or "")

    def is_ready(self, asked: SearchRequest) -> bool:
        """Whether `answer` has nothing to compute but the query itself."""
        atlas, corpus = asked.atlas, asked.corpus
        counted = atlas.stages.known("bm25", (atlas.identity, len(corpus)))
        return is_encoded(atlas, corpus, asked.encoder, asked.search.settings) and (
            counted or asked.search.method == "dense"
        )

    def answer(self, asked: SearchRequest, tell: Tell, stop: threading.Event) -> Found:
        """The hits, and the verdict where nothing has to be computed for it. Raises Stopped."""
        search, atlas = asked.search, asked.atlas
        index = build_index(
            atlas, asked.corpus, asked.encoder, search.settings, asked.owner, tell, stop
        )
        self.workbench.vectors.put(index.collection, index.vectors, tell, stop)
        words = keywords(index, tell, stop) if search.method != "dense" else None
        found = find(index, search.query, search.method, search.k, self.workbench.vectors, words)
        if stop.is_set():
            raise Stopped
        atlas.index, atlas.answer = index, found
        return (
            self.judged(found, tell, stop) if has_background(index, search.method) else Found(found)
        )

    def answer_now(self, asked: SearchRequest, stop: threading.Event) -> Found | None:
        """`answer` outside the line of long work; None where a newer search has ended this one.

        Raises EncoderError.
        """
        try:
            return self.answer(asked, lambda *_: None, stop)
        except Stopped:
            return None
        except ExploreError as error:
            raise EncoderError(str(error)) from error

    def judged(self, answer: Answer, tell: Tell, stop: threading.Event) -> Found:
        """The same with what the best hit is worth. Raises Stopped."""
        best = background(answer.index, answer.method, tell, stop)
        return Found(answer, verdict(answer, best), True)

    def start(
        self,
        visitor: str | None,
        asked: SearchRequest,
        stop: threading.Event,
        found: Found | None = None,
    ) -> Job:
        """Join the line of maps with what takes time; yields Found, and again with the verdict.

        Where hits are `found` already, only the verdict is still to come.
        """
        job = Job(stoppable(partial(self._work, asked, found)), expected_s=EXPECTED_S, stop=stop)
        self.workbench.visitor(visitor or "").indexing = job
        self.workbench.maps.join(job)
        return job

    def _work(
        self, asked: SearchRequest, found: Found | None, tell: Tell, stop: threading.Event
    ) -> Iterator[Found]:
        if found is None:
            found = self.answer(asked, tell, stop)
            yield found
        if not found.whole:
            yield self.judged(found.answer, tell, stop)

    # --- one hit ----------------------------------------------------------------------------

    def why(self, visitor: str | None, name: str) -> Why:
        """A hit of the last query by "why:<row>", taken apart. Raises EncoderError."""
        answer = self.last(visitor)
        word = name.removeprefix("why:")
        row = int(word) if word.isascii() and word.isdecimal() and len(word) < 9 else -1
        if row not in answer.rows:
            raise EncoderError("That text is not among the hits any more; click again.")
        why = explain_hit(answer, row)
        self.atlas(visitor).made[EXPLAINED] = answer
        return why

    def is_explained(self, answer: Answer) -> bool:
        """Whether one of these very hits is taken apart on the page."""
        return answer.index.atlas.made.get(EXPLAINED) is answer
