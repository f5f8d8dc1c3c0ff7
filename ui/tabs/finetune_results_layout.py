"""Where what came of a run stands on the Fine-tune tab."""

from dataclasses import dataclass

import gradio as gr

from ui.components import leave_guard, markup, plot, slider
from ui.markup.ledger import ORDERS
from ui.markup.runs_table import runs_table
from ui.tabs.frame import heading, prose, section

NOTHING = "(nothing)"


@dataclass(frozen=True)
class ResultsLayout:
    """What came of it."""

    box: gr.Column
    naming: gr.Row
    runs: gr.HTML
    name: gr.Textbox
    rename: gr.Button
    reuse: gr.Button
    against: gr.Dropdown
    compared: gr.HTML
    archive: gr.File
    answer: gr.HTML
    table: gr.HTML
    distributions: gr.HTML
    scatter: gr.HTML
    order: gr.Radio
    ledger: gr.HTML
    pair_note: gr.HTML
    pair_before: gr.HTML
    pair_after: gr.HTML
    forgetting: gr.HTML
    alpha: gr.Slider
    blended: gr.HTML
    use_blend: gr.Button
    try_a: gr.Textbox
    try_b: gr.Textbox
    tried: gr.HTML
    links: gr.HTML
    repo: gr.Textbox | None
    push: gr.Button | None
    pushed: gr.HTML | None
    leave: gr.HTML


def lay_out_results(on_hub: bool) -> ResultsLayout:
    """One run at a time; which one is chosen in the table of runs."""
    heading("4. What came of it")
    runs = markup(runs_table([], ""), elem_id="runs")
    with gr.Accordion("Bring back a model that was downloaded here", open=False,
                      elem_classes=["lab-small"], elem_id="bring-back"):  # fmt: skip
        archive = gr.File(label="Its zip", file_types=[".zip"], elem_id="archive", height=110)
    with gr.Row(visible=False, elem_classes=["lab-actions"], elem_id="naming") as naming:
        name = gr.Textbox(label="Name of this run", elem_id="run-name", max_lines=1, scale=3)
        rename = gr.Button("Rename", size="sm", elem_id="rename", scale=0, min_width=100)
        reuse = gr.Button("Use its settings again", size="sm", elem_id="reuse", scale=0,
                          min_width=180)  # fmt: skip
        against = gr.Dropdown([NOTHING], value=NOTHING, label="Compare with", elem_id="against",
                              filterable=False, scale=2, min_width=200)  # fmt: skip
    compared = markup(elem_id="compared")
    with gr.Column(visible=False, elem_id="results") as box:
        answer = markup(elem_id="tuning-answer")
        table = markup(elem_id="before-after")
        links = markup(elem_id="take-home")
        repo = push = pushed = None
        if on_hub:
            with gr.Row(elem_classes=["lab-actions"]):
                repo = gr.Textbox(label="Push to the Hub as", placeholder="you/name", scale=3,
                                  elem_id="repo")  # fmt: skip
                push = gr.Button("Push (private)", elem_id="push", scale=0, min_width=140)
                gr.LoginButton(scale=0)
            pushed = markup(elem_id="pushed")
        with section("Pair by pair", "ledger-section"):
            order = gr.Radio(list(ORDERS), value=next(iter(ORDERS)), label="Order",
                             elem_id="ledger-order", container=False)  # fmt: skip
            ledger = markup(elem_id="ledger")
            pair_note = markup(elem_id="pair-note")
            with gr.Row():
                with gr.Column(min_width=320):
                    pair_before = plot("Token by token, before", elem_id="pair-before")
                with gr.Column(min_width=320):
                    pair_after = plot("Token by token, after", elem_id="pair-after")
        with section("Scores by label, before and after", "distributions-section"):
            distributions = plot("Scores by label, before and after", elem_id="distributions")
            scatter = plot("Predicted score against the label", elem_id="scatter")
        with section("What did it forget?", "forgetting-section"):
            forgetting = markup(elem_id="forgetting")
        with section("Between before and after: a blend", "blend-section"):
            prose("w = (1 − α) · base + α · tuned, weight by weight: often a little of each "
                  "forgets less and gains as much.")  # fmt: skip
            alpha = slider(0, 1, value=1, step=0.05, label="α", elem_id="alpha")
            blended = markup(elem_id="blended")
            use_blend = gr.Button("Keep this blend as a model", size="sm", elem_id="use-blend")
        with section("Try it", "try-section"):
            with gr.Row(elem_classes=["lab-pair"]):
                try_a = gr.Textbox("The parcel never arrived.", label="One sentence",
                                   elem_id="try-a")  # fmt: skip
                try_b = gr.Textbox("My order is still missing.", label="Another",
                                   elem_id="try-b")  # fmt: skip
            tried = markup(elem_id="tried")
    return ResultsLayout(
        box, naming, runs, name, rename, reuse, against, compared, archive, answer, table,
        distributions, scatter, order, ledger, pair_note, pair_before, pair_after, forgetting,
        alpha, blended, use_blend, try_a, try_b, tried, links, repo, push, pushed,
        leave_guard(elem_id="leave-guard"),
    )  # fmt: skip
