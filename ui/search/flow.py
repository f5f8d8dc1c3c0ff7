"""Rank flow: the same question under other poolings, layers, models and keywords. Wiring only."""

import threading
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

import gradio as gr
import plotly.graph_objects as go

from encoder import DEFAULT_MODEL, POOLINGS, EncoderError
from ui.checks import row_number
from ui.page.components import markup, plot, prose, section
from ui.page.events import TOUCH, picked_name, worded
from ui.page.matrix import figure_json, plot_text
from ui.page.models import LOADING, OtherModels
from ui.page.strategies import look
from ui.page.tasks import Steps, Task, at_once
from ui.search.answer import Answer
from ui.search.handlers import SearchHandlers
from ui.search.html import settings_line, why_panel
from ui.search.index import ENCODING, SearchSettings
from ui.search.rankings import (
    BM25,
    FUSED,
    WITH_KEYWORDS,
    Flow,
    explain_in,
    follow_ranks,
    other_model,
    parse_cells,
    parse_keywords,
)
from ui.state.stages import Tell
from ui.words import NONE, cut, message, notes

# --- Ranks of the same texts under several strategies: a line a text, a column a strategy ---------


LABEL_CHARS = 26
HOVER_CHARS = 90
COLUMN_WIDTH, ROW_HEIGHT, SIDE = 96, 30, 190
Ranks = Mapping[int, Mapping[str, int | None]]  # row → strategy → rank from 1, None beyond k


def bump_chart(
    names: Sequence[str],
    colours: Sequence[str],
    ranks: Ranks,
    texts: Mapping[int, str],
    k: int,
    chosen: int | None = None,
) -> go.Figure:
    """Strategies from left to right in `colours`, rank 1 on top; the line of `chosen` stands out.

    A diamond marks a text that no other strategy has among its k best. A mark's customdata is its
    row; texts stand beside the marks of the first and the last column.
    """
    figure = go.Figure()
    for row, by_name in ranks.items():
        bold = row == chosen
        figure.add_scatter(
            x=list(range(len(names))),
            y=[by_name[name] for name in names],
            mode="lines",
            line={"color": "var(--lab-accent)" if bold else "var(--lab-faint)",
                  "width": 3 if bold else 1.2},
            hoverinfo="skip",
        )  # fmt: skip
    for at, (name, colour) in enumerate(zip(names, colours, strict=True)):
        rows = [row for row, by_name in ranks.items() if by_name[name] is not None]
        alone = [sum(rank is not None for rank in ranks[row].values()) == 1 for row in rows]
        figure.add_scatter(
            x=[at] * len(rows),
            y=[ranks[row][name] for row in rows],
            mode="markers",
            marker={"color": colour, "size": 13,
                    "symbol": ["diamond" if lone else "circle" for lone in alone],
                    "line": {"color": "var(--body-text-color)",
                             "width": [2 if row == chosen else 0 for row in rows]}},
            customdata=rows,
            text=[plot_text(cut(texts[row], HOVER_CHARS)) for row in rows],
            hovertemplate=f"{plot_text(name)}, rank %{{y}}<br>%{{text}}<extra></extra>",
        )  # fmt: skip
    for at, anchor, shift in ((0, "right", -12), (len(names) - 1, "left", 12)):
        for row, by_name in ranks.items():
            if (rank := by_name[names[at]]) is not None and (at or anchor == "right"):
                figure.add_annotation(
                    x=at, y=rank, text=plot_text(cut(texts[row], LABEL_CHARS)), showarrow=False,
                    xanchor=anchor, xshift=shift, font={"size": 11},
                )  # fmt: skip
    figure.layout.template = None
    figure.update_layout(
        height=90 + ROW_HEIGHT * k,
        showlegend=False,
        margin={"l": SIDE, "r": SIDE, "t": 60, "b": 10},
        meta={"minWidth": 2 * SIDE + COLUMN_WIDTH * max(len(names) - 1, 1)},
        hovermode="closest",
        xaxis={"tickmode": "array", "tickvals": list(range(len(names))),
               "ticktext": [plot_text(name) for name in names], "side": "top",
               "range": [-0.15, len(names) - 0.85], "tickangle": -20 if len(names) > 4 else 0},
        yaxis={"range": [k + 0.6, 0.4], "showticklabels": False},
    )  # fmt: skip
    return figure


# --- Rankings against each other in words and tables: what they share, and what only one found ----


LISTED_CHARS = 70
HITS_ABOVE = {"bm25": "ranked by BM25", "fusion": "fused with BM25"}
MOST_ALONE = 3  # texts that are written out


def flow_facts(flow: Flow) -> str:
    """What was asked of what."""
    first = "the ranking above"
    if flow.method in HITS_ABOVE:
        first = f"the ranking by the vectors alone (the hits above are {HITS_ABOVE[flow.method]})"
    return notes(
        [f"“{cut(flow.query)}”: the {min(flow.k, len(flow.index.corpus))} best of each of "
         f"{len(flow.strategies)} rankings.",
         f"The first column is {first}: {settings_line(flow.index)}."]
    )  # fmt: skip


def strategies_table(flow: Flow) -> str:
    """Each ranking: what it shares with the first, and what no other has."""
    texts = flow.index.corpus.texts
    rows = ""
    for at, (strategy, overlap) in enumerate(zip(flow.strategies, flow.overlaps, strict=True)):
        alone = flow.only[strategy.name]
        shown = "".join(
            f"<li>{escape(cut(texts[row], LISTED_CHARS))}</li>" for row in alone[:MOST_ALONE]
        )
        more = f"<li>and {len(alone) - MOST_ALONE} more</li>" if len(alone) > MOST_ALONE else ""
        share = NONE if overlap != overlap else "–" if not at else f"{overlap:.0%}"
        rows += (
            f'<tr><th scope="row">{escape(strategy.name)}</th><td>{escape(strategy.settings)}</td>'
            f'<td class="num">{share}</td><td class="num">{len(alone)}</td>'
            f"<td>{f'<ul>{shown}{more}</ul>' if alone else ''}</td></tr>"
        )
    return (
        '<div class="lab-frame" role="region" tabindex="0" aria-label="Rankings">'
        '<table class="lab-table lab-flow" aria-label="Rankings"><thead><tr>'
        '<th scope="col">ranking</th><th scope="col">settings</th>'
        f'<th scope="col" class="num">overlap@{flow.k}<br>with the first</th>'
        '<th scope="col" class="num">found<br>only by it</th><th scope="col">these</th></tr>'
        f"</thead><tbody>{rows}</tbody></table></div>"
        + notes(
            ["Overlap is no measure of quality: it says how far rankings agree, not which is "
             "right. What a ranking alone found may be its best hit or its worst; read it."]
        )
    )  # fmt: skip


def ranks_table(flow: Flow) -> str:
    """The chart as numbers: a row a text, a column a ranking."""
    names = [strategy.name for strategy in flow.strategies]
    heads = "".join(f'<th scope="col" class="num">{escape(name)}</th>' for name in names)
    rows = "".join(
        f'<tr><th scope="row">{escape(cut(flow.index.corpus.texts[row], LISTED_CHARS))}</th>'
        + "".join(f'<td class="num">{by_name[name] or "–"}</td>' for name in names)
        + "</tr>"
        for row, by_name in flow.ranks.items()
    )
    return (
        '<div class="lab-frame" role="region" tabindex="0" aria-label="Ranks">'
        '<table class="lab-table lab-ranks" aria-label="Ranks"><thead><tr>'
        f'<th scope="col">text</th>{heads}</tr></thead><tbody>{rows}</tbody></table></div>'
    )


def picked_text(flow: Flow, row: int) -> str:
    """The text of a mark that was clicked, its ranks, and a button for the reasons of each."""
    by_name = flow.ranks[row]
    buttons = "".join(
        f"<li>{escape(name)}: {rank or f'not among {flow.k}'} "
        f'<button type="button" class="lab-button" data-pick="why:{at}:{row}" '
        f'aria-label="Why, by {escape(name)}">why</button></li>'
        for at, (name, rank) in enumerate(by_name.items())
    )
    return (
        notes([f"“{cut(flow.index.corpus.texts[row], 300)}”"])
        + f'<ul class="lab-picked" aria-label="Its ranks">{buttons}</ul>'
    )


USUAL = ["mean", "cls", "max"]
LATE = (
    "“{}” was ranked, but by now the page asks something else, or asks it otherwise. Press the "
    "button again."
)
NOT_RANKED = "That text is not in these rankings any more"
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
        self, visitor: str | None, poolings: Any, layers: Any, models: Any, words: Any
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

        def work(tell: Tell, stop: threading.Event) -> Flow:
            loaded = [
                other_model(
                    f"{handlers.picker.title(key, visitor)} (as saved)", key,
                    self.models.load(visitor, key, tell),
                ) for key in others
            ]  # fmt: skip
            return follow_ranks(answer, cells, loaded, chosen, most, tell, stop)

        return at_once(work)

    def show(self, visitor: str | None, flow: Flow) -> list[object]:
        """Facts, chart, what was clicked, tables; of the question on the page only."""
        if not self.is_of(flow, self.handlers.state(visitor).answer):
            self.task.forget(visitor)
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
            look(pooling).colour if pooling else OTHER_COLOURS.get(name, "var(--lab-accent)")
            for name, pooling in zip(names, flow.poolings, strict=True)
        ]
        texts = {row: flow.index.corpus.texts[row] for row in flow.ranks}
        return figure_json(bump_chart(names, colours, flow.ranks, texts, flow.k, chosen))

    def pick(self, request: gr.Request, event: gr.EventData) -> list[Any]:
        """Follow one text through the rankings."""
        flow = self.task.result(request.session_hash)
        row = getattr(event, "row", None)
        if flow is None or not isinstance(row, int) or row not in flow.ranks:
            raise EncoderError(f"{NOT_RANKED}; click again.")
        return [self.drawn(flow, row), picked_text(flow, row), ""]

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
        index = self.handlers.state(visitor).index
        gone = [WAITING, None, "", "", "", "", ""]
        if index is None:  # other texts have been opened, and nothing is found yet
            return [*gone, gr.skip()]
        own = ["-1", *map(str, index.encoder.layers)]
        kept = [layer for layer in layers or [] if layer in own] or ["-1"]
        return [*gone, gr.Dropdown(choices=own, value=kept)]
