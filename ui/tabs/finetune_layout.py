"""Where everything stands on the Fine-tune tab, from its first words to the Train button."""

from dataclasses import dataclass
from typing import Any

import gradio as gr

from encoder import DEFAULT_MODEL, SAVABLE
from ingest import LIMITS
from ui.components import downloader, markup, plot, slider
from ui.desk import KINDS, SAMPLES
from ui.settings import Settings
from ui.tabs.frame import heading, prose
from ui.tuning_form import AUTO, BY_STEPS, DURATIONS, OWN_POOLING, PRESETS, Form


@dataclass(frozen=True)
class DataLayout:
    """Choosing what to train on."""

    samples: dict[str, gr.Button]
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
class SettingsLayout:
    """Choosing how to train."""

    model: gr.Dropdown
    model_note: gr.HTML
    presets: dict[str, gr.Button]
    loss_note: gr.HTML
    form: Form  # its fields are components here
    cost: gr.HTML
    train: gr.Button
    stop: gr.Button
    progress: gr.HTML
    curves: gr.HTML


def lay_out_data() -> DataLayout:
    """The pairs, and the check."""
    prose(
        "A model learns from <b>pairs of sentences</b>: which belong together, which do not, or "
        "how alike they are. Choose some, see what is wrong with them, train for a minute, and see "
        "honestly whether it helped."
    )
    heading("1. The pairs")
    with gr.Row(elem_classes=["lab-chips"]):
        samples = {
            title: gr.Button(title, size="sm", elem_id=f"sample-{i}", elem_classes=["lab-chip"])
            for i, title in enumerate(SAMPLES)
        }
    with gr.Row():
        file = gr.File(
            label="CSV, TSV, JSONL, Parquet; .gz, .zip",
            elem_id="pairs-file", height=150, scale=2, min_width=280,
        )  # fmt: skip
        with gr.Column(scale=3, min_width=280):
            pasted = gr.Textbox(
                label="Or paste rows", lines=3, max_lines=8, elem_id="pasted",
                placeholder="sentence1,sentence2,score\nIt is raining.,Rain falls.,4.5",
            )  # fmt: skip
            use_pasted = gr.Button("Use these rows", size="sm", elem_id="use-pasted")
    note = markup(elem_id="pairs-note")
    sampled = gr.Button(f"Read a sample of {LIMITS.rows:,} rows", size="sm", visible="hidden",
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
        samples, file, pasted, use_pasted, note, sampled, kind, (first, second, third),
        (lowest, highest), preview, facts, findings, split, cleaned, dropped, on_map, templates,
        downloader(elem_id="pairs-download"),
    )  # fmt: skip


def lay_out_settings(models: list[tuple[str, str]], limits: Settings) -> SettingsLayout:
    """Model, presets, everything else under "Advanced", and the run."""
    heading("3. The training")
    default = Form()
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
            blocks = slider(
                0, 7, value=default.blocks, step=1, elem_id="blocks", min_width=220,
                label="Blocks that train (0: a linear map only; one more than all: embeddings too)",
            )  # fmt: skip
        loss_note = markup(elem_id="loss-note")
        with gr.Row():
            duration = gr.Dropdown(
                [*DURATIONS, BY_STEPS], value=AUTO, label="How long", elem_id="duration",
                filterable=False, min_width=160,
            )  # fmt: skip
            steps = gr.Number(default.steps, label=f"Steps, up to {limits.max_steps:,}",
                              precision=0, elem_id="steps", min_width=110)  # fmt: skip
            batch = gr.Number(16, label="Batch size", precision=0, elem_id="batch", min_width=110)
            lr = gr.Textbox("", label="Learning rate", placeholder="by the number of blocks",
                            elem_id="lr", min_width=150, max_lines=1)  # fmt: skip
        with gr.Row():
            warmup = gr.Number(10, label="Warm-up steps", precision=0, elem_id="warmup",
                               min_width=110)  # fmt: skip
            seed = gr.Number(0, label="Seed", precision=0, elem_id="seed", min_width=110)
            held_out = slider(5, 50, value=20, step=5, label="Held out, % of rows",
                                 elem_id="held-out", min_width=220)  # fmt: skip
    form = Form(pooling, loss, blocks, duration, steps, batch, lr, warmup, seed, held_out)
    cost = markup(elem_id="cost")
    with gr.Row(elem_classes=["lab-actions"]):
        train = gr.Button("Train", variant="primary", elem_id="train", min_width=160, scale=0)
        stop = gr.Button("Stop, keep the best so far", variant="stop", elem_id="stop-training",
                         visible="hidden", min_width=200, scale=0)  # fmt: skip
    progress = markup(elem_id="training-progress")
    curves = plot("Loss and held-out score, step by step", elem_id="curves")
    return SettingsLayout(
        model, model_note, presets, loss_note, form, cost, train, stop, progress, curves
    )


def components(form: Form) -> list[Any]:
    """The form's components, in the order of its fields."""
    return list(vars(form).values())
