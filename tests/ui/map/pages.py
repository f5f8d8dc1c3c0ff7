"""What tests of the Map tab share: a small corpus, maps of it, and what HTML must keep."""

import base64
import json
import threading
from collections.abc import Iterator

import numpy as np

from encoder import Encoder
from tests.ui.corpus import TABLE
from tests.ui.test_hostile_text import ATTACKS
from tests.ui.visit import check
from ui.map.drawing import DrawnMap, draw
from ui.map.form import MapForm, parse
from ui.state.stages import Stages
from ui.state.texts import OpenTexts, on_map, open_data, open_texts

BYTES = 10**8
IN_THREE = {"method": "PCA", "clustering": "k-means", "n_clusters": 3}  # of a MapForm


def open_table(table: str = TABLE, name: str = "texts.csv") -> OpenTexts:
    """A table, open as a file of this name would be."""
    return open_data(table, name, Stages(BYTES))


def open_list(texts: list[str], name: str = "texts") -> OpenTexts:
    """These texts as they are, whatever they hold."""
    return open_texts(texts, name, Stages(BYTES))


def steps(
    texts: OpenTexts, encoder: Encoder, most: int = 5_000, **form: object
) -> Iterator[DrawnMap]:
    """A map of at most so many of the texts again and again, each time with more on it."""
    sent, corpus = MapForm(**form), on_map(texts.corpus, most)
    return draw(texts, {}, corpus, encoder, parse(sent), sent, quiet, threading.Event())


def draw_map(texts: OpenTexts, encoder: Encoder, most: int = 5_000, **form: object) -> DrawnMap:
    """A map with all that belongs to it."""
    *_, last = steps(texts, encoder, most, **form)
    return last


def quiet(stage: str, share: float) -> None:
    """Nobody listens."""


def unpacked(base: str, kind: str = "<f4") -> np.ndarray:
    """Numbers as the browser unpacks them."""
    return np.frombuffer(base64.b64decode(base), kind)


def in_three(encoder: Encoder) -> DrawnMap:
    """The small corpus on a map, in three clusters."""
    return draw_map(open_table(), encoder, **IN_THREE)


def hostile_map(bert: Encoder) -> DrawnMap:
    """A map on which everything is an attack: texts, column, labels, titles, file and model."""
    records = [
        {"text": f"{attack} {n}", ATTACKS[0]: ATTACKS[n % 2]}
        for n, attack in enumerate(attack for attack in ATTACKS for _ in range(2))
    ]
    texts = open_table(json.dumps(records), ATTACKS[0])
    encoder = Encoder(ATTACKS[0], bert.backbone, bert.recipe, bert.cache)
    hostile = draw_map(texts, encoder, **{**IN_THREE, "n_clusters": len(ATTACKS)})
    hostile.titles[hostile.cluster_key] = dict(enumerate(ATTACKS))
    assert list(hostile.corpus.labels) == [ATTACKS[0]]
    assert hostile.clusters.count == len(ATTACKS)
    return hostile


def shown_text(piece: str) -> str:
    """What a reader of a piece of HTML sees."""
    return check(f"<div>{piece}</div>").text
