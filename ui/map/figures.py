"""A map as its component takes it: points, colours, and what is drawn over them."""

import base64
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go

from explore import SweepPoint

# Every two are at least 12 apart (CIEDE2000), and from the greys, also to who sees no red, no green
# or no blue, and each has a contrast of 3 with both backgrounds: tests/ui/test_palette.py measures.
PALETTE = ("#005adc", "#b48c00", "#965050", "#fa5a82", "#788cfa", "#9678aa", "#6e6400", "#009678")
# Those that plotly has in space too come first.
SYMBOLS = ("circle", "diamond", "square", "cross", "x", "triangle-up", "star", "pentagon")
GREY = "var(--lab-faint)"
SCALE = ((0.0, "#e0a100"), (0.5, "#b9b3c9"), (1.0, "#3b4cc0"))  # blue is high, as everywhere
MOST_VALUES = 20  # of a label column; the others share one colour
MOST_NAMES = 25
HOVER_CHARS = 200
UNCLUSTERED = "unclustered"

Value = dict[str, object]  # as JSON


def packed(array: np.ndarray, kind: str = "<f4") -> str:
    """An array as base64, little-endian float32 unless another `kind` is asked for."""
    return base64.b64encode(np.ascontiguousarray(array, dtype=kind).tobytes()).decode()


def points(coordinates: np.ndarray, texts: Sequence[str]) -> Value:
    """Coordinates (N, 2 or 3) and what is shown on hover."""
    z = packed(coordinates[:, 2]) if coordinates.shape[1] > 2 else None
    shown = [t if len(t) <= HOVER_CHARS else f"{t[: HOVER_CHARS - 1]}…" for t in texts]
    return {
        "n": len(texts),
        "x": packed(coordinates[:, 0]),
        "y": packed(coordinates[:, 1] if coordinates.shape[1] > 1 else np.zeros(len(texts))),
        "z": z,
        "text": shown,
    }


def categories(title: str, codes: np.ndarray, names: Sequence[str], places: np.ndarray) -> Value:
    """Colours by group; -1 is grey. Groups that lie side by side get different colours."""
    colours, symbols = distinct_colours(centres(places, codes, len(names)))
    grey = bool((codes < 0).any())
    return {
        "kind": "categories",
        "title": title,
        "codes": packed(np.where(codes < 0, len(names), codes), "<i2"),
        "names": [*names, *([UNCLUSTERED] if grey else [])],
        "colours": [*colours, *([GREY] if grey else [])],
        "symbols": [*symbols, *(["circle"] if grey else [])],
    }


def scale(title: str, values: np.ndarray, low: float, high: float) -> Value:
    """Colours by a number; NaN, where there is none, has a grey of its own."""
    return {
        "kind": "scale",
        "title": title,
        "values": packed(values.astype(np.float32)),
        "low": float(low),
        "high": float(high if high > low else low + 1e-6),
        "colours": [list(stop) for stop in SCALE],
    }


def label_codes(values: Sequence[str]) -> tuple[np.ndarray, list[str]]:
    """Codes (N,) and names of a label column, the commonest first; rare ones are "other"."""
    counts = Counter(values)
    names = [value for value, _ in counts.most_common(MOST_VALUES)]
    if len(counts) > MOST_VALUES:
        names = [*names[:-1], "(other)"]
    code_of = {name: at for at, name in enumerate(names)}
    other = len(names) - 1
    codes = np.array([code_of.get(value, other) for value in values], np.int64)
    return codes, [name or "(empty)" for name in names]


def centres(places: np.ndarray, codes: np.ndarray, count: int) -> np.ndarray:
    """Float (count, dims): the median place of each group; NaN for one without members."""
    middles = np.full((count, places.shape[1]), np.nan)
    for code in range(count):
        members = places[codes == code]
        if len(members):
            middles[code] = np.median(members, axis=0)
    return middles


def distinct_colours(middles: np.ndarray) -> tuple[list[str], list[str]]:
    """A colour and a symbol for each group, the groups of one colour as far apart as can be."""
    chosen = np.zeros(len(middles), np.int64)
    used = [0] * len(PALETTE)
    symbols: list[str] = []
    for at, middle in enumerate(middles):
        nearest = np.full(len(PALETTE), np.inf)
        apart = np.nan_to_num(np.linalg.norm(middles[:at] - middle, axis=1))
        np.minimum.at(nearest, chosen[:at], apart)
        colour = int(np.argmax(nearest))  # the first unused one, while there is one
        symbols.append(SYMBOLS[used[colour] % len(SYMBOLS)])
        used[colour] += 1
        chosen[at] = colour
    return [PALETTE[colour] for colour in chosen], symbols


def names_at(middles: np.ndarray, titles: Sequence[str]) -> list[Value]:
    """Cluster names at their places."""
    names: list[Value] = []
    for middle, title in list(zip(middles, titles, strict=True))[:MOST_NAMES]:
        if np.isfinite(middle).all() and title:
            z = float(middle[2]) if len(middle) > 2 else None
            names.append({"x": float(middle[0]), "y": float(middle[1]), "z": z, "text": title})
    return names


@dataclass(frozen=True)
class Overlay:
    """What is drawn over a map; rows are numbers of points."""

    lines: tuple[tuple[int, int], ...] = ()
    torn: tuple[tuple[int, int], ...] = ()
    crosses: tuple[int, ...] = ()
    rings: tuple[int, ...] = ()
    star: tuple[tuple[float, ...], str] | None = None

    def as_json(self) -> Value:
        """For the component."""
        star = None
        if self.star is not None:
            place, text = self.star
            z = place[2] if len(place) > 2 else None
            star = {"x": place[0], "y": place[1], "z": z, "text": text}
        return {
            "lines": [list(pair) for pair in self.lines],
            "torn": [list(pair) for pair in self.torn],
            "crosses": list(self.crosses),
            "rings": list(self.rings),
            "star": star,
        }


# --- Number of clusters and share unclustered over the least size of a cluster --------------------


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
