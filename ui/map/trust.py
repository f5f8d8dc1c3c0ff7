"""How far a map can be trusted: everything that is measured about it, step by step."""

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
from ui.state.stages import Tell

DRAWN = 80  # pairs of each kind: more cannot be followed by the eye


@dataclass(frozen=True, eq=False)
class NullMap:
    """The same pipeline over vectors without structure."""

    projection: Projection
    clusters: Clusters
    recall: float
    silhouette: float | None


@dataclass(frozen=True, eq=False)
class Trust:
    """What is known so far; None where it has not been measured yet."""

    picture: DrawnMap
    # Of the clusters with those on the map, or of those on the map with those of the vectors; NaN
    # where neither side has two groups.
    agreement: float | None = None
    silhouette: float | None = None
    drivers: tuple[Driver, ...] = ()
    swept: tuple[SweepPoint, ...] = ()
    null: NullMap | None = None
    stable: Stability | None = None


def measure_trust(picture: DrawnMap, tell: Tell, stop: threading.Event) -> Iterator[Trust]:
    """The report again and again, each time with more; nothing is measured twice."""
    stages, source = picture.texts.stages, picture.source
    layout = picture.projection.config.key
    clusters = picture.clusters
    report = Trust(picture)
    if clusters is None:
        return
    key = (*picture.cluster_key, *layout)
    tell("measuring the clusters", 0.0)
    report = replace(
        report,
        agreement=stages.get("agreement", key, lambda: _agreement(picture, clusters, tell, stop)),
        silhouette=stages.get(
            "silhouette", picture.cluster_key, lambda: silhouette(picture.vectors, clusters.labels)
        ),
        drivers=drivers(picture.corpus.texts, clusters.labels, picture.corpus.labels),
    )
    yield report
    if clusters.config.method == "hdbscan":
        space = _space(picture, tell, stop)
        swept = stages.get(
            "sweep",
            (*source, clusters.config.space, *_place(picture)),
            lambda: sweep(space, on_progress=tell, stop=stop),
        )
        report = replace(report, swept=swept)
        yield report
    if len(picture.corpus) > 1:
        null = stages.get("null world", key, lambda: _null(picture, tell, stop))
        report = replace(report, null=null)
        yield report
    if clusters.count:
        stable = stages.get(
            "stability",
            picture.cluster_key,
            lambda: stability(
                picture.vectors,
                clusters,
                near=picture.near,
                on_progress=tell,
                stop=stop,
                layout=picture.projection.config,
            ),
        )
        yield replace(report, stable=stable)


def _place(picture: DrawnMap) -> tuple[object, ...]:
    on_map = picture.settings.clusters.space == "map"
    return picture.projection.config.key if on_map else ()


def _space(picture: DrawnMap, tell: Tell, stop: threading.Event) -> np.ndarray:
    if picture.settings.clusters.space == "map":
        return picture.projection.coordinates
    return dense_space(picture, tell, stop)


def _agreement(picture: DrawnMap, clusters: Clusters, tell: Tell, stop: threading.Event) -> float:
    """Adjusted Rand index of what the vectors and what the map have for clusters.

    Clusters that were found on the map are compared with those of the 5-D UMAP: with those on the
    map they would always agree.
    """
    config = clusters.config
    if config.method == "hdbscan" and config.space == "map":
        dense = replace(config, space="umap")
        looked_at = replace(picture, settings=replace(picture.settings, clusters=dense))
        space = dense_space(looked_at, tell, stop)
        others = cluster(picture.vectors, dense, space=space).labels
    else:
        others = clusters_on_map(picture.vectors, picture.projection.coordinates, clusters)
    if max(len(np.unique(clusters.labels)), len(np.unique(others))) < 2:
        return float("nan")
    return agreement(clusters.labels, others)


def _null(picture: DrawnMap, tell: Tell, stop: threading.Event) -> NullMap:
    """The vectors' Gaussian, laid out and clustered as the texts were."""

    def say(stage: str, share: float) -> None:
        tell(f"a world without structure: {stage}", share)

    config, settings = picture.settings.clusters, picture.projection.config
    vectors = null_world(picture.vectors, settings.seed)
    flat = project(vectors, settings, on_progress=say, stop=stop)
    space = None
    if config.method == "hdbscan" and config.space == "map":
        space = flat.coordinates
    elif config.method == "hdbscan" and config.space == "umap":
        space = dense_projection(vectors, on_progress=say, stop=stop).coordinates
    found = cluster(vectors, config, space=space, on_progress=say, stop=stop)
    recall = map_fidelity(vectors, flat.coordinates, on_progress=say, stop=stop).mean_recall
    return NullMap(flat, found, recall, silhouette(vectors, found.labels))


def torn_and_false(picture: DrawnMap) -> Distortion:
    """The pairs that the map shows most wrongly."""
    near = picture.near
    if near is None:
        return Distortion(np.zeros((0, 2), np.int64), np.zeros((0, 2), np.int64))
    return picture.texts.stages.get(
        "distortion",
        (*picture.source, *picture.projection.config.key),
        lambda: distortion(picture.vectors, picture.projection.coordinates, near, DRAWN),
    )
