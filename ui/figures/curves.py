"""A run while it goes on: the loss above, what it is worth on pairs it does not train on below."""

from collections.abc import Sequence
from math import isfinite

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from encoder.training import Eval
from ui.markup.metrics import TITLES, hundred

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
    kept = (_kept(looks, kept_step), kept_step is not None)
    figure = make_subplots(
        rows=2,
        cols=1,
        shared_xaxes=True,
        vertical_spacing=0.24,
        subplot_titles=("loss (thin: of each step, thick: running mean)", _title(metric, kept)),
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
    best = _kept(looks, kept_step)
    if best is not None:
        line = {"color": TRAIN, "width": 1, "dash": "dot"}
        figure.add_vline(x=best, line=line, row=2, col=1)


def _title(metric: str, kept: tuple[int | None, bool]) -> str:
    """`kept`: the step, and whether it will stay."""
    step, final = kept
    dotted = (
        "" if step is None else f"<br>dotted: {'kept' if final else 'best so far'}, step {step:,}"
    )
    return f"{TITLES[metric]} × 100, of up to 100 pairs{dotted}"


def _kept(looks: Sequence[Eval], kept_step: int | None) -> int | None:
    """The step whose weights are kept, as far as is known."""
    if kept_step is not None:
        return kept_step
    return next((look.step for look in reversed(looks) if look.best), None)


def _of(looks: Sequence[tuple[int, dict[str, float]]], metric: str) -> Points:
    """A metric × 100 where it was measured."""
    found = [(step, 100 * metrics.get(metric, float("nan"))) for step, metrics in looks]
    return [(step, round(value, 2)) for step, value in found if isfinite(value)]


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
