"""Compression lab: fewer dimensions and fewer bits, and what they cost on this corpus. Wiring."""

import hashlib
import threading
from collections.abc import Sequence
from dataclasses import dataclass

import gradio as gr
import plotly.graph_objects as go

from explore.compress import CompressionResult, K, compress_grid
from ingest import LabError
from ui.checks import one_of
from ui.page.components import markup, plot, prose, section
from ui.page.events import TOUCH, worded
from ui.page.matrix import figure_json
from ui.page.tasks import Steps, Task, at_once
from ui.search.background import background_queries
from ui.search.handlers import SearchHandlers
from ui.search.html import index_title
from ui.search.index import ENCODING, Index
from ui.search.scores import FEW
from ui.state.judgements import Grades, sample_judgements
from ui.state.stages import Key, Tell
from ui.words import notes

# --- Recall over bytes: what smaller vectors cost, one mark for each way to store them ------------


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


# --- The table of the compression lab: recall, bytes and time of each way to store vectors --------


ENOUGH = 0.95  # recall that the sentence below the table looks for


@dataclass(frozen=True, eq=False)
class CompressionGrid:
    """What was measured, on which vectors, asked by whom."""

    source: Key
    settings: str
    queries: str  # "178 queries of the sample"
    texts: int
    dims: int
    k: int
    results: tuple[CompressionResult, ...]


def compression_panel(grid: CompressionGrid) -> str:
    """Settings, table, and what it says."""
    rows = "".join(
        f'<tr><th scope="row">{TITLES[r.reduction]}, {r.dims}</th>'
        f"<td>{storage_title(r.storage, r.rescored)}</td>"
        f'<td class="num" data-of="recall">{r.recall:.3f}{_interval(r)}</td>'
        f'<td class="num" data-of="bytes">{r.bytes_per_sentence:,}{_also(r)}</td>'
        f'<td class="num" data-of="ms">{r.ms_per_query:.2f}</td></tr>'
        for r in grid.results
    )
    return (
        notes([
            f"Recall@{grid.k}: the share of the {grid.k} nearest texts by the full vectors "
            f"({grid.dims} × float32) that are found, averaged over {grid.queries}, with the 95% "
            "bootstrap interval over these. Median time of one query on this machine, with numpy.",
            grid.settings,
        ])
        + '<div class="lab-frame lab-tall" role="region" tabindex="0" '
        'aria-label="Ways to store vectors"><table class="lab-table lab-compressed" '
        'aria-label="Ways to store vectors"><thead><tr><th scope="col">dimensions</th>'
        '<th scope="col">stored as</th>'
        f'<th scope="col" class="num">recall@{grid.k}</th>'
        '<th scope="col" class="num">bytes per<br>sentence</th>'
        '<th scope="col" class="num">ms per<br>query</th></tr></thead>'
        f"<tbody>{rows}</tbody></table></div>" + notes(what_it_says(grid))
    )  # fmt: skip


def _interval(result: CompressionResult) -> str:
    """Both ends, nothing where one query has none."""
    if result.low != result.low:
        return ""
    return f"<small>{result.low:.3f} … {result.high:.3f}</small>"


def _also(result: CompressionResult) -> str:
    """What is kept besides, not searched through."""
    return f"<small>+ {result.full_bytes:,} kept</small>" if result.full_bytes else ""


def what_it_says(grid: CompressionGrid) -> list[str]:
    """The smallest that keeps enough, in words, and how far that goes."""
    if not grid.results:
        return []
    if grid.results[0].low != grid.results[0].low:
        lines = ["One query says too little to choose by."]
    else:
        lines = [_smallest(grid)]
    lines.append(
        "This holds for this corpus and these queries. The axes of PCA are fitted to this corpus; "
        "on a small one they fit it better than new texts. A bit of a weak component counts as "
        "much as one of a strong one: with bits, fewer components can be better. Rescoring reads "
        "the full vectors of a few candidates, which can lie on disk."
    )
    return lines


def _smallest(grid: CompressionGrid) -> str:
    full = 4 * grid.dims
    good = [r for r in grid.results if r.low >= ENOUGH]
    if not good:
        return f"Nothing here keeps a recall of {ENOUGH:g} at the low end of its interval."
    best = min(good, key=_cost)
    return (
        f"Smallest in all with recall of {ENOUGH:g} and more, even at the low end of its interval: "
        f"{TITLES[best.reduction]}, {best.dims} dimensions, "
        f"{storage_title(best.storage, best.rescored)}: {_cost(best):,} of {full:,} bytes, "
        f"{full / _cost(best):.1f} times smaller, recall {best.recall:.3f}."
    )


def _cost(result: CompressionResult) -> int:
    """Bytes of a sentence, with what is kept for rescoring."""
    return result.bytes_per_sentence + result.full_bytes


def queries_line(kind: str, queries: Sequence[str]) -> str:
    """What was asked, in words."""
    return f"{len(queries):,} {kind}"


MOST_QUERIES = 200
AUTO = f"those judged, if {FEW} or more, or those of the sample"
UNRELATED = "unrelated questions"
ASKED = (AUTO, UNRELATED)


def choose_queries(index: Index, chosen: object, grades: Grades) -> tuple[str, list[str]]:
    """What is asked, in words, and the queries. Raises EncoderError for an unknown choice."""
    if one_of(chosen, "choice of queries", ASKED) == AUTO:
        judged = list(grades)
        if len(judged) >= FEW:  # of fewer an average says little
            return "judged queries", judged[:MOST_QUERIES]
        try:
            return "queries of the sample", list(sample_judgements(index.corpus))[:MOST_QUERIES]
        except LabError:
            pass  # other texts: nobody has written queries for them
    return "unrelated everyday questions, written for no corpus", (
        background_queries(index.corpus)[:MOST_QUERIES]
    )


class SearchCompression:
    """The section. `searched` is new whenever there are other hits."""

    def __init__(self, handlers: SearchHandlers, searched: gr.State) -> None:
        self.handlers = handlers
        with section("Compression lab", "compress-section"):
            prose(
                "A million sentences of 384 float32 are 1.5 GB. Keep fewer <b>dimensions</b> (the "
                "first ones, or the principal components) or fewer <b>bits</b> each, and measure "
                "what is lost on this corpus."
            )
            asked = gr.Radio(list(ASKED), value=AUTO, label="Queries", elem_id="compress-queries")
            self.task = Task(handlers.workbench, "compress", "Measure it", {
                "encode": ENCODING,
                "queries": "Encoding the queries",
                "compression": "Trying each way to store them",
            })  # fmt: skip
            chart = plot("Recall over bytes per sentence, a mark for each way to store vectors",
                         elem_id="compress-chart")  # fmt: skip
            table = markup(elem_id="compress")
        self.task.connect(self.prepare, self.show, [asked], [chart, table])
        searched.change(worded(self.fresh), None, [chart, table, self.task.progress], **TOUCH)

    def prepare(self, visitor: str | None, asked: object) -> Steps:
        """The grid, checked."""
        index = self.handlers.index(visitor)
        title = index_title(index, self.handlers.picker, visitor)
        kind, queries = choose_queries(index, asked, self.handlers.state(visitor).judged.grades)

        def work(tell: Tell, stop: threading.Event) -> CompressionGrid:
            def measure() -> tuple[CompressionResult, ...]:
                vectors = index.encode_queries(queries, tell, stop)
                return compress_grid(index.vectors, vectors, on_progress=tell, stop=stop)

            asked_of = hashlib.blake2b("\0".join(queries).encode("utf-8", "replace")).hexdigest()
            results = index.texts.stages.get("compress", (*index.source, asked_of), measure)
            n, d = index.vectors.shape
            line = queries_line(kind, queries)
            return CompressionGrid(index.source, title, line, n, d, min(K, n), results)

        return at_once(work)

    def show(self, visitor: str | None, grid: CompressionGrid) -> list[object]:
        """Chart and table."""
        chart = figure_json(compression_chart(grid.results, grid.k))
        return [chart, compression_panel(grid)]

    def fresh(self, request: gr.Request) -> list[object]:
        """Other hits: what was measured stays while it is of the same vectors."""
        if self.handlers.stays(self.task, request.session_hash):
            return [gr.skip(), gr.skip(), gr.skip()]
        return [None, "", ""]
