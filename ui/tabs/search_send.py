"""From judged hits to the Fine-tune tab: a share of the queries, as triplets on its desk."""

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr

from encoder import Encoder
from explore import search
from ui.atlas import Key
from ui.components import markup, slider
from ui.desk import Desk
from ui.judged_pairs import SHARE, to_desk, to_triplets
from ui.judging import Grades, irrelevant
from ui.markup.judging import judged_list, sent_lines
from ui.markup.pieces import notes
from ui.picture import Tell
from ui.search_index import Index, prompts
from ui.tabs.finetune_data import Data
from ui.tabs.search_handlers import SearchHandlers
from ui.tabs.search_task import Task, Work
from ui.tuning_form import SEED, number, whole


def best_hits(
    index: Index, grades: Grades, tell: Tell, stop: threading.Event
) -> Mapping[str, list[str]]:
    """For queries with nothing judged irrelevant, the texts an index finds first.

    So many that one is left which nobody judged. Raises EncoderError, Stopped.
    """
    wanted = [query for query, texts in grades.items() if not irrelevant(texts)]
    if not wanted:
        return {}
    deep = 1 + max(len(grades[query]) for query in wanted)
    found = search(index.encode_queries(wanted, tell, stop), index.vectors, deep).indices.tolist()
    return {
        query: [index.corpus.texts[row] for row in rows]
        for query, rows in zip(wanted, found, strict=True)
    }


@dataclass(frozen=True, eq=False)
class Sending:
    """Triplets on their way, and what is said of them."""

    source: Key
    visitor: str | None
    desk: Desk
    trained: tuple[str, ...]
    lines: Sequence[str]
    version: int


class SearchSend:
    """The last step of judging. `listed` shows what was judged, and is drawn anew."""

    def __init__(self, handlers: SearchHandlers, listed: gr.HTML) -> None:
        self.handlers, self.listed = handlers, listed
        gr.HTML('<p class="lab-sub">Train a model on them</p>', apply_default_css=False)
        with gr.Row(elem_classes=["lab-settings"]):
            self.share = slider(10, 100, value=100 * SHARE, step=5, elem_id="judge-share",
                                   label="% of the judged queries that go to training",
                                   info="the rest is held out for a fair comparison",
                                   min_width=260)  # fmt: skip
            self.seed = gr.Number(0, label="Seed of the split", precision=0, elem_id="judge-seed",
                                  min_width=120)  # fmt: skip
        self.task = Task(handlers.workbench, "judge-send", "Send to Fine-tune",
                         queries="Encoding the queries")  # fmt: skip
        self.said = markup(elem_id="judge-sent")

    def connect(self, tabs: gr.Tabs, data: Data) -> None:
        """The way to the Fine-tune tab, whose `data` takes the triplets."""
        self.data = data
        self.task.connect(self.prepare, self.show, [self.share, self.seed, data.version],
                          [tabs, self.said, self.listed, *data.outputs])  # fmt: skip

    def prepare(self, visitor: str | None, share: Any, seed: Any, version: int) -> Work:
        """Triplets of a share of the queries. Raises EncoderError."""
        part = number(share, "The share for training", 1, 100) / 100
        drawn = whole(seed, "The seed of the split", *SEED)
        index, grades = self.handlers.index(visitor), self.handlers.atlas(visitor).judged.grades

        def work(tell: Tell, stop: threading.Event) -> Sending:
            sent = to_triplets(grades, best_hits(index, grades, tell, stop), part, drawn)
            said = sent_lines(sent, prompts_line(index.encoder))
            return Sending(index.source, visitor, to_desk(sent), sent.trained, said, version)

        return work

    def show(self, made: Sending) -> list[Any]:
        """Put them on the desk, and go there."""
        atlas = self.handlers.atlas(made.visitor)
        desk = self.data.handlers.put(made.visitor, made.desk)
        atlas.sent.update(made.trained)
        listed = judged_list(atlas.judged.grades, atlas.sent, atlas.left)
        shown = self.data.show_new(desk, made.version)
        return [gr.Tabs(selected="finetune"), notes(made.lines), listed, *shown]


def prompts_line(encoder: Encoder) -> str:
    """Where searching puts other words before texts than training does; "" where it does not."""
    trained, (before_query, before_text) = encoder.prompt(), prompts(encoder)
    if before_query == before_text == trained:
        return ""
    return (
        f"With {encoder.name}, training puts “{trained}” before every text, and searching "
        f"“{before_query}” before queries and “{before_text}” before texts: what is trained is "
        "compared under another prompt."
    )
