"""The Python that makes a map again."""

from encoder import CATALOG
from ui.picture import Picture

LINES = """\
from encoder import load_encoder
from explore import (
    ClusterConfig, ProjectionConfig, cluster, map_fidelity, name_clusters, neighbours, project,
)
from ingest import CorpusColumns, read_corpus

columns = {columns}
corpus = read_corpus(Path({file}), columns=columns, sample=True){sampled}
vectors = load_encoder({model}).encode(corpus.texts, pooling={pooling}, layer={layer})
near = neighbours(vectors, 30)
projection = project(vectors, {projection}, near)
clusters = cluster(vectors, {clusters}, near{space})
for name in name_clusters(corpus.texts, vectors, clusters.labels):
    print(name.size, name.title, "|", corpus.texts[name.central])
print(map_fidelity(vectors, projection.coordinates, near=near).trustworthiness)
"""


def map_snippet(picture: Picture) -> str:
    """A script for the settings of this picture."""
    settings, atlas, corpus = picture.settings, picture.atlas, picture.corpus
    fewer = atlas.corpus is not None and len(corpus) < len(atlas.corpus)
    sample = atlas.bundled
    hub = settings.model in CATALOG or "/" in settings.model
    return "from pathlib import Path\n\n" + LINES.format(
        file=repr(f"assets/samples/{atlas.name}" if sample else atlas.name),
        columns=corpus.columns if atlas.table else None,
        sampled=f".sampled({len(corpus)})" if fewer else "",
        # A visitor's own model is the folder in its download.
        model=repr(settings.model if hub else "./model"),
        pooling=repr(settings.pooling),
        layer=repr(settings.layer),
        projection=settings.projection,
        clusters=settings.clusters,
        space=", projection.coordinates" if settings.clusters.space == "map" else "",
    )
