"""Where everything stands on the Pooling tab, top to bottom."""

from dataclasses import dataclass

import gradio as gr

from encoder import POOLINGS
from ui.page.components import address_bar, downloader, markup, plot
from ui.page.models import LAST, model_table
from ui.pooling.examples import EXAMPLES
from ui.pooling.form import MEASURES, View
from ui.pooling.handlers import PoolingHandlers
from ui.words import message

LATEX = [
    {"left": "$$", "right": "$$", "display": True},
    {"left": "$", "right": "$", "display": False},
]


PIN = "Pin these scores"


@dataclass(frozen=True)
class HubChoice:
    """Where a model is asked for by its id on the Hub."""

    repo_id: gr.Textbox
    load: gr.Button


@dataclass(frozen=True)
class Layout:
    """The components that events read or write."""

    a: gr.Textbox
    b: gr.Textbox
    chips: dict[str, gr.Button]
    swap: gr.Button
    clear: gr.Button
    reset: gr.Button
    model: gr.Dropdown
    layer: gr.Dropdown
    pooling: gr.Dropdown
    measure: gr.Radio
    hub: HubChoice | None
    model_note: gr.HTML
    link_notes: gr.HTML
    counts: gr.HTML
    answer: gr.HTML
    scores: gr.HTML
    pin: gr.Button
    scores_csv: gr.Button
    vectors_csv: gr.Button
    copy: gr.Button
    forget: gr.Button
    special: gr.Checkbox
    lines: gr.Textbox
    accordions: dict[str, gr.Accordion]
    sections: dict[str, list[gr.components.Component]]  # name -> what its renderer fills
    address: gr.HTML
    download: gr.HTML
    timer: gr.Timer


def lay_out(handlers: PoolingHandlers) -> Layout:
    """Make the components inside the current Blocks."""
    view = View()
    settings = handlers.settings
    gr.HTML(
        '<p class="lab-lead">A transformer turns every token of a sentence into a vector; '
        "<b>pooling</b> makes one vector of them all. Here are two sentences under every "
        "strategy, each score with what it is worth.</p>",
        apply_default_css=False,
    )
    link_notes = markup(elem_id="link-notes")
    with gr.Row(elem_classes=["lab-pair"]):
        a = _sentence("Sentence A", view.a, "sentence-a")
        b = _sentence("Sentence B", view.b, "sentence-b")
    with gr.Row(elem_classes=["lab-chips"]):
        chips = {
            name: gr.Button(name, size="sm", elem_id=f"chip-{i}", elem_classes=["lab-chip"])
            for i, name in enumerate(EXAMPLES)
        }
        swap = gr.Button("Swap A and B", size="sm", elem_id="swap", elem_classes=["lab-quiet"])
        clear = gr.Button("Clear", size="sm", elem_id="clear", elem_classes=["lab-quiet"])
        reset = gr.Button("Reset", size="sm", elem_id="reset", elem_classes=["lab-quiet"])
    with gr.Row(elem_classes=["lab-settings"]):
        model = gr.Dropdown(
            handlers.picker.choices(None), value=view.model, label="Model", elem_id="model",
            filterable=False, scale=3, min_width=220,
        )  # fmt: skip
        layer = gr.Dropdown(
            [("last", LAST)], value=LAST, label="Layer", elem_id="layer",
            filterable=False, scale=2, min_width=140,
        )  # fmt: skip
        pooling = gr.Dropdown(
            list(POOLINGS), value=view.pooling, label="Pooling strategy", elem_id="pooling",
            filterable=False, scale=2, min_width=140,
        )  # fmt: skip
    model_note = markup(elem_id="model-note")
    hub = None
    title = "All models, and others from the Hub" if settings.takes_hub_ids else "All models"
    with gr.Accordion(title, open=False, elem_classes=["lab-small"], elem_id="models"):
        markup(model_table(handlers.picker.offered()), elem_id="model-table")
        if settings.takes_hub_ids:
            with gr.Row():
                hub = HubChoice(
                    repo_id=gr.Textbox(
                        label="Another model, by its Hub id", placeholder="org/name",
                        elem_id="hub-id", scale=4,
                        info=f"Encoders with safetensors weights up to "
                        f"{settings.max_model_bytes / 1e6:,.0f} MB. Downloading a model is the "
                        "only thing on this page that leaves the machine.",
                    ),
                    load=gr.Button("Load", elem_id="hub-load", scale=1, min_width=100),
                )  # fmt: skip
    counts = markup(elem_id="counts")
    answer = markup(message("Loading the model …"), elem_id="answer")
    scores = markup(elem_id="scores")
    with gr.Row(elem_classes=["lab-actions"]):
        measure = gr.Radio(
            list(MEASURES), value=view.measure, label="Show", elem_id="measure", container=False,
        )  # fmt: skip
        pin = gr.Button(PIN, size="sm", elem_id="pin")
        scores_csv = gr.Button("Scores as CSV", size="sm", elem_id="scores-csv")
        vectors_csv = gr.Button("Vectors as CSV", size="sm", elem_id="vectors-csv")
        copy = gr.Button("Copy link", size="sm", elem_id="copy-link")
        forget = gr.Button("Clear my data", size="sm", elem_id="forget", variant="stop")

    accordions: dict[str, gr.Accordion] = {}
    sections: dict[str, list[gr.components.Component]] = {}
    with gr.Accordion("The score, taken apart", elem_id="section-apart") as accordions["apart"]:
        special = gr.Checkbox(
            view.pool_special, label="Pool the special tokens", elem_id="special", container=False
        )
        note = markup(elem_id="special-note")
        tokens = markup(elem_id="tokens")
        matrix = plot("What each pair of tokens adds to the cosine", elem_id="token-matrix")
        sums = markup(elem_id="matrix-sum")
        sections["apart"] = [note, tokens, matrix, sums]
    with gr.Accordion("Through the layers", elem_id="section-layers") as accordions["layers"]:
        gr.HTML(
            '<p class="lab-note">The cosine of this pair at every layer under every strategy. '
            "Colours say where it stands among unrelated pairs: orange below half of them, blue "
            "above. Click a cell to choose that layer and strategy.</p>",
            apply_default_css=False,
        )
        sections["layers"] = [
            plot(
                "Cosine by layer and strategy; the pickers above do the same", elem_id="layer-map"
            ),
            markup(elem_id="layer-chosen"),
        ]
    with gr.Accordion("How is a vector made?", open=False, elem_id="section-made") as accordions[
        "making"
    ]:
        steps = markup(elem_id="made-tokens")
        formula = gr.Markdown(elem_id="made-formula", latex_delimiters=LATEX)
        strip = plot("Token vectors and the pooled vector", elem_id="made-strips")
        cosine = markup(elem_id="made-cosine")
        sections["making"] = [steps, formula, strip, cosine]
    with gr.Accordion("Show the Python", open=False, elem_id="section-python") as accordions[
        "python"
    ]:
        plain = gr.Code(language="python", label="with transformers", elem_id="python-plain",
                        interactive=False)  # fmt: skip
        short = gr.Code(language="python", label="with sentence-transformers",
                        elem_id="python-st", interactive=False)  # fmt: skip
        sections["python"] = [plain, short]
    with gr.Accordion(
        f"Up to {settings.max_texts} sentences", open=False, elem_id="section-several"
    ) as accordions["several"]:
        lines = gr.Textbox(
            "\n".join(view.texts), lines=5, max_lines=12, label="One sentence on each line",
            elem_id="lines",
        )  # fmt: skip
        gr.HTML(
            '<p class="lab-note">Click a cell to open that pair at the top of the page.</p>',
            apply_default_css=False,
        )
        table = plot("Cosine of every sentence with every other", elem_id="sentence-matrix")
        remarks = markup(elem_id="lines-notes")
        sections["several"] = [table, remarks]
    with gr.Accordion(
        "How far can I trust it?", open=False, elem_id="section-honesty"
    ) as accordions["honesty"]:
        sections["honesty"] = [markup(elem_id="honesty")]
    return Layout(
        a=a,
        b=b,
        chips=chips,
        swap=swap,
        clear=clear,
        reset=reset,
        model=model,
        layer=layer,
        pooling=pooling,
        measure=measure,
        hub=hub,
        model_note=model_note,
        link_notes=link_notes,
        counts=counts,
        answer=answer,
        scores=scores,
        pin=pin,
        scores_csv=scores_csv,
        vectors_csv=vectors_csv,
        copy=copy,
        forget=forget,
        special=special,
        lines=lines,
        accordions=accordions,
        sections=sections,
        address=address_bar(elem_id="address"),
        download=downloader(elem_id="download"),
        timer=gr.Timer(0.7, active=False),
    )


def _sentence(label: str, value: str, elem_id: str) -> gr.Textbox:
    return gr.Textbox(
        value, label=label, elem_id=elem_id, lines=2, max_lines=6,
        placeholder="Type a sentence",
    )  # fmt: skip
