"""Sentence × sentence: cosines of everything with everything."""

import numpy as np
import plotly.graph_objects as go

from ui.figures.heatmap import heatmap


def sentence_matrix(cosines: np.ndarray) -> go.Figure:
    """(N, N) cosines; rows and columns carry the sentences' numbers."""
    names = [f"S{i}" for i in range(1, len(cosines) + 1)]
    return heatmap(
        cosines,
        names,
        names,
        hover="%{y} and %{x}<br>cosine %{z:.4f}<br>click to compare them",
        limit=1.0,
        height=110 + 36 * len(names),
    )
