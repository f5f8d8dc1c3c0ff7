"""What the Map tab does when a visitor touches something. No gradio."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from encoder import Encoder, EncoderError
from explore import Stopped, place
from ingest import Corpus
from ui.checks import as_text, parse_name, parse_text, pooling_at, row_number
from ui.map.drawing import DrawnMap, draw
from ui.map.figures import Overlay
from ui.map.form import MapForm, MapSettings, parse
from ui.map.state import SIDES, TRUST, MapState
from ui.map.view import CLUSTER, NEAREST, SIMILARITY, Shown, colour_choices, nearest
from ui.page.matrix import ReadablePair, explain
from ui.page.tasks import stoppable
from ui.page.texts import TextsHandlers
from ui.state.jobs import Job
from ui.state.stages import Tell
from ui.state.texts import OpenTexts, on_map

NO_CLUSTER = "That cluster is not on the map any more"
EXPECTED_S = 15.0  # of one map, for those who wait


@dataclass(frozen=True, eq=False)
class MapRequest:
    """Everything a map is made of, checked."""

    state: MapState
    texts: OpenTexts
    corpus: Corpus
    encoder: Encoder
    settings: MapSettings
    form: MapForm


class MapHandlers(TextsHandlers):
    """The tab's behaviour over one workbench. `visitor` is the key of a browser tab."""

    def state(self, visitor: str | None) -> MapState:
        """What this tab keeps for a visitor."""
        return self.texts(visitor).state(MapState)

    # --- the map ----------------------------------------------------------------------------

    def request(self, visitor: str | None, form: MapForm) -> MapRequest:
        """Everything sent, checked. Raises LabError."""
        texts = self.opened(visitor)
        settings = parse(form)
        key = self.picker.parse(settings.model, visitor)
        encoder = self.workbench.encoder(key, visitor)
        pooling = pooling_at(settings.layer, settings.pooling, encoder)
        corpus = on_map(texts.corpus, self.settings.map_texts)
        checked = replace(settings, model=key, pooling=pooling)
        return MapRequest(self.state(visitor), texts, corpus, encoder, checked, form)

    def start(self, visitor: str | None, request: MapRequest) -> Job:
        """Join the line of maps; work on the map before is given up, and one under way."""
        self.texts(visitor).tasks.stop(TRUST, SIDES)
        stop = request.state.begin()
        job = Job(stoppable(partial(self._work, request)), expected_s=EXPECTED_S, stop=stop)
        self.workbench.work_queue.join(job)
        return job

    def _work(self, asked: MapRequest, tell: Tell, stop: threading.Event) -> Iterator[DrawnMap]:
        state = asked.state
        try:
            for picture in draw(
                asked.texts, state.titles, asked.corpus, asked.encoder, asked.settings,
                asked.form, tell, stop,
            ):  # fmt: skip
                if stop.is_set():
                    raise Stopped
                state.drawn = picture
                state.shown = self._carried(state.shown, picture)
                if picture.fidelity is not None:
                    state.finished = picture
                yield picture
        finally:
            state.end(stop)

    def _carried(self, before: Shown, picture: DrawnMap) -> Shown:
        """Colours stay from one map to the next; selections are of the map they were made on."""
        offered = colour_choices(tuple(picture.corpus.labels))
        colour = before.colour if before.colour in offered else CLUSTER
        if not before.query:
            return Shown(colour=colour)
        similar = self.likeness(picture, before.query)
        rings = nearest(similar) if colour == SIMILARITY else ()
        return Shown(colour, similar, before.query, Overlay(rings=rings))

    def picture(self, visitor: str | None) -> DrawnMap:
        """The map on the screen. Raises EncoderError where there is none."""
        drawn = self.state(visitor).drawn
        if drawn is None:
            raise EncoderError("There is no map yet; it is being drawn, or waits for texts.")
        return drawn

    def finished(self, visitor: str | None) -> DrawnMap:
        """The map on the screen with all that belongs to it. Raises EncoderError before that."""
        drawn = self.picture(visitor)
        if drawn.fidelity is None or self.state(visitor).drawing:
            raise EncoderError("The map is still being drawn, or was stopped: draw it first.")
        return drawn

    def shown(self, visitor: str | None) -> Shown:
        """What is drawn over it."""
        return self.state(visitor).shown

    def show(
        self, visitor: str | None, honest: bool = False, **changes: Any
    ) -> tuple[DrawnMap, Shown]:
        """Change what is drawn over the map; only `honest` changes torn and false neighbours."""
        picture = self.picture(visitor)
        before = self.shown(visitor)
        shown = replace(before, **changes)
        if not honest:  # what is torn stays in sight until its box says otherwise
            old = before.overlay
            shown = replace(
                shown, overlay=replace(shown.overlay, torn=old.torn, crosses=old.crosses)
            )
        self.state(visitor).shown = shown
        return picture, shown

    # --- colours and clusters ---------------------------------------------------------------

    def colour(self, visitor: str | None, colour: object) -> tuple[DrawnMap, Shown]:
        """Another colouring."""
        picture = self.picture(visitor)
        offered = colour_choices(tuple(picture.corpus.labels))
        if colour not in offered:
            raise EncoderError(
                f"Unknown colouring {str(colour)[:40]!r}. Choose one of: {', '.join(offered)}."
            )
        return self.show(visitor, colour=str(colour))

    def search(self, visitor: str | None, text: object) -> tuple[DrawnMap, Shown]:
        """Colour the map by the cosine with a sentence; an empty box ends it."""
        picture = self.picture(visitor)
        if not str(text or "").strip():
            colour = self.shown(visitor).colour
            back = CLUSTER if colour == SIMILARITY else colour
            return self.show(visitor, colour=back, similar=None, query="", overlay=Overlay())
        similar = self.likeness(picture, text)
        return self.show(
            visitor,
            colour=SIMILARITY,
            similar=similar,
            query=as_text(text),
            overlay=Overlay(rings=nearest(similar)),
        )

    def likeness(self, picture: DrawnMap, text: object) -> np.ndarray:
        """Cosines (N,) of the texts with a typed sentence."""
        return (picture.vectors @ self.vector(picture, text)).clip(-1, 1)

    def vector(self, picture: DrawnMap, text: object) -> np.ndarray:
        """A typed sentence as the texts of the map are encoded: (D,), unit length."""
        checked = parse_text(str(text or ""), "of yours", self.settings)
        settings = picture.settings
        return picture.encoder.encode([checked], settings.pooling, settings.layer)[0]

    def zoom(self, visitor: str | None, cluster: int) -> tuple[DrawnMap, Shown]:
        """Fill the view with a cluster."""
        picture = self.picture(visitor)
        rows = self.members(picture, cluster)
        chosen = tuple(int(i) for i in rows)
        picture, shown = self.show(visitor, selected=chosen)
        shown = shown.focused(chosen)
        self.state(visitor).shown = shown
        return picture, shown

    def whole(self, visitor: str | None) -> tuple[DrawnMap, Shown]:
        """The whole map again, nothing chosen."""
        picture, shown = self.show(visitor, selected=(), overlay=Overlay())
        shown = shown.focused(())
        self.state(visitor).shown = shown
        return picture, shown

    def cluster(self, visitor: str | None, sent: object) -> int:
        """A cluster's number, checked. Raises EncoderError."""
        clusters = self.picture(visitor).clusters
        return row_number(sent, clusters.count if clusters else 0, NO_CLUSTER)

    def members(self, picture: DrawnMap, cluster: int) -> np.ndarray:
        """Rows of a cluster. Raises EncoderError for one that there is not."""
        clusters = picture.clusters
        if clusters is None or not 0 <= cluster < clusters.count:
            raise EncoderError(f"{NO_CLUSTER}; click again.")
        return clusters.members(cluster)

    def rename(self, visitor: str | None, cluster: int, name: object) -> tuple[DrawnMap, Shown]:
        """Call a cluster something; the word stays while its settings are used."""
        picture = self.picture(visitor)
        self.members(picture, cluster)
        titles = picture.titles.setdefault(picture.cluster_key, {})
        titles[cluster] = parse_name(as_text(name))
        return picture, self.shown(visitor)

    # --- points -----------------------------------------------------------------------------

    def row(self, picture: DrawnMap, row: object) -> int:
        """A point's number, checked. Raises EncoderError."""
        return row_number(row, len(picture.corpus), "That point is not on the map any more")

    def point(self, visitor: str | None, row: object) -> tuple[DrawnMap, Shown, int]:
        """A clicked text: lines to its nearest ones in the original space."""
        picture = self.picture(visitor)
        at = self.row(picture, row)
        near = picture.near
        rows = [] if near is None else near.indices[at, :NEAREST].tolist()
        overlay = Overlay(lines=tuple((at, int(other)) for other in rows), rings=(at,))
        picture, shown = self.show(visitor, overlay=overlay)
        return picture, shown, at

    def lasso(self, visitor: str | None, rows: object) -> tuple[DrawnMap, np.ndarray]:
        """The texts inside a lasso, checked."""
        picture = self.picture(visitor)
        sent = rows if isinstance(rows, list) else []
        found = sorted({self.row(picture, row) for row in sent[: len(picture.corpus)]})
        self.show(visitor, selected=tuple(found))
        return picture, np.array(found, np.int64)

    def drop(self, visitor: str | None, text: object) -> tuple[DrawnMap, Shown, Any]:
        """A new sentence: where it lands, and between whom."""
        picture = self.picture(visitor)
        found = place(self.vector(picture, text), picture.vectors, picture.projection.coordinates)
        star = (tuple(float(x) for x in found.coordinates), as_text(text).strip()[:200])
        rings = tuple(int(i) for i in found.neighbours)
        picture, shown = self.show(visitor, overlay=Overlay(rings=rings, star=star))
        return picture, shown, found

    def why(self, visitor: str | None, name: str) -> ReadablePair:
        """Two texts of the map by "why:<row>:<row>": the cosine, taken apart token by token."""
        picture = self.picture(visitor)
        _, _, rows = name.partition("why:")
        first, _, second = rows.partition(":")
        texts = picture.corpus.texts
        a, b = texts[self.row(picture, first)], texts[self.row(picture, second)]
        settings = picture.settings
        return explain(picture.encoder, a, b, settings.pooling, settings.layer)
