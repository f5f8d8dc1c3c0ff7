"""How far a map can be trusted: what is measured about it, step by step."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from explore import (
    Clusters,
    Distortion,
    Driver,
    Projection,
    Stability,
    SweepPoint,
    agreement,
    cluster,
    distortion,
    drivers,
    map_fidelity,
    null_world,
    project,
    silhouette,
    stability,
    sweep,
)
from explore.cluster import dense_projection
from explore.on_map import clusters_on_map
from ui.map.drawing import DrawnMap, dense_space
from ui.state.stages import Key, Tell

DRAWN = 80  # pairs of each kind: more cannot be followed by the eye


@dataclass(frozen=True, eq=False)
class NullMap:
    """Map and clusters of vectors without structure, made as those of the texts were."""

    projection: Projection
    clusters: Clusters
    recall: float
    silhouette: float | None


@dataclass(frozen=True, eq=False)
class Trust:
    """What is measured so far; None where it is not yet."""

    drawn_map: DrawnMap
    # Of the clusters with those on the map, or of those on the map with those of the vectors; NaN
    # where neither side has two groups.
    agreement: float | None = None
    silhouette: float | None = None
    drivers: tuple[Driver, ...] = ()
    swept: tuple[SweepPoint, ...] = ()
    null: NullMap | None = None
    stable: Stability | None = None


def measure_trust(drawn_map: DrawnMap, tell: Tell, stop: threading.Event) -> Iterator[Trust]:
    """What is measured, again and again, each time more; nothing is measured twice."""
    stages, source = drawn_map.texts.stages, drawn_map.source
    layout = drawn_map.projection.config.key
    clusters = drawn_map.clusters
    trust = Trust(drawn_map)
    if clusters is None:
        return
    key = (*drawn_map.cluster_key, *layout)
    tell("measuring the clusters", 0.0)
    trust = replace(
        trust,
        agreement=stages.get("agreement", key, lambda: _agreement(drawn_map, clusters, tell, stop)),
        silhouette=stages.get(
            "silhouette",
            drawn_map.cluster_key,
            lambda: silhouette(drawn_map.vectors, clusters.labels),
        ),
        drivers=drivers(drawn_map.corpus.texts, clusters.labels, drawn_map.corpus.labels),
    )
    yield trust
    if clusters.config.method == "hdbscan":
        space = _space(drawn_map, tell, stop)
        swept = stages.get(
            "sweep",
            (*source, clusters.config.space, clusters.config.selection, *_layout_key(drawn_map)),
            lambda: sweep(space, on_progress=tell, stop=stop, selection=clusters.config.selection),
        )
        trust = replace(trust, swept=swept)
        yield trust
    if len(drawn_map.corpus) > 1:
        null = stages.get("null world", key, lambda: _null(drawn_map, tell, stop))
        trust = replace(trust, null=null)
        yield trust
    if clusters.count:
        stable = stages.get(
            "stability",
            drawn_map.cluster_key,
            lambda: stability(
                drawn_map.vectors,
                clusters,
                near=drawn_map.near,
                on_progress=tell,
                stop=stop,
                layout=drawn_map.projection.config,
            ),
        )
        yield replace(trust, stable=stable)


def _layout_key(drawn_map: DrawnMap) -> Key:
    """Names the layout, where HDBSCAN looks at it."""
    on_map = drawn_map.settings.clusters.space == "map"
    return drawn_map.projection.config.key if on_map else ()


def _space(drawn_map: DrawnMap, tell: Tell, stop: threading.Event) -> np.ndarray:
    """What HDBSCAN looks at: float (N, dims)."""
    if drawn_map.settings.clusters.space == "map":
        return drawn_map.projection.coordinates
    return dense_space(drawn_map, tell, stop)


def _agreement(drawn_map: DrawnMap, clusters: Clusters, tell: Tell, stop: threading.Event) -> float:
    """Adjusted Rand index of what the vectors and what the map have for clusters.

    Clusters that were found on the map are compared with those of the 5-D UMAP: with those on the
    map they would always agree.
    """
    config = clusters.config
    if config.method == "hdbscan" and config.space == "map":
        dense = replace(config, space="umap")
        looked_at = replace(drawn_map, settings=replace(drawn_map.settings, clusters=dense))
        space = dense_space(looked_at, tell, stop)
        others = cluster(drawn_map.vectors, dense, space=space).labels
    else:
        others = clusters_on_map(drawn_map.vectors, drawn_map.projection.coordinates, clusters)
    if max(len(np.unique(clusters.labels)), len(np.unique(others))) < 2:
        return float("nan")
    return agreement(clusters.labels, others)


def _null(drawn_map: DrawnMap, tell: Tell, stop: threading.Event) -> NullMap:
    """The vectors' Gaussian, laid out and clustered as the texts were."""

    def say(stage: str, share: float) -> None:
        tell(f"a world without structure: {stage}", share)

    config, settings = drawn_map.settings.clusters, drawn_map.projection.config
    vectors = null_world(drawn_map.vectors, settings.seed)
    flat = project(vectors, settings, on_progress=say, stop=stop)
    space = None
    if config.method == "hdbscan" and config.space == "map":
        space = flat.coordinates
    elif config.method == "hdbscan" and config.space == "umap":
        space = dense_projection(vectors, on_progress=say, stop=stop).coordinates
    clusters = cluster(vectors, config, space=space, on_progress=say, stop=stop)
    recall = map_fidelity(vectors, flat.coordinates, on_progress=say, stop=stop).mean_recall
    return NullMap(flat, clusters, recall, silhouette(vectors, clusters.labels))


def torn_and_false(drawn_map: DrawnMap) -> Distortion:
    """The pairs that the map shows most wrongly."""
    near = drawn_map.near
    if near is None:
        return Distortion(np.zeros((0, 2), np.int64), np.zeros((0, 2), np.int64))
    return drawn_map.texts.stages.get(
        "distortion",
        (*drawn_map.source, *drawn_map.projection.config.key),
        lambda: distortion(drawn_map.vectors, drawn_map.projection.coordinates, near, DRAWN),
    )
