"""The look: one accent, system fonts, the same in light and dark. CSS in assets/lab.css."""

from pathlib import Path

import gradio as gr

ASSETS = Path(__file__).parents[2] / "assets"
SANS = ["ui-sans-serif", "system-ui", "Segoe UI", "Roboto", "Helvetica Neue", "sans-serif"]
MONO = ["ui-monospace", "SFMono-Regular", "Menlo", "Consolas", "DejaVu Sans Mono", "monospace"]


def theme() -> gr.themes.Base:
    """A calm theme on system fonts: nothing is fetched from anywhere."""
    return gr.themes.Base(
        primary_hue="blue",
        secondary_hue="blue",
        neutral_hue="slate",
        radius_size="md",
        font=SANS,
        font_mono=MONO,
    ).set(
        body_background_fill="#ffffff",
        body_background_fill_dark="#11151c",
        background_fill_primary_dark="#171c25",
        background_fill_secondary="#f7f9fb",
        background_fill_secondary_dark="#141922",
        block_background_fill="transparent",
        block_background_fill_dark="transparent",
        block_border_width="0px",
        block_label_background_fill="transparent",
        block_label_background_fill_dark="transparent",
        block_padding="0px",
        block_title_text_weight="600",
        block_title_text_size="*text_sm",
        border_color_primary="#d9dfe7",
        border_color_primary_dark="#2c3542",
        input_background_fill="#ffffff",
        input_background_fill_dark="#1b212b",
        input_border_width="1px",
        input_border_color="#c6ced9",
        input_border_color_dark="#384253",
        button_primary_background_fill="*primary_600",  # white on the 500 is 3.7 : 1
        button_primary_background_fill_hover="*primary_700",
        button_secondary_background_fill="#eef2f7",
        button_secondary_background_fill_dark="#232b37",
        button_secondary_background_fill_hover="#e0e8f2",
        button_secondary_background_fill_hover_dark="#2d3847",
        button_cancel_background_fill="transparent",
        button_cancel_background_fill_dark="transparent",
        button_cancel_text_color="#b3261e",
        button_cancel_text_color_dark="#ff8a80",
        button_cancel_border_color="#d9a19d",
        button_cancel_border_color_dark="#6d3a37",
    )
