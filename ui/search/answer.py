"""A query and what it found: vectors, keywords or both, how long it took, and what it is worth."""

import secrets
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from encoder import Encoder
from encoder.readability import reading
from explore import Hits, search
from explore.coverage import coverage
from explore.fusion import reciprocal_rank_fusion
from explore.lexical import Bm25Index, TermScore
from explore.verdict import Verdict
from ui.page.matrix import ReadablePair, explain
from ui.search.background import background, has_background, languages, no_background
from ui.search.index import Index, SearchSettings, prompts, query_options, text_options
from ui.state.stages import Tell

NO_HIT = "That text is not among the hits any more"
DEEP = 100  # ranks of each ranking that go into a fusion


class Store(Protocol):
    """Where vectors are searched; see ui.state.vectors."""

    def search(self, name: str, vectors: np.ndarray, queries: np.ndarray, k: int) -> Hits:
        """The k best rows for each query (Q, D), of vectors (N, D) that go by a name."""


class InMemory:
    """Searches the vectors that it is given, for work that keeps nothing."""

    def search(self, name: str, vectors: np.ndarray, queries: np.ndarray, k: int) -> Hits:
        """The k best rows of `vectors` (N, D) for each query (Q, D)."""
        return search(queries, vectors, k)


@dataclass(frozen=True, eq=False)
class Answer:
    """One query and its hits: rows of the corpus, best first, without empty places."""

    index: Index
    query: str
    vector: np.ndarray  # (D,) unit
    method: str
    k: int
    hits: Hits  # (1, H)
    cosines: np.ndarray  # (H,) of the same rows, whatever ranked them
    # What the verdict is about, whatever k is: BM25 of the first hit, else the largest cosine of
    # all texts (a fused score has no scale of its own); 0 without hits.
    best: float
    encode_ms: float | None  # of the query; None where its vector was known already
    search_ms: float
    cut: int  # tokens of the query that the model has not read
    unreadable: bool  # whether the query is mostly unknown tokens to the model
    token: str = field(default_factory=lambda: secrets.token_hex(8), repr=False)  # its own

    @property
    def rows(self) -> list[int]:
        """Rows of the corpus, best first."""
        return [int(row) for row in self.hits.indices[0]]


def find(
    index: Index, query: str, method: str, k: int, store: Store, keywords: Bm25Index | None
) -> Answer:
    """The k best texts. `keywords` is needed by "bm25" and "fusion"."""
    ran: list[int] = []
    begun = time.perf_counter()
    [vector] = index.encode_queries([query], on_batch=lambda *done: ran.extend(done))
    encoded = time.perf_counter()
    [hits] = rank(index, [query], vector[None], method, k, store, keywords)
    ended = time.perf_counter()
    cosines = (index.vectors[hits.indices[0]] @ vector).clip(-1, 1)
    first = hits.scores[0, :1] if method == "bm25" else cosines[:1]
    if method == "fusion":
        first = (index.vectors @ vector).clip(-1, 1).max(keepdims=True)
    return Answer(
        index, query, vector, method, k, hits, cosines, float(first.max()) if len(first) else 0.0,
        1000 * (encoded - begun) if ran else None, 1000 * (ended - encoded),
        index.encoder.cut([query], query_options(index.encoder))[0],
        bool(reading(index.encoder, [query]).unknown),
    )  # fmt: skip


def rank(
    index: Index,
    queries: Sequence[str],
    vectors: np.ndarray,
    method: str,
    k: int,
    store: Store,
    keywords: Bm25Index | None,
) -> list[Hits]:
    """For each query, given as text and as vector (Q, D), its hits (1, H), at most k."""
    rankings = []
    if method != "bm25":
        rankings.append(
            store.search(
                index.collection, index.vectors, vectors, max(k, DEEP) if method == "fusion" else k
            )
        )
    if method != "dense":
        assert keywords is not None
        rankings.append(keywords.search(queries, max(k, DEEP) if method == "fusion" else k))
    best = rankings[0] if len(rankings) == 1 else reciprocal_rank_fusion(rankings, k)
    return [_there(best, at) for at in range(len(queries))]


def _there(hits: Hits, query: int) -> Hits:
    """The hits of one query, empty places left out."""
    real = hits.indices[query] >= 0
    return Hits(hits.indices[query][None, real], hits.scores[query][None, real])


def keywords(index: Index, tell: Tell, stop: threading.Event) -> Bm25Index:
    """BM25 over the texts of an index, made once. Raises Stopped."""
    key = index.source[:2]  # the texts alone
    return index.texts.stages.get(
        "bm25", key, lambda: Bm25Index(index.corpus.texts, on_progress=tell, stop=stop)
    )


def verdict(answer: Answer, tell: Tell, stop: threading.Event) -> Verdict | None:
    """What the best hit is worth; None without hits. Raises Stopped.

    By keywords it goes by the share of the query that it holds; else its cosine is held against
    what unrelated queries find. Only the whole ranking by cosine can say that nothing here is
    relevant.
    """
    index, query = answer.index, answer.query
    if not answer.rows:
        return None
    if answer.method == "bm25":
        words = keywords(index, tell, stop)
        return coverage(words, query, answer.rows[0], languages(index, query).asked).verdict()
    withheld = no_background(index, query)
    if withheld is not None:
        return withheld
    best = background(index, query, tell, stop)
    return best.verdict(answer.best, conclusive=answer.method == "dense")


def is_judged(answer: Answer) -> bool:
    """Whether `verdict` answers at once."""
    if answer.method == "bm25" or not answer.rows:
        return True
    return has_background(answer.index, answer.query) or (
        no_background(answer.index, answer.query) is not None
    )


# --- Why a text was found: the cosine with the query token by token, and the words both share -----


@dataclass(frozen=True, eq=False)
class HitExplanation:
    """One text, held against a query and taken apart: the query is A, the text is B."""

    title: str  # "Hit 3"
    pair: ReadablePair
    prompts: tuple[str, str]  # put before query and text, "" where nothing is
    terms: tuple[TermScore, ...] | None  # None where keywords had no part in it
    cut: tuple[int, int] = (0, 0)  # tokens of query and text that the model has not read


def explain_hit(answer: Answer, row: int) -> HitExplanation:
    """The exact parts of a hit's score."""
    index = answer.index
    terms = None if answer.method == "dense" else shared_terms(index, answer.query, row)
    text = index.corpus.texts[row]
    title = f"Hit {answer.rows.index(row) + 1}"
    return why_near(title, answer.query, text, index.encoder, index.settings, terms)


def why_near(
    title: str,
    query: str,
    text: str,
    encoder: Encoder,
    settings: SearchSettings,
    terms: tuple[TermScore, ...] | None = None,
) -> HitExplanation:
    """The exact parts of a cosine, with the prompt that each side is encoded with."""
    pair = explain(
        encoder, query, text, settings.pooling, settings.layer,
        query_options(encoder), text_options(encoder),
    )  # fmt: skip
    [cut_a], [cut_b] = (
        encoder.cut([side], options(encoder))
        for side, options in ((query, query_options), (text, text_options))
    )
    return HitExplanation(title, pair, prompts(encoder), terms, (cut_a, cut_b))


def shared_terms(index: Index, query: str, row: int) -> tuple[TermScore, ...]:
    """What each word that query and text share adds to the BM25 score."""
    words = keywords(index, lambda *_: None, threading.Event())
    return words.why(query, row)
