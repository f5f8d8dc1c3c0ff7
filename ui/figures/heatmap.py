"""The heat map behind all of the lab's matrices: one look, labels safe to show."""

import html
from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from ui.markup.scores import number
from ui.palette import DIVERGING, INK

ANNOTATE_COLUMNS, ANNOTATE_ROWS = 14, 40  # beyond this the numbers would not fit


def plot_text(text: str) -> str:
    """Text for plotly, which renders a little HTML of its own."""
    return html.escape(text, quote=False)


def distinct(labels: Sequence[str]) -> list[str]:
    """Labels made unique without showing it: plotly merges equal categories into one."""
    seen: dict[str, None] = {}
    for label in map(plot_text, labels):
        while label in seen:
            label += "\u200b"  # also where a visitor's own label ends like this
        seen[label] = None
    return list(seen)


def _digits(values: np.ndarray, decimals: int) -> list[list[str]]:
    return [[number(value, decimals) for value in row] for row in values.tolist()]


def heatmap(
    values: np.ndarray,
    rows: Sequence[str],
    columns: Sequence[str],
    *,
    hover: str,
    limit: float | None = None,
    shades: np.ndarray | None = None,
    decimals: int = 2,
    row_height: int = 26,
    column_width: int = 44,
) -> go.Figure:
    """(R, C) values with row and column labels, row 0 on top.

    Colours run over `shades`, or the values themselves, from -limit to limit (the largest absolute
    one unless given). `hover` is a plotly template with %{x}, %{y}, and %{text} for the value.
    """
    shades = values if shades is None else shades
    limit = limit or float(np.abs(shades).max(initial=0)) or 1.0
    numbered = len(columns) <= ANNOTATE_COLUMNS and len(rows) <= ANNOTATE_ROWS
    figure = go.Figure(
        go.Heatmap(
            z=np.asarray(shades, np.float32),
            text=_digits(values, decimals) if numbered else None,
            x=distinct(columns),
            y=distinct(rows),
            zmin=-limit,
            zmax=limit,
            colorscale=DIVERGING,
            hovertemplate=(hover if numbered else hover.replace("%{text}", "%{z:.4f}"))
            + "<extra></extra>",
            texttemplate="%{text}" if numbered else None,
            textfont={"color": INK},
            xgap=1,
            ygap=1,
            showscale=False,
        )
    )
    figure.layout.template = None  # colours come from the page's theme; saves 7 KB a figure
    every = {"type": "category", "tickmode": "linear", "dtick": 1, "automargin": True}
    figure.update_yaxes(autorange="reversed", **every)  # "category", or "1" is taken for a number
    figure.update_xaxes(side="top", tickangle=-45, **every)
    # Its own height and width, however large: the frame around it scrolls.
    cell = (column_width, row_height) if numbered else (14, 15)
    figure.update_layout(
        height=110 + cell[1] * len(rows),
        margin={"l": 8, "r": 8, "t": 8, "b": 8},
        meta={"minWidth": 100 + cell[0] * len(columns)},
    )
    return figure
