"""Layer × strategy: the pair's cosine everywhere in the model."""

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from encoder.grid import Cell
from encoder.layers import Layer
from ui.page.matrix import distinct, heatmap
from ui.page.palette import DIVERGING
from ui.words import share


def layer_map(
    cosines: Mapping[Cell, float],
    poolings: list[str],
    layers: list[Layer],
    labels: list[str],
    chosen: Cell,
    worth: Mapping[Cell, float],
) -> go.Figure:
    """One row a layer, one column a strategy; a frame marks the chosen cell.

    Numbers are cosines. Colours are `worth`, percentiles among unrelated pairs (middle: 50), since
    cosines of different cells are on different scales; without them the cosines themselves.
    """
    cells = [[(pooling, layer) for pooling in poolings] for layer in layers]
    values = np.array([[cosines[cell] for cell in row] for row in cells])
    measured = bool(worth)
    figure = heatmap(
        values,
        labels,
        poolings,
        hover="%{x}, layer %{y}<br>cosine %{text}%{customdata}<br>click to go there",
        shades=np.array([[worth[cell] / 50 - 1 for cell in row] for row in cells])
        if measured
        else None,
        limit=1.0,
        row_height=30,
    )
    figure.data[0].customdata = [
        [f"<br>above {share(worth[cell])} of unrelated pairs" if measured else "" for cell in row]
        for row in cells
    ]
    x, y = poolings.index(chosen[0]), layers.index(chosen[1])
    figure.add_shape(
        type="rect",
        x0=x - 0.5,
        x1=x + 0.5,
        y0=y - 0.5,
        y1=y + 0.5,
        line={"color": "var(--body-text-color)", "width": 3},
    )
    return figure


# --- Sentence × sentence: cosines of everything with everything -----------------------------------


def sentence_matrix(cosines: np.ndarray, texts: Sequence[str]) -> go.Figure:
    """(N, N) cosines of N texts; rows carry a number and the first words, columns the number."""
    names = [f"S{i}" for i in range(1, len(cosines) + 1)]
    starts = [f"{name} {shorten(text)}" for name, text in zip(names, texts, strict=True)]
    return heatmap(
        cosines,
        starts,
        names,
        hover="%{y} and %{x}<br>cosine %{text}<br>click to compare them",
        limit=1.0,
        row_height=36,
        column_width=56,
    )


SHORT = 26


def shorten(text: str) -> str:
    """The beginning of a text, whole words where possible."""
    if len(text) <= SHORT:
        return text
    return text[:SHORT].rsplit(" ", 1)[0] + " …"


# --- Token vectors becoming one vector: (T, H) above, (1, D) below, for both sentences ------------


MAX_ROWS = 64  # tokens drawn; more would be too thin to see
MAX_COLUMNS = 384  # dimensions drawn


def left_out(states: tuple[np.ndarray, np.ndarray]) -> str:
    """What of these arrays is too much to draw, in words; or "".

    A pooled vector that is two of the tokens' width is drawn as its two halves.
    """
    rows, columns = max(map(len, states)), max(state.shape[1] for state in states)
    parts = []
    if rows > MAX_ROWS:
        parts.append(f"the first {MAX_ROWS} of up to {rows} tokens")
    if columns > MAX_COLUMNS:
        parts.append(f"the first {MAX_COLUMNS} of {columns} dimensions")
    return f"Drawn are {' and '.join(parts)}." if parts else ""


def strips(
    tokens: tuple[list[str], list[str]],
    states: tuple[np.ndarray, np.ndarray],
    vectors: tuple[np.ndarray, np.ndarray],
) -> go.Figure:
    """For A and B: the (T, H) token vectors and the (D,) vector pooled from them."""
    heights = []
    for state in states:
        heights += [min(len(state), MAX_ROWS), 2 * (len(vectors[0]) // state.shape[1])]
    total = sum(heights)
    figure = make_subplots(
        rows=4,
        cols=1,
        row_heights=[h / total for h in heights],
        vertical_spacing=0.06,
        subplot_titles=(
            "A: one vector a token",
            "A pooled (colours on a scale of its own)",
            "B: one vector a token",
            "B pooled (colours on a scale of its own)",
        ),
    )
    limit = float(np.percentile(np.abs(np.concatenate(states)), 99)) or 1.0
    for i in range(2):
        rows = distinct(tokens[i][:MAX_ROWS])
        figure.add_trace(_strip(states[i][:MAX_ROWS], rows, limit), row=2 * i + 1, col=1)
        reach = float(np.abs(vectors[i]).max(initial=0)) or 1.0
        parts = vectors[i].reshape(-1, states[i].shape[1])
        names = ["v"] if len(parts) == 1 else [f"part {n}" for n in range(1, len(parts) + 1)]
        figure.add_trace(_strip(parts, names, reach), row=2 * i + 2, col=1)
    figure.layout.template = None
    figure.update_yaxes(
        type="category", autorange="reversed", automargin=True, tickmode="linear", dtick=1
    )
    figure.update_xaxes(showticklabels=False)
    figure.update_annotations(font_size=12, x=0, xanchor="left")
    figure.update_layout(
        height=190 + 15 * total, margin={"l": 8, "r": 8, "t": 28, "b": 8}, showlegend=False
    )
    return figure


def _strip(values: np.ndarray, rows: list[str], limit: float) -> go.Heatmap:
    return go.Heatmap(
        z=np.asarray(values[:, :MAX_COLUMNS], np.float32),
        y=rows,
        zmin=-limit,
        zmax=limit,
        colorscale=DIVERGING,
        showscale=False,
        hovertemplate="%{y}, dimension %{x}: %{z:.3f}<extra></extra>",
    )
