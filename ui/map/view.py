"""What the map on the screen shows: which colours, which selection, which lines."""

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from encoder import EncoderError
from ui.map.drawing import DrawnMap
from ui.map.figures import Overlay, Value, categories, centres, label_codes, names_at, points, scale

CLUSTER, SIMILARITY, LENGTH, RECALL = "cluster", "similarity to …", "length", "kNN recall"
LABEL = "label: "
NEAREST = 10  # texts that are listed and ringed


@dataclass(frozen=True, eq=False)
class Shown:
    """What is drawn over a picture and how it is coloured; small, and one visitor's own."""

    colour: str = CLUSTER
    similar: np.ndarray | None = None  # (N,) cosines with a typed sentence
    query: str = ""
    overlay: Overlay = Overlay()  # noqa: RUF009 - frozen
    selected: tuple[int, ...] | None = None
    focus: tuple[int, ...] | None = None
    focus_rev: str = ""

    def focused(self, rows: Sequence[int]) -> "Shown":
        """Zoom to these rows, or with none to the whole map."""
        return replace(self, focus=tuple(rows), focus_rev=str(time.time_ns()))


def nearest(similar: np.ndarray) -> tuple[int, ...]:
    """The rows that are most like the typed sentence, the best first."""
    return tuple(int(row) for row in np.argsort(-similar, kind="stable")[:NEAREST])


def colour_choices(labels: Sequence[str]) -> list[str]:
    """What points can be coloured by."""
    return [CLUSTER, *(f"{LABEL}{name}" for name in labels), SIMILARITY, LENGTH, RECALL]


def value(
    picture: DrawnMap,
    shown: Shown,
    *,
    whole: bool = True,
    group: str | None = None,
    rev: str = "",
) -> str:
    """The component's value; without `whole` the browser keeps the points it has."""
    places = picture.projection.coordinates
    drawn = points(places, picture.corpus.texts) if whole else None
    content: dict[str, Any] = {
        "rev": rev or picture.rev,
        "points": drawn,
        "paint": paint(picture, shown),
        "overlay": shown.overlay.as_json(),
        "names": cluster_names(picture) if shown.colour == CLUSTER else None,
        "selected": None if shown.selected is None else list(shown.selected),
        "focus": None if shown.focus is None else list(shown.focus),
        "focus_rev": shown.focus_rev,
        "group": group,
    }
    return as_value(content)


def as_value(content: dict[str, Any]) -> str:
    """JSON text: of a dict Gradio sends differences, which change it where nobody notices."""
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"))


def cluster_names(picture: DrawnMap) -> list[Value] | None:
    """Titles at the middles of the clusters."""
    clusters = picture.clusters
    if clusters is None or not clusters.count:
        return None
    middles = centres(picture.projection.coordinates, clusters.labels, clusters.count)
    return names_at(middles, [picture.title(c) for c in range(clusters.count)])


def paint(picture: DrawnMap, shown: Shown) -> Value:
    """Colours of the points. Raises EncoderError for a colouring that there is not."""
    places, texts = picture.projection.coordinates, picture.corpus.texts
    colour = shown.colour
    if colour == CLUSTER:
        clusters = picture.clusters
        if clusters is None:
            return categories("", np.zeros(len(texts), np.int64), ["all texts"], places)
        titles = [f"{c + 1}. {picture.title(c)}" for c in range(clusters.count)]
        return categories("cluster", clusters.labels, titles, places)
    if colour == LENGTH:
        words = np.array([len(text.split()) for text in texts], np.float32)
        return scale("words", words, float(words.min()), float(np.quantile(words, 0.98)))
    if colour == SIMILARITY:
        similar = shown.similar
        if similar is None or len(similar) != len(texts):
            return scale("type a sentence below", np.zeros(len(texts)), 0, 1)
        return scale("cosine", similar, float(np.quantile(similar, 0.05)), float(similar.max()))
    if colour == RECALL:
        if picture.fidelity is None:
            return scale("being measured", np.full(len(texts), np.nan), 0, 1)
        return scale("kNN recall", picture.fidelity.recall, 0, 1)
    name = colour.removeprefix(LABEL)
    if not colour.startswith(LABEL) or name not in picture.corpus.labels:
        offered = ", ".join(colour_choices(tuple(picture.corpus.labels)))
        raise EncoderError(f"Unknown colouring {colour[:40]!r}. Choose one of: {offered}.")
    codes, names = label_codes(picture.corpus.labels[name])
    return categories(name, codes, names, places)
