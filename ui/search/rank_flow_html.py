"""Rankings against each other: ranks as a chart, what they share, and what only one found."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

import plotly.graph_objects as go

from ui.page.matrix import plot_text
from ui.search.html import settings_line
from ui.search.index import Index
from ui.search.strategies import DenseStrategy, Strategy
from ui.state.stages import Key
from ui.words import NONE, cut, notes


@dataclass(frozen=True, eq=False)
class RankFlow:
    """The k best of each strategy for one query; the first strategy are the page's vectors."""

    source: Key
    index: Index
    query: str
    method: str  # what the hits on the page are ranked by; the first strategy ranks by vectors
    k: int
    strategies: tuple[Strategy, ...]
    dense: tuple[
        DenseStrategy, ...
    ]  # the encodings of the first strategies; those behind rank by words
    poolings: tuple[str, ...]  # of each strategy; "" where it has none, or another model's
    ranks: dict[int, dict[str, int | None]]  # row → strategy → rank
    only: dict[str, list[int]]  # strategy → rows that no other found
    overlaps: tuple[float, ...]  # share of the k best that the first has too; NaN without hits

    def has(self, strategy: int, row: int) -> bool:
        """Whether there is such a ranking, and any of them has that row."""
        return 0 <= strategy < len(self.strategies) and row in self.ranks


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
    for at, anchor, compare_queries in ((0, "right", -12), (len(names) - 1, "left", 12)):
        for row, by_name in ranks.items():
            if (rank := by_name[names[at]]) is not None and (at or anchor == "right"):
                figure.add_annotation(
                    x=at, y=rank, text=plot_text(cut(texts[row], LABEL_CHARS)), showarrow=False,
                    xanchor=anchor, xshift=compare_queries, font={"size": 11},
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


def flow_facts(flow: RankFlow) -> str:
    """What was asked of what."""
    first = "the ranking above"
    if flow.method in HITS_ABOVE:
        first = f"the ranking by the vectors alone (the hits above are {HITS_ABOVE[flow.method]})"
    return notes(
        [f"“{cut(flow.query)}”: the {min(flow.k, len(flow.index.corpus))} best of each of "
         f"{len(flow.strategies)} rankings.",
         f"The first column is {first}: {settings_line(flow.index)}."]
    )  # fmt: skip


def strategies_table(flow: RankFlow) -> str:
    """Each ranking: what it shares with the first, and what no other has."""
    texts = flow.index.corpus.texts
    rows = ""
    for at, (strategy, overlap) in enumerate(zip(flow.strategies, flow.overlaps, strict=True)):
        alone = flow.only[strategy.name]
        shown = "".join(
            f'<li dir="auto">{escape(cut(texts[row], LISTED_CHARS))}</li>'
            for row in alone[:MOST_ALONE]
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


def ranks_table(flow: RankFlow) -> str:
    """The chart as numbers: a row a text, a column a ranking."""
    names = [strategy.name for strategy in flow.strategies]
    heads = "".join(f'<th scope="col" class="num">{escape(name)}</th>' for name in names)
    rows = "".join(
        '<tr><th scope="row" dir="auto">'
        f"{escape(cut(flow.index.corpus.texts[row], LISTED_CHARS))}</th>"
        + "".join(f'<td class="num">{by_name[name] or "–"}</td>' for name in names)
        + "</tr>"
        for row, by_name in flow.ranks.items()
    )
    return (
        '<div class="lab-frame" role="region" tabindex="0" aria-label="Ranks">'
        '<table class="lab-table lab-ranks" aria-label="Ranks"><thead><tr>'
        f'<th scope="col">text</th>{heads}</tr></thead><tbody>{rows}</tbody></table></div>'
    )


def picked_text(flow: RankFlow, row: int) -> str:
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
