"""How numbers, times, remarks and cut texts are written, wherever they stand on the page."""

from collections.abc import Sequence
from html import escape
from math import ceil, floor, isfinite, log10

from encoder.evaluation import Metric


def message(text: str) -> str:
    """One line in place of an answer."""
    return f'<p class="lab-message" role="status">{escape(text)}</p>'


def notes(lines: Sequence[str]) -> str:
    """Remarks below an input."""
    return "".join(f'<p class="lab-note">{escape(line)}</p>' for line in lines)


def round_step(least: float) -> float:
    """The next step that people count in: 1, 2, 2.5 or 5, times a power of ten."""
    power = 10.0 ** floor(log10(least))
    return next(m * power for m in (1, 2, 2.5, 5, 10) if m * power >= least * (1 - 1e-9))


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
        step = round_step((high - low or 1.0) / 4)
        return cls(floor(low / step) * step, ceil(high / step or 1) * step, step)

    def at(self, value: float) -> float:
        """Percent from the left, within the axis."""
        return min(100.0, max(0.0, (value - self.low) / (self.high - self.low) * 100))

    def label(self, mark: float) -> str:
        """A mark with as few digits as its step needs."""
        return f"{mark:.6g}".replace("-", "−")

    def ticks(self) -> str:
        """Labels at regular steps."""
        count = round((self.high - self.low) / self.step)
        marks = [self.low + i * self.step for i in range(count + 1)]
        return "".join(
            f'<span class="tick" style="left:{self.at(mark):.2f}%">{self.label(mark)}</span>'
            for mark in marks
        )


def number(value: float, decimals: int, sign: bool = False) -> str:
    """Digits with a true minus sign, and no negative zero."""
    text = f"{value:+.{decimals}f}" if sign else f"{value:.{decimals}f}"
    if float(text) == 0:
        text = text.replace("-", "+" if sign else "")
    return text.replace("-", "−")


NONE = "–"


def hundred(value: float, sign: bool = False) -> str:
    """A metric × 100 with one decimal; a dash where there is none."""
    return number(100 * value, 1, sign) if isfinite(value) else NONE


def interval(metric: Metric, sign: bool = False) -> str:
    """Both bounds × 100, "" where there are none."""
    if not (isfinite(metric.low) and isfinite(metric.high)):
        return ""
    return f"{hundred(metric.low, sign)} … {hundred(metric.high, sign)}"


def duration(seconds: float) -> str:
    """A time as people say it: 'under 1 s', '12 s', '2 min 5 s', '1 h 4 min'."""
    whole = round(seconds)
    if whole < 1:
        return "under 1 s"
    if whole < 60:
        return f"{whole} s"
    if whole < 600:
        return f"{whole // 60} min" + (f" {whole % 60} s" if whole % 60 else "")
    minutes = round(seconds / 60)
    if minutes < 60:
        return f"{minutes} min"
    return f"{minutes // 60} h" + (f" {minutes % 60} min" if minutes % 60 else "")


def about(seconds: float) -> str:
    """A guess at a time as people say it: 'under 1 s', 'about 12 s'."""
    return duration(seconds) if round(seconds) < 1 else f"about {duration(seconds)}"


def what_trains(blocks: int, depth: int | None = None) -> str:
    """How much of a model trains, in words; `depth` is its number of blocks, where known."""
    if blocks == 0:
        return "linear map"
    if depth is not None and blocks > depth:
        return "all blocks and the embeddings"
    if depth is not None and blocks == depth:
        return f"all {depth} blocks"
    return "top block" if blocks == 1 else f"top {blocks} blocks"


CHARS = 140


def cut(text: str, chars: int = CHARS) -> str:
    """A text for a table."""
    return text if len(text) <= chars else f"{text[: chars - 1]}…"


def missing(value: float) -> str:
    """A number with two digits, or a dash for NaN."""
    return NONE if value != value else number(value, 2)


def share(percentile: float) -> str:
    """A percentile in words, without claiming all or none."""
    if percentile > 99.9:
        return "over 99.9%"
    if percentile < 0.1:
        return "under 0.1%"
    return f"{percentile:.0f}%" if 1 <= percentile < 99.5 else f"{percentile:.1f}%"


def all_or_none(percentile: float, of: int) -> str:
    """'all' or 'none' where so many percent of `of` things are that, to the nearest; else ''."""
    below = of * percentile / 100
    if below > of - 0.5:
        return "all"
    return "none" if below < 0.5 else ""


def counted(percentile: float, of: int) -> str:
    """So many percent of `of` things, which never resolves more than their number: 'all 230'."""
    whole = all_or_none(percentile, of)
    return f"all {of:,}" if whole == "all" else f"{whole or share(percentile)} of {of:,}"


def layer_phrase(layer: int | str, depth: int) -> str:
    """A layer in words."""
    if layer == "first_last":
        return f"the mean of layers 1 and {depth}"
    if layer == "last2":
        return f"the mean of layers {depth - 1} and {depth}"
    if layer == 0:
        return "layer 0 (input embeddings)"
    return f"layer {layer} of {depth}" + (" (last)" if layer == depth else "")
