"""Two maps of the same texts side by side: another model, pooling or layer."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from encoder import Encoder
from explore import Comparison, Projection, compare, neighbours, project
from ui.map.drawing import NEAR, DrawnMap
from ui.map.form import MapSettings
from ui.state.stages import Tell
from ui.state.texts import encode, source_key


@dataclass(frozen=True, eq=False)
class Sides:
    """The map on the screen, the other one laid over it, and what differs."""

    picture: DrawnMap
    other: DrawnMap  # its projection is aligned to that of `picture`
    comparison: Comparison


def draw_sides(
    picture: DrawnMap, encoder: Encoder, settings: MapSettings, tell: Tell, stop: threading.Event
) -> Iterator[Sides]:
    """The other vectors, their map with the same settings, and the comparison."""
    texts, corpus, stages = picture.texts, picture.corpus, picture.texts.stages
    settings = replace(settings, projection=picture.settings.projection)
    vectors = encode(texts, corpus, encoder, settings, tell, stop)
    source = source_key(texts, corpus, encoder, settings)
    config = picture.settings.projection
    k = max(NEAR, config.n_neighbors)
    near = stages.get("neighbours", (*source, k), lambda: neighbours(vectors, k, tell, stop))
    stage = "pca" if config.method == "pca" else "layout"
    layout: Projection = stages.get(
        stage, (*source, *config.key), lambda: project(vectors, config, near, tell, stop)
    )
    found = compare(
        picture.vectors,
        vectors,
        picture.projection.coordinates,
        layout.coordinates,
        near=picture.near,
        other_near=near,
    )
    aligned = replace(layout, coordinates=found.aligned)
    other = replace(
        picture, encoder=encoder, settings=settings, vectors=vectors, projection=aligned, near=near,
        fidelity=None,
    )  # fmt: skip
    yield Sides(picture, other, found)


def overlap_words(sides: Sides) -> str:
    """How much both sides agree, in one sentence."""
    found = sides.comparison
    if not found.k:
        return "One text alone has no neighbours to compare."
    share = found.mean_overlap
    few = int((found.overlap <= 0.2).sum())
    return (
        f"On average {share:.0%} of a text's {found.k} nearest texts are the same on both sides, "
        f"counted in the original spaces; {few:,} of {len(found.overlap):,} texts keep at most a "
        "fifth of theirs. The right map is turned, mirrored and scaled to lie on the left one. "
        "Groups may still lie elsewhere as a whole, as they do under another seed: what counts "
        "are the common neighbours."
    )


def moved_rows(sides: Sides, most: int = 15) -> np.ndarray:
    """Rows whose neighbours changed most."""
    return sides.comparison.moved_most(most)
