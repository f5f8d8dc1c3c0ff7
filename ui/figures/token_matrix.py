"""Token × token: which pairs of tokens make up the cosine."""

import plotly.graph_objects as go

from encoder.trace import PairExplanation
from ui.figures.heatmap import heatmap


def token_matrix(
    explanation: PairExplanation, tokens_a: list[str], tokens_b: list[str]
) -> go.Figure:
    """Contributions (Ta, Tb), which sum to the cosine, A down and B across."""
    return heatmap(
        explanation.contributions,
        tokens_a,
        tokens_b,
        hover="A: %{y}<br>B: %{x}<br>adds %{text} to the cosine",
        decimals=4,
    )
