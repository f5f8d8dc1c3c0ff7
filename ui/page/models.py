"""The model pickers of all tabs: what they offer a visitor, and what happens on a choice."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape

import gradio as gr
from gradio.components import Component

from encoder import DEFAULT_MODEL, Encoder, EncoderError, Layer, ModelSpec
from encoder.hub import DownloadProgress
from encoder.layers import canonical_layer
from ingest import LabError
from ui.page.events import LOAD, TOUCH, worded
from ui.state.stages import Tell
from ui.state.workbench import Workbench
from ui.words import notes


def origin(spec: ModelSpec) -> str:
    """Where a model comes from."""
    if spec.bundled:
        return "comes with the app"
    return "from the Hub" if spec.folder is None else "from this host's own folder"


def model_line(spec: ModelSpec, depth: int, hidden_size: int, pooling: str) -> str:
    """One line on the model in use."""
    size = f"{spec.megabytes} MB, " if spec.megabytes else ""
    hub = "" if spec.here else f": {spec.hub_id}"
    facts = [f"own pooling {pooling}", origin(spec) + hub]
    facts += [spec.licence] if spec.licence not in ("", "?") else []
    return (
        f'<p class="lab-note">{escape(spec.why)} <span class="dim">{size}{depth} layers of '
        f"{hidden_size}, {escape(', '.join(facts))}.</span></p>"
    )


def model_table(specs: Sequence[ModelSpec]) -> str:
    """Every model on offer: its size, where it comes from, and why it is here."""
    rows = "".join(
        f'<tr><th scope="row">{escape(spec.key)}</th><td class="num">{spec.megabytes} MB</td>'
        f"<td>{escape(', '.join(filter(None, (origin(spec), spec.licence))))}</td>"
        f"<td>{escape(spec.why)}</td></tr>"
        for spec in specs
    )
    return (
        '<table class="lab-plain lab-models"><thead><tr><th>model</th><th class="num">size</th>'
        f"<th>origin, licence</th><th>what it shows</th></tr></thead><tbody>{rows}</tbody></table>"
    )


class ModelPicker:
    """The catalog, where the host allows it the Hub, and the visitor's own models."""

    def __init__(self, workbench: Workbench) -> None:
        self.workbench = workbench
        self.settings = workbench.settings

    def offered(self) -> list[ModelSpec]:
        """The models that this host lets visitors use: of the catalog, and of its own folder."""
        most = self.settings.max_model_bytes / 10**6 if self.settings.allow_hub else 0
        return [s for s in self.workbench.catalog.values() if s.here or s.megabytes <= most]

    def choices(self, visitor: str | None, also: str = "") -> list[tuple[str, str]]:
        """(label, key); `also` is added where it is none of them."""
        found = [
            (f"{s.key}  ·  {s.megabytes} MB{'' if s.here else ', from the Hub'}", s.key)
            for s in self.offered()
        ]
        found += [(f"{own.name}  ·  yours", own.key) for own in self.workbench.own_models(visitor)]
        if also and also not in [key for _, key in found]:
            found.append((also, also))
        return found

    def parse(self, model: object, visitor: str | None) -> str:
        """A model this visitor may ask for. Raises EncoderError."""
        return self.workbench.model_key(model, visitor)

    def load(
        self, model: object, visitor: str | None, progress: Callable[..., object]
    ) -> tuple[str, Encoder]:
        """Load a chosen model, telling Gradio's `progress` how far it is. Raises EncoderError."""

        def report(p: DownloadProgress) -> None:
            progress(p.done_bytes / max(1, p.total_bytes), desc=progress_text(p))

        key = self.parse(model, visitor)
        return key, self.workbench.encoder(key, visitor, report)

    def choose(
        self, model: object, old: str, visitor: str | None, progress: Callable[..., object]
    ) -> tuple[str, Encoder]:
        """A chosen model and its key; where it cannot be had, a warning, and the old one.

        Where that is gone as well, the bundled one.
        """
        try:
            return self.load(model, visitor, progress)
        except LabError as error:
            gr.Warning(escape(str(error), quote=False), duration=20)
        key = old if self.workbench.has_model(old, visitor) else DEFAULT_MODEL
        return key, self.workbench.encoder(key, visitor)

    def shown(self, key: str, encoder: Encoder, visitor: str | None) -> list[object]:
        """A model as chosen: the picker, which offers it from now on, its key, and its line."""
        box = gr.Dropdown(choices=self.choices(visitor, key), value=key)
        return [box, key, self.describe(key, encoder, visitor)]

    def title(self, key: str, visitor: str | None) -> str:
        """What a model is called: a visitor's own by its name, any other by its key."""
        own = self.workbench.own_model(key, visitor)
        return f"“{own.name}”, yours" if own else key

    def describe(self, key: str, encoder: Encoder, visitor: str | None) -> str:
        """One line on a loaded model."""
        own = self.workbench.own_model(key, visitor)
        if own is not None:
            what = own.run.summary if own.run else "brought back from a download"
            return notes([f"“{own.name}”, yours, until you close this page: {what}."])
        backbone = encoder.backbone
        return model_line(
            self.workbench.spec(encoder.name), backbone.depth, backbone.hidden_size, encoder.pooling
        )


def progress_text(progress: DownloadProgress) -> str:
    """How far a download is, in words."""
    return (
        f"{progress.file}: {progress.done_bytes / 1e6:,.0f} of {progress.total_bytes / 1e6:,.0f} MB"
    )


# --- What a choice in a model picker does, on every tab -------------------------------------------


@dataclass(frozen=True)
class ModelBox:
    """A model picker, the last model that loaded, and the line on it."""

    box: gr.Dropdown
    used: gr.State
    note: gr.HTML

    @property
    def components(self) -> list[Component]:
        """What `ModelPicker.shown` has values for."""
        return [self.box, self.used, self.note]


def connect_model(
    picker: ModelPicker,
    chosen: ModelBox,
    follower: Component,
    follow: Callable[[Encoder, object], object],
    typed: tuple[gr.Textbox, gr.Button] | None = None,
) -> None:
    """A choice loads that model; `follower` then takes what `follow(encoder, its value)` gives.

    typed: a box in which a model may be named, too, and the button that takes it.
    """

    def choose(
        request: gr.Request,
        model: object,
        old: str,
        value: object,
        progress: gr.Progress = gr.Progress(),  # noqa: B008 - how Gradio injects it
    ) -> list[object]:
        visitor = request.session_hash
        key, encoder = picker.choose(model, old, visitor, progress)
        return [*picker.shown(key, encoder, visitor), follow(encoder, value)]

    def connect(triggers: Sequence[Callable[..., object]], source: Component) -> None:
        gr.on(
            triggers, worded(choose), [source, chosen.used, follower],
            [*chosen.components, follower], show_progress_on=chosen.note, **LOAD,
        )  # fmt: skip

    connect([chosen.box.select], chosen.box)  # `input` fires twice for one pick of a dropdown
    if typed is not None:
        name, button = typed
        connect([button.click, name.submit], name)


# --- Layers of a model, as every picker offers them -----------------------------------------------


LAST = "-1"  # the last layer in a picker, whatever its number


def layer_label(layer: Layer, depth: int) -> str:
    """A layer as the pickers and the pictures call it."""
    if layer == "first_last":
        return "first + last"
    if layer == "last2":
        return "last two"
    return {0: "0 (embeddings)", depth: f"{depth} (last)"}.get(int(layer), str(layer))


def layer_value(layer: Layer, encoder: Encoder) -> str:
    """The value of a layer in a picker. Raises EncoderError for one there is not."""
    layer = canonical_layer(layer, encoder.backbone.depth)
    return LAST if layer == encoder.backbone.depth else str(layer)


def layer_choices(encoder: Encoder) -> list[tuple[str, str]]:
    """The layers of a model for a picker: (label, value), each once."""
    depth = encoder.backbone.depth
    return [(layer_label(layer, depth), layer_value(layer, encoder)) for layer in encoder.layers]


def layers_of(encoder: Encoder, layer: object) -> gr.Dropdown:
    """A layer picker for a model: the same layer where it has that, else the last."""
    choices = layer_choices(encoder)
    kept = str(layer) if str(layer) in [value for _, value in choices] else LAST
    return gr.Dropdown(choices=choices, value=kept)


# --- Other models beside the one that is searched with: a picker, and loading them. Wiring --------


MOST_MODELS = 6
LOADING = {"load": "Loading the model"}  # what `load` tells, in words


class OtherModels:
    """A picker of several; of the visitor's own, those that are new are chosen."""

    def __init__(self, picker: ModelPicker, elem_id: str, **look: object) -> None:
        self.picker = picker
        self.box = gr.Dropdown(picker.choices(None), value=[], multiselect=True,
                               label="Other models as saved, yours among them",
                               elem_id=elem_id, filterable=False, **look)  # fmt: skip
        self.known = gr.State([])  # keys of own models that were offered before

    def connect(self, tab: gr.Tab) -> None:
        """Look what there is whenever the tab is opened: some may have been trained since."""
        both = [self.box, self.known]
        tab.select(worded(self.offer), both, both, **TOUCH)

    def offer(self, request: gr.Request, chosen: object, known: list[str]) -> list[object]:
        """The models there are; those trained since the last look are chosen."""
        visitor = request.session_hash
        own = [model.key for model in self.picker.workbench.own_models(visitor)]
        kept = [key for key in chosen if isinstance(key, str)] if isinstance(chosen, list) else []
        choices = self.picker.choices(visitor)
        offered = {key for _, key in choices}
        value = [key for key in dict.fromkeys([*kept, *(k for k in own if k not in known)])
                 if key in offered]  # fmt: skip
        return [gr.Dropdown(choices=choices, value=value, multiselect=True), own]

    def parse(self, visitor: str | None, sent: object) -> list[str]:
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
