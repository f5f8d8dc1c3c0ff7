"""Layer × strategy: the pair's cosine everywhere in the model."""

from collections.abc import Mapping

import numpy as np
import plotly.graph_objects as go

from encoder.grid import Cell
from encoder.layers import Layer
from ui.figures.heatmap import heatmap


def layer_map(
    cosines: Mapping[Cell, float],
    poolings: list[str],
    layers: list[Layer],
    labels: list[str],
    chosen: Cell,
    worth: Mapping[Cell, float],
) -> go.Figure:
    """One row a layer, one column a strategy; a frame marks the chosen cell.

    `worth` gives percentiles among unrelated pairs for the hover text, where they are known.
    """
    values = np.array([[cosines[pooling, layer] for pooling in poolings] for layer in layers])
    figure = heatmap(
        values,
        labels,
        poolings,
        hover="%{x}, layer %{y}<br>cosine %{z:.4f}%{customdata}<br>click to go there",
        limit=1.0,
        height=150 + 30 * len(layers),
    )
    figure.data[0].customdata = [
        [
            f"<br>above {worth[cell]:.1f}% of unrelated pairs" if cell in worth else ""
            for cell in ((pooling, layer) for pooling in poolings)
        ]
        for layer in layers
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
