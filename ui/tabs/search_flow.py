"""Rank flow: the same question under other poolings, layers, models and keywords. Wiring only."""

import threading
from typing import Any

import gradio as gr

from encoder import DEFAULT_MODEL, POOLINGS, EncoderError
from ui.components import markup, plot
from ui.figures.as_json import figure_json
from ui.figures.bump import bump_chart
from ui.guard import told
from ui.markup.pieces import message
from ui.markup.search_flow import flow_facts, picked_text, ranks_table, strategies_table
from ui.palette import STRATEGY_COLOURS
from ui.picture import Tell
from ui.search_flow import Flow, follow_ranks, other_model, parse_cells
from ui.strategies import BM25, FUSED, WITH_KEYWORDS, parse_keywords
from ui.tabs.frame import prose, section
from ui.tabs.search_handlers import SearchHandlers
from ui.tabs.search_task import QUIET, Task, Work, model_title

NO_OTHER = "none"
USUAL = ["mean", "cls", "max"]
WAITING = message("Press the button: the question above is ranked in each of these ways.")
# Beside those of the poolings; names stand under every column.
OTHER_COLOURS = {BM25: "var(--lab-neg)", FUSED: "var(--body-text-color)"}


class SearchFlow:
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
                layers = gr.Dropdown(["-1", *map(str, default.layers)], value=["-1"],
                                     multiselect=True, label="Layers", elem_id="flow-layers",
                                     filterable=False, scale=2, min_width=150)  # fmt: skip
                self.model = gr.Dropdown(self.models(None), value=NO_OTHER,
                                         label="Another model, as it was saved",
                                         elem_id="flow-model", filterable=False, scale=3,
                                         min_width=200)  # fmt: skip
            words = gr.CheckboxGroup(list(WITH_KEYWORDS), value=list(WITH_KEYWORDS),
                                     label="And by words", elem_id="flow-keywords")  # fmt: skip
            self.task = Task(handlers, "flow", "Compare the rankings",
                             keywords="Counting the words", search="Ranking",
                             queries="Encoding the question")  # fmt: skip
            self.facts = markup(WAITING, elem_id="flow-facts")
            self.chart = plot("Ranks of the hits under each way to rank", elem_id="flow-chart")
            self.picked = markup(elem_id="flow-picked")
            self.table = markup(elem_id="flow-table")
            with gr.Accordion("All ranks as a table", open=False, elem_classes=["lab-small"],
                              elem_id="flow-ranks-fold"):  # fmt: skip
                self.all = markup(elem_id="flow-ranks")
        outputs = [self.facts, self.chart, self.picked, self.table, self.all]
        self.task.connect(self.prepare, self.show, [poolings, layers, self.model, words], outputs)
        self.chart.pick(told(self.pick), None, [self.chart, self.picked], **QUIET)
        tab.select(told(self.offer), self.model, self.model, **QUIET)
        searched.change(told(self.fresh), [self.model, layers], [*outputs, self.model, layers],
                        **QUIET)  # fmt: skip

    def models(self, visitor: str | None) -> list[tuple[str, str]]:
        """Those of the picker, and none."""
        return [(NO_OTHER, NO_OTHER), *self.handlers.picker.choices(visitor)]

    def offer(self, request: gr.Request, model: Any) -> Any:
        """The models there are by now: some may have been trained since."""
        offered = self.models(request.session_hash)
        known = model if model in [key for _, key in offered] else NO_OTHER
        return gr.Dropdown(choices=offered, value=known)

    def prepare(
        self, visitor: str | None, poolings: Any, layers: Any, model: Any, words: Any
    ) -> Work:
        """What was chosen, checked. Raises EncoderError."""
        answer, handlers = self.handlers.last(visitor), self.handlers
        cells = parse_cells(poolings, layers, answer.index.encoder.backbone.depth)
        others = []
        if model not in (NO_OTHER, None, ""):
            key = handlers.picker.parse(model, visitor)
            encoder = handlers.workbench.encoder(key, visitor)
            name = model_title(handlers, key, visitor)
            others = [other_model(f"{name} (as saved)", key, encoder)]
        chosen = parse_keywords(words)
        if not (cells or others or chosen):
            raise EncoderError("Choose another way to rank: a pooling, a model, or words.")
        most = self.handlers.settings.atlas_bytes

        def work(tell: Tell, stop: threading.Event) -> Flow:
            return follow_ranks(answer, cells, others, chosen, most, tell, stop)

        return work

    def show(self, flow: Flow) -> list[Any]:
        """Facts, chart, what was clicked, tables."""
        first = next(
            (row for row, by in flow.ranks.items() if by[flow.strategies[0].name] == 1), None
        )
        return [flow_facts(flow), self.drawn(flow, first), "", strategies_table(flow),
                ranks_table(flow)]  # fmt: skip

    def drawn(self, flow: Flow, chosen: int | None) -> Any:
        """The chart with one line that stands out."""
        names = [strategy.name for strategy in flow.strategies]
        colours = [
            STRATEGY_COLOURS.get(pooling) or OTHER_COLOURS.get(name, "var(--lab-accent)")
            for name, pooling in zip(names, flow.poolings, strict=True)
        ]
        texts = {row: flow.index.corpus.texts[row] for row in flow.ranks}
        return figure_json(bump_chart(names, colours, flow.ranks, texts, flow.k, chosen))

    def pick(self, request: gr.Request, event: gr.EventData) -> list[Any]:
        """Follow one text through the rankings."""
        flow = self.task.result(request.session_hash)
        row = getattr(event, "row", None)
        if flow is None or not isinstance(row, int) or row not in flow.ranks:
            raise EncoderError("That text is not in these rankings any more; compare them again.")
        return [self.drawn(flow, row), picked_text(flow, row)]

    def is_current(self, visitor: str | None) -> bool:
        """Whether the rankings made last are of the very question that is answered now."""
        flow, answer = self.task.result(visitor), self.handlers.atlas(visitor).answer
        return (
            flow is not None
            and answer is not None
            and (flow.query, flow.k, flow.method) == (answer.query, answer.k, answer.method)
            and flow.source == answer.index.source
        )

    def fresh(self, request: gr.Request, model: Any, layers: Any) -> list[Any]:
        """Other hits: rankings of another question go, those of the same one stay."""
        visitor = request.session_hash
        if self.is_current(visitor):
            return [gr.skip()] * 7
        index = self.handlers.atlas(visitor).index
        if index is None:  # other texts have been opened, and nothing is found yet
            return [WAITING, None, "", "", "", gr.skip(), gr.skip()]
        own = ["-1", *map(str, index.encoder.layers)]
        kept = [layer for layer in layers or [] if layer in own] or ["-1"]
        return [WAITING, None, "", "", "", self.offer(request, model),
                gr.Dropdown(choices=own, value=kept)]  # fmt: skip
