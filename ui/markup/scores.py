"""The table of scores: one bar a strategy on a common axis, and what each number is worth."""

from html import escape

from encoder import POOLINGS
from encoder.calibration import Calibration, Scale
from ui.comparison import Comparison, Score
from ui.palette import STRATEGY_COLOURS
from ui.session import Pinned


def scores_table(comparison: Comparison, pinned: Pinned | None, status: str = "") -> str:
    """All strategies, the chosen one marked. `status` stands where percentiles are missing."""
    measure = comparison.view.measure
    values = [score.value(measure) for score in comparison.scores.values()]
    ghosts = [score.value(measure) for score in pinned.scores] if pinned else []
    axis = Axis.for_values(measure, [*values, *ghosts])
    rows = "".join(
        _row(comparison, score, axis, pinned, status) for score in comparison.scores.values()
    )
    worth = _worth_headers(comparison.calibration) if measure == "cosine" else ""
    return (
        f'<table class="lab-scores"><thead><tr><th>strategy</th><th class="axis">{axis.ticks()}'
        f'</th><th class="num">{escape(measure)}</th>{worth}</tr></thead><tbody>{rows}</tbody>'
        f"</table>{_legend(comparison, axis, pinned)}"
    )


class Axis:
    """Maps numbers to percent of the bar's width."""

    def __init__(self, low: float, high: float, step: float) -> None:
        self.low, self.high, self.step = low, high, step

    @classmethod
    def for_values(cls, measure: str, values: list[float]) -> "Axis":
        """0 to 1 for cosines, from -0.25 or -1 where one is negative; else 0 to the largest."""
        if measure == "cosine":
            least = min(values)
            return cls(0.0 if least >= 0 else (-0.25 if least > -0.25 else -1.0), 1.0, 0.25)
        low, high = min(0.0, *values), max(0.0, *values)
        if low == high:
            high = low + 1
        return cls(low, high, (high - low) / 4)

    def at(self, value: float) -> float:
        """Percent from the left, within the axis."""
        return min(100.0, max(0.0, (value - self.low) / (self.high - self.low) * 100))

    def label(self, mark: float) -> str:
        """A mark with as few digits as its step needs."""
        return f"{mark:.3g}".replace("-", "−")

    def ticks(self) -> str:
        """Labels at regular steps."""
        count = round((self.high - self.low) / self.step)
        marks = [self.low + i * self.step for i in range(count + 1)]
        return "".join(
            f'<span class="tick" style="left:{self.at(mark):.2f}%">{self.label(mark)}</span>'
            for mark in marks
        )


def _row(
    comparison: Comparison, score: Score, axis: Axis, pinned: Pinned | None, status: str
) -> str:
    name, measure = score.pooling, comparison.view.measure
    value = score.value(measure)
    chosen = name == comparison.view.pooling
    scale = comparison.calibration and comparison.calibration.scale(name, comparison.view.layer)
    bands = _bands(scale, axis) if scale and measure == "cosine" else ""
    ghost = delta = ""
    if pinned:
        before = next(s.value(measure) for s in pinned.scores if s.pooling == name)
        ghost = f'<i class="ghost" style="left:{axis.at(before):.2f}%"></i>'
        delta = f'<small class="delta">{number(value - before, 4, sign=True)}</small>'
    start, end = sorted((axis.at(0), axis.at(value)))
    worth = ""
    if measure == "cosine":
        worth = "".join(
            f'<td class="num worth" data-of="{of}">{percent_cell(p, score.empty, status)}</td>'
            for of, p in (
                ("unrelated", score.random_percentile),
                ("paraphrases", score.paraphrase_percentile),
            )
        )
    return (
        f'<tr class="{"chosen" if chosen else ""}" data-pick="{name}"><th scope="row">'
        f'<button type="button" data-pick="{name}" aria-pressed="{str(chosen).lower()}" '
        f'title="{escape(POOLINGS[name].title)}"><i class="dot" style="background:'
        f'{STRATEGY_COLOURS[name]}"></i>{name}</button></th>'
        f'<td class="bar">{bands}<i class="fill" style="left:{start:.2f}%;width:{end - start:.2f}%;'
        f'background:{STRATEGY_COLOURS[name]}"></i>{ghost}</td>'
        f'<td class="num value">{number(value, 4)}{delta}</td>{worth}</tr>'
    )


def _worth_headers(calibration: Calibration | None) -> str:
    counts = ("", "")
    if calibration:
        counts = f"n = {calibration.random_pairs:,}", f"n = {calibration.paraphrase_pairs}"
    return "".join(
        f'<th class="num">above {of}<small>{n}</small></th>'
        for of, n in zip(("unrelated", "paraphrases"), counts, strict=True)
    )


def _bands(scale: Scale, axis: Axis) -> str:
    """Where 90 % of unrelated pairs and of paraphrases lie, behind the bar."""
    out = ""
    for kind in ("random", "paraphrase"):
        low, high = (axis.at(value) for value in scale.band(kind, 5, 95))
        out += f'<i class="band {kind}" style="left:{low:.2f}%;width:{high - low:.2f}%"></i>'
    return out


def _legend(comparison: Comparison, axis: Axis, pinned: Pinned | None) -> str:
    measure, calibration = comparison.view.measure, comparison.calibration
    parts = [f"<span>bars from {axis.label(axis.low)} to {axis.label(axis.high)}</span>"]
    if measure == "cosine" and calibration:
        parts += [
            f'<span><i class="key random"></i>90% of unrelated pairs '
            f"(n = {calibration.random_pairs:,})</span>",
            f'<span><i class="key paraphrase"></i>90% of paraphrases '
            f"(n = {calibration.paraphrase_pairs})</span>",
        ]
    if measure == "dot product":
        parts.append("<span>of the vectors as pooled, not normalised: longer ones give more</span>")
    if measure == "Euclidean distance":
        parts.append("<span>of the vectors as pooled, not normalised: smaller is closer</span>")
    if pinned:
        parts.append(
            f'<span><i class="key ghost"></i>pinned: “{escape(_short(pinned.a))}” / '
            f"“{escape(_short(pinned.b))}”, {escape(pinned.setting)}</span>"
        )
    return f'<div class="lab-legend">{"".join(parts)}</div>'


def percent_cell(percentile: float | None, empty: bool, status: str) -> str:
    """A percentile without claiming 0 or 100, or why there is none."""
    if empty:
        return '<span class="none" title="zero vector">–</span>'
    if percentile is None:
        return f'<span class="none">{escape(status) or "–"}</span>'
    if percentile > 99.9:
        return "&gt;99.9%"
    if percentile < 0.1:
        return "&lt;0.1%"
    return f"{percentile:.1f}%"


def number(value: float, decimals: int, sign: bool = False) -> str:
    """Digits with a true minus sign, and no negative zero."""
    text = f"{value:+.{decimals}f}" if sign else f"{value:.{decimals}f}"
    if float(text) == 0:
        text = text.replace("-", "+" if sign else "")
    return text.replace("-", "−")


def _short(text: str) -> str:
    return text if len(text) <= 40 else text[:39] + "…"
