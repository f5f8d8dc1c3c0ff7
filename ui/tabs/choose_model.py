"""A model picker with a layer picker beside it: what a choice in the one does to both."""

from html import escape
from typing import Any

import gradio as gr

from encoder import EncoderError
from ui.tabs.models import ModelPicker


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
