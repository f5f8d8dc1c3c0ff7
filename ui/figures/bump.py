"""Ranks of the same texts under several strategies: a line a text, a column a strategy."""

from collections.abc import Mapping, Sequence

import plotly.graph_objects as go

from ui.figures.heatmap import plot_text

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
            text=[plot_text(_cut(texts[row], HOVER_CHARS)) for row in rows],
            hovertemplate=f"{plot_text(name)}, rank %{{y}}<br>%{{text}}<extra></extra>",
        )  # fmt: skip
    for at, anchor, shift in ((0, "right", -12), (len(names) - 1, "left", 12)):
        for row, by_name in ranks.items():
            if (rank := by_name[names[at]]) is not None and (at or anchor == "right"):
                figure.add_annotation(
                    x=at, y=rank, text=plot_text(_cut(texts[row], LABEL_CHARS)), showarrow=False,
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


def _cut(text: str, chars: int) -> str:
    return text if len(text) <= chars else f"{text[: chars - 1]}…"
