"""A model picker with a layer picker beside it: what a choice in the one does to both."""

from html import escape
from typing import Any

import gradio as gr

from encoder import EncoderError
from ui.guard import told
from ui.tabs.models import ModelPicker


def connect_model(
    picker: ModelPicker, box: gr.Dropdown, used: gr.State, note: gr.HTML, layer: gr.Dropdown
) -> None:
    """A choice in `box` loads that model; `used` holds the last one that loaded."""

    def choose(
        request: gr.Request,
        model: str,
        old: str,
        layer: str,
        progress: gr.Progress = gr.Progress(),  # noqa: B008 - how Gradio injects it
    ) -> list[Any]:
        return choose_model(picker, request.session_hash, model, old, layer, progress)

    box.select(
        told(choose), [box, used, layer], [box, used, note, layer], api_visibility="private",
        concurrency_id="load", concurrency_limit=2, show_progress_on=note,
    )  # fmt: skip


def choose_model(
    picker: ModelPicker, visitor: str | None, model: str, old: str, layer: str, progress: Any
) -> list[Any]:
    """Load it. Values for picker, the model in use, the line on it, and the layers it has.

    Where it cannot be loaded the old one stays, and a warning says why.
    """
    try:
        key, encoder = picker.load(model, visitor, progress)
    except EncoderError as error:
        gr.Warning(escape(str(error), quote=False), duration=20)
        key, encoder = old, picker.workbench.encoder(old, visitor)
    layers = ["-1", *map(str, encoder.layers)]
    chosen = layer if layer in layers else "-1"
    note = picker.describe(key, encoder, visitor)
    return [key, key, note, gr.Dropdown(choices=layers, value=chosen)]
