"""Figures on their way to the page."""

import json
from typing import Any

import plotly.graph_objects as go

Figure = dict[str, Any] | None


def figure_json(figure: go.Figure) -> Figure:
    """A figure as the plot component takes it: plain JSON, arrays as base64."""
    return json.loads(figure.to_json())
