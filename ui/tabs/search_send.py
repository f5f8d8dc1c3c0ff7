"""From judged hits to the Fine-tune tab: a share of the queries, as triplets on its desk."""

from collections.abc import Mapping
from typing import Any

import gradio as gr

from explore import search
from ui.components import markup
from ui.guard import told
from ui.judged_pairs import SHARE, to_desk, to_triplets
from ui.judging import Grades, irrelevant
from ui.markup.judging import judged_list, sent_lines
from ui.markup.pieces import notes
from ui.search_index import Index
from ui.tabs.finetune_data import READ, Data
from ui.tabs.search_handlers import SearchHandlers
from ui.tuning_form import SEED, number, whole


def best_hits(index: Index, grades: Grades) -> Mapping[str, list[str]]:
    """For queries with nothing judged irrelevant, the texts an index finds first.

    So many that one is left which nobody judged. Raises EncoderError.
    """
    wanted = [query for query, texts in grades.items() if not irrelevant(texts)]
    if not wanted:
        return {}
    deep = 1 + max(len(grades[query]) for query in wanted)
    found = search(index.encode_queries(wanted), index.vectors, deep).indices.tolist()
    return {
        query: [index.corpus.texts[row] for row in rows]
        for query, rows in zip(wanted, found, strict=True)
    }


class SearchSend:
    """The last step of judging. `listed` shows what was judged, and is drawn anew."""

    def __init__(self, handlers: SearchHandlers, listed: gr.HTML) -> None:
        self.handlers, self.listed = handlers, listed
        gr.HTML('<p class="lab-sub">Train a model on them</p>', apply_default_css=False)
        with gr.Row(elem_classes=["lab-settings"]):
            self.share = gr.Slider(10, 100, value=100 * SHARE, step=5, elem_id="judge-share",
                                   label="% of the judged queries that go to training",
                                   info="the rest is held out for a fair comparison",
                                   min_width=260)  # fmt: skip
            self.seed = gr.Number(0, label="Seed of the split", precision=0, elem_id="judge-seed",
                                  min_width=120)  # fmt: skip
            self.go = gr.Button("Send to Fine-tune", elem_id="judge-send", scale=0, min_width=210)
        self.said = markup(elem_id="judge-sent")

    def connect(self, tabs: gr.Tabs, data: Data) -> None:
        """The way to the Fine-tune tab, whose `data` takes the triplets."""

        def send(request: gr.Request, share: Any, seed: Any, version: int) -> list[Any]:
            visitor = request.session_hash
            said = self.put_on_desk(visitor, share, seed, data)
            atlas = self.handlers.atlas(visitor)
            listed = judged_list(atlas.judged.grades, atlas.sent, atlas.left)
            shown = data.show_new(data.handlers.desk(visitor), version)
            return [gr.Tabs(selected="finetune"), said, listed, *shown]

        self.go.click(
            told(send), [self.share, self.seed, data.version],
            [tabs, self.said, self.listed, *data.outputs], **READ,
        )  # fmt: skip

    def put_on_desk(self, visitor: str | None, share: Any, seed: Any, data: Data) -> str:
        """Triplets of a share of the queries; says what was sent. Raises EncoderError."""
        part = number(share, "The share for training", 1, 100) / 100
        drawn = whole(seed, "The seed of the split", *SEED)
        index, atlas = self.handlers.index(visitor), self.handlers.atlas(visitor)
        grades = atlas.judged.grades
        sent = to_triplets(grades, best_hits(index, grades), part, drawn)
        data.handlers.put(visitor, to_desk(sent))
        atlas.sent.update(sent.trained)
        return notes(sent_lines(sent))
