"""The heat map behind all of the lab's matrices: one look, labels safe to show."""

import html
from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from ui.palette import DIVERGING

ANNOTATE_UP_TO = 14  # columns; beyond this the numbers would not fit


def plot_text(text: str) -> str:
    """Text for plotly, which renders a little HTML of its own."""
    return html.escape(text, quote=False)


def distinct(labels: Sequence[str]) -> list[str]:
    """Labels made unique without showing it: plotly merges equal categories into one."""
    return [plot_text(label) + "\u200b" * i for i, label in _occurrences(labels)]


def _occurrences(labels: Sequence[str]) -> list[tuple[int, str]]:
    seen: dict[str, int] = {}
    out = []
    for label in labels:
        seen[label] = seen.get(label, -1) + 1
        out.append((seen[label], label))
    return out


def heatmap(
    values: np.ndarray,
    rows: Sequence[str],
    columns: Sequence[str],
    *,
    hover: str,
    limit: float | None = None,
    decimals: int = 2,
    height: int | None = None,
    colourscale: list[list[object]] = DIVERGING,
) -> go.Figure:
    """(R, C) values with row and column labels, row 0 on top.

    Colours run from -limit to limit (the largest absolute value unless given). `hover` is a plotly
    template with %{x}, %{y} and %{z}.
    """
    limit = limit or float(np.abs(values).max(initial=0)) or 1.0
    shown = len(columns) <= ANNOTATE_UP_TO
    figure = go.Figure(
        go.Heatmap(
            z=np.asarray(values, np.float32),
            x=distinct(columns),
            y=distinct(rows),
            zmin=-limit,
            zmax=limit,
            colorscale=colourscale,
            hovertemplate=hover + "<extra></extra>",
            texttemplate=f"%{{z:.{decimals}f}}" if shown else None,
            xgap=1,
            ygap=1,
            showscale=False,
        )
    )
    figure.layout.template = None  # colours come from the page's theme; saves 7 KB a figure
    every = {"type": "category", "tickmode": "linear", "dtick": 1, "automargin": True}
    figure.update_yaxes(autorange="reversed", **every)  # "category", or "1" is taken for a number
    figure.update_xaxes(side="top", tickangle=-45, **every)
    figure.update_layout(
        height=height or min(900, 110 + 26 * len(rows)),
        margin={"l": 8, "r": 8, "t": 8, "b": 8},
        meta={"minWidth": 100 + (40 if shown else 12) * len(columns)},  # then it scrolls sideways
    )
    return figure
