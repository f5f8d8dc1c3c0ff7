"""Find duplicates: pairs of texts of the corpus that are nearly the same. Wiring only."""

from typing import Any

import gradio as gr

from encoder import EncoderError
from explore.duplicates import near_duplicates
from ui.components import downloader, markup
from ui.guard import told
from ui.markup.search_facts import index_title
from ui.markup.twins import Twins, twins_panel, twins_rows
from ui.tabs.frame import prose, section
from ui.tabs.map import saved
from ui.tabs.search_handlers import SearchHandlers
from ui.tabs.search_task import QUIET, Task, Work

PERCENTILE, COSINE = "above a percentile of all pairs", "above a cosine"
USUAL = {PERCENTILE: 99.9, COSINE: 0.9}
MOST = 10_000  # pairs kept, for the CSV


def parse_bound(kind: object, value: object) -> dict[str, float]:
    """`threshold` or `percentile` for the engine, which bounds it. Raises EncoderError."""
    if kind not in USUAL:
        raise EncoderError(f"Unknown kind {str(kind)[:40]!r}. Choose one of: {', '.join(USUAL)}.")
    try:
        found = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        found = float("nan")
    if found != found:
        raise EncoderError(f"The bound is {str(value)[:40]!r}; it must be a number.")
    return {"percentile" if kind == PERCENTILE else "threshold": found}


class SearchTwins:
    """The section. `searched` is new whenever there are other hits."""

    def __init__(self, handlers: SearchHandlers, searched: gr.State) -> None:
        self.handlers = handlers
        with section("Find duplicates", "twins-section"):
            prose(
                "Every text against every other: which pairs does this model see as nearly the "
                "same? A <b>percentile</b> fits any model; a fixed cosine does not, since one "
                "model's 0.9 is another's 0.6."
            )
            with gr.Row(elem_classes=["lab-settings"]):
                kind = gr.Radio(list(USUAL), value=PERCENTILE, label="Pairs", elem_id="twins-kind",
                                scale=3, min_width=280)  # fmt: skip
                bound = gr.Number(USUAL[PERCENTILE], label="Bound", elem_id="twins-bound", scale=1,
                                  info="percent, or a cosine from −1 to 1",
                                  min_width=150)  # fmt: skip
            self.task = Task(handlers.workbench, "twins", "Find them",
                             percentile="Looking at every pair for the percentile",
                             duplicates="Looking at every pair")  # fmt: skip
            table = markup(elem_id="twins")
            with gr.Row(elem_classes=["lab-actions"]):
                take = gr.Button("Pairs as CSV", size="sm", elem_id="twins-csv", scale=0,
                                 min_width=140, visible="hidden")  # fmt: skip
            file = downloader(elem_id="twins-download")
        kind.input(lambda chosen: USUAL.get(chosen, gr.skip()), kind, bound, **QUIET)
        self.task.connect(self.prepare, self.show, [kind, bound], [table, take])
        take.click(told(self.save), None, file, **QUIET)
        searched.change(told(self.fresh), None, [table, take, self.task.progress], **QUIET)

    def prepare(self, visitor: str | None, kind: object, bound: object) -> Work:
        """The search for pairs, checked."""
        index, asked = self.handlers.index(visitor), parse_bound(kind, bound)
        [(name, value)] = asked.items()
        title = index_title(index, self.handlers.picker, visitor)
        what = f"percentile {value:g} of all pairs" if name == "percentile" else f"cosine {value:g}"

        def work(tell: Any, stop: Any) -> Twins:
            key = (*index.source, name, value)
            found = index.atlas.stages.get(
                "twins", key,
                lambda: near_duplicates(
                    index.vectors, most=MOST, on_progress=tell, stop=stop, **asked
                ),
            )  # fmt: skip
            return Twins(
                index.source, index.corpus, title, what, found, by_share=name == "percentile"
            )

        return work

    def show(self, twins: Twins) -> list[Any]:
        """The table, and the button where there is something to save."""
        return [twins_panel(twins), gr.Button(visible=bool(len(twins.found.pairs)) or "hidden")]

    def fresh(self, request: gr.Request) -> list[Any]:
        """Other hits: the pairs stay while they are of the same texts under the same settings."""
        if self.task.stays(request.session_hash):
            return [gr.skip(), gr.skip(), gr.skip()]
        return ["", gr.Button(visible="hidden"), ""]

    def save(self, request: gr.Request) -> dict[str, str]:
        """All pairs that are kept."""
        made = self.task.result(request.session_hash)
        if made is None:
            raise EncoderError("No pairs are kept any more; find them again.")
        return saved("near_duplicates.csv", twins_rows(made))
