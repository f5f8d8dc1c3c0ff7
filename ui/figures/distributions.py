"""What the model says about held-out pairs, before and after training, by the answer."""

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from encoder.evaluation import Predictions
from ui.figures.curves import _LINE

BEFORE, AFTER = "var(--lab-dim)", "var(--lab-accent)"
STRIP_POINTS = 80  # of a group; of more an even selection is drawn
GOLDEN = 0.6180339887  # its multiples fill 0 … 1 evenly: jitter that is the same every time
RANKS = {"1": 1, "2–5": 5, "6–20": 20, "> 20": np.inf}  # name: the last rank in it
BINS = 24


def distributions(before: Predictions, after: Predictions) -> go.Figure:
    """Strips by label for labelled pairs, bars of ranks for positives, margins for triplets."""
    draw = {"positive": _ranks, "triplet": _margins}.get(before.kind, _strips)
    figure = draw(before, after)
    figure.layout.template = None
    left = 8 if before.labels is None else 84  # room for "label (pairs)" above the names
    figure.update_layout(margin={"l": left, "r": 12, "t": 34, "b": 60})
    figure.update_xaxes(title_font_size=12, automargin=True)
    figure.update_yaxes(title_font_size=12)
    return figure


def label_groups(labels: np.ndarray, kind: str) -> list[tuple[str, np.ndarray]]:
    """(name, rows) of the two labels, or of the fifths of the scale that occur; the lowest first.

    labels: (N,) in [0, 1].
    """
    if kind == "binary":
        groups = [("0", labels <= 0.5), ("1", labels > 0.5)]
    else:
        fifth = np.minimum(4, np.floor(labels.astype(float) * 5 + 1e-6))
        groups = [(f"{n / 5:.1f}–{(n + 1) / 5:.1f}", fifth == n) for n in range(5)]
    return [(name, np.flatnonzero(mask)) for name, mask in groups if mask.any()]


def _strips(before: Predictions, after: Predictions) -> go.Figure:
    """Two panels, a row a group of labels, a dot a pair, a bar at the group's median."""
    assert before.labels is not None
    figure = make_subplots(
        rows=1, cols=2, shared_yaxes=True, horizontal_spacing=0.05,
        subplot_titles=("before", "after"),
    )  # fmt: skip
    groups = label_groups(before.labels, before.kind)
    low = min(0.0, float(np.concatenate([before.values, after.values]).min(initial=0)))
    for column, (found, colour) in enumerate(((before, BEFORE), (after, AFTER)), start=1):
        for at, (name, rows) in enumerate(groups):
            values = np.sort(found.values[rows])
            shown = values[:: -(-len(values) // STRIP_POINTS)]
            lift = 0.56 * ((np.arange(len(shown)) * GOLDEN) % 1 - 0.5)
            figure.add_trace(
                go.Scatter(
                    x=np.round(shown, 3).tolist(),
                    y=np.round(at + lift, 3).tolist(),
                    mode="markers",
                    marker={"color": colour, "size": 6, "opacity": 0.65},
                    hovertemplate=f"label {name}<br>cosine %{{x:.2f}}<extra></extra>",
                ),
                row=1,
                col=column,
            )
            middle = float(np.median(values))
            figure.add_shape(
                type="line", x0=middle, x1=middle, y0=at - 0.36, y1=at + 0.36,
                line={"color": "var(--body-text-color)", "width": 2.5}, row=1, col=column,
            )  # fmt: skip
    figure.update_xaxes(
        range=[1.05 * low - 0.03, 1.03], title={"text": "cosine", "standoff": 4}, dtick=0.5,
        showline=True, linecolor=_LINE,
    )  # fmt: skip
    names = [f"{name} ({len(rows):,})" for name, rows in groups]
    places = list(range(len(groups)))
    figure.update_yaxes(tickvals=places, ticktext=names, range=[-0.6, len(groups) - 0.4])
    figure.update_yaxes(automargin=True, row=1, col=1)
    for title, colour in zip(figure.layout.annotations, (BEFORE, AFTER), strict=True):
        title.update(font={"size": 13, "color": colour})
    figure.add_annotation(
        x=0, xref="paper", xanchor="right", xshift=-4, y=1, yref="paper", yanchor="bottom",
        text="label (pairs)", showarrow=False, font={"size": 11, "color": BEFORE},
    )  # fmt: skip
    figure.update_layout(height=100 + 46 * len(groups), showlegend=False)
    return figure


def rank_counts(ranks: np.ndarray) -> list[int]:
    """How many of the (N,) ranks fall under each name of RANKS; a shared rank 1.5 is not 1."""
    upto = [int(np.sum(ranks <= last)) for last in RANKS.values()]
    return [upto[0], *np.diff(upto).tolist()]


def _ranks(before: Predictions, after: Predictions) -> go.Figure:
    figure = go.Figure()
    for name, found, colour in (("before", before, BEFORE), ("after", after, AFTER)):
        counts = rank_counts(found.values)
        figure.add_trace(
            go.Bar(
                x=list(RANKS),
                y=counts,
                name=name,
                marker={"color": colour},
                text=[f"{count:,}" for count in counts],
                textposition="outside",
                cliponaxis=False,
                hovertemplate=f"{name}: %{{y}} anchors find<br>their positive at rank %{{x}}"
                "<extra></extra>",
            )
        )
    title = "rank of each anchor's own positive"
    figure.update_xaxes(type="category", title={"text": title, "standoff": 6}, linecolor=_LINE)
    figure.update_yaxes(title={"text": "anchors"}, automargin=True, rangemode="tozero")
    return _with_legend(figure, 290)


def _margins(before: Predictions, after: Predictions) -> go.Figure:
    both = np.concatenate([before.values, after.values, [0.0]])
    reach = max(0.05, float(np.abs(both).max()))
    edges = np.linspace(-reach, reach, BINS + 1)  # 0 is an edge: no bar stands on both sides of it
    figure = go.Figure()
    for name, found, colour in (("before", before, BEFORE), ("after", after, AFTER)):
        counts, _ = np.histogram(found.values, edges)
        right = int(np.sum(found.values > 0))
        figure.add_trace(
            go.Scatter(
                x=np.round(np.repeat(edges, 2), 4).tolist(),
                y=[0, *np.repeat(counts, 2).tolist(), 0],
                name=f"{name}: {right:,} of {len(found.values):,} right",
                line={"color": colour, "width": 2},
                fill="tozeroy" if name == "before" else None,
                fillcolor="var(--lab-unrelated)",
                hovertemplate=f"label {name}<br>margin %{{x:.2f}}: %{{y}} triplets<extra></extra>",
            )
        )
    figure.add_vline(x=0, line={"color": "var(--body-text-color)", "width": 1.5, "dash": "dot"})
    title = "← negative nearer · positive nearer →<br>margin: cosine with positive − with negative"
    figure.update_xaxes(title={"text": title, "standoff": 6}, linecolor=_LINE, showline=True)
    figure.update_yaxes(title={"text": "triplets"}, automargin=True, rangemode="tozero")
    return _with_legend(figure, 310)


def _with_legend(figure: go.Figure, height: int) -> go.Figure:
    legend = {"orientation": "h", "x": 0, "y": 1.06, "yanchor": "bottom", "bgcolor": _CLEAR}
    figure.update_layout(height=height, showlegend=True, legend=legend)
    return figure


_CLEAR = "rgba(0,0,0,0)"
