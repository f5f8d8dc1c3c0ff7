"""“Take it along”: files of the map, a PNG, a link, and the Python that makes it again."""

from collections.abc import Mapping
from html import escape

import gradio as gr
from gradio.components import Component

from ui.map.figures import UNCLUSTERED
from ui.map.files import EXPORTS, map_snippet
from ui.map.form import form_of, to_query
from ui.map.handlers import MapHandlers
from ui.page.addresses import link
from ui.page.components import address_bar, copies_link, markup
from ui.page.events import TOUCH, worded
from ui.state.texts import sample_of
from ui.words import notes

PNG = """() => {
  const facts = [...document.querySelectorAll('#map-header p')].map((line) => line.textContent);
  window.dispatchEvent(new CustomEvent('lab-map-png', { detail: { id: 'map', facts } }));
}"""


class TakeHomeSection:
    """The last section of the tab."""

    def __init__(
        self, handlers: MapHandlers, form: Mapping[str, Component], map_ready: gr.State
    ) -> None:
        self.handlers, self.form = handlers, form
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
        copies_link(copy, address, "Link copied: it opens this tab with these settings.", **TOUCH)
        map_ready.change(worded(self.offer), list(form.values()), [links, code, address], **TOUCH)

    def offer(self, request: gr.Request, *values: object) -> list[object]:
        """Addresses of the files of the map on the screen, its Python, and its link."""
        drawn_map = self.handlers.state(request.session_hash).drawn
        if drawn_map is None:
            return [gr.skip()] * 3  # the state is set when the page opens, too
        folder = link(f"map/{drawn_map.token}")
        files = "".join(
            f'<li><a href="{folder}/{name}" download>{escape(export.title)}</a></li>'
            for name, export in EXPORTS.items()
        )
        sample = sample_of(drawn_map.texts)
        remarks = [f"In the files, the texts that are {UNCLUSTERED} have cluster -1."]
        if not sample:
            remarks.append(
                "The link holds settings, never your texts: whoever opens it needs the same file."
            )
        return [
            f'<ul class="lab-links">{files}</ul>{notes(remarks)}',
            map_snippet(drawn_map),
            to_query(form_of(self.form, values), sample),
        ]
