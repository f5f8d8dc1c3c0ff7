"""Other models beside the one that is searched with: a picker, and loading them. Wiring."""

from typing import Any

import gradio as gr

from encoder import Encoder, EncoderError
from encoder.hub import DownloadProgress
from ui.guard import told
from ui.picture import Tell
from ui.tabs.models import ModelPicker
from ui.tabs.search_task import QUIET

MOST_MODELS = 6
LOADING = {"load": "Loading the model"}  # what `load` tells, in words


class OtherModels:
    """A picker of several; of the visitor's own, those that are new are chosen."""

    def __init__(self, picker: ModelPicker, elem_id: str, **look: Any) -> None:
        self.picker = picker
        self.box = gr.Dropdown(picker.choices(None), value=[], multiselect=True,
                               label="Other models as saved, yours among them",
                               elem_id=elem_id, filterable=False, **look)  # fmt: skip
        self.known = gr.State([])  # keys of own models that were offered before

    def connect(self, tab: gr.Tab) -> None:
        """Look what there is whenever the tab is opened: some may have been trained since."""
        both = [self.box, self.known]
        tab.select(told(self.offer), both, both, **QUIET)

    def offer(self, request: gr.Request, chosen: Any, known: list[str]) -> list[Any]:
        """The models there are; those trained since the last look are chosen."""
        visitor = request.session_hash
        own = [model.key for model in self.picker.workbench.own(visitor)]
        kept = [key for key in chosen if isinstance(key, str)] if isinstance(chosen, list) else []
        choices = self.picker.choices(visitor)
        offered = {key for _, key in choices}
        value = [key for key in dict.fromkeys([*kept, *(k for k in own if k not in known)])
                 if key in offered]  # fmt: skip
        return [gr.Dropdown(choices=choices, value=value, multiselect=True), own]

    def parse(self, visitor: str | None, sent: Any) -> list[str]:
        """Keys of the chosen models, each once. Raises EncoderError."""
        given = sent if isinstance(sent, list) else []
        if len(given) > MOST_MODELS:
            raise EncoderError(
                f"{len(given)} models are chosen; at most {MOST_MODELS} are compared at a time."
            )
        return list(dict.fromkeys(self.picker.parse(key, visitor) for key in given))

    def load(self, visitor: str | None, key: str, tell: Tell) -> Encoder:
        """One of them, from the Hub if need be. Raises EncoderError, and what `tell` raises."""

        def report(p: DownloadProgress) -> None:
            tell("load", p.done_bytes / max(1, p.total_bytes))

        return self.picker.workbench.encoder(key, visitor, report)
