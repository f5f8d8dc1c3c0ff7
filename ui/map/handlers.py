"""What the Map tab does when a visitor touches something. No gradio."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from encoder import Encoder, EncoderError
from explore import Place, Stopped, place, without_addresses
from ingest import Corpus
from ui.checks import as_text, parse_name, parse_text, pooling_at, row_number
from ui.map.drawing import DrawnMap, draw
from ui.map.figures import Overlay
from ui.map.form import MapForm, MapSettings, parse
from ui.map.state import SIDE_BY_SIDE, TRUST, MapState
from ui.map.view import CLUSTER, NEAREST, SIMILARITY, Shown, nearest, painter, painters
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
        return MapRequest(
            state=self.state(visitor), texts=texts, corpus=corpus, encoder=encoder,
            settings=checked, form=form,
        )  # fmt: skip

    def start(self, visitor: str | None, request: MapRequest) -> Job:
        """Join the line of maps; work on the map before is given up, and one under way."""
        self.texts(visitor).tasks.stop(TRUST, SIDE_BY_SIDE)
        stop = request.state.begin()
        job = Job(stoppable(partial(self._work, request)), expected_s=EXPECTED_S, stop=stop)
        return self.workbench.enlist(job, self.workbench.work_queue, visitor)

    def _work(self, request: MapRequest, tell: Tell, stop: threading.Event) -> Iterator[DrawnMap]:
        state = request.state
        try:
            for drawn_map in draw(
                request.texts, state.titles, request.corpus, request.encoder, request.settings,
                request.form, tell, stop,
            ):  # fmt: skip
                if stop.is_set():
                    raise Stopped
                state.drawn = drawn_map
                state.shown = self._carried(state.shown, drawn_map)
                if drawn_map.fidelity is not None:
                    state.finished = drawn_map
                yield drawn_map
        finally:
            state.end(stop)

    def _carried(self, before: Shown, drawn_map: DrawnMap) -> Shown:
        """Colours stay from one map to the next; selections are of the map they were made on."""
        offered = painters(drawn_map.corpus.labels)
        colour = before.colour if before.colour in offered else CLUSTER
        if not before.query:
            return Shown(colour=colour)
        similar = self.likeness(drawn_map, before.query)
        rings = nearest(similar) if colour == SIMILARITY else ()
        return Shown(colour, similar, before.query, Overlay(rings=rings))

    def drawn(self, visitor: str | None) -> DrawnMap:
        """The map on the screen. Raises EncoderError where there is none."""
        drawn = self.state(visitor).drawn
        if drawn is None:
            raise EncoderError("There is no map yet; it is being drawn, or waits for texts.")
        return drawn

    def finished(self, visitor: str | None) -> DrawnMap:
        """The map on the screen with all that belongs to it. Raises EncoderError before that."""
        drawn = self.drawn(visitor)
        if drawn.fidelity is None or self.state(visitor).drawing:
            raise EncoderError("The map is still being drawn, or was stopped: draw it first.")
        return drawn

    def shown(self, visitor: str | None) -> Shown:
        """What is drawn over it."""
        return self.state(visitor).shown

    def show(
        self, visitor: str | None, shown: Shown, honest: bool = False
    ) -> tuple[DrawnMap, Shown]:
        """Draw this over the map; only `honest` changes torn and false neighbours.

        Raises EncoderError where there is no map.
        """
        drawn_map, state = self.drawn(visitor), self.state(visitor)
        if not honest:  # what is torn stays in sight until its box says otherwise
            old = state.shown.overlay
            overlay = replace(shown.overlay, torn=old.torn, crosses=old.crosses)
            shown = replace(shown, overlay=overlay)
        state.shown = shown
        return drawn_map, shown

    # --- colours and clusters ---------------------------------------------------------------

    def colour(self, visitor: str | None, colour: object) -> tuple[DrawnMap, Shown]:
        """Another colouring."""
        painter(colour, self.drawn(visitor).corpus.labels)
        return self.show(visitor, replace(self.shown(visitor), colour=str(colour)))

    def search(self, visitor: str | None, text: object) -> tuple[DrawnMap, Shown]:
        """Colour the map by the cosine with a sentence; an empty box ends it."""
        drawn_map = self.drawn(visitor)
        shown = self.shown(visitor)
        if not str(text or "").strip():
            back = CLUSTER if shown.colour == SIMILARITY else shown.colour
            ended = replace(shown, colour=back, similar=None, query="", overlay=Overlay())
            return self.show(visitor, ended)
        similar = self.likeness(drawn_map, text)
        coloured = replace(
            shown,
            colour=SIMILARITY,
            similar=similar,
            query=as_text(text),
            overlay=Overlay(rings=nearest(similar)),
        )
        return self.show(visitor, coloured)

    def likeness(self, drawn_map: DrawnMap, text: object) -> np.ndarray:
        """Cosines (N,) of the texts with a typed sentence."""
        return (drawn_map.vectors @ self.vector(drawn_map, text)).clip(-1, 1)

    def vector(self, drawn_map: DrawnMap, text: object) -> np.ndarray:
        """A typed sentence as the texts of the map are encoded: (D,), unit length."""
        checked = parse_text(str(text or ""), "of yours", self.settings)
        settings = drawn_map.settings
        if settings.read != "all":
            checked = without_addresses(checked)
        return drawn_map.encoder.encode([checked], settings.pooling, settings.layer)[0]

    def zoom(self, visitor: str | None, cluster: int) -> tuple[DrawnMap, Shown]:
        """Fill the view with a cluster."""
        rows = tuple(int(row) for row in self.members(self.drawn(visitor), cluster))
        return self.show(visitor, replace(self.shown(visitor), selected=rows).focused(rows))

    def whole(self, visitor: str | None) -> tuple[DrawnMap, Shown]:
        """The whole map again, nothing chosen."""
        shown = replace(self.shown(visitor), selected=(), overlay=Overlay())
        return self.show(visitor, shown.focused(()))

    def cluster(self, visitor: str | None, sent: object) -> int:
        """A cluster's number, checked. Raises EncoderError."""
        clusters = self.drawn(visitor).clusters
        return row_number(sent, clusters.count if clusters else 0, NO_CLUSTER)

    def members(self, drawn_map: DrawnMap, cluster: int) -> np.ndarray:
        """Rows of a cluster. Raises EncoderError for one that there is not."""
        clusters = drawn_map.clusters
        if clusters is None or not 0 <= cluster < clusters.count:
            raise EncoderError(f"{NO_CLUSTER}; click again.")
        return clusters.members(cluster)

    def rename(self, visitor: str | None, cluster: int, name: object) -> tuple[DrawnMap, Shown]:
        """Call a cluster something; the word stays while its settings are used."""
        drawn_map = self.drawn(visitor)
        self.members(drawn_map, cluster)
        titles = drawn_map.titles.setdefault(drawn_map.cluster_key, {})
        titles[cluster] = parse_name(as_text(name))
        return drawn_map, self.shown(visitor)

    # --- points -----------------------------------------------------------------------------

    def row(self, drawn_map: DrawnMap, row: object) -> int:
        """A point's number, checked. Raises EncoderError."""
        return row_number(row, len(drawn_map.corpus), "That point is not on the map any more")

    def point(self, visitor: str | None, row: object) -> tuple[DrawnMap, Shown, int]:
        """A clicked text: lines to its nearest ones in the original space."""
        drawn_map = self.drawn(visitor)
        at = self.row(drawn_map, row)
        near = drawn_map.near
        rows = [] if near is None else near.indices[at, :NEAREST].tolist()
        overlay = Overlay(lines=tuple((at, int(other)) for other in rows), rings=(at,))
        return *self.show(visitor, replace(self.shown(visitor), overlay=overlay)), at

    def lasso(self, visitor: str | None, rows: object) -> tuple[DrawnMap, np.ndarray]:
        """The texts inside a lasso, checked."""
        drawn_map = self.drawn(visitor)
        sent = rows if isinstance(rows, list) else []
        chosen = sorted({self.row(drawn_map, row) for row in sent[: len(drawn_map.corpus)]})
        self.show(visitor, replace(self.shown(visitor), selected=tuple(chosen)))
        return drawn_map, np.array(chosen, np.int64)

    def drop(self, visitor: str | None, text: object) -> tuple[DrawnMap, Shown, Place]:
        """A new sentence: where it lands, and between whom."""
        drawn_map = self.drawn(visitor)
        vector = self.vector(drawn_map, text)
        landed = place(vector, drawn_map.vectors, drawn_map.projection.coordinates)
        star = (tuple(float(x) for x in landed.coordinates), as_text(text).strip()[:200])
        rings = tuple(int(row) for row in landed.neighbours)
        overlay = Overlay(rings=rings, star=star)
        return *self.show(visitor, replace(self.shown(visitor), overlay=overlay)), landed

    def why(self, visitor: str | None, name: str) -> ReadablePair:
        """Two texts of the map by "why:<row>:<row>": the cosine, taken apart token by token."""
        drawn_map = self.drawn(visitor)
        _, _, rows = name.partition("why:")
        first, _, second = rows.partition(":")
        texts = drawn_map.corpus.texts
        a, b = texts[self.row(drawn_map, first)], texts[self.row(drawn_map, second)]
        settings = drawn_map.settings
        return explain(drawn_map.encoder, a, b, settings.pooling, settings.layer)
