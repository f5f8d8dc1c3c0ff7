"""One query under several ways to rank: poolings, layers, another model, keywords, both fused."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from encoder import POOLINGS, Encoder, EncoderError, Layer
from encoder.head import Normalize
from encoder.layers import canonical_layer
from explore import Hits, Stopped, search
from explore.fusion import found_only_by, overlap_at, ranks, reciprocal_rank_fusion
from ui.checks import parse_layer, parse_pooling
from ui.search.answer import DEEP, Answer, Why, keywords, shared_terms, why_near
from ui.search.index import (
    Index,
    SearchSettings,
    build_index,
    index_key,
    is_encoded,
    keep_vectors,
    text_options,
)
from ui.search.judged import Strategy
from ui.state.stages import Key, Tell
from ui.state.texts import encode
from ui.words import layer_phrase

# --- The ways to rank that are held against each other on judged queries, and their hits ----------


BM25, FUSED = "Keywords (BM25)", "Both, fused"
WITH_KEYWORDS = (BM25, FUSED)


@dataclass(frozen=True, eq=False)
class Dense:
    """One encoding of texts and queries, and what it is called on screen."""

    name: str
    settings: str
    encoder: Encoder
    encoding: SearchSettings


def parse_keywords(chosen: object) -> tuple[str, ...]:
    """Which of WITH_KEYWORDS. Raises EncoderError."""
    given = chosen if isinstance(chosen, list) else []
    unknown = [name for name in given if name not in WITH_KEYWORDS]
    if unknown:
        raise EncoderError(
            f"Unknown strategy {str(unknown[0])[:40]!r}. Choose: {', '.join(WITH_KEYWORDS)}."
        )
    return tuple(name for name in WITH_KEYWORDS if name in given)


def rankings(
    index: Index,
    dense: Sequence[Dense],
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
    found = [Strategy(one.name, one.settings, hits[at]) for at, one in enumerate(dense)]
    if with_keywords:
        words = keywords(index, tell, stop).search(queries, DEEP)
        both = {
            BM25: ("k1 = 1.5, b = 0.75", words),
            FUSED: (f"{dense[0].name} and BM25 by reciprocal rank", _fused(found[0].hits, words)),
        }
        found += [Strategy(name, *both[name]) for name in with_keywords]
    return found


def _is_own(index: Index, one: Dense) -> bool:
    """Whether an encoding is the one that was searched."""
    return one.encoder is index.encoder and one.encoding == index.settings


def _known(index: Index, one: Dense) -> bool:
    return _is_own(index, one) or is_encoded(index.texts, index.corpus, one.encoder, one.encoding)


def _fused(dense: Hits, words: Hits) -> Hits:
    return reciprocal_rank_fusion([dense, words], DEEP)


MOST_CELLS = 12  # poolings × layers
ENCODED_AT_ONCE = 128  # texts between two looks at whether to go on
Cell = tuple[str, Layer]


@dataclass(frozen=True, eq=False)
class Flow:
    """The k best of each strategy for one query; the first strategy are the page's vectors."""

    source: Key
    index: Index
    query: str
    method: str  # what the hits on the page are ranked by; the first strategy ranks by vectors
    k: int
    strategies: tuple[Strategy, ...]
    dense: tuple[Dense, ...]  # the encodings of the first strategies; those behind rank by words
    poolings: tuple[str, ...]  # of each strategy; "" where it has none, or another model's
    ranks: dict[int, dict[str, int | None]]  # row → strategy → rank
    only: dict[str, list[int]]  # strategy → rows that no other found
    overlaps: tuple[float, ...]  # share of the k best that the first has too; NaN without hits

    def has(self, strategy: int, row: int) -> bool:
        """Whether there is such a ranking, and any of them has that row."""
        return 0 <= strategy < len(self.strategies) and row in self.ranks


def parse_cells(poolings: object, layers: object, depth: int) -> tuple[Cell, ...]:
    """Every chosen pooling on every chosen layer. Raises EncoderError."""
    names = [parse_pooling(name) for name in _listed(poolings)]
    depths = [canonical_layer(parse_layer(layer), depth) for layer in _listed(layers)]
    chosen = [name for name in POOLINGS if name in names]  # in the order of every chart
    found = tuple((name, layer) for layer in dict.fromkeys(depths or [depth]) for name in chosen)
    if len(found) > MOST_CELLS:
        raise EncoderError(
            f"{len(chosen)} poolings on {len(set(depths))} layers are {len(found)} rankings; "
            f"at most {MOST_CELLS} can be followed. Choose fewer."
        )
    return found


def _listed(sent: object) -> list[object]:
    return list(sent) if isinstance(sent, list | tuple) else []


def encode_cells(
    index: Index, cells: Sequence[Cell], max_bytes: int, tell: Tell, stop: threading.Event
) -> None:
    """Vectors of the texts under several poolings and layers, from one pass over them.

    Kept as the stages of `encode`, so that nothing is encoded twice. Raises EncoderError where
    they and the index's own would not fit into the `max_bytes` that are kept, Stopped.
    """
    encoder, corpus, texts = index.encoder, index.corpus, index.texts
    settings = {cell: SearchSettings(index.settings.model, *cell) for cell in cells}
    known = [c for c in cells if is_encoded(texts, corpus, encoder, settings[c])]
    missing = [c for c in cells if c not in known]
    if not missing:
        return
    keep_vectors(index)
    # A look at what is known keeps it from being the first to go.
    prompt = text_options(encoder)
    there = [encode(texts, corpus, encoder, settings[c], tell, stop, prompt) for c in known]
    poolings = list(dict.fromkeys(name for name, _ in missing))
    layers = list(dict.fromkeys(layer for _, layer in missing))
    order = sorted(range(len(corpus)), key=lambda i: len(corpus.texts[i]))
    found: dict[Cell, np.ndarray] = {}
    for at in range(0, len(order), ENCODED_AT_ONCE):
        if stop.is_set():
            raise Stopped
        tell("encode", at / len(order))
        rows = order[at : at + ENCODED_AT_ONCE]
        some = [corpus.texts[i] for i in rows]
        grid = encoder.encode_grid(some, poolings, layers, options=prompt)
        if not found:
            widths = {cell: grid[cell].shape[1] for cell in missing}
            taken = index.vectors.nbytes + sum(vectors.nbytes for vectors in there)
            found = _room(len(order), widths, taken, max_bytes)
        for cell in missing:
            found[cell][rows] = grid[cell]
    if stop.is_set():
        raise Stopped  # other texts may be open by now: these vectors are not theirs
    for cell, vectors in found.items():
        key = index_key(texts, corpus, encoder, settings[cell])
        texts.stages.get("encode", key, _given(vectors))


def _given(vectors: np.ndarray) -> Callable[[], np.ndarray]:
    return lambda: vectors


def _room(n: int, widths: dict[Cell, int], taken: int, max_bytes: int) -> dict[Cell, np.ndarray]:
    """Arrays for new vectors, if they fit beside the bytes that are taken."""
    needed = 4 * n * sum(widths.values()) + taken
    if needed > max_bytes:
        raise EncoderError(
            f"{len(widths)} more rankings of {n:,} texts, with those that are there, need "
            f"{needed / 1e6:,.0f} MB of vectors; at most {max_bytes / 1e6:,.0f} MB are kept. "
            "Choose fewer poolings or layers."
        )
    return {cell: np.empty((n, width), np.float32) for cell, width in widths.items()}


def follow_ranks(
    answer: Answer,
    cells: Sequence[Cell],
    others: Sequence[Dense],
    with_keywords: Sequence[str],
    max_bytes: int,
    tell: Tell,
    stop: threading.Event,
) -> Flow:
    """Rank the texts for the query of an answer in every chosen way.

    Raises EncoderError, ExploreError, Stopped.
    """
    index = answer.index
    own = as_searched(index)
    cells = [cell for cell in cells if cell != same_as(index)]
    encode_cells(index, cells, max_bytes, tell, stop)
    mine = [_dense(index, cell) for cell in cells]
    dense = [own, *mine, *others]
    found = rankings(index, dense, with_keywords, [answer.query], tell, stop)
    k = answer.k
    hits = {strategy.name: strategy.hits for strategy in found}
    return Flow(
        index.source, index, answer.query, answer.method, k, tuple(found), tuple(dense),
        (index.pooling, *(name for name, _ in cells), *[""] * (len(found) - 1 - len(cells))),
        ranks(hits, k), found_only_by(hits, k),
        tuple(float(overlap_at(found[0].hits, other.hits, k)[0]) for other in found),
    )  # fmt: skip


def explain_in(flow: Flow, strategy: int, row: int) -> Why:
    """What puts a text where a ranking has it; of words, beside the cosine of the first."""
    by_words = strategy >= len(flow.dense)
    one = flow.dense[0 if by_words else strategy]
    text = flow.index.corpus.texts[row]
    terms = shared_terms(flow.index, flow.query, row) if by_words else None
    title = f"By {flow.strategies[strategy].name}"
    return why_near(title, flow.query, text, one.encoder, one.encoding, terms)


def as_searched(index: Index) -> Dense:
    """The ranking by the vectors of the search on the page."""
    own = " (as saved)" if index.settings.pooling is None else ""
    name = f"{_title(index, (index.pooling, index.settings.layer))}{own}"
    return Dense(name, index.encoder.name, index.encoder, index.settings)


def same_as(index: Index) -> Cell | None:
    """The plain pooling that gives the vectors of an index, None where something comes behind."""
    if index.settings.pooling is None and not all(
        isinstance(module, Normalize) for module in index.encoder.recipe.head
    ):
        return None
    depth = index.encoder.backbone.depth
    return index.pooling, canonical_layer(index.settings.layer, depth)


def _dense(index: Index, cell: Cell) -> Dense:
    depth = index.encoder.backbone.depth
    settings = f"{cell[0]} pooling, {layer_phrase(cell[1], depth)}"
    encoding = SearchSettings(index.settings.model, *cell)
    return Dense(_title(index, cell), settings, index.encoder, encoding)


def _title(index: Index, cell: Cell) -> str:
    """A pooling, and its layer unless that is the last."""
    layer = canonical_layer(cell[1], index.encoder.backbone.depth)
    return cell[0] if layer == index.encoder.backbone.depth else f"{cell[0]}, layer {layer}"


def other_model(name: str, model: str, encoder: Encoder) -> Dense:
    """Another model as it was saved."""
    return Dense(name, f"{encoder.pooling} pooling, its last layer", encoder, SearchSettings(model))
