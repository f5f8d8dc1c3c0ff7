"""How a search is computed, and the Python that finds the same again."""

from collections.abc import Mapping

import gradio as gr
from gradio.components import Component

from ui.page.components import address_bar, copies_link, markup, prose
from ui.page.events import TOUCH, worded
from ui.search.answer import DEEP, Answer
from ui.search.form import SearchForm, asks_again, to_query, what_link_holds
from ui.search.handlers import SearchHandlers
from ui.search.index import query_options, text_options
from ui.state.models import OWN_KEY
from ui.state.texts import sample_of
from ui.words import notes

# --- The Python that finds the same hits again ----------------------------------------------------


FRAME = """\
from pathlib import Path

{imports}
from ingest import CorpusColumns, read_corpus

columns = {columns}
corpus = read_corpus(Path({file}), columns=columns, sample=True){sampled}
query = {query}
{ranking}
for row, score in zip(hits.indices[0], hits.scores[0]):
    if row >= 0:  # else an empty place: no text shares a word with the query
        print(f"{{score:.3f}}", corpus.texts[row])
"""
VECTORS = """\
encoder = load_encoder({model})
settings = {{"pooling": {pooling}, "layer": {layer}}}
vectors = encoder.encode(corpus.texts, **settings{for_texts})
vector = encoder.encode([query], **settings{for_query})
"""
RANKINGS = {
    "dense": VECTORS + "hits = search(vector, vectors, k={k})",
    "bm25": "hits = Bm25Index(corpus.texts).search([query], k={k})",
    "fusion": VECTORS
    + """\
by_vectors = search(vector, vectors, k={deep})
by_words = Bm25Index(corpus.texts).search([query], k={deep})
hits = reciprocal_rank_fusion([by_vectors, by_words], k={k})""",
}
NEEDED = {
    "dense": ["search"],
    "bm25": ["Bm25Index"],
    "fusion": ["Bm25Index", "reciprocal_rank_fusion", "search"],
}


def search_snippet(answer: Answer) -> str:
    """A script for the settings and the query of this answer."""
    index, method = answer.index, answer.method
    settings, texts, corpus = index.settings, index.texts, index.corpus
    fewer = len(corpus) < len(texts.corpus)
    own = OWN_KEY.fullmatch(settings.model) is not None
    sides = [options(index.encoder).prompt for options in (text_options, query_options)]
    prompts = [f", options=Options(prompt={name!r})" if name else "" for name in sides]
    encoding = "from encoder import Options, load_encoder" if any(sides) else (
        "from encoder import load_encoder"
    )  # fmt: skip
    ranking = RANKINGS[method].format(
        # A visitor's own model is the folder in its download.
        model=repr("./model" if own else settings.model),
        pooling=repr(settings.pooling),
        layer=repr(settings.layer),
        for_texts=prompts[0],
        for_query=prompts[1],
        k=answer.k,
        deep=max(answer.k, DEEP),
    )
    imports = f"from explore import {', '.join(NEEDED[method])}"
    return FRAME.format(
        imports=imports if method == "bm25" else f"{encoding}\n{imports}",
        columns=corpus.columns if texts.table else None,
        file=repr(f"assets/samples/{texts.name}" if texts.bundled else texts.name),
        sampled=f".sampled({len(corpus)})" if fewer else "",
        query=repr(answer.query),
        ranking=ranking,
    )


HOW = (
    "Texts and question become vectors of length 1 with the same model, pooling and layer, so "
    "that their product is the cosine; every text is compared, none is skipped. <b>BM25</b> adds "
    "up, for each word both share, how rare it is and how often it stands in the text (k1 = 1.5, "
    "b = 0.75). <b>Fused</b> adds 1 / (60 + rank) over both rankings, so that their scores need no "
    "common scale. The <b>verdict</b> asks some hundred unrelated questions and sentences of the "
    "same texts, in the language of yours: the best of many scores is high by chance alone, and "
    "only what is higher than their best says something. Questions with known answers show whether "
    "this model tells relevant texts from others at all; where it does not, there is no verdict. "
    "By keywords the verdict is the share of the question’s words that the first hit holds, "
    "weighted by how rare they are; fused scores are ranks, so there it is the largest cosine."
)


class SearchTakeHome:
    """The last section of the tab. `settings` are of a SearchForm, by name, but its query."""

    def __init__(
        self, handlers: SearchHandlers, settings: Mapping[str, Component], searched: gr.State
    ) -> None:
        self.handlers, self.settings = handlers, settings
        with gr.Accordion("How is this computed?", open=False, elem_id="search-how"):
            prose(HOW)
        with gr.Accordion("Take it along", open=True, elem_id="search-take"):
            with gr.Row(elem_classes=["lab-actions"]):
                copy = gr.Button("Copy a link to this search", size="sm", elem_id="search-link",
                                 scale=0, min_width=220)  # fmt: skip
            remark = markup(elem_id="search-link-note")
            with gr.Accordion("Show the Python", open=False, elem_classes=["lab-small"],
                              elem_id="search-python"):  # fmt: skip
                code = gr.Code(language="python", elem_id="search-code", interactive=False,
                               show_label=False)  # fmt: skip
            address = address_bar(elem_id="search-address")
        copies_link(copy, address, what_link_holds, **TOUCH)
        searched.change(worded(self.offer), [*settings.values()], [remark, code, address], **TOUCH)

    def offer(self, request: gr.Request, *values: object) -> list[object]:
        """Python and link for the answer on the page, "" while there is none."""
        answer = self.handlers.state(request.session_hash).answer
        if answer is None:
            return ["", "", gr.skip()]
        sample = sample_of(answer.index.texts)
        settings = dict(zip(self.settings, values, strict=True))
        query = to_query(SearchForm(query=answer.query, **settings), sample)
        asks = asks_again(query)
        remarks = [] if asks else ["The question is too long for a link, which holds the settings."]
        if not sample:
            what = "question and settings" if asks else "settings"
            remarks.append(
                f"The link holds {what}, never your texts: whoever opens it needs the same file."
            )
        return [notes(remarks) if remarks else "", search_snippet(answer), query]
