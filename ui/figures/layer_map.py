"""Layer × strategy: the pair's cosine everywhere in the model."""

from collections.abc import Mapping

import numpy as np
import plotly.graph_objects as go

from encoder.grid import Cell
from encoder.layers import Layer
from ui.figures.heatmap import heatmap
from ui.verdict import share


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
    cosines of different cells are on different scales; the cosines themselves until it is known.
    """
    cells = [[(pooling, layer) for pooling in poolings] for layer in layers]
    values = np.array([[cosines[cell] for cell in row] for row in cells])
    known = bool(worth)
    figure = heatmap(
        values,
        labels,
        poolings,
        hover="%{x}, layer %{y}<br>cosine %{text}%{customdata}<br>click to go there",
        shades=np.array([[worth[cell] / 50 - 1 for cell in row] for row in cells])
        if known
        else None,
        limit=1.0,
        row_height=30,
    )
    figure.data[0].customdata = [
        [f"<br>above {share(worth[cell])} of unrelated pairs" if known else "" for cell in row]
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
