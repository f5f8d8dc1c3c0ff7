"""What the map on the screen shows: which colours, which selection, which lines."""

import json
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from ui.checks import one_of
from ui.map.drawing import DrawnMap
from ui.map.figures import Overlay, Value, categories, centres, label_codes, names_at, points, scale

CLUSTER, SIMILARITY = "cluster", "similarity to …"  # the colourings that the tab itself turns to
NEAREST = 10  # texts that are listed and ringed


@dataclass(frozen=True, eq=False)
class Shown:
    """What is drawn over a map and how it is coloured; small, and one visitor's own."""

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


def value(
    drawn_map: DrawnMap,
    shown: Shown,
    *,
    whole: bool = True,
    group: str | None = None,
    rev: str = "",
) -> str:
    """The component's value; without `whole` the browser keeps the points it has."""
    places = drawn_map.projection.coordinates
    content: Value = {
        "rev": rev or drawn_map.rev,
        "points": points(places, drawn_map.corpus.texts) if whole else None,
        "paint": paint(drawn_map, shown),
        "overlay": shown.overlay.as_json(),
        "names": cluster_names(drawn_map) if shown.colour == CLUSTER else None,
        "selected": None if shown.selected is None else list(shown.selected),
        "focus": None if shown.focus is None else list(shown.focus),
        "focus_rev": shown.focus_rev,
        "group": group,
    }
    return as_value(content)


def as_value(content: Value) -> str:
    """JSON text: of a dict Gradio sends differences, which change it where nobody notices."""
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"))


def cluster_names(drawn_map: DrawnMap) -> list[Value] | None:
    """Titles at the middles of the clusters."""
    clusters = drawn_map.clusters
    if clusters is None or not clusters.count:
        return None
    middles = centres(drawn_map.projection.coordinates, clusters.labels, clusters.count)
    return names_at(middles, [drawn_map.title(c) for c in range(clusters.count)])


# --- Colours: an entry of PAINTERS is one, everywhere ---------------------------------------------


Painter = Callable[[DrawnMap, Shown], Value]


def _by_cluster(drawn_map: DrawnMap, shown: Shown) -> Value:
    places, clusters = drawn_map.projection.coordinates, drawn_map.clusters
    if clusters is None:
        return categories("", np.zeros(len(places), np.int64), ["all texts"], places)
    titles = [f"{c + 1}. {drawn_map.title(c)}" for c in range(clusters.count)]
    return categories("cluster", clusters.labels, titles, places)


def _by_label(name: str, drawn_map: DrawnMap, shown: Shown) -> Value:
    codes, names = label_codes(drawn_map.corpus.labels[name])
    return categories(name, codes, names, drawn_map.projection.coordinates)


def _by_similarity(drawn_map: DrawnMap, shown: Shown) -> Value:
    texts, similar = len(drawn_map.corpus), shown.similar
    if similar is None or len(similar) != texts:
        return scale("type a sentence below", np.zeros(texts), 0, 1)
    return scale("cosine", similar, float(np.quantile(similar, 0.05)), float(similar.max()))


def _by_length(drawn_map: DrawnMap, shown: Shown) -> Value:
    words = np.array([len(text.split()) for text in drawn_map.corpus.texts], np.float32)
    return scale("words", words, float(words.min()), float(np.quantile(words, 0.98)))


def _by_recall(drawn_map: DrawnMap, shown: Shown) -> Value:
    if drawn_map.fidelity is None:
        return scale("being measured", np.full(len(drawn_map.corpus), np.nan), 0, 1)
    return scale("kNN recall", drawn_map.fidelity.recall, 0, 1)


PAINTERS: dict[str, Painter] = {
    CLUSTER: _by_cluster,
    SIMILARITY: _by_similarity,
    "length": _by_length,
    "kNN recall": _by_recall,
}


def painters(labels: Iterable[str]) -> dict[str, Painter]:
    """All colourings of texts with these label columns: each column is one."""
    by_label = {f"label: {name}": partial(_by_label, name) for name in labels}
    return {CLUSTER: PAINTERS[CLUSTER], **by_label, **PAINTERS}


def painter(colour: object, labels: Iterable[str]) -> Painter:
    """How to colour by what was asked for. Raises EncoderError, which lists what there is."""
    offered = painters(labels)
    return offered[one_of(colour, "colouring", offered)]


def paint(drawn_map: DrawnMap, shown: Shown) -> Value:
    """Colours of the points. Raises EncoderError for a colouring that there is not."""
    return painter(shown.colour, drawn_map.corpus.labels)(drawn_map, shown)
