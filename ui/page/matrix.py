"""The heat map behind all of the lab's matrices: one look, labels safe to show."""

import html
import json
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import numpy as np
import plotly.graph_objects as go

from encoder import Encoder, Layer, Options
from encoder.runner import DEFAULTS
from encoder.trace import PairExplanation, Parts, Trace
from ui.page.palette import DIVERGING, INK
from ui.words import number

ANNOTATE_COLUMNS, ANNOTATE_ROWS = 14, 40  # beyond this the numbers would not fit


def plot_text(text: str) -> str:
    """Text for plotly, which renders a little HTML of its own."""
    return html.escape(text, quote=False)


def distinct(labels: Sequence[str]) -> list[str]:
    """Labels made unique without showing it: plotly merges equal categories into one."""
    seen: dict[str, None] = {}
    for label in map(plot_text, labels):
        while label in seen:
            label += "\u200b"  # also where a visitor's own label ends like this
        seen[label] = None
    return list(seen)


def _digits(values: np.ndarray, decimals: int) -> list[list[str]]:
    return [[number(value, decimals) for value in row] for row in values.tolist()]


def heatmap(
    values: np.ndarray,
    rows: Sequence[str],
    columns: Sequence[str],
    *,
    hover: str,
    limit: float | None = None,
    shades: np.ndarray | None = None,
    decimals: int = 2,
    row_height: int = 26,
    column_width: int = 44,
) -> go.Figure:
    """(R, C) values with row and column labels, row 0 on top.

    Colours run over `shades`, or the values themselves, from -limit to limit (the largest absolute
    one unless given). `hover` is a plotly template with %{x}, %{y}, and %{text} for the value.
    """
    shades = values if shades is None else shades
    limit = limit or float(np.abs(shades).max(initial=0)) or 1.0
    numbered = len(columns) <= ANNOTATE_COLUMNS and len(rows) <= ANNOTATE_ROWS
    figure = go.Figure(
        go.Heatmap(
            z=np.asarray(shades, np.float32),
            text=_digits(values, decimals) if numbered else None,
            x=distinct(columns),
            y=distinct(rows),
            zmin=-limit,
            zmax=limit,
            colorscale=DIVERGING,
            hovertemplate=(hover if numbered else hover.replace("%{text}", "%{z:.4f}"))
            + "<extra></extra>",
            texttemplate="%{text}" if numbered else None,
            textfont={"color": INK},
            xgap=1,
            ygap=1,
            showscale=False,
        )
    )
    figure.layout.template = None  # colours come from the page's theme; saves 7 KB a figure
    every = {"type": "category", "tickmode": "linear", "dtick": 1, "automargin": True}
    figure.update_yaxes(autorange="reversed", **every)  # "category", or "1" is taken for a number
    figure.update_xaxes(side="top", tickangle=-45, **every)
    # Its own height and width, however large: the frame around it scrolls.
    cell = (column_width, row_height) if numbered else (14, 15)
    figure.update_layout(
        height=110 + cell[1] * len(rows),
        margin={"l": 8, "r": 8, "t": 8, "b": 8},
        meta={"minWidth": 100 + cell[0] * len(columns)},
    )
    return figure


# --- Figures on their way to the page -------------------------------------------------------------


Figure = dict[str, object] | None


def figure_json(figure: go.Figure) -> Figure:
    """A figure as the plot component takes it: plain JSON, arrays as base64."""
    return json.loads(figure.to_json())


# --- A pair of texts taken apart, with tokens that can be read ------------------------------------


@dataclass(frozen=True, eq=False)
class ReadablePair:
    """Two texts, the exact parts of their cosine, and their tokens as people read them."""

    a: str
    b: str
    explained: PairExplanation
    tokens_a: list[str]
    tokens_b: list[str]

    @property
    def matrix(self) -> "Figure":
        """Which tokens make up the cosine, for the plot component."""
        return figure_json(token_matrix(self.explained, self.tokens_a, self.tokens_b))


def explain(
    encoder: Encoder,
    a: str,
    b: str,
    pooling: str | None = None,
    layer: Layer = -1,
    options: Options = DEFAULTS,
    options_b: Options | None = None,
) -> ReadablePair:
    """Two texts as they are encoded, taken apart; `options_b` where b is encoded otherwise."""
    explained = encoder.explain_pair(a, b, pooling, layer, options, options_b)
    readable = encoder.backbone.readable
    return ReadablePair(a, b, explained, readable(explained.tokens_a), readable(explained.tokens_b))


# --- Token × token: which pairs of tokens make up the cosine --------------------------------------


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


# --- The tokens of both sentences, shaded by what each adds to the cosine -------------------------


NUMBERS_UP_TO = 40  # tokens; longer sentences are shaded only, the numbers in the tooltips


def shaded_tokens(
    explanation: PairExplanation, shown: tuple[Sequence[str], Sequence[str]], pool_special: bool
) -> str:
    """Sentence A's and B's tokens; each row of numbers sums to the cosine."""
    sums = explanation.contributions.sum(1), explanation.contributions.sum(0)
    limit = max((float(np.abs(s).max(initial=0)) for s in sums), default=0) or 1.0
    return "".join(
        f'<div class="lab-tokens"><b>{name}</b>'
        f"{_line(parts, labels, amounts, limit, pool_special)}"
        f'<span class="sum">= {number(float(amounts.sum()), 4)}</span></div>'
        for name, parts, labels, amounts in zip(
            "AB", (explanation.a, explanation.b), shown, sums, strict=True
        )
    )


def _line(
    parts: Parts, labels: Sequence[str], amounts: np.ndarray, limit: float, pool_special: bool
) -> str:
    numbers = len(labels) <= NUMBERS_UP_TO
    out = []
    for i, (label, amount) in enumerate(zip(labels, amounts, strict=True)):
        owned = "" if parts.owned is None else f"{int(parts.owned[i])} dim."
        classes = "tk" + (" special" if parts.special[i] else "")
        if parts.special[i] and not pool_special:
            classes += " out"
        hint = f"{parts.tokens[i]}: adds {amount:+.4f}" + (f", owns {owned}" if owned else "")
        small = f"<small>{number(float(amount), 3, sign=True)}</small>" if numbers else ""
        small += f"<small>{owned}</small>" if owned and numbers else ""
        side = "pos" if amount >= 0 else "neg"
        out.append(
            f'<span class="{classes} {side}" style="--w:{abs(amount) / limit:.3f}" '
            f'title="{escape(hint)}"><span dir="auto">{escape(label)}</span>{small}</span>'
        )
    return "".join(out)


def pipeline(name: str, trace: Trace, labels: Sequence[str], hidden_size: int) -> str:
    """One sentence from characters to tokens and ids, and how many numbers these become."""
    chips = "".join(
        f'<span class="tk{" special" if special else ""}"><span dir="auto">{escape(label)}</span>'
        f"<small>{token_id}</small></span>"
        for label, token_id, special in zip(labels, trace.ids, trace.special, strict=True)
    )
    count = len(trace.ids)
    return (
        f"<h4>{name}: {len(trace.text)} characters</h4>"
        f'<p class="lab-text" dir="auto">{escape(trace.text)}</p>'
        f"<h4>→ {count} tokens, each with its id in the vocabulary</h4>"
        f'<div class="lab-tokens plain">{chips}</div>'
        f"<h4>→ {count} token vectors of {hidden_size} numbers, drawn below</h4>"
    )
