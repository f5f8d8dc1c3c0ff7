"""Where everything stands on the Search tab, top to bottom."""

from dataclasses import dataclass

import gradio as gr
from gradio.components import Component

from encoder import DEFAULT_MODEL, POOLINGS
from ui.checks import OWN_POOLING
from ui.page.components import heading, markup, notice, pick, plot, section
from ui.page.models import LAST
from ui.search.examples import MOST
from ui.search.form import LEAST_K, METHODS, MOST_K, SearchForm

LEAD = (
    "Ask a question of many texts: the ones whose vectors lie <b>nearest to the question’s</b> are "
    "the hits. Each can be taken apart down to its tokens and held against keywords and other ways "
    "of pooling, and it says whether it is any nearer than what an unrelated question would find."
)


@dataclass(frozen=True)
class SearchLayout:
    """The question, its settings, and the answer."""

    form: dict[str, Component]  # the boxes of a SearchForm, by its fields
    chips: list[gr.Button]
    model_note: gr.HTML
    progress: gr.HTML
    stop: gr.Button
    answer: gr.HTML
    hits: gr.HTML
    why: gr.HTML
    why_matrix: gr.HTML


def lay_out_search(
    models: list[tuple[str, str]], layers: list[tuple[str, str]], queries: tuple[str, ...]
) -> SearchLayout:
    """The question with examples, settings, hits, and why a hit was found."""
    heading("2. The question")
    default = SearchForm()
    query = gr.Textbox(queries[0], label="What are you looking for?", elem_id="search-query",
                       placeholder="type, then Enter", max_lines=1)  # fmt: skip
    with gr.Row(elem_classes=["lab-chips"]):
        chips = [gr.Button("".join(queries[i : i + 1]), size="sm", visible=i < len(queries),
                           elem_id=f"search-example-{i}", elem_classes=["lab-chip"])
                 for i in range(MOST)]  # fmt: skip
    with gr.Row(elem_classes=["lab-settings"]):
        model = pick("Model", "search-model", models, DEFAULT_MODEL, scale=3)
        pooling = pick("Pooling", "search-pooling", [OWN_POOLING, *POOLINGS], OWN_POOLING, scale=2)
        layer = pick("Layer", "search-layer", layers, LAST)
        method = pick("Ranked by", "search-method", list(METHODS), default.method, scale=2)
        k = gr.Slider(LEAST_K, MOST_K, value=default.k, step=1, label="Hits", elem_id="search-k",
                      scale=2, min_width=180)  # fmt: skip
    model_note = markup(elem_id="search-model-note")
    with gr.Row(elem_classes=["lab-actions", "lab-progress-row"]):
        progress = markup(elem_id="search-progress")
        stop = gr.Button("Stop", variant="stop", size="sm", elem_id="stop-search",
                         visible="hidden", scale=0, min_width=90)  # fmt: skip
    answer = markup(elem_id="search-answer")
    hits = markup(elem_id="search-hits")
    with section("Why this hit?", "search-why-section"):
        why = markup(notice("Click a hit: what each token of it and of the question adds."),
                     elem_id="search-why")  # fmt: skip
        why_matrix = plot("What each token of the question and of the hit add to the cosine",
                          elem_id="search-why-matrix")  # fmt: skip
    form: dict[str, Component] = {
        "query": query, "model": model, "pooling": pooling, "layer": layer, "method": method,
        "k": k,
    }  # fmt: skip
    return SearchLayout(
        form=form, chips=chips, model_note=model_note, progress=progress, stop=stop, answer=answer,
        hits=hits, why=why, why_matrix=why_matrix,
    )  # fmt: skip
