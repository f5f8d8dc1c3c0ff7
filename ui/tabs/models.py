"""The model pickers of all tabs: what they offer a visitor, and what happens on a choice."""

from collections.abc import Callable
from typing import Any

from encoder import CATALOG, Encoder, ModelSpec
from encoder.catalog import hub_spec
from encoder.hub import DownloadProgress
from ui.markup.pieces import model_line, notes
from ui.view import parse_model
from ui.workbench import Workbench


class ModelPicker:
    """The catalog, where the host allows it the Hub, and the visitor's own models."""

    def __init__(self, workbench: Workbench) -> None:
        self.workbench = workbench
        self.settings = workbench.settings

    def offered(self) -> list[ModelSpec]:
        """The models of the catalog that this host lets visitors use."""
        return [spec for spec in CATALOG.values() if spec.bundled or self.settings.allow_hub]

    def choices(self, visitor: str | None, also: str = "") -> list[tuple[str, str]]:
        """(label, key); `also` is added where it is none of them."""
        found = [
            (f"{s.key}  ·  {s.megabytes} MB{'' if s.bundled else ', from the Hub'}", s.key)
            for s in self.offered()
        ]
        found += [(f"{own.name}  ·  yours", own.key) for own in self.workbench.own(visitor)]
        if also and also not in [key for _, key in found]:
            found.append((also, also))
        return found

    def parse(self, model: object, visitor: str | None) -> str:
        """A model this visitor may ask for. Raises EncoderError."""
        if self.workbench.tuned(str(model), visitor) is not None:
            return str(model)
        return parse_model(model, self.settings)

    def load(
        self, model: object, visitor: str | None, progress: Callable[..., Any]
    ) -> tuple[str, Encoder]:
        """Load a chosen model, telling Gradio's `progress` how far it is. Raises EncoderError."""

        def report(p: DownloadProgress) -> None:
            progress(p.done_bytes / max(1, p.total_bytes), desc=progress_text(p))

        key = self.parse(model, visitor)
        return key, self.workbench.encoder(key, visitor, report)

    def title(self, key: str, visitor: str | None) -> str:
        """What a model is called: a visitor's own by its name, any other by its key."""
        own = self.workbench.tuned(key, visitor)
        return f"“{own.name}”, yours" if own else key

    def describe(self, key: str, encoder: Encoder, visitor: str | None) -> str:
        """One line on a loaded model."""
        own = self.workbench.tuned(key, visitor)
        if own is not None:
            what = own.run.summary if own.run else "brought back from a download"
            return notes([f"“{own.name}”, yours, until you close this page: {what}."])
        spec = CATALOG.get(encoder.name) or hub_spec(encoder.name)
        backbone = encoder.backbone
        return model_line(spec, backbone.depth, backbone.hidden_size, encoder.pooling)


def progress_text(progress: DownloadProgress) -> str:
    """How far a download is, in words."""
    return (
        f"{progress.file}: {progress.done_bytes / 1e6:,.0f} of {progress.total_bytes / 1e6:,.0f} MB"
    )
