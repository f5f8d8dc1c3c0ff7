"""Predicted against gold: the cosine of every held-out pair over its label."""

import numpy as np
import plotly.graph_objects as go

from encoder.evaluation import Predictions
from ui.figures.distributions import AFTER, BEFORE

MOST_PAIRS = 1_000  # of each; of more an even selection is drawn
ASIDE = 0.006  # of the scale: before stands left of the label, after right of it


def predicted(before: Predictions, after: Predictions) -> go.Figure:
    """Graded pairs only. Traces "before" and "after"; customdata is the row in `held_out`."""
    if before.labels is None or after.labels is None:
        raise ValueError(f"Pairs of kind {before.kind!r} have no labels to predict.")
    rows = np.arange(len(before.values))[:: max(1, -(-len(before.values) // MOST_PAIRS))]
    figure = go.Figure()
    marks = (
        ("before", before, BEFORE, "circle-open", -ASIDE),
        ("after", after, AFTER, "diamond", ASIDE),
    )
    for name, found, colour, symbol, aside in marks:
        labels = np.asarray(before.labels, float)[rows]
        figure.add_trace(
            go.Scatter(
                x=np.round(labels + aside, 4).tolist(),
                y=np.round(found.values[rows], 4).tolist(),
                customdata=rows.tolist(),
                text=[f"{label:.2f}" for label in labels],
                name=name,
                mode="markers",
                marker={"color": colour, "symbol": symbol, "size": 8, "opacity": 0.75},
                hovertemplate=f"{name}<br>label %{{text}}, cosine %{{y:.2f}}<br>click to open "
                "the pair<extra></extra>",
            )
        )
    figure.add_shape(
        type="line", x0=0, y0=0, x1=1, y1=1, layer="below",
        line={"color": BEFORE, "width": 1, "dash": "dot"},
    )  # fmt: skip
    low = min(0.0, float(before.values.min(initial=0)), float(after.values.min(initial=0)))
    title = "label, scaled to 0 … 1 (dotted: cosine = label)"
    figure.update_xaxes(range=[-0.05, 1.05], title={"text": title, "standoff": 6}, dtick=0.2)
    figure.update_yaxes(
        range=[1.05 * low - 0.05, 1.05], title={"text": "cosine"}, automargin=True, dtick=0.2
    )
    figure.update_xaxes(title_font_size=12)
    figure.update_yaxes(title_font_size=12)
    figure.update_layout(
        template=None,
        height=400,
        margin={"l": 8, "r": 12, "t": 30, "b": 44},
        legend={"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"},
    )
    return figure
