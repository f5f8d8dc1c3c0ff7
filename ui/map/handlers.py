"""What the Map tab does when a visitor touches something. No gradio."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from encoder import Encoder, EncoderError
from encoder.trace import PairExplanation
from explore import Stopped, place
from ingest import Corpus
from ui.checks import as_text, parse_name, parse_text, pooling_at
from ui.map.drawing import Picture, draw
from ui.map.figures import Overlay
from ui.map.form import MapForm, MapSettings, parse
from ui.map.view import CLUSTER, NEAREST, SIMILARITY, Shown, colour_choices, nearest
from ui.page.tasks import stoppable
from ui.page.texts import CorpusHandlers
from ui.state.jobs import Job
from ui.state.stages import Tell
from ui.state.texts import Atlas, on_map

EXPECTED_S = 15.0  # of one map, for those who wait


@dataclass(frozen=True, eq=False)
class MapRequest:
    """Everything a map is made of, checked."""

    atlas: Atlas
    corpus: Corpus
    encoder: Encoder
    settings: MapSettings
    form: MapForm


class MapHandlers(CorpusHandlers):
    """The tab's behaviour over one workbench. `visitor` is the key of a browser tab."""

    # --- the map ----------------------------------------------------------------------------

    def request(self, visitor: str | None, form: MapForm) -> MapRequest:
        """Everything sent, checked. Raises EncoderError."""
        atlas = self.atlas(visitor)
        if atlas.corpus is None:
            raise EncoderError("There are no texts yet. Choose a sample, or send a file.")
        settings = parse(form)
        key = self.picker.parse(settings.model, visitor)
        encoder = self.workbench.encoder(key, visitor)
        pooling = pooling_at(settings.layer, settings.pooling, encoder)
        corpus = on_map(atlas.corpus, self.settings.map_texts)
        found = replace(settings, model=key, pooling=pooling)
        return MapRequest(atlas, corpus, encoder, found, form)

    def start(self, request: MapRequest) -> Job:
        """Join the line of maps; a map of this visitor that is under way is given up."""
        stop = request.atlas.begin()
        job = Job(stoppable(partial(self._work, request)), expected_s=EXPECTED_S, stop=stop)
        self.workbench.maps.join(job)
        return job

    def _work(self, asked: MapRequest, tell: Tell, stop: threading.Event) -> Iterator[Picture]:
        try:
            for picture in draw(
                asked.atlas, asked.corpus, asked.encoder, asked.settings, asked.form, tell, stop
            ):
                if stop.is_set():
                    raise Stopped
                asked.atlas.picture = picture
                asked.atlas.shown = self._kept(asked.atlas, picture)
                if picture.fidelity is not None:
                    asked.atlas.finished = picture
                yield picture
        finally:
            asked.atlas.end(stop)

    def _kept(self, atlas: Atlas, picture: Picture) -> Shown:
        """Colours stay from one map to the next; selections are of the map they were made on."""
        old = atlas.shown if isinstance(atlas.shown, Shown) else Shown()
        labels = colour_choices(tuple(picture.corpus.labels))
        colour = old.colour if old.colour in labels else CLUSTER
        kept = Shown(colour=colour)
        if not old.query:
            return kept
        similar = self.likeness(picture, old.query)
        rings = nearest(similar) if colour == SIMILARITY else ()
        return replace(kept, query=old.query, similar=similar, overlay=Overlay(rings=rings))

    def picture(self, visitor: str | None) -> Picture:
        """The map on the screen. Raises EncoderError where there is none."""
        found = self.atlas(visitor).picture
        if found is None:
            raise EncoderError("There is no map yet; it is being drawn, or waits for texts.")
        return found

    def finished(self, visitor: str | None) -> Picture:
        """The map on the screen with all that belongs to it. Raises EncoderError before that."""
        found = self.picture(visitor)
        if found.fidelity is None or found.atlas.drawing:
            raise EncoderError("The map is still being drawn, or was stopped: draw it first.")
        return found

    def shown(self, visitor: str | None) -> Shown:
        """What is drawn over it."""
        found = self.atlas(visitor).shown
        return found if isinstance(found, Shown) else Shown()

    def shown_of(self, picture: Picture) -> Shown:
        """The same for a picture that has just been drawn."""
        found = picture.atlas.shown
        return found if isinstance(found, Shown) else Shown()

    def show(
        self, visitor: str | None, honest: bool = False, **changes: Any
    ) -> tuple[Picture, Shown]:
        """Change what is drawn over the map; only `honest` changes torn and false neighbours."""
        picture = self.picture(visitor)
        before = self.shown(visitor)
        shown = replace(before, **changes)
        if not honest:  # what is torn stays in sight until its box says otherwise
            old = before.overlay
            shown = replace(
                shown, overlay=replace(shown.overlay, torn=old.torn, crosses=old.crosses)
            )
        self.atlas(visitor).shown = shown
        return picture, shown

    # --- colours and clusters ---------------------------------------------------------------

    def colour(self, visitor: str | None, colour: object) -> tuple[Picture, Shown]:
        """Another colouring."""
        picture = self.picture(visitor)
        offered = colour_choices(tuple(picture.corpus.labels))
        if colour not in offered:
            raise EncoderError(
                f"Unknown colouring {str(colour)[:40]!r}. Choose one of: {', '.join(offered)}."
            )
        return self.show(visitor, colour=str(colour))

    def search(self, visitor: str | None, text: object) -> tuple[Picture, Shown]:
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

    def likeness(self, picture: Picture, text: object) -> np.ndarray:
        """Cosines (N,) of the texts with a typed sentence."""
        return (picture.vectors @ self.vector(picture, text)).clip(-1, 1)

    def vector(self, picture: Picture, text: object) -> np.ndarray:
        """A typed sentence as the texts of the map are encoded: (D,), unit length."""
        checked = parse_text(str(text or ""), "of yours", self.settings)
        settings = picture.settings
        return picture.encoder.encode([checked], settings.pooling, settings.layer)[0]

    def zoom(self, visitor: str | None, cluster: int) -> tuple[Picture, Shown]:
        """Fill the view with a cluster."""
        picture = self.picture(visitor)
        rows = self.members(picture, cluster)
        chosen = tuple(int(i) for i in rows)
        picture, shown = self.show(visitor, selected=chosen)
        shown = shown.focused(chosen)
        self.atlas(visitor).shown = shown
        return picture, shown

    def whole(self, visitor: str | None) -> tuple[Picture, Shown]:
        """The whole map again, nothing chosen."""
        picture, shown = self.show(visitor, selected=(), overlay=Overlay())
        shown = shown.focused(())
        self.atlas(visitor).shown = shown
        return picture, shown

    def members(self, picture: Picture, cluster: int) -> np.ndarray:
        """Rows of a cluster. Raises EncoderError for one that there is not."""
        clusters = picture.clusters
        if clusters is None or not 0 <= cluster < clusters.count:
            raise EncoderError("That cluster is not on the map any more; look at the list again.")
        return clusters.members(cluster)

    def rename(self, visitor: str | None, cluster: int, name: object) -> tuple[Picture, Shown]:
        """Call a cluster something; the word stays while its settings are used."""
        picture = self.picture(visitor)
        self.members(picture, cluster)
        titles = picture.atlas.titles.setdefault(picture.cluster_key, {})
        titles[cluster] = parse_name(as_text(name))
        return picture, self.shown(visitor)

    # --- points -----------------------------------------------------------------------------

    def row(self, picture: Picture, row: object) -> int:
        """A point's number, checked. Raises EncoderError."""
        try:
            found = int(str(row))
        except ValueError:
            found = -1
        if not 0 <= found < len(picture.corpus):
            raise EncoderError("That point is not on the map any more; click again.")
        return found

    def point(self, visitor: str | None, row: object) -> tuple[Picture, Shown, int]:
        """A clicked text: lines to its nearest ones in the original space."""
        picture = self.picture(visitor)
        at = self.row(picture, row)
        near = picture.near
        rows = [] if near is None else near.indices[at, :NEAREST].tolist()
        overlay = Overlay(lines=tuple((at, int(other)) for other in rows), rings=(at,))
        picture, shown = self.show(visitor, overlay=overlay)
        return picture, shown, at

    def lasso(self, visitor: str | None, rows: object) -> tuple[Picture, np.ndarray]:
        """The texts inside a lasso, checked."""
        picture = self.picture(visitor)
        sent = rows if isinstance(rows, list) else []
        found = sorted({self.row(picture, row) for row in sent[: len(picture.corpus)]})
        self.show(visitor, selected=tuple(found))
        return picture, np.array(found, np.int64)

    def drop(self, visitor: str | None, text: object) -> tuple[Picture, Shown, Any]:
        """A new sentence: where it lands, and between whom."""
        picture = self.picture(visitor)
        found = place(self.vector(picture, text), picture.vectors, picture.projection.coordinates)
        star = (tuple(float(x) for x in found.coordinates), as_text(text).strip()[:200])
        rings = tuple(int(i) for i in found.neighbours)
        picture, shown = self.show(visitor, overlay=Overlay(rings=rings, star=star))
        return picture, shown, found

    def why(
        self, visitor: str | None, name: str
    ) -> tuple[str, str, PairExplanation, tuple[list[str], list[str]]]:
        """Two texts of the map by "why:<row>:<row>": the cosine, taken apart token by token."""
        picture = self.picture(visitor)
        _, _, rows = name.partition("why:")
        first, _, second = rows.partition(":")
        texts = picture.corpus.texts
        a, b = texts[self.row(picture, first)], texts[self.row(picture, second)]
        settings, encoder = picture.settings, picture.encoder
        explained = encoder.explain_pair(a, b, settings.pooling, settings.layer)
        readable = encoder.backbone.readable
        return a, b, explained, (readable(explained.tokens_a), readable(explained.tokens_b))
