"""What the Pooling tab does when a visitor touches something. Values in, values out, no gradio."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from encoder import CATALOG, Encoder, EncoderError, Layer
from encoder.calibration import Calibration
from encoder.layers import canonical_layer
from ui.checks import as_text, parse_layer, parse_pooling, parse_text, problem_with
from ui.page.models import ModelPicker
from ui.pooling.comparison import Comparison, Pinned, Session
from ui.pooling.form import View, from_query, parse_measure, split_texts, to_query
from ui.pooling.html import answer, scores_table, token_counts
from ui.pooling.sections import SECTIONS, layer_label, several
from ui.state.workbench import Progress, Workbench
from ui.words import layer_phrase, message


@dataclass(frozen=True)
class Inputs:
    """Everything a visitor can set, as the browser sends it: nothing in it is trusted."""

    a: str
    b: str
    layer: object
    pooling: object
    pool_special: object
    measure: object
    lines: str
    session: Session


@dataclass(frozen=True)
class Screen:
    """The parts of the tab that follow the inputs; a section that is folded away is None."""

    scores: str
    answer: str
    counts: str
    address: str
    measuring: bool
    sections: dict[str, tuple[Any, ...] | None]


EMPTY_SECTIONS: dict[str, tuple[Any, ...]] = {
    "apart": ("", "", None, ""),
    "layers": (None,),
    "made": ("", "", None, ""),
    "python": ("", ""),
    "honesty": ("",),
    "several": (None, ""),
}


class PoolingHandlers:
    """The tab's behaviour over one workbench. `visitor` is the key of a browser tab, or None."""

    def __init__(self, workbench: Workbench) -> None:
        self.workbench = workbench
        self.settings = workbench.settings
        self.picker = ModelPicker(workbench)

    # --- the answer -------------------------------------------------------------------------

    def view(self, inputs: Inputs, visitor: str | None) -> View:
        """Check everything sent. Raises EncoderError with the reason and the remedy."""
        return View(
            a=as_text(inputs.a),
            b=as_text(inputs.b),
            model=self.picker.parse(inputs.session.model, visitor),
            layer=parse_layer(inputs.layer),
            pooling=parse_pooling(inputs.pooling),
            pool_special=bool(inputs.pool_special),
            measure=parse_measure(inputs.measure),
            texts=split_texts(inputs.lines, self.settings)[0],
        )

    def pair(self, inputs: Inputs, visitor: str | None) -> View:
        """`view`, with both sentences checked too."""
        view = self.view(inputs, visitor)
        for name, text in (("A", view.a), ("B", view.b)):
            parse_text(text, name, self.settings)
        return view

    def compare(self, view: View, visitor: str | None) -> tuple[Comparison, str]:
        """The comparison, and the state of its calibration in words ("" when it is there)."""
        encoder = self.workbench.encoder(view.model, visitor)
        calibration = self.workbench.calibration(encoder, view.pool_special)
        if isinstance(calibration, Calibration):
            return Comparison(encoder, view, calibration), ""
        if calibration.failed:
            return Comparison(encoder, view, None), "not measured"
        done = f" {calibration.done / calibration.total:.0%}" if calibration.total else ""
        return Comparison(encoder, view, None), f"measuring{done} …"

    def screen(self, inputs: Inputs, visitor: str | None) -> Screen:
        """Everything on the tab for these inputs. Never raises for what a visitor typed."""
        opened = inputs.session.open
        try:
            view = self.view(inputs, visitor)
            problem = next(
                (p for n, t in (("A", view.a), ("B", view.b))
                 if (p := problem_with(t, n, self.settings))), ""
            )  # fmt: skip
            encoder = self.workbench.encoder(view.model, visitor)
            lines = self._several(encoder, view, inputs.lines) if "several" in opened else None
            if problem:
                if not (view.a or view.b or view.texts):
                    # An answer that was under way when the visitor cleared everything may have
                    # kept vectors again; this one comes after it.
                    self.workbench.forget(visitor)
                return self._blank(problem, opened, lines)
            comparison, status = self.compare(view, visitor)
            last = comparison.view.layer == encoder.backbone.depth  # in a link: the default
            sections = {
                name: draw(comparison) if name in opened else None
                for name, draw in SECTIONS.items()
            }
            return Screen(
                scores=scores_table(comparison, inputs.session.pinned, status),
                answer=answer(comparison),
                counts=token_counts(comparison.encoder, comparison.traces),
                address=to_query(replace(view, layer=-1) if last else view),
                measuring=status.startswith("measuring"),
                sections={**sections, "several": lines},
            )
        except EncoderError as error:
            return self._blank(str(error), opened, None)

    def _blank(self, why: str, opened: frozenset[str], lines: tuple[Any, ...] | None) -> Screen:
        sections = {n: empty if n in opened else None for n, empty in EMPTY_SECTIONS.items()}
        if lines is not None:
            sections["several"] = lines
        return Screen("", message(why), "", "?", False, sections)

    def _several(self, encoder: Encoder, view: View, lines: str) -> tuple[Any, ...]:
        return several(encoder, view, lines, self.settings)[:2]

    # --- models -----------------------------------------------------------------------------

    def choose_model(
        self,
        model: object,
        session: Session,
        visitor: str | None,
        on_progress: Progress | None = None,
    ) -> tuple[Session, Encoder]:
        """Load a model for this visitor. Raises EncoderError; the session then stays as it was."""
        key = self.picker.parse(model, visitor)
        encoder = self.workbench.encoder(key, visitor, on_progress)
        return replace(session, model=key), encoder

    def layer_choices(self, encoder: Encoder) -> list[tuple[str, str]]:
        """The layer picker of a model: (label, value)."""
        return [(layer_label(lay, encoder.backbone.depth), str(lay)) for lay in encoder.layers]

    def layer_after(self, before: object, old_depth: int, encoder: Encoder) -> str:
        """The layer to show after a change of model: last stays last, the rest by number."""
        layer: Layer = parse_layer(before)
        depth = encoder.backbone.depth
        if isinstance(layer, str):
            return layer
        if layer < 0:  # as Python counts, from the end
            layer = max(0, old_depth + 1 + layer)
        return str(depth if layer == old_depth else min(layer, depth))

    # --- keeping, sharing, forgetting -------------------------------------------------------

    def pin(self, inputs: Inputs, visitor: str | None) -> Session:
        """Keep the scores on screen to compare the next ones with; pinning again lets go."""
        if inputs.session.pinned:
            return replace(inputs.session, pinned=None)
        comparison, _ = self.compare(self.pair(inputs, visitor), visitor)
        view, depth = comparison.view, comparison.encoder.backbone.depth
        pinned = Pinned(
            a=view.a,
            b=view.b,
            setting=f"{comparison.encoder.name}, {layer_phrase(view.layer, depth)}"
            + ("" if view.pool_special else ", special tokens not pooled"),
            scores=tuple(comparison.scores.values()),
        )
        return replace(inputs.session, pinned=pinned)

    def restore(
        self, query: Mapping[str, str], session: Session
    ) -> tuple[View, Session, list[str]]:
        """The view of a shared link. A link alone never starts a download."""
        view, notes = from_query(query, self.settings)
        spec = CATALOG.get(view.model)
        if not (spec and spec.bundled) and not self.workbench.is_loaded(view.model):
            notes.append(
                f"This link was made with {view.model}, which is not loaded here. Pick it in the "
                "model list to download it; shown meanwhile: the bundled model."
            )
            view = replace(view, model=View().model, layer=-1)
        try:
            canonical_layer(view.layer, self.workbench.encoder(view.model, None).backbone.depth)
        except EncoderError as error:
            notes.append(f"{error} Shown meanwhile: the last layer.")
            view = replace(view, layer=-1)
        return view, replace(session, model=view.model, greeted=True), notes

    def forget(self, session: Session, visitor: str | None) -> Session:
        """Drop everything of a visitor and start over; only what is unfolded stays so."""
        self.workbench.forget(visitor)
        return Session(greeted=True, model=session.model, open=session.open)
