"""A map of a corpus: vectors, layout, clusters, names; no step is taken twice."""

import hashlib
import secrets
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import numpy as np

from encoder import Encoder
from explore import (
    ClusterName,
    Clusters,
    Fidelity,
    Hits,
    Projection,
    ProjectionConfig,
    cluster,
    cluster_space,
    map_fidelity,
    name_clusters,
    neighbours,
    project,
    without_addresses,
)
from explore.common import Common, giant
from ingest import Corpus
from ui.map.form import MapForm, MapSettings
from ui.state.stages import Key, Tell
from ui.state.texts import OpenTexts, encode, source_key, unreadable

Titles = dict[Key, dict[int, str]]  # `DrawnMap.cluster_key` → cluster → name
NEAR = 30  # neighbours kept of each text: more than any measure here needs


@dataclass(frozen=True, eq=False)
class DrawnMap:
    """Everything that is on the screen. What is not there yet is None."""

    texts: OpenTexts
    corpus: Corpus  # those of the texts that are on the map
    encoder: Encoder
    settings: MapSettings
    form: MapForm
    vectors: np.ndarray
    projection: Projection
    titles: Titles  # what the visitor calls clusters, whatever map they are on
    near: Hits | None = None
    clusters: Clusters | None = None
    names: tuple[ClusterName, ...] = ()
    common: Common | None = None  # of the cluster that holds more than half of the texts, if any
    fidelity: Fidelity | None = None
    unreadable: str = ""  # what is to be said of texts that the model cannot read
    token: str = field(default_factory=lambda: secrets.token_urlsafe(16), repr=False)

    @property
    def rev(self) -> str:
        """Names the places of the points."""
        # No hash(): that of layer -1 is that of layer -2.
        key = repr((*self.source, *self.projection.config.key)).encode()
        return f"{self.texts.identity}-{hashlib.blake2b(key, digest_size=8).hexdigest()}"

    @property
    def source(self) -> Key:
        """Names the vectors."""
        return map_key(self.texts, self.corpus, self.encoder, self.settings)

    @property
    def cluster_key(self) -> Key:
        """Names the clusters: what a visitor calls them goes by this.

        They depend on the map only where they are looked for on it.
        """
        config = self.settings.clusters
        on_map = config.method == "hdbscan" and config.space == "map"
        return (*self.source, *config.key, *(self.projection.config.key if on_map else ()))

    def title(self, cluster: int) -> str:
        """What a cluster is called: the visitor's word, else its terms."""
        own = self.titles.get(self.cluster_key, {}).get(cluster)
        return own or next((n.title for n in self.names if n.cluster == cluster), "")


def map_key(texts: OpenTexts, corpus: Corpus, encoder: Encoder, settings: MapSettings) -> Key:
    """Names the vectors of a map with these settings."""
    return (*source_key(texts, corpus, encoder, settings), settings.read)


def map_vectors(
    texts: OpenTexts,
    corpus: Corpus,
    encoder: Encoder,
    settings: MapSettings,
    tell: Tell,
    stop: threading.Event,
) -> np.ndarray:
    """Unit vectors (N, D) of what the model is to read of each text. Raises Stopped."""
    read = None if settings.read == "all" else list(map(without_addresses, corpus.texts))
    return encode(texts, corpus, encoder, settings, tell, stop, read=read)


def draw(
    texts: OpenTexts,
    titles: Titles,
    corpus: Corpus,
    encoder: Encoder,
    settings: MapSettings,
    form: MapForm,
    tell: Tell,
    stop: threading.Event,
) -> Iterator[DrawnMap]:
    """The map again and again, each time with more: PCA at once, then layout, then clusters.

    Every stage is computed only where what it depends on has changed. Raises EncoderError,
    ExploreError, Stopped.
    """
    stages = texts.stages
    vectors = map_vectors(texts, corpus, encoder, settings, tell, stop)
    source = map_key(texts, corpus, encoder, settings)
    wanted = settings.projection
    flat = ProjectionConfig("pca", wanted.dims)
    drawn_map = DrawnMap(
        texts=texts,
        corpus=corpus,
        encoder=encoder,
        settings=settings,
        form=form,
        vectors=vectors,
        projection=stages.get("pca", (*source, *flat.key), lambda: project(vectors, flat)),
        titles=titles,
        unreadable=unreadable(texts, corpus, encoder, stop).words,
    )
    laid_out = stages.known("layout", (*source, *wanted.key))
    # Where the layout is there already, the dots would leave their places and come back.
    if wanted.method == "pca" or not laid_out:
        yield drawn_map
    k = max(NEAR, wanted.n_neighbors)
    near = stages.get("neighbours", (*source, k), lambda: neighbours(vectors, k, tell, stop))
    drawn_map = replace(drawn_map, near=near)
    if wanted.method != "pca":
        layout = stages.get(
            "layout",
            (*source, *wanted.key),
            lambda: project(vectors, wanted, near, tell, stop),
        )
        drawn_map = replace(drawn_map, projection=layout)
        yield drawn_map
    clusters = _clusters(drawn_map, tell, stop)
    names, common = stages.get(
        "names",
        drawn_map.cluster_key,
        lambda: (
            name_clusters(corpus.texts, vectors, clusters.labels),
            giant(corpus.texts, clusters.labels),
        ),
    )
    drawn_map = replace(drawn_map, clusters=clusters, names=names, common=common)
    yield drawn_map
    yield replace(
        drawn_map,
        fidelity=stages.get(
            "fidelity",
            (*source, *drawn_map.projection.config.key),
            lambda: map_fidelity(
                vectors, drawn_map.projection.coordinates, near=near, on_progress=tell, stop=stop
            ),
        ),
    )


def _clusters(drawn_map: DrawnMap, tell: Tell, stop: threading.Event) -> Clusters:
    stages, config, vectors = drawn_map.texts.stages, drawn_map.settings.clusters, drawn_map.vectors
    space = None
    if config.method == "hdbscan" and config.space == "map":
        space = drawn_map.projection.coordinates
    elif config.method == "hdbscan":
        space = dense_space(drawn_map, tell, stop)

    def make() -> Clusters:
        return cluster(vectors, config, drawn_map.near, space, tell, stop)

    return stages.get("clusters", drawn_map.cluster_key, make)


def dense_space(drawn_map: DrawnMap, tell: Tell, stop: threading.Event) -> np.ndarray:
    """What HDBSCAN looks at, kept for other sizes of clusters and for the sweep."""
    config = drawn_map.settings.clusters

    def say(stage: str, share: float) -> None:
        tell("clusters" if stage == "layout" else stage, share)

    return drawn_map.texts.stages.get(
        "space",
        (*drawn_map.source, config.space),
        lambda: cluster_space(drawn_map.vectors, config, drawn_map.near, say, stop),
    )
