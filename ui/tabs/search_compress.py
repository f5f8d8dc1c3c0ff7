"""Compression lab: fewer dimensions and fewer bits, and what they cost on this corpus. Wiring."""

import hashlib
from typing import Any

import gradio as gr

from encoder import EncoderError
from explore.compress import K, compress_grid
from ui.components import markup, plot
from ui.figures.as_json import figure_json
from ui.figures.compression import compression_chart
from ui.guard import told
from ui.judged_scores import FEW
from ui.judging import sample_judgements
from ui.markup.compression import Compressed, compression_panel, queries_line
from ui.markup.search_facts import index_title
from ui.search_background import background_queries
from ui.search_index import Index
from ui.tabs.frame import prose, section
from ui.tabs.search_handlers import SearchHandlers
from ui.tabs.search_task import QUIET, Task, Work

MOST_QUERIES = 200
AUTO = f"those judged, if {FEW} or more, or those of the sample"
UNRELATED = "unrelated questions"
ASKED = (AUTO, UNRELATED)


def choose_queries(index: Index, chosen: object) -> tuple[str, list[str]]:
    """What is asked, in words, and the queries. Raises EncoderError for an unknown choice."""
    if chosen not in ASKED:
        raise EncoderError(f"Unknown queries {str(chosen)[:40]!r}. Choose: {', '.join(ASKED)}.")
    if chosen == AUTO:
        judged = list(index.atlas.judged.grades)
        if len(judged) >= FEW:  # of fewer an average says little
            return "judged queries", judged[:MOST_QUERIES]
        try:
            return "queries of the sample", list(sample_judgements(index.corpus))[:MOST_QUERIES]
        except EncoderError:
            pass  # other texts: nobody has written queries for them
    return "unrelated everyday questions, written for no corpus", (
        background_queries(index.corpus)[:MOST_QUERIES]
    )


class SearchCompress:
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
            self.task = Task(handlers.workbench, "compress", "Measure it",
                             queries="Encoding the queries",
                             compression="Trying each way to store them")  # fmt: skip
            chart = plot("Recall over bytes per sentence, a mark for each way to store vectors",
                         elem_id="compress-chart")  # fmt: skip
            table = markup(elem_id="compress")
        self.task.connect(self.prepare, self.show, [asked], [chart, table])
        searched.change(told(self.fresh), None, [chart, table, self.task.progress], **QUIET)

    def prepare(self, visitor: str | None, asked: object) -> Work:
        """The grid, checked."""
        index = self.handlers.index(visitor)
        title = index_title(index, self.handlers.picker, visitor)
        kind, queries = choose_queries(index, asked)

        def work(tell: Any, stop: Any) -> Compressed:
            def make() -> Any:
                vectors = index.encode_queries(queries, tell, stop)
                return compress_grid(index.vectors, vectors, on_progress=tell, stop=stop)

            asked_of = hashlib.blake2b("\0".join(queries).encode("utf-8", "replace")).hexdigest()
            results = index.atlas.stages.get("compress", (*index.source, asked_of), make)
            n, d = index.vectors.shape
            line = queries_line(kind, queries)
            return Compressed(index.source, title, line, n, d, min(K, n), results)

        return work

    def show(self, made: Compressed) -> list[Any]:
        """Chart and table."""
        chart = figure_json(compression_chart(made.results, made.k))
        return [chart, compression_panel(made)]

    def fresh(self, request: gr.Request) -> list[Any]:
        """Other hits: what was measured stays while it is of the same vectors."""
        if self.task.stays(request.session_hash):
            return [gr.skip(), gr.skip(), gr.skip()]
        return [None, "", ""]
