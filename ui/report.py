"""How far a map can be trusted: everything that is measured about it, step by step."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from explore import (
    ClusterConfig,
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
from ui.picture import Picture, Tell, dense_space

DRAWN = 80  # pairs of each kind: more cannot be followed by the eye


@dataclass(frozen=True, eq=False)
class NullMap:
    """The same pipeline over vectors without structure."""

    projection: Projection
    clusters: Clusters
    recall: float
    silhouette: float | None


@dataclass(frozen=True, eq=False)
class Report:
    """What is known so far; None where it has not been measured yet."""

    picture: Picture
    agreement: float | None = None  # of the clusters with those found on the map
    silhouette: float | None = None
    drivers: tuple[Driver, ...] = ()
    swept: tuple[SweepPoint, ...] = ()
    null: NullMap | None = None
    stable: Stability | None = None


def measure(picture: Picture, tell: Tell, stop: threading.Event) -> Iterator[Report]:
    """The report again and again, each time with more; nothing is measured twice."""
    stages, source = picture.atlas.stages, picture.source
    layout = picture.projection.config.key
    clusters = picture.clusters
    report = Report(picture)
    if clusters is None:
        return
    key = (*picture.cluster_key, *layout)
    tell("measuring the clusters", 0.0)
    report = replace(
        report,
        agreement=stages.get("agreement", key, lambda: _agreement(picture, clusters)),
        silhouette=stages.get(
            "silhouette", key, lambda: silhouette(picture.vectors, clusters.labels)
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
            key,
            lambda: stability(
                picture.vectors, clusters, near=picture.near, on_progress=tell, stop=stop
            ),
        )
        yield replace(report, stable=stable)


def _place(picture: Picture) -> tuple[object, ...]:
    on_map = picture.settings.clusters.space == "map"
    return picture.projection.config.key if on_map else ()


def _space(picture: Picture, tell: Tell, stop: threading.Event) -> np.ndarray:
    if picture.settings.clusters.space == "map":
        return picture.projection.coordinates
    return dense_space(picture, tell, stop)


def _agreement(picture: Picture, clusters: Clusters) -> float:
    """With what HDBSCAN finds on the map itself."""
    on_map = ClusterConfig(
        "hdbscan", "map", clusters.config.min_cluster_size, seed=clusters.config.seed
    )
    found = cluster(picture.vectors, on_map, space=picture.projection.coordinates)
    return agreement(clusters.labels, found.labels)


def _null(picture: Picture, tell: Tell, stop: threading.Event) -> NullMap:
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


def torn_and_false(picture: Picture) -> Distortion:
    """The pairs that the map shows most wrongly."""
    near = picture.near
    if near is None:
        return Distortion(np.zeros((0, 2), np.int64), np.zeros((0, 2), np.int64))
    return picture.atlas.stages.get(
        "distortion",
        (*picture.source, *picture.projection.config.key),
        lambda: distortion(picture.vectors, picture.projection.coordinates, near, DRAWN),
    )
