"""The settings of a map: as the page sends them, checked, and as a link or JSON says them."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import TypeVar

from encoder import DEFAULT_MODEL, EncoderError, Layer
from explore import ClusterConfig, ProjectionConfig
from ui.checks import (
    OWN_POOLING,
    as_number,
    as_whole,
    link_query,
    parse_pooling_and_layer,
    settings_from_json,
)

T = TypeVar("T")
METHODS = {"UMAP": "umap", "PCA": "pca", "t-SNE": "tsne"}
CLUSTERINGS = {"HDBSCAN": "hdbscan", "k-means": "kmeans", "agglomerative": "agglomerative"}
SPACES = {"5-D UMAP": "umap", "the vectors": "vectors", "the map": "map"}
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


@dataclass(frozen=True)
class MapSettings:
    """A checked form."""

    model: str = DEFAULT_MODEL
    pooling: str | None = None  # None: the model as it was saved
    layer: Layer = -1
    projection: ProjectionConfig = field(default_factory=ProjectionConfig)
    clusters: ClusterConfig = field(default_factory=ClusterConfig)


def parse(form: MapForm) -> MapSettings:
    """The settings, the model's name aside, which a picker checks. Raises LabError."""
    pooling, layer = parse_pooling_and_layer(form.pooling, form.layer)
    seed = _whole(form.seed, "seed", 0)
    projection = ProjectionConfig(
        _choice(form.method, METHODS, "method"),
        _choice(form.dims, DIMS, "dimensions"),
        _whole(form.n_neighbors, "neighbours", 15),
        _number(form.min_dist, "min_dist", 0.1),
        _number(form.perplexity, "perplexity", 30.0),
        seed,
    )
    clusters = ClusterConfig(
        _choice(form.clustering, CLUSTERINGS, "clustering"),
        _choice(form.space, SPACES, "space"),
        _perhaps(form.min_cluster_size, "least cluster size"),
        _perhaps(form.n_clusters, "number of clusters"),
        seed,
    )
    return MapSettings(str(form.model), pooling, layer, projection, clusters)


def _choice(value: object, choices: Mapping[str, T], name: str) -> T:
    if isinstance(value, str) and value in choices:
        return choices[value]
    for known in choices.values():
        if value == known:
            return known
    raise EncoderError(f"Unknown {name} {str(value)[:40]!r}. Choose one of: {', '.join(choices)}.")


def _number(value: object, name: str, default: float) -> float:
    return default if value in (None, "") else as_number(value, name)


def _whole(value: object, name: str, default: int) -> int:
    return default if value in (None, "") else as_whole(value, name)


def _perhaps(value: object, name: str) -> int | None:
    """None for an empty box, and for 0: both mean that it is chosen for the texts."""
    return _whole(value, name, 0) or None


def on_page(form: MapForm) -> MapForm:
    """The same settings in the words of the page's controls, which take no others."""
    found = parse(form)
    projection, clusters = found.projection, found.clusters

    def word(choices: Mapping[str, object], value: object) -> str:
        return next(name for name, known in choices.items() if known == value)

    return MapForm(
        found.model,
        OWN_POOLING if form.pooling in (OWN_POOLING, None, "") else found.pooling,
        str(found.layer),
        word(METHODS, projection.method),
        word(DIMS, projection.dims),
        projection.n_neighbors,
        projection.min_dist,
        projection.perplexity,
        projection.seed,
        word(CLUSTERINGS, clusters.method),
        word(SPACES, clusters.space),
        clusters.min_cluster_size,
        clusters.n_clusters,
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
