"""Sentence × sentence: cosines of everything with everything."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from ui.figures.heatmap import heatmap


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


def shorten(text: str, limit: int = 26) -> str:
    """The beginning of a text, whole words where possible."""
    if len(text) <= limit:
        return text
    return text[:limit].rsplit(" ", 1)[0] + " …"
