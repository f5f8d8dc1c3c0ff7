"""Rank flow: the same question under other poolings, layers, models and keywords."""

import threading
from collections.abc import Callable, Sequence

import gradio as gr
import numpy as np

from encoder import DEFAULT_MODEL, POOLINGS, Encoder, EncoderError, Layer
from encoder.head import Normalize
from encoder.layers import canonical_layer
from explore import Stopped
from explore.fusion import found_only_by, overlap_at, ranks
from ui.checks import parse_layer, parse_pooling, row_number
from ui.page.components import markup, plot, prose, section
from ui.page.events import TOUCH, picked_name, picked_value, worded
from ui.page.matrix import Figure, figure_json
from ui.page.models import LAST, LOADING, OtherModels, layer_choices
from ui.page.strategies import look
from ui.page.tasks import Steps, Task, at_once
from ui.search.answer import Answer, HitExplanation, shared_terms, why_near
from ui.search.handlers import SearchHandlers
from ui.search.html import why_panel
from ui.search.index import (
    ENCODING,
    Index,
    SearchSettings,
    index_key,
    is_encoded,
    keep_vectors,
    text_options,
)
from ui.search.rank_flow_html import (
    RankFlow,
    bump_chart,
    flow_facts,
    picked_text,
    ranks_table,
    strategies_table,
)
from ui.search.strategies import (
    BM25,
    FUSED,
    WITH_KEYWORDS,
    DenseStrategy,
    parse_keywords,
    rankings,
)
from ui.state.stages import Tell
from ui.state.texts import encode, in_pieces
from ui.words import cut, layer_phrase, message

MOST_CELLS = 12  # poolings × layers
Cell = tuple[str, Layer]


def parse_cells(poolings: object, layers: object, depth: int) -> tuple[Cell, ...]:
    """Every chosen pooling on every chosen layer. Raises EncoderError."""
    names = [parse_pooling(name) for name in _listed(poolings)]
    depths = [canonical_layer(parse_layer(layer), depth) for layer in _listed(layers)]
    chosen = [name for name in POOLINGS if name in names]  # in the order of every chart
    cells = tuple((name, layer) for layer in dict.fromkeys(depths or [depth]) for name in chosen)
    if len(cells) > MOST_CELLS:
        raise EncoderError(
            f"{len(chosen)} poolings on {len(set(depths))} layers are {len(cells)} rankings; "
            f"at most {MOST_CELLS} can be followed. Choose fewer."
        )
    return cells


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
    encoded = [c for c in cells if is_encoded(texts, corpus, encoder, settings[c])]
    missing = [c for c in cells if c not in encoded]
    if not missing:
        return
    keep_vectors(index)
    # A look at what is encoded keeps it from being the first to go.
    prompt = text_options(encoder)
    there = [encode(texts, corpus, encoder, settings[c], tell, stop, prompt) for c in encoded]
    poolings = list(dict.fromkeys(name for name, _ in missing))
    layers = list(dict.fromkeys(layer for _, layer in missing))
    order = sorted(range(len(corpus)), key=lambda i: len(corpus.texts[i]))
    rooms: dict[Cell, np.ndarray] = {}
    for rows in in_pieces(order, "encode", tell, stop):
        some = [corpus.texts[i] for i in rows]
        grid = encoder.encode_grid(some, poolings, layers, options=prompt)
        if not rooms:
            widths = {cell: grid[cell].shape[1] for cell in missing}
            taken = index.vectors.nbytes + sum(vectors.nbytes for vectors in there)
            rooms = _room(len(order), widths, taken, max_bytes)
        for cell in missing:
            rooms[cell][rows] = grid[cell]
    if stop.is_set():
        raise Stopped  # other texts may be open by now: these vectors are not theirs
    for cell, vectors in rooms.items():
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
    others: Sequence[DenseStrategy],
    with_keywords: Sequence[str],
    max_bytes: int,
    tell: Tell,
    stop: threading.Event,
) -> RankFlow:
    """Rank the texts for the query of an answer in every chosen way.

    Raises EncoderError, ExploreError, Stopped.
    """
    index = answer.index
    own = as_searched(index)
    cells = [cell for cell in cells if cell != same_as(index)]
    encode_cells(index, cells, max_bytes, tell, stop)
    mine = [_dense(index, cell) for cell in cells]
    dense = [own, *mine, *others]
    strategies = rankings(index, dense, with_keywords, [answer.query], tell, stop)
    k = answer.k
    hits = {strategy.name: strategy.hits for strategy in strategies}
    return RankFlow(
        index.source, index, answer.query, answer.method, k, tuple(strategies), tuple(dense),
        (index.pooling, *(name for name, _ in cells), *[""] * (len(strategies) - 1 - len(cells))),
        ranks(hits, k), found_only_by(hits, k),
        tuple(float(overlap_at(strategies[0].hits, other.hits, k)[0]) for other in strategies),
    )  # fmt: skip


def explain_in(flow: RankFlow, strategy: int, row: int) -> HitExplanation:
    """What puts a text where a ranking has it; of words, beside the cosine of the first."""
    by_words = strategy >= len(flow.dense)
    one = flow.dense[0 if by_words else strategy]
    text = flow.index.corpus.texts[row]
    terms = shared_terms(flow.index, flow.query, row) if by_words else None
    title = f"By {flow.strategies[strategy].name}"
    return why_near(title, flow.query, text, one.encoder, one.encoding, terms)


def as_searched(index: Index) -> DenseStrategy:
    """The ranking by the vectors of the search on the page."""
    own = " (as saved)" if index.settings.pooling is None else ""
    name = f"{_title(index, (index.pooling, index.settings.layer))}{own}"
    return DenseStrategy(name, index.encoder.name, index.encoder, index.settings)


def same_as(index: Index) -> Cell | None:
    """The plain pooling that gives the vectors of an index, None where something comes behind."""
    if index.settings.pooling is None and not all(
        isinstance(module, Normalize) for module in index.encoder.recipe.head
    ):
        return None
    depth = index.encoder.backbone.depth
    return index.pooling, canonical_layer(index.settings.layer, depth)


def _dense(index: Index, cell: Cell) -> DenseStrategy:
    depth = index.encoder.backbone.depth
    settings = f"{cell[0]} pooling, {layer_phrase(cell[1], depth)}"
    encoding = SearchSettings(index.settings.model, *cell)
    return DenseStrategy(_title(index, cell), settings, index.encoder, encoding)


def _title(index: Index, cell: Cell) -> str:
    """A pooling, and its layer unless that is the last."""
    layer = canonical_layer(cell[1], index.encoder.backbone.depth)
    return cell[0] if layer == index.encoder.backbone.depth else f"{cell[0]}, layer {layer}"


def other_model(name: str, model: str, encoder: Encoder) -> DenseStrategy:
    """Another model as it was saved."""
    return DenseStrategy(
        name, f"{encoder.pooling} pooling, its last layer", encoder, SearchSettings(model)
    )


# --- The section ----------------------------------------------------------------------------------


USUAL = ["mean", "cls", "max"]
LATE = (
    "“{}” was ranked, but by now the page asks something else, or asks it otherwise. Press the "
    "button again."
)
NOT_RANKED = "That text is not in these rankings any more"
WAITING = message("Press the button: the question above is ranked in each of these ways.")
# Beside those of the poolings; names stand under every column.
OTHER_COLOURS = {BM25: "var(--lab-neg)", FUSED: "var(--body-text-color)"}


def rank_chart(flow: RankFlow, chosen: int | None) -> Figure:
    """The rankings with one line that stands out, in the colours of their poolings."""
    names = [strategy.name for strategy in flow.strategies]
    colours = [
        look(pooling).colour if pooling else OTHER_COLOURS.get(name, "var(--lab-accent)")
        for name, pooling in zip(names, flow.poolings, strict=True)
    ]
    texts = {row: flow.index.corpus.texts[row] for row in flow.ranks}
    return figure_json(bump_chart(names, colours, flow.ranks, texts, flow.k, chosen))


class SearchRankFlow:
    """The section. `searched` is new whenever there are other hits."""

    def __init__(self, handlers: SearchHandlers, tab: gr.Tab, searched: gr.State) -> None:
        self.handlers = handlers
        default = handlers.workbench.encoder(DEFAULT_MODEL, None)
        with section("Rank flow: other ways to rank", "flow-section"):
            prose(
                "The same question, ranked in several ways. A line that falls is a text which that "
                "way finds less near; a <b>diamond</b> is a text that no other way has found. "
                "Click a mark to follow its line."
            )
            with gr.Row(elem_classes=["lab-settings"]):
                poolings = gr.Dropdown(list(POOLINGS), value=USUAL, multiselect=True,
                                       label="Poolings", elem_id="flow-poolings",
                                       filterable=False, scale=3, min_width=220)  # fmt: skip
                layers = gr.Dropdown(layer_choices(default), value=[LAST],
                                     multiselect=True, label="Layers", elem_id="flow-layers",
                                     filterable=False, scale=2, min_width=150)  # fmt: skip
                self.models = OtherModels(handlers.picker, "flow-models", scale=3, min_width=220)
            words = gr.CheckboxGroup(list(WITH_KEYWORDS), value=list(WITH_KEYWORDS),
                                     label="And by words", elem_id="flow-keywords")  # fmt: skip
            self.task = Task(handlers.workbench, "flow", "Compare the rankings", {
                "encode": ENCODING,
                "keywords": "Counting the words",
                "search": "Ranking",
                "queries": "Encoding the question",
                **LOADING,
            })  # fmt: skip
            self.facts = markup(WAITING, elem_id="flow-facts")
            self.chart = plot("Ranks of the hits under each way to rank", elem_id="flow-chart")
            self.picked = markup(elem_id="flow-picked")
            self.why = markup(elem_id="flow-why")
            self.table = markup(elem_id="flow-table")
            with gr.Accordion("All ranks as a table", open=False, elem_classes=["lab-small"],
                              elem_id="flow-ranks-fold"):  # fmt: skip
                self.all = markup(elem_id="flow-ranks")
        outputs = [self.facts, self.chart, self.picked, self.why, self.table, self.all]
        self.task.connect(self.prepare, self.show, [poolings, layers, self.models.box, words],
                          outputs)  # fmt: skip
        self.models.connect(tab)
        self.chart.pick(worded(self.pick), None, [self.chart, self.picked, self.why], **TOUCH)
        self.picked.pick(worded(self.explain), None, self.why, **TOUCH)
        searched.change(worded(self.fresh), layers, [*outputs, self.task.progress, layers], **TOUCH)

    def prepare(
        self, visitor: str | None, poolings: object, layers: object, models: object, words: object
    ) -> Steps:
        """What was chosen, checked. Raises EncoderError."""
        answer, handlers = self.handlers.last(visitor), self.handlers
        cells = parse_cells(poolings, layers, answer.index.encoder.backbone.depth)
        others = [key for key in self.models.parse(visitor, models)
                  if SearchSettings(key) != answer.index.settings]  # fmt: skip
        chosen = parse_keywords(words)
        if not (cells or others or chosen):
            raise EncoderError("Choose another way to rank: a pooling, a model, or words.")
        most = self.handlers.settings.texts_bytes

        def work(tell: Tell, stop: threading.Event) -> RankFlow:
            loaded = [
                other_model(
                    f"{handlers.picker.title(key, visitor)} (as saved)", key,
                    self.models.load(visitor, key, tell),
                ) for key in others
            ]  # fmt: skip
            return follow_ranks(answer, cells, loaded, chosen, most, tell, stop)

        return at_once(work)

    def show(self, visitor: str | None, flow: RankFlow) -> list[object]:
        """Facts, chart, what was clicked, tables; of the question on the page only."""
        if not self.is_of(flow, self.handlers.state(visitor).answer):
            self.task.forget(visitor)
            return [message(LATE.format(cut(flow.query))), None, "", "", "", ""]
        first = next(
            (row for row, by in flow.ranks.items() if by[flow.strategies[0].name] == 1), None
        )
        return [flow_facts(flow), rank_chart(flow, first), "", "", strategies_table(flow),
                ranks_table(flow)]  # fmt: skip

    def pick(self, request: gr.Request, event: gr.EventData) -> list[object]:
        """Follow one text through the rankings."""
        flow = self.task.result(request.session_hash)
        row = picked_value(event, "row")
        if flow is None or not isinstance(row, int) or row not in flow.ranks:
            raise EncoderError(f"{NOT_RANKED}; click again.")
        return [rank_chart(flow, row), picked_text(flow, row), ""]

    def explain(self, request: gr.Request, event: gr.EventData) -> str:
        """Why one of the rankings has a text where it has it: "why:<ranking>:<row>"."""
        flow = self.task.result(request.session_hash)
        words = picked_name(event).split(":")
        if flow is None or len(words) != 3:
            raise EncoderError(f"{NOT_RANKED}; click again.")
        ranking = row_number(words[1], len(flow.strategies), NOT_RANKED)
        return why_panel(explain_in(flow, ranking, row_number(words[2], flow.ranks, NOT_RANKED)))

    def is_current(self, visitor: str | None) -> bool:
        """Whether the rankings made last are of the very question that is answered now."""
        flow, answer = self.task.result(visitor), self.handlers.state(visitor).answer
        return flow is not None and self.is_of(flow, answer)

    def is_of(self, flow: RankFlow, answer: Answer | None) -> bool:
        """Whether these rankings are of an answer's question, texts and settings."""
        return (
            answer is not None
            and (flow.query, flow.k, flow.method) == (answer.query, answer.k, answer.method)
            and flow.source == answer.index.source
        )

    def fresh(self, request: gr.Request, layers: object) -> list[object]:
        """Other hits: rankings of another question go, those of the same one stay."""
        visitor = request.session_hash
        if self.is_current(visitor):
            return [gr.skip()] * 8
        index = self.handlers.state(visitor).index
        gone = [WAITING, None, "", "", "", "", ""]
        if index is None:  # other texts have been opened, and nothing is found yet
            return [*gone, gr.skip()]
        own = layer_choices(index.encoder)
        values = [value for _, value in own]
        chosen = [layer for layer in _listed(layers) if layer in values] or [LAST]
        return [*gone, gr.Dropdown(choices=own, value=chosen, multiselect=True)]
