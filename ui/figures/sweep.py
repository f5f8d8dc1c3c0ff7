"""Number of clusters and share unclustered over the least size of a cluster."""

from collections.abc import Sequence

import plotly.graph_objects as go

from explore import SweepPoint


def sweep_curve(points: Sequence[SweepPoint], chosen: int) -> go.Figure:
    """Two curves over min_cluster_size; a line marks the size in use. Cliffs are what to fear."""
    sizes = [point.min_cluster_size for point in points]
    figure = go.Figure()
    figure.add_scatter(
        x=sizes,
        y=[point.clusters for point in points],
        mode="lines+markers",
        name="clusters",
        line={"color": "var(--lab-accent)"},
        hovertemplate="at least %{x} texts: %{y} clusters<extra></extra>",
    )
    figure.add_scatter(
        x=sizes,
        y=[100 * point.unclustered for point in points],
        mode="lines+markers",
        name="% unclustered",
        yaxis="y2",
        line={"color": "var(--lab-neg)", "dash": "dot"},
        hovertemplate="at least %{x} texts: %{y:.0f}% unclustered<extra></extra>",
    )
    figure.add_vline(x=chosen, line={"color": "var(--body-text-color)", "width": 1})
    figure.update_layout(
        height=300,
        margin={"l": 50, "r": 50, "t": 30, "b": 45},
        legend={"orientation": "h", "y": 1.15},
        xaxis={"title": "least size of a cluster (logarithmic)", "type": "log"},
        yaxis={"title": "clusters", "rangemode": "tozero"},
        yaxis2={
            "title": "% unclustered",
            "overlaying": "y",
            "side": "right",
            "range": [0, 105],
            "tickmode": "array",
            "tickvals": [0, 25, 50, 75, 100],
        },
    )
    return figure
