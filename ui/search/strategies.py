"""Ways to rank that are held against each other: poolings, models, keywords, and both fused."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass

from encoder import Encoder
from explore import Hits, search
from explore.fusion import reciprocal_rank_fusion
from ui.checks import one_of
from ui.search.answer import DEEP, keywords
from ui.search.index import Index, SearchSettings, build_index, is_encoded, keep_vectors
from ui.state.stages import Tell

BM25, FUSED = "Keywords (BM25)", "Both, fused"
WITH_KEYWORDS = (BM25, FUSED)


@dataclass(frozen=True)
class Strategy:
    """One way to rank, and the settings it stands for."""

    name: str
    settings: str
    hits: Hits  # of each judged query, in their order


@dataclass(frozen=True, eq=False)
class DenseStrategy:
    """One encoding of texts and queries, and what it is called on screen."""

    name: str
    settings: str
    encoder: Encoder
    encoding: SearchSettings


def parse_keywords(chosen: object) -> tuple[str, ...]:
    """Which of WITH_KEYWORDS. Raises EncoderError."""
    sent = chosen if isinstance(chosen, list) else []
    given = [one_of(name, "strategy", WITH_KEYWORDS) for name in sent]
    return tuple(name for name in WITH_KEYWORDS if name in given)


def rankings(
    index: Index,
    dense: Sequence[DenseStrategy],
    with_keywords: Sequence[str],
    queries: Sequence[str],
    tell: Tell,
    stop: threading.Event,
) -> list[Strategy]:
    """The hits of all queries: each encoding, then keywords, then both fused (with the first).

    What is encoded already is not encoded again, even where not all of it can be kept: it comes
    first, before something new takes its place. Raises EncoderError, ExploreError, Stopped.
    """
    hits: dict[int, Hits] = {}
    for at in sorted(range(len(dense)), key=lambda at: not _known(index, dense[at])):
        one = dense[at]
        if _is_own(index, one):
            other = index
        else:
            other = build_index(
                index.texts, index.corpus, one.encoder, one.encoding, "", tell, stop
            )
        vectors = other.encode_queries(list(queries), tell, stop)
        tell("search", len(hits) / len(dense))
        hits[at] = search(vectors, other.vectors, DEEP)
    if not stop.is_set():  # else other texts may be open by now
        keep_vectors(index)  # the next question is asked of them
    strategies = [Strategy(one.name, one.settings, hits[at]) for at, one in enumerate(dense)]
    if with_keywords:
        words = keywords(index, tell, stop).search(queries, DEEP)
        both = {
            BM25: ("k1 = 1.5, b = 0.75", words),
            FUSED: (
                f"{dense[0].name} and BM25 by reciprocal rank",
                _fused(strategies[0].hits, words),
            ),
        }
        strategies += [Strategy(name, *both[name]) for name in with_keywords]
    return strategies


def _is_own(index: Index, one: DenseStrategy) -> bool:
    """Whether an encoding is the one that was searched."""
    return one.encoder is index.encoder and one.encoding == index.settings


def _known(index: Index, one: DenseStrategy) -> bool:
    return _is_own(index, one) or is_encoded(index.texts, index.corpus, one.encoder, one.encoding)


def _fused(dense: Hits, words: Hits) -> Hits:
    return reciprocal_rank_fusion([dense, words], DEEP)
