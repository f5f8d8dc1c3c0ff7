"""How a search is computed, and the Python that finds the same again."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import gradio as gr

from ui.components import address_bar, copies_link, markup
from ui.corpora import sample_of
from ui.guard import told
from ui.markup.pieces import notes
from ui.search_form import SearchForm, to_query
from ui.snippets_search import search_snippet
from ui.tabs.frame import prose
from ui.tabs.search_handlers import SearchHandlers

QUIET: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden",
                         "concurrency_id": "touch", "concurrency_limit": 4}  # fmt: skip
HOW = (
    "Texts and question become vectors of length 1 with the same model, pooling and layer, so "
    "that their product is the cosine; every text is compared, none is skipped. <b>BM25</b> adds "
    "up, for each word both share, how rare it is and how often it stands in the text (k1 = 1.5, "
    "b = 0.75). <b>Fused</b> adds 1 / (60 + rank) over both rankings, so that their scores need no "
    "common scale. The <b>verdict</b> asks some hundred unrelated questions and sentences of the "
    "same texts: the best of many scores is high by chance alone, and only what is higher than "
    "their best says something. By keywords it is the BM25 score of the first hit that is "
    "compared; fused scores are ranks, so there it is the largest cosine."
)


class SearchKeep:
    """The last section of the tab. `form` is what a search is made of."""

    def __init__(self, handlers: SearchHandlers, form: Sequence[Any], searched: gr.State) -> None:
        self.handlers = handlers
        with gr.Accordion("How is this computed?", open=False, elem_id="search-how"):
            prose(HOW)
        with gr.Accordion("Take it along", open=True, elem_id="search-take"):
            with gr.Row(elem_classes=["lab-actions"]):
                copy = gr.Button("Copy a link to this search", size="sm", elem_id="search-link",
                                 scale=0, min_width=220)  # fmt: skip
            said = markup(elem_id="search-link-note")
            with gr.Accordion("Show the Python", open=False, elem_classes=["lab-small"],
                              elem_id="search-python"):  # fmt: skip
                code = gr.Code(language="python", elem_id="search-code", interactive=False,
                               show_label=False)  # fmt: skip
            address = address_bar(elem_id="search-address")
        copies_link(copy, address, "Link copied: it asks this question again.", **QUIET)
        searched.change(told(self.offer), list(form), [said, code, address], **QUIET)

    def offer(self, request: gr.Request, *values: Any) -> list[Any]:
        """Python and link for the answer on the page, "" while there is none."""
        atlas = self.handlers.atlas(request.session_hash)
        if atlas.answer is None:
            return ["", "", gr.skip()]
        sample, form = sample_of(atlas), replace(SearchForm(*values), query=atlas.answer.query)
        said = "" if sample else notes([
            "The link holds question and settings, never your texts: whoever opens it needs the "
            "same file."
        ])  # fmt: skip
        return [said, search_snippet(atlas.answer), to_query(form, sample)]
