"""The settings of a map: as the page sends them, checked, and as a link or JSON says them."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import TypeVar

from encoder import DEFAULT_MODEL, Layer
from explore import ClusterConfig, ProjectionConfig
from ui.checks import (
    OWN_POOLING,
    as_number,
    as_whole,
    link_query,
    one_of,
    parse_pooling_and_layer,
    settings_from_json,
)

T = TypeVar("T")
METHODS = {"UMAP": "umap", "PCA": "pca", "t-SNE": "tsne"}
CLUSTERINGS = {"HDBSCAN": "hdbscan", "k-means": "kmeans", "agglomerative": "agglomerative"}
SPACES = {"5-D UMAP": "umap", "the vectors": "vectors", "the map": "map"}
GRAINS = {"usual": "eom", "finer": "leaf"}
READS = {"whole texts": "all", "no links, no handles": "without_addresses"}
DIMS = {"2-D": 2, "3-D": 3}


@dataclass(frozen=True)
class MapForm:
    """What the page holds; every field may be anything until `parse` has seen it."""

    model: object = DEFAULT_MODEL
    pooling: object = OWN_POOLING
    layer: object = "-1"
    method: object = "UMAP"
    dims: object = "2-D"
    n_neighbors: object = 15
    min_dist: object = 0.1
    perplexity: object = 30
    seed: object = 0
    clustering: object = "HDBSCAN"
    space: object = "5-D UMAP"
    min_cluster_size: object = None
    n_clusters: object = None
    grain: object = "usual"
    read: object = "whole texts"


def form_of(fields: Iterable[str], values: Iterable[object]) -> MapForm:
    """The form with these values of these fields."""
    return MapForm(**dict(zip(fields, values, strict=True)))


@dataclass(frozen=True)
class MapSettings:
    """A checked form."""

    model: str = DEFAULT_MODEL
    pooling: str | None = None  # None: the model as it was saved
    layer: Layer = -1
    projection: ProjectionConfig = field(default_factory=ProjectionConfig)
    clusters: ClusterConfig = field(default_factory=ClusterConfig)
    read: str = "all"  # what of each text the model reads: one of READS


def parse(form: MapForm) -> MapSettings:
    """The settings, the model's name aside, which a picker checks. Raises LabError."""
    pooling, layer = parse_pooling_and_layer(form.pooling, form.layer)
    seed = _whole(form.seed, "seed", 0)
    projection = ProjectionConfig(
        method=_choice(form.method, METHODS, "method"),
        dims=_choice(form.dims, DIMS, "dimensions"),
        n_neighbors=_whole(form.n_neighbors, "neighbours", 15),
        min_dist=_number(form.min_dist, "min_dist", 0.1),
        perplexity=_number(form.perplexity, "perplexity", 30.0),
        seed=seed,
    )
    clusters = ClusterConfig(
        method=_choice(form.clustering, CLUSTERINGS, "clustering"),
        space=_choice(form.space, SPACES, "space"),
        min_cluster_size=_perhaps(form.min_cluster_size, "least cluster size"),
        n_clusters=_perhaps(form.n_clusters, "number of clusters"),
        seed=seed,
        selection=_choice(form.grain, GRAINS, "grain of clusters"),
    )
    read = _choice(form.read, READS, "part of texts to read")
    return MapSettings(str(form.model), pooling, layer, projection, clusters, read)


def _choice(value: object, choices: Mapping[str, T], name: str) -> T:
    for choice in choices.values():
        if value == choice:
            return choice
    return choices[one_of(value, name, choices)]


def _number(value: object, name: str, default: float) -> float:
    return default if value in (None, "") else as_number(value, name)


def _whole(value: object, name: str, default: int) -> int:
    return default if value in (None, "") else as_whole(value, name)


def _perhaps(value: object, name: str) -> int | None:
    """None for an empty box, and for 0: both mean that it is chosen for the texts."""
    return _whole(value, name, 0) or None


def on_page(form: MapForm) -> MapForm:
    """The settings in the words of the page's controls, which take no others."""
    checked = parse(form)
    projection, clusters = checked.projection, checked.clusters

    def word(choices: Mapping[str, object], value: object) -> str:
        return next(name for name, choice in choices.items() if choice == value)

    return MapForm(
        model=checked.model,
        pooling=OWN_POOLING if form.pooling in (OWN_POOLING, None, "") else checked.pooling,
        layer=str(checked.layer),
        method=word(METHODS, projection.method),
        dims=word(DIMS, projection.dims),
        n_neighbors=projection.n_neighbors,
        min_dist=projection.min_dist,
        perplexity=projection.perplexity,
        seed=projection.seed,
        clustering=word(CLUSTERINGS, clusters.method),
        space=word(SPACES, clusters.space),
        min_cluster_size=clusters.min_cluster_size,
        n_clusters=clusters.n_clusters,
        grain=word(GRAINS, clusters.selection),
        read=word(READS, checked.read),
    )


def to_query(form: MapForm, corpus: str = "") -> str:
    """The form as a URL query; `corpus` names a sample."""
    return link_query("map", form, corpus)


def to_json(form: MapForm, **facts: object) -> str:
    """Settings and facts for a file that reproduces a map."""
    return json.dumps({"settings": asdict(form), **facts}, indent=2, ensure_ascii=False)


def from_json(text: object) -> tuple[MapForm, list[str]]:
    """A form from a link or a file, and what in it was not usable. Nothing in it is trusted."""
    return settings_from_json(text, "map", MapForm(), on_page)
