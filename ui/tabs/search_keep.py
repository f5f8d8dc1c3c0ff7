"""How a search is computed, and the Python that finds the same again."""

from typing import Any

import gradio as gr

from ui.guard import told
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
    """The last section of the tab."""

    def __init__(self, handlers: SearchHandlers, searched: gr.State) -> None:
        self.handlers = handlers
        with gr.Accordion("How is this computed?", open=False, elem_id="search-how"):
            prose(HOW)
        with gr.Accordion("Show the Python", open=False, elem_id="search-python"):
            code = gr.Code(language="python", elem_id="search-code", interactive=False,
                           show_label=False)  # fmt: skip
        searched.change(told(self.snippet), None, code, **QUIET)

    def snippet(self, request: gr.Request) -> str:
        """For the answer on the page, "" while there is none."""
        answer = self.handlers.atlas(request.session_hash).answer
        return "" if answer is None else search_snippet(answer)
