"""Token vectors becoming one vector: (T, H) above, (1, D) below, for both sentences."""

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from ui.figures.heatmap import distinct
from ui.palette import DIVERGING

MAX_ROWS = 64  # tokens drawn; more would be too thin to see
MAX_COLUMNS = 384  # dimensions drawn


def left_out(states: tuple[np.ndarray, np.ndarray], vectors: tuple[np.ndarray, np.ndarray]) -> str:
    """What of these arrays is too much to draw, in words; or ""."""
    rows, columns = max(map(len, states)), max(map(len, vectors))
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
        heights += [min(len(state), MAX_ROWS), 2]
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
        figure.add_trace(_strip(vectors[i][None], ["v"], reach), row=2 * i + 2, col=1)
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
