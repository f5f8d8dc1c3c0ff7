"""A run while it goes on: the loss above, what it is worth on pairs it does not train on below."""

from collections.abc import Sequence
from math import isfinite

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from encoder.evaluation import Predictions
from encoder.metrics import TITLES
from encoder.training import Eval
from ui.words import hundred

MOST_STEPS = 130  # of a line; of longer runs every so-manieth step is drawn
MEMORY = 0.9  # of the running mean, which so covers about the last ten steps
LEAST_SPAN = 10.0  # points of the metric that the axis covers, so that noise looks small
HEIGHT, PANEL = 400, 125  # pixels, of the figure and of one panel
LINE_HEIGHT = 15  # pixels
TRAIN, VALIDATION, HELD_OUT = "var(--lab-dim)", "var(--lab-validation)", "var(--lab-accent)"
Points = list[tuple[int, float]]


def curves(
    losses: Sequence[tuple[int, float]],
    looks: Sequence[Eval],
    metric: str,
    steps: int,
    kept_step: int | None = None,
) -> go.Figure:
    """Loss of every step and `metric` (× 100) of every look, over steps 0 … `steps`.

    kept_step: known when the run is over; until then the best look so far is marked.
    """
    marked = _best_step(looks, kept_step)
    figure = make_subplots(
        rows=2,
        cols=1,
        shared_xaxes=True,
        vertical_spacing=0.24,
        subplot_titles=(
            "loss (thin: of each step, thick: running mean)",
            _title(metric, marked, kept_step),
        ),
    )
    figure.layout.template = None
    _draw_loss(figure, [(step, loss) for step, loss in losses if isfinite(loss)])
    _draw_metric(figure, looks, metric, kept_step)
    last = max([1, steps, *(step for step, _ in losses)])
    figure.update_xaxes(range=[-0.01 * last, last * 1.01], showline=True, linecolor=_LINE)
    figure.update_xaxes(title={"text": "step", "standoff": 4, "font": {"size": 12}}, row=2, col=1)
    figure.update_yaxes(automargin=True, nticks=4)
    for title in figure.layout.annotations[:2]:
        title.update(x=0, xanchor="left", align="left", font={"size": 12, "color": TRAIN})
    figure.update_layout(
        height=HEIGHT, margin={"l": 8, "r": 100, "t": 26, "b": 40}, showlegend=False
    )
    return figure


_LINE = "var(--lab-line)"


def _draw_loss(figure: go.Figure, losses: Points) -> None:
    if not losses:
        _nothing(figure, "the first step is yet to come", row=1)
        figure.update_yaxes(range=[0, 1], showticklabels=False, row=1, col=1)
        return
    raw, smooth = thinned(losses), thinned(smoothed(losses))
    mode = "lines" if len(raw) > 1 else "markers"
    hover = "step %{x}<br>loss %{y:.4g}<extra></extra>"
    figure.add_trace(
        _line(raw, TRAIN, mode, 1).update(opacity=0.45, hovertemplate=hover), row=1, col=1
    )
    if len(smooth) > 1:
        mean = "step %{x}<br>mean of late %{y:.4g}<extra></extra>"
        figure.add_trace(
            _line(smooth, TRAIN, "lines", 2.5).update(hovertemplate=mean), row=1, col=1
        )
    figure.update_yaxes(range=[0, 1.05 * max(loss for _, loss in raw) or 1], row=1, col=1)
    _beside(figure, smooth[-1], f"loss {smooth[-1][1]:.3g}", TRAIN, row=1)


def _draw_metric(
    figure: go.Figure, looks: Sequence[Eval], metric: str, kept_step: int | None
) -> None:
    lines = {
        "held-out": (HELD_OUT, "solid", _of([(e.step, e.held_out) for e in looks], metric)),
        "validation": (VALIDATION, "dash", _of([(e.step, e.metrics) for e in looks], metric)),
    }
    lines = {name: line for name, line in lines.items() if line[2]}
    if not lines:
        _nothing(figure, "nothing has been scored yet", row=2)
        figure.update_yaxes(range=[0, 100], showticklabels=False, row=2, col=1)
        return
    for name, (colour, dash, points) in lines.items():
        trace = _line(points, colour, "lines+markers", 2).update(
            line_dash=dash, hovertemplate=f"step %{{x}}<br>{name} %{{y:.1f}}<extra></extra>"
        )
        figure.add_trace(trace, row=2, col=1)
    low, high = span([value for _, _, points in lines.values() for _, value in points])
    figure.update_yaxes(range=[low, high], row=2, col=1)
    ends = [points[-1][1] for _, _, points in lines.values()]
    shifts = apart(ends, (high - low) / PANEL)
    for (name, (colour, _, points)), shift in zip(lines.items(), shifts, strict=True):
        text = f"{name} {hundred(points[-1][1] / 100)}"
        _beside(figure, points[-1], text, colour, row=2, shift=shift)
    best = _best_step(looks, kept_step)
    if best is not None:
        line = {"color": TRAIN, "width": 1, "dash": "dot"}
        figure.add_vline(x=best, line=line, row=2, col=1)


def _title(metric: str, marked: int | None, kept_step: int | None) -> str:
    """What the lower panel shows; `marked` is the step with a dotted line."""
    name = "best so far" if kept_step is None else "kept"
    dotted = "" if marked is None else f"<br>dotted: {name}, step {marked:,}"
    return f"{TITLES[metric]} × 100, of up to 100 pairs{dotted}"


def _best_step(looks: Sequence[Eval], kept_step: int | None) -> int | None:
    """The step whose weights the model has, or would have as far as the run has come."""
    if kept_step is not None:
        return kept_step
    return next((look.step for look in reversed(looks) if look.best), None)


def _of(looks: Sequence[tuple[int, dict[str, float]]], metric: str) -> Points:
    """A metric × 100 where it was measured."""
    values = [(step, 100 * metrics.get(metric, float("nan"))) for step, metrics in looks]
    return [(step, round(value, 2)) for step, value in values if isfinite(value)]


def smoothed(points: Points) -> Points:
    """The running mean, weights falling by MEMORY a step and summing to 1 from the first on."""
    total = weight = 0.0
    out = []
    for step, value in points:
        total, weight = MEMORY * total + value, MEMORY * weight + 1
        out.append((step, total / weight))
    return out


def thinned(points: Points) -> Points:
    """At most MOST_STEPS of them, evenly spaced, the last one always."""
    every = -(-len(points) // MOST_STEPS)
    return points if every <= 1 else points[::-1][::every][::-1]


def span(values: Sequence[float]) -> tuple[float, float]:
    """An axis of points that holds all values, LEAST_SPAN or more, and nothing above 100."""
    low, high = min(values), max(values)
    room = max(0.1 * (high - low), (LEAST_SPAN - (high - low)) / 2)
    low, high = low - room, high + room
    over = max(0.0, high - 101)  # a point, so that a perfect score is no line at the very edge
    return low - over, high - over


def apart(values: Sequence[float], pixel: float) -> list[float]:
    """How far up, in pixels, to move the labels of one or two lines so that they do not touch."""
    if len(values) < 2:
        return [0.0] * len(values)
    gap = (values[0] - values[1]) / pixel
    push = max(0.0, LINE_HEIGHT - abs(gap)) / 2
    return [push, -push] if gap >= 0 else [-push, push]


def _line(points: Points, colour: str, mode: str, width: float) -> go.Scatter:
    return go.Scatter(
        x=[step for step, _ in points],
        y=[float(f"{value:.5g}") for _, value in points],
        mode=mode,
        line={"color": colour, "width": width},
        marker={"color": colour, "size": 6},
    )


def _beside(
    figure: go.Figure,
    at: tuple[int, float],
    text: str,
    colour: str,
    row: int,
    shift: float = 0.0,
) -> None:
    """A label right of the plot, at the height of the end of a line."""
    axis = {1: ("x domain", "y"), 2: ("x2 domain", "y2")}[row]
    figure.add_annotation(
        x=1, xref=axis[0], y=at[1], yref=axis[1], text=text, showarrow=False, xanchor="left",
        xshift=6, yshift=shift, font={"size": 12, "color": colour},
    )  # fmt: skip


def _nothing(figure: go.Figure, text: str, row: int) -> None:
    """A remark in an empty panel; without a point in it, plotly would not place its axes."""
    figure.add_trace(
        go.Scatter(x=[0], y=[0], mode="markers", opacity=0, hoverinfo="skip"), row=row, col=1
    )
    axis = {1: ("x domain", "y domain"), 2: ("x2 domain", "y2 domain")}[row]
    figure.add_annotation(
        x=0.5, xref=axis[0], y=0.5, yref=axis[1], text=text, showarrow=False, font={"color": TRAIN}
    )


# --- What the model says about held-out pairs, before and after training, by the answer -----------


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
    for column, (scored, colour) in enumerate(((before, BEFORE), (after, AFTER)), start=1):
        for at, (name, rows) in enumerate(groups):
            values = np.sort(scored.values[rows])
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
    for name, scored, colour in (("before", before, BEFORE), ("after", after, AFTER)):
        counts = rank_counts(scored.values)
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
    for name, scored, colour in (("before", before, BEFORE), ("after", after, AFTER)):
        counts, _ = np.histogram(scored.values, edges)
        right = int(np.sum(scored.values > 0))
        figure.add_trace(
            go.Scatter(
                x=np.round(np.repeat(edges, 2), 4).tolist(),
                y=[0, *np.repeat(counts, 2).tolist(), 0],
                name=f"{name}: {right:,} of {len(scored.values):,} right",
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


# --- Predicted against gold: the cosine of every held-out pair over its label ---------------------


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
    for name, scored, colour, symbol, aside in marks:
        labels = np.asarray(before.labels, float)[rows]
        figure.add_trace(
            go.Scatter(
                x=np.round(labels + aside, 4).tolist(),
                y=np.round(scored.values[rows], 4).tolist(),
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
