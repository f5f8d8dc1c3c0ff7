"""Pieces that every tab is laid out with: steps, our own words, folds."""

import gradio as gr


def heading(text: str) -> None:
    """A step of the page."""
    gr.HTML(f'<h2 class="lab-step">{text}</h2>', apply_default_css=False)


def prose(text: str) -> None:
    """Our own words, as HTML."""
    gr.HTML(f'<p class="lab-lead">{text}</p>', apply_default_css=False)


def section(title: str, elem_id: str) -> gr.Accordion:
    """One fold of the page, open."""
    return gr.Accordion(title, open=True, elem_id=elem_id)
