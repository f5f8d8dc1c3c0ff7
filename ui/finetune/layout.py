"""Where everything stands on the Fine-tune tab, from its first words to the Train button."""

from dataclasses import dataclass, fields

import gradio as gr
from gradio.components import Component

from encoder import DEFAULT_MODEL, SAVABLE, TrainConfig
from encoder.training.config import TRAIN_BLOCKS
from ingest import Limits
from ui.checks import OWN_POOLING
from ui.finetune.form import AUTO, BY_STEPS, DURATIONS, PRESETS, STEPS, Form
from ui.finetune.results_html import ORDERS, runs_table
from ui.page.components import (
    downloader,
    heading,
    leave_guard,
    markup,
    plot,
    prose,
    section,
)
from ui.settings import Settings
from ui.state.pairs import KINDS, SAMPLES


@dataclass(frozen=True)
class DataLayout:
    """Choosing what to train on."""

    samples: dict[str, gr.Button]  # by name
    file: gr.File
    pasted: gr.Textbox
    use_pasted: gr.Button
    note: gr.HTML
    sampled: gr.Button
    kind: gr.Dropdown
    columns: tuple[gr.Dropdown, gr.Dropdown, gr.Dropdown]
    scale: tuple[gr.Number, gr.Number]
    preview: gr.HTML
    facts: gr.HTML
    findings: gr.HTML
    split: gr.HTML
    cleaned: gr.Button
    dropped: gr.Button
    on_map: gr.Button
    templates: dict[str, gr.Button]
    download: gr.HTML


@dataclass(frozen=True)
class FormLayout:
    """The components of a Form: a field here for each field there."""

    pooling: gr.Dropdown
    loss: gr.Dropdown
    blocks: gr.Slider
    duration: gr.Dropdown
    steps: gr.Number
    batch_size: gr.Number
    lr: gr.Textbox
    warmup: gr.Number
    seed: gr.Number
    held_out: gr.Slider
    patience: gr.Number

    @property
    def components(self) -> list[Component]:
        """In the order of the fields of Form."""
        return [getattr(self, field.name) for field in fields(Form)]


@dataclass(frozen=True)
class SettingsLayout:
    """Choosing how to train."""

    model: gr.Dropdown
    model_note: gr.HTML
    presets: dict[str, gr.Button]
    loss_note: gr.HTML
    form: FormLayout
    cost: gr.HTML
    train: gr.Button
    stop: gr.Button
    progress: gr.HTML
    curves: gr.HTML


def lay_out_data(upload: Limits) -> DataLayout:
    """The pairs, and the check."""
    prose(
        "A model learns from <b>pairs of sentences</b>: which belong together, which do not, or "
        "how alike they are. Choose some, see what is wrong with them, train for a minute, and see "
        "honestly whether it helped."
    )
    heading("1. The pairs")
    with gr.Row(elem_classes=["lab-chips"]):
        samples = {
            name: gr.Button(sample.title, size="sm", elem_id=f"sample-{name}",
                            elem_classes=["lab-chip"])
            for name, sample in SAMPLES.items()
        }  # fmt: skip
    with gr.Row():
        file = gr.File(
            label="CSV, TSV, JSON, Parquet, Excel; .gz, .zip",
            elem_id="pairs-file", height=150, scale=2, min_width=280,
        )  # fmt: skip
        with gr.Column(scale=3, min_width=280):
            pasted = gr.Textbox(
                label="Or paste rows", lines=3, max_lines=8, elem_id="pasted",
                placeholder="sentence1,sentence2,score\nIt is raining.,Rain falls.,4.5",
            )  # fmt: skip
            use_pasted = gr.Button("Use these rows", size="sm", elem_id="use-pasted")
    note = markup(elem_id="pairs-note")
    sampled = gr.Button(f"Read a sample of {upload.rows:,} rows", size="sm", visible="hidden",
                        elem_id="sampled")  # fmt: skip
    with gr.Row(elem_classes=["lab-settings"]):
        kind = gr.Dropdown(
            [(title, name) for name, title in KINDS.items()], value="score",
            label="Kind of pairs", elem_id="kind", filterable=False, scale=2, min_width=200,
        )  # fmt: skip
        first, second, third = (
            gr.Dropdown(
                [],
                label=label,
                elem_id=elem_id,
                filterable=False,
                scale=1,
                min_width=140,
            )
            for label, elem_id in (
                ("First text", "column-1"),
                ("Second text", "column-2"),
                ("Label, or negative", "column-3"),
            )
        )
        lowest, highest = (
            gr.Number(None, label=label, elem_id=elem_id, min_width=110, scale=1,
                      placeholder="recognised")
            for label, elem_id in (("Lowest label", "lowest"), ("Highest label", "highest"))
        )  # fmt: skip
    preview = markup(elem_id="preview")
    facts = markup(elem_id="facts")
    heading("2. The check")
    findings = markup(elem_id="findings")
    split = markup(elem_id="split")
    with gr.Row(elem_classes=["lab-actions"]):
        cleaned = gr.Button("Cleaned pairs and split as CSV", size="sm", elem_id="cleaned-csv")
        dropped = gr.Button("Dropped rows as CSV", size="sm", elem_id="dropped-csv")
        on_map = gr.Button("Map the texts of these pairs", size="sm", elem_id="map-pairs")
    with gr.Accordion("A template to start from", open=False, elem_classes=["lab-small"],
                      elem_id="templates"), gr.Row(elem_classes=["lab-chips"]):  # fmt: skip
        templates = {
            name: gr.Button(title, size="sm", elem_id=f"template-{name}")
            for name, title in KINDS.items()
        }
    return DataLayout(
        samples=samples, file=file, pasted=pasted, use_pasted=use_pasted, note=note,
        sampled=sampled, kind=kind, columns=(first, second, third), scale=(lowest, highest),
        preview=preview, facts=facts, findings=findings, split=split, cleaned=cleaned,
        dropped=dropped, on_map=on_map, templates=templates,
        download=downloader(elem_id="pairs-download"),
    )  # fmt: skip


def lay_out_settings(models: list[tuple[str, str]], limits: Settings) -> SettingsLayout:
    """Model, presets, everything else under "Advanced", and the run."""
    heading("3. The training")
    with gr.Row(elem_classes=["lab-settings"]):
        model = gr.Dropdown(
            models, value=DEFAULT_MODEL, label="Model to train", elem_id="tune-model",
            filterable=False, scale=3, min_width=220,
        )  # fmt: skip
        pooling = gr.Dropdown(
            [OWN_POOLING, *SAVABLE], value=OWN_POOLING, label="Pooling to train",
            elem_id="tune-pooling", filterable=False, scale=2, min_width=160,
        )  # fmt: skip
    model_note = markup(elem_id="tune-model-note")
    with gr.Row(elem_classes=["lab-chips"]):
        presets = {
            name: gr.Button(f"{name}: {preset.effect}", size="sm", elem_id=f"preset-{name.lower()}")
            for name, preset in PRESETS.items()
        }
    with gr.Accordion("Advanced", open=False, elem_classes=["lab-small"], elem_id="advanced"):
        with gr.Row():
            loss = gr.Dropdown([], label="Loss", elem_id="loss", filterable=False, min_width=220)
            blocks = gr.Slider(
                0, 7, value=TRAIN_BLOCKS, step=1, elem_id="blocks", min_width=220,
                label="Blocks that train (0: a linear map only; one more than all: embeddings too)",
            )  # fmt: skip
        loss_note = markup(elem_id="loss-note")
        with gr.Row():
            duration = gr.Dropdown(
                [*DURATIONS, BY_STEPS], value=AUTO, label="How long", elem_id="duration",
                filterable=False, min_width=160,
            )  # fmt: skip
            steps = gr.Number(STEPS, label=f"Steps, up to {limits.max_steps:,}",
                              precision=0, elem_id="steps", min_width=110)  # fmt: skip
            batch = gr.Number(16, label="Batch size", precision=0, elem_id="batch", min_width=110)
            lr = gr.Textbox("", label="Learning rate", placeholder="by the number of blocks",
                            elem_id="lr", min_width=150, max_lines=1)  # fmt: skip
        with gr.Row():
            warmup = gr.Number(10, label="Warm-up steps", precision=0, elem_id="warmup",
                               min_width=110)  # fmt: skip
            seed = gr.Number(0, label="Seed", precision=0, elem_id="seed", min_width=110)
            held_out = gr.Slider(5, 50, value=20, step=5, label="Held out, % of rows",
                                 elem_id="held-out", min_width=220)  # fmt: skip
            patience = gr.Number(TrainConfig.patience, precision=0, elem_id="patience",
                                 label="End after so many looks without a gain (0: never)",
                                 min_width=220)  # fmt: skip
    form = FormLayout(
        pooling=pooling, loss=loss, blocks=blocks, duration=duration, steps=steps,
        batch_size=batch, lr=lr, warmup=warmup, seed=seed, held_out=held_out, patience=patience,
    )  # fmt: skip
    cost = markup(elem_id="cost")
    with gr.Row(elem_classes=["lab-actions"]):
        train = gr.Button("Train", variant="primary", elem_id="train", min_width=160, scale=0)
        stop = gr.Button("Stop, keep the best so far", variant="stop", elem_id="stop-training",
                         visible="hidden", min_width=200, scale=0)  # fmt: skip
    progress = markup(elem_id="training-progress")
    curves = plot("Loss and held-out score, step by step", elem_id="curves")
    return SettingsLayout(
        model=model, model_note=model_note, presets=presets, loss_note=loss_note, form=form,
        cost=cost, train=train, stop=stop, progress=progress, curves=curves,
    )  # fmt: skip


# --- Where what came of a run stands on the Fine-tune tab -----------------------------------------


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
            alpha = gr.Slider(0, 1, value=1, step=0.05, label="α", elem_id="alpha")
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
        box=box, naming=naming, runs=runs, name=name, rename=rename, reuse=reuse, against=against,
        compared=compared, archive=archive, answer=answer, table=table,
        distributions=distributions, scatter=scatter, order=order, ledger=ledger,
        pair_note=pair_note, pair_before=pair_before, pair_after=pair_after,
        forgetting=forgetting, alpha=alpha, blended=blended, use_blend=use_blend, try_a=try_a,
        try_b=try_b, tried=tried, links=links, repo=repo, push=push, pushed=pushed,
        leave=leave_guard(elem_id="leave-guard"),
    )  # fmt: skip
