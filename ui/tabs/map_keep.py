"""Taking a map along: files, a picture, a link, and the Python that makes it again."""

from collections.abc import Sequence
from typing import Any

import gradio as gr

from ui.components import address_bar, copies_link, markup
from ui.corpora import sample_of
from ui.guard import told
from ui.map_export import FILES
from ui.map_form import MapForm, to_query
from ui.markup.pieces import notes
from ui.snippets_map import map_snippet
from ui.tabs.map_handlers import MapHandlers
from ui.tabs.search_task import QUIET

PNG = """() => {
  const facts = [...document.querySelectorAll('#map-header p')].map((line) => line.textContent);
  window.dispatchEvent(new CustomEvent('lab-map-png', { detail: { id: 'map', facts } }));
}"""
TITLES = {
    "map.csv": "CSV: texts, clusters, coordinates, vectors",
    "map.parquet": "Parquet, the same",
    "map.npz": "NPZ for numpy",
    "map.html": "a page of its own, which opens with no network",
    "map.json": "its settings",
}


class MapKeeping:
    """The last section of the tab."""

    def __init__(self, handlers: MapHandlers, form: Sequence[Any], drawn: gr.State) -> None:
        self.handlers = handlers
        with gr.Accordion("Take it along", open=True, elem_id="keep-section"):
            links = markup(elem_id="map-files")
            with gr.Row(elem_classes=["lab-actions"]):
                png = gr.Button("Picture (PNG)", size="sm", elem_id="map-png", scale=0,
                                min_width=140)  # fmt: skip
                copy = gr.Button("Copy a link to these settings", size="sm", elem_id="map-link",
                                 scale=0, min_width=220)  # fmt: skip
            with gr.Accordion("Show the Python", open=False, elem_classes=["lab-small"],
                              elem_id="map-python"):  # fmt: skip
                code = gr.Code(language="python", elem_id="map-code", interactive=False,
                               show_label=False)  # fmt: skip
            address = address_bar(elem_id="map-address")
        png.click(None, js=PNG, api_visibility="private")
        copies_link(copy, address, "Link copied: it opens this tab with these settings.", **QUIET)
        drawn.change(told(self.offer), list(form), [links, code, address], **QUIET)

    def offer(self, request: gr.Request, *values: Any) -> list[Any]:
        """Addresses of the files of the map on the screen."""
        if self.handlers.atlas(request.session_hash).picture is None:
            return [gr.skip()] * 3  # the state is set when the page opens, too
        picture = self.handlers.picture(request.session_hash)
        files = "".join(
            f'<li><a href="lab-map/{picture.token}/{name}" download>{title}</a></li>'
            for name, title in TITLES.items()
            if name in FILES
        )
        form = MapForm(*values)
        sample = sample_of(picture.atlas)
        said = ["In the files, cluster 0 holds the texts that are in none."]
        if not sample:
            said.append(
                "The link holds settings, never your texts: whoever opens it needs the same file."
            )
        return [
            f'<ul class="lab-links">{files}</ul>{notes(said)}',
            map_snippet(picture),
            to_query(form, sample),
        ]
