"""A query and what it found: vectors, keywords or both, how long it took, and what it is worth."""

import secrets
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from encoder.background import background_sentences
from explore import Hits, search
from explore.fusion import reciprocal_rank_fusion
from explore.lexical import Bm25Index
from explore.verdict import BestHits, Verdict
from ui.picture import Tell
from ui.search_index import Index

DEEP = 100  # ranks of each ranking that go into a fusion


class Store(Protocol):
    """Where vectors are searched; see ui.vector_store."""

    def search(self, index: Index, queries: np.ndarray, k: int) -> Hits:
        """The k best rows of an index for each query (Q, D)."""


class InMemory:
    """Searches the index's own vectors, for work that keeps nothing."""

    def search(self, index: Index, queries: np.ndarray, k: int) -> Hits:
        """The k best rows of an index for each query (Q, D)."""
        return search(queries, index.vectors, k)


@dataclass(frozen=True, eq=False)
class Answer:
    """One query and its hits: rows of the corpus, best first, without empty places."""

    index: Index
    query: str
    vector: np.ndarray  # (D,) unit
    method: str
    k: int
    hits: Hits  # (1, found)
    cosines: np.ndarray  # (found,) of the same rows, whatever ranked them
    encode_ms: float
    search_ms: float
    token: str = field(default_factory=lambda: secrets.token_hex(8), repr=False)  # its own

    @property
    def rows(self) -> list[int]:
        """Rows of the corpus, best first."""
        return [int(row) for row in self.hits.indices[0]]


def find(
    index: Index, query: str, method: str, k: int, store: Store, keywords: Bm25Index | None
) -> Answer:
    """The k best texts. `keywords` is needed by "bm25" and "fusion"."""
    begun = time.perf_counter()
    [vector] = index.encode_queries([query])
    encoded = time.perf_counter()
    [found] = rank(index, [query], vector[None], method, k, store, keywords)
    ended = time.perf_counter()
    cosines = (index.vectors[found.indices[0]] @ vector).clip(-1, 1)
    return Answer(
        index, query, vector, method, k, found, cosines,
        1000 * (encoded - begun), 1000 * (ended - encoded),
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
    """For each query, given as text and as vector (Q, D), its hits (1, found)."""
    rankings = []
    if method != "bm25":
        rankings.append(store.search(index, vectors, max(k, DEEP) if method == "fusion" else k))
    if method != "dense":
        assert keywords is not None
        rankings.append(keywords.search(queries, max(k, DEEP) if method == "fusion" else k))
    found = rankings[0] if len(rankings) == 1 else reciprocal_rank_fusion(rankings, k)
    return [_there(found, at) for at in range(len(queries))]


def _there(hits: Hits, query: int) -> Hits:
    """The hits of one query, empty places left out."""
    real = hits.indices[query] >= 0
    return Hits(hits.indices[query][None, real], hits.scores[query][None, real])


def keywords(index: Index, tell: Tell, stop: threading.Event) -> Bm25Index:
    """BM25 over the texts of an index, made once. Raises Stopped."""
    key = index.source[:2]  # the texts alone
    return index.atlas.stages.get(
        "bm25", key, lambda: Bm25Index(index.corpus.texts, on_progress=tell, stop=stop)
    )


def has_background(index: Index) -> bool:
    """Whether `background` answers at once."""
    return index.atlas.stages.known("background", index.source)


def background(index: Index, tell: Tell, stop: threading.Event) -> BestHits:
    """What unrelated queries find here at best, measured once for an index. Raises Stopped."""

    def make() -> BestHits:
        vectors = index.encode_queries(list(background_sentences()), tell, stop)
        return BestHits.of(search(vectors, index.vectors, 1))

    return index.atlas.stages.get("background", index.source, make)


def verdict(answer: Answer, best: BestHits) -> Verdict | None:
    """What the largest cosine among the hits says; None where there is no hit."""
    return best.verdict(float(answer.cosines.max())) if len(answer.cosines) else None
