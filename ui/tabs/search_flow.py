"""Rank flow: the same question under other poolings, layers, models and keywords. Wiring only."""

import threading
from typing import Any

import gradio as gr

from encoder import DEFAULT_MODEL, POOLINGS, EncoderError
from ui.components import markup, plot
from ui.figures.as_json import figure_json
from ui.figures.bump import bump_chart
from ui.guard import told
from ui.markup.map_facts import cut
from ui.markup.pieces import message
from ui.markup.search_flow import flow_facts, picked_text, ranks_table, strategies_table
from ui.markup.search_why import why_panel
from ui.palette import STRATEGY_COLOURS
from ui.picks import picked_name
from ui.picture import Tell
from ui.search_answer import Answer
from ui.search_flow import Flow, explain_in, follow_ranks, other_model, parse_cells
from ui.search_index import SearchSettings
from ui.strategies import BM25, FUSED, WITH_KEYWORDS, parse_keywords
from ui.tabs.frame import prose, section
from ui.tabs.other_models import LOADING, OtherModels
from ui.tabs.search_handlers import SearchHandlers
from ui.tabs.search_task import QUIET, Task, Work

USUAL = ["mean", "cls", "max"]
LATE = (
    "“{}” was ranked, but by now the page asks something else, or asks it otherwise. Press the "
    "button again."
)
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
                self.models = OtherModels(handlers.picker, "flow-models", scale=3, min_width=220)
            words = gr.CheckboxGroup(list(WITH_KEYWORDS), value=list(WITH_KEYWORDS),
                                     label="And by words", elem_id="flow-keywords")  # fmt: skip
            self.task = Task(handlers.workbench, "flow", "Compare the rankings",
                             keywords="Counting the words", search="Ranking",
                             queries="Encoding the question", **LOADING)  # fmt: skip
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
        self.chart.pick(told(self.pick), None, [self.chart, self.picked, self.why], **QUIET)
        self.picked.pick(told(self.explain), None, self.why, **QUIET)
        searched.change(told(self.fresh), layers, [*outputs, self.task.progress, layers], **QUIET)

    def prepare(
        self, visitor: str | None, poolings: Any, layers: Any, models: Any, words: Any
    ) -> Work:
        """What was chosen, checked. Raises EncoderError."""
        answer, handlers = self.handlers.last(visitor), self.handlers
        cells = parse_cells(poolings, layers, answer.index.encoder.backbone.depth)
        others = [key for key in self.models.parse(visitor, models)
                  if SearchSettings(key) != answer.index.settings]  # fmt: skip
        chosen = parse_keywords(words)
        if not (cells or others or chosen):
            raise EncoderError("Choose another way to rank: a pooling, a model, or words.")
        most = self.handlers.settings.atlas_bytes

        def work(tell: Tell, stop: threading.Event) -> Flow:
            loaded = [
                other_model(
                    f"{handlers.picker.title(key, visitor)} (as saved)", key,
                    self.models.load(visitor, key, tell),
                ) for key in others
            ]  # fmt: skip
            return follow_ranks(answer, cells, loaded, chosen, most, tell, stop)

        return work

    def show(self, flow: Flow) -> list[Any]:
        """Facts, chart, what was clicked, tables; of the question on the page only."""
        if not self.is_of(flow, flow.index.atlas.answer):
            flow.index.atlas.made.pop(self.task.name, None)
            return [message(LATE.format(cut(flow.query))), None, "", "", "", ""]
        first = next(
            (row for row, by in flow.ranks.items() if by[flow.strategies[0].name] == 1), None
        )
        return [flow_facts(flow), self.drawn(flow, first), "", "", strategies_table(flow),
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
        return [self.drawn(flow, row), picked_text(flow, row), ""]

    def explain(self, request: gr.Request, event: gr.EventData) -> str:
        """Why one of the rankings has a text where it has it: "why:<ranking>:<row>"."""
        flow = self.task.result(request.session_hash)
        words = picked_name(event).split(":")
        numbers = [int(w) for w in words[1:] if w.isascii() and w.isdecimal() and len(w) < 9]
        if flow is None or len(numbers) != 2 or not flow.has(*numbers):
            raise EncoderError("That text is not in these rankings any more; compare them again.")
        return why_panel(explain_in(flow, *numbers))

    def is_current(self, visitor: str | None) -> bool:
        """Whether the rankings made last are of the very question that is answered now."""
        flow, answer = self.task.result(visitor), self.handlers.atlas(visitor).answer
        return flow is not None and self.is_of(flow, answer)

    def is_of(self, flow: Flow, answer: Answer | None) -> bool:
        """Whether these rankings are of an answer's question, texts and settings."""
        return (
            answer is not None
            and (flow.query, flow.k, flow.method) == (answer.query, answer.k, answer.method)
            and flow.source == answer.index.source
        )

    def fresh(self, request: gr.Request, layers: Any) -> list[Any]:
        """Other hits: rankings of another question go, those of the same one stay."""
        visitor = request.session_hash
        if self.is_current(visitor):
            return [gr.skip()] * 8
        index = self.handlers.atlas(visitor).index
        gone = [WAITING, None, "", "", "", "", ""]
        if index is None:  # other texts have been opened, and nothing is found yet
            return [*gone, gr.skip()]
        own = ["-1", *map(str, index.encoder.layers)]
        kept = [layer for layer in layers or [] if layer in own] or ["-1"]
        return [*gone, gr.Dropdown(choices=own, value=kept)]
