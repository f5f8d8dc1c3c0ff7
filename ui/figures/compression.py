"""Recall over bytes: what smaller vectors cost, one mark for each way to store them."""

from collections.abc import Sequence

import plotly.graph_objects as go

from explore.compress import CompressionResult

SYMBOLS = {"float32": "circle", "int8": "diamond", "binary": "square"}
COLOURS = {"truncate": "var(--lab-neg)", "pca": "var(--lab-accent)"}
TITLES = {"truncate": "first dimensions", "pca": "PCA"}


def storage_title(storage: str, rescored: int) -> str:
    """'binary, 40 rescored'."""
    return f"{storage}, {rescored} rescored" if rescored else storage


def compression_chart(results: Sequence[CompressionResult], k: int) -> go.Figure:
    """A line a reduction and storage, over its dimensions; bytes on a logarithmic axis.

    Colour says how dimensions were dropped, the symbol how numbers are stored; open symbols were
    put in order by the full vectors.
    """
    figure = go.Figure()
    lines: dict[tuple[str, str, int], list[CompressionResult]] = {}
    order = sorted({r.rescored for r in results})
    for result in results:
        key = (result.reduction, result.storage, order.index(result.rescored))
        lines.setdefault(key, []).append(result)
    for (reduction, storage, times), points in lines.items():
        rescored = points[0].rescored
        name = f"{TITLES[reduction]}, {storage_title(storage, rescored)}"
        figure.add_scatter(
            x=[p.bytes_per_sentence for p in points],
            y=[p.recall for p in points],
            customdata=[[p.dims, p.ms_per_query] for p in points],
            mode="lines+markers",
            name=name,
            line={"color": COLOURS[reduction], "width": 1, "dash": ("solid", "dot", "dash")[times]
                  if times < 3 else "dash"},
            marker={
                "size": 10,
                "symbol": SYMBOLS[storage] + ("-open" if rescored else ""),
                "color": COLOURS[reduction],
                "line": {"width": 2, "color": COLOURS[reduction]},
            },
            hovertemplate="%{customdata[0]} dimensions: %{x} bytes, recall %{y:.3f}, "
            f"%{{customdata[1]:.2f}} ms<extra>{name}</extra>",
        )  # fmt: skip
    figure.update_layout(
        height=430,
        margin={"l": 55, "r": 15, "t": 10, "b": 45},
        legend={"orientation": "h", "y": -0.34, "yanchor": "top"},
        xaxis={"title": {"text": "bytes per sentence (logarithmic)", "standoff": 4}, "type": "log",
               "tickmode": "array", "tickvals": ticks(results),
               "ticktext": [f"{tick:,}" for tick in ticks(results)]},
        yaxis={"title": f"recall@{k}", "range": [0, 1.04]},
    )  # fmt: skip
    return figure


def ticks(results: Sequence[CompressionResult]) -> list[int]:
    """Powers of two and four around what there is."""
    most = max((result.bytes_per_sentence for result in results), default=1)
    return [4**at for at in range(1, 9) if 4**at <= 4 * most]
