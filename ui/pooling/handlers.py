"""What the Pooling tab does when a visitor touches something. Values in, values out, no gradio."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from encoder.calibration import Calibration
from encoder.layers import canonical_layer
from ingest import LabError
from ui.checks import as_text, parse_layer, parse_pooling, parse_text, problem_with
from ui.page.models import ModelPicker
from ui.pooling.comparison import Comparison, Pinned
from ui.pooling.form import View, from_query, parse_measure, split_texts, to_query
from ui.pooling.html import answer, measuring_status, scores_table, token_counts
from ui.pooling.sections import SECTIONS, several
from ui.state.workbench import Measuring, Workbench
from ui.words import layer_phrase, message


@dataclass(frozen=True)
class Inputs:
    """Everything a visitor can set; nothing that is an object here has been checked."""

    a: object
    b: object
    layer: object
    pooling: object
    pool_special: object
    measure: object
    lines: object
    model: object  # the last one that loaded; by now it may be gone
    pinned: Pinned | None
    unfolded: frozenset[str]  # names of sections


Section = tuple[object, ...]  # a value for each of its components


@dataclass(frozen=True)
class Screen:
    """The parts of the tab that follow the inputs; a section that is folded away is None."""

    scores: str
    answer: str
    counts: str
    address: str
    measuring: bool
    sections: dict[str, Section | None]


EMPTY_SECTIONS: dict[str, Section] = {
    "apart": ("", "", None, ""),
    "layers": (None, ""),
    "making": ("", "", None, ""),
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
            model=self.picker.parse(inputs.model, visitor),
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

    def compare(self, view: View, visitor: str | None) -> tuple[Comparison, Measuring | None]:
        """The comparison, and the measuring of what its cosines are worth where that is not done.

        Raises EncoderError.
        """
        encoder = self.workbench.encoder(view.model, visitor)
        own = self.workbench.own_model(view.model, visitor)
        own_name = own.name if own else ""
        calibration = self.workbench.calibration(encoder, view.pool_special)
        if isinstance(calibration, Calibration):
            return Comparison(encoder, view, calibration, own_name), None
        return Comparison(encoder, view, None, own_name), calibration

    def screen(self, inputs: Inputs, visitor: str | None) -> Screen:
        """Everything on the tab for these inputs. Never raises for what a visitor typed."""
        unfolded = inputs.unfolded
        try:
            view = self.view(inputs, visitor)
            both = (("A", view.a), ("B", view.b))
            problems = [problem_with(text, name, self.settings) for name, text in both]
            problem = next(filter(None, problems), "")
            if not (view.a.strip() or view.b.strip()):
                problem = "Both sentences are empty. Type two, or pick one of the examples."
            encoder = self.workbench.encoder(view.model, visitor)
            texts = None
            if "several" in unfolded:
                texts = several(encoder, view, inputs.lines, self.settings)
            if problem:
                if not (view.a or view.b or view.texts):
                    # An answer that was under way when the visitor cleared everything may have
                    # kept vectors again; this one comes after it.
                    self.workbench.forget(visitor)
                return self._blank(problem, unfolded, texts)
            comparison, measuring = self.compare(view, visitor)
            last = comparison.view.layer == encoder.backbone.depth  # in a link: the default
            sections = {
                name: draw(comparison) if name in unfolded else None
                for name, draw in SECTIONS.items()
            }
            return Screen(
                scores=scores_table(comparison, inputs.pinned, measuring_status(measuring)),
                answer=answer(comparison),
                counts=token_counts(comparison.encoder, comparison.traces),
                address=to_query(replace(view, layer=-1) if last else view),
                measuring=measuring is not None and not measuring.failed,
                sections={**sections, "several": texts},
            )
        except LabError as error:
            return self._blank(str(error), unfolded, None)

    def _blank(self, why: str, unfolded: frozenset[str], texts: Section | None) -> Screen:
        sections = {n: empty if n in unfolded else None for n, empty in EMPTY_SECTIONS.items()}
        if texts is not None:
            sections["several"] = texts
        return Screen(
            scores="",
            answer=message(why),
            counts="",
            address="?",  # nothing of the last pair stays in it
            measuring=False,
            sections=sections,
        )

    # --- keeping, sharing, forgetting -------------------------------------------------------

    def pin(self, inputs: Inputs, visitor: str | None) -> Pinned | None:
        """The scores on screen to compare the next ones with; None where some were pinned."""
        if inputs.pinned:
            return None
        comparison, _ = self.compare(self.pair(inputs, visitor), visitor)
        view, depth = comparison.view, comparison.encoder.backbone.depth
        return Pinned(
            a=view.a,
            b=view.b,
            setting=f"{comparison.model}, {layer_phrase(view.layer, depth)}"
            + ("" if view.pool_special else ", special tokens not pooled"),
            scores=tuple(comparison.scores.values()),
        )

    def restore(self, query: Mapping[str, str], visitor: str | None) -> tuple[View, list[str]]:
        """The view of a shared link, and what of it is not shown; nothing is downloaded for it."""

        def parse_model(model: object) -> str:
            return self.picker.parse(model, visitor)

        view, remarks = from_query(query, self.settings, parse_model)
        if not self.workbench.is_here(view.model, visitor):
            remarks.append(
                f"This link was made with {view.model}, which is not loaded here. Pick it in the "
                "model list to download it; shown meanwhile: the bundled model."
            )
            view = replace(view, model=View().model, layer=-1)
        try:
            canonical_layer(view.layer, self.workbench.encoder(view.model, visitor).backbone.depth)
        except LabError as error:
            remarks.append(f"{error} Shown meanwhile: the last layer.")
            view = replace(view, layer=-1)
        return view, remarks

    def forget(self, model: str, visitor: str | None) -> str:
        """Drop everything of a visitor. Returns the model to go on with, for own ones are gone."""
        self.workbench.forget(visitor)
        return model if self.workbench.has_model(model, visitor) else View().model
