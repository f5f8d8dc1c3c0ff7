"""Gradio building blocks that only this lab has. Factories, not subclasses: see each docstring."""

from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path

import gradio as gr

from ingest.templates import BOM
from ui.page.events import now

ASSETS = Path(__file__).parents[2] / "assets"


@cache
def script(name: str) -> str:
    """A script of assets/js."""
    return (ASSETS / "js" / name).read_text(encoding="utf-8")


def plot(label: str, **settings: object) -> gr.HTML:
    """A place for a plotly figure (as JSON), with a `pick` event for clicks on its cells.

    gr.Plot reports no clicks, ignores the theme and remounts at every update. The template is
    static: nothing a visitor wrote is ever part of it. A subclass of gr.HTML would make Gradio
    write a stub file beside this one.
    """
    return gr.HTML(
        html_template=f'<div class="lab-plot" role="img" aria-label="{label}"></div>',
        js_on_load=script("plotly.js") + script("plot.js"),
        apply_default_css=False,
        elem_classes=["lab-plot-frame"],
        **settings,
    )


def markup(value: str = "", **settings: object) -> gr.HTML:
    """Escaped HTML made in Python, with a `pick` event for whatever carries data-pick."""
    return gr.HTML(value, js_on_load=script("pick.js"), apply_default_css=False, **settings)


def downloader(**settings: object) -> gr.HTML:
    """Set it to {name, type, text} and the browser saves that file."""
    return gr.HTML(
        html_template='<span class="lab-hidden"></span>',
        js_on_load=script("download.js"),
        apply_default_css=False,
        **settings,
    )


def address_bar(**settings: object) -> gr.HTML:
    """Set it to a query and the browser's address follows, without a reload."""
    return gr.HTML(
        html_template='<span class="lab-hidden"></span>',
        js_on_load=script("address.js"),
        apply_default_css=False,
        **settings,
    )


def leave_checks_to_us() -> None:
    """What is chosen or typed reaches our own checks, which tell in words what is wrong with it.

    Gradio refuses a number out of bounds, and a choice that is not on the list, with a traceback
    in the log and a page that goes on waiting. The list is the server's, so even an honest page is
    refused: a click that came before the new choices did still holds one of the old ones. Set on
    the classes, since every update makes a component anew.
    """
    for kind in (gr.Dropdown, gr.Radio, gr.CheckboxGroup, gr.Slider):
        kind.preprocess = lambda self, payload: payload


def copies_link(
    button: gr.Button, address: gr.HTML, said: str | Callable[[str], str], **how: object
) -> None:
    """A click copies the link that an address bar holds, wherever the browser is by now.

    `said` then tells what the link does; a function of it where links differ in that.
    """
    js = """(query) => {
      navigator.clipboard.writeText(location.origin + location.pathname + (query ?? ''));
      return [query];
    }"""

    def tell(query: object) -> None:
        gr.Info(said if isinstance(said, str) else said(str(query or "")))

    button.click(tell, address, js=js, **how)


def leave_guard(**settings: object) -> gr.HTML:
    """Set it to {models, running}: with either, the browser asks before it leaves the page."""
    return gr.HTML(
        html_template='<span class="lab-hidden"></span>',
        js_on_load=script("leave.js"),
        apply_default_css=False,
        **settings,
    )


def scatter_map(label: str, **settings: object) -> gr.HTML:
    """A map of points in the plane or in space, with `pick` (one row) and `lasso` (several rows).

    Its value is None or the JSON text of: rev, points, paint, overlay, names, selected, focus,
    focus_rev and group, as assets/js/map.js reads it. Points that are None stay those of before.
    """
    return gr.HTML(
        html_template=f'<div class="lab-map" role="application" tabindex="0" aria-label="{label}">'
        "</div>",
        js_on_load="".join(map(script, ("plotly.js", "map_draw.js", "map_png.js", "map.js"))),
        apply_default_css=False,
        elem_classes=["lab-map-frame"],
        **settings,
    )


def csv_file(name: str, text: str) -> dict[str, str]:
    """A file for the browser to save, such that Excel reads its letters."""
    # The time makes each request a new value: the browser acts on changes only.
    return {"name": name, "type": "text/csv", "text": BOM + text, "at": now()}


# --- Pieces that every tab is laid out with: steps, our own words, folds --------------------------


def heading(text: str) -> None:
    """A step of the page."""
    gr.HTML(f'<h2 class="lab-step">{text}</h2>', apply_default_css=False)


def prose(text: str) -> None:
    """Our own words, as HTML."""
    gr.HTML(f'<p class="lab-lead">{text}</p>', apply_default_css=False)


def section(title: str, elem_id: str) -> gr.Accordion:
    """One fold of the page, open."""
    return gr.Accordion(title, open=True, elem_id=elem_id)


def notice(text: str) -> str:
    """Our own words where nothing has been touched yet."""
    return f'<p class="lab-message">{text}</p>'


def pick(
    label: str,
    elem_id: str,
    choices: Sequence[str | tuple[str, str]],
    value: object,
    scale: int = 1,
    info: str | None = None,
) -> gr.Dropdown:
    """A dropdown in a row of settings."""
    return gr.Dropdown(list(choices), value=value, label=label, elem_id=elem_id, filterable=False,
                       scale=scale, min_width=130, info=info)  # fmt: skip
