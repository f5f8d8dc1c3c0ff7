"""The Python that makes a map again."""

from ui.picture import Picture

LINES = """\
from encoder import load_encoder
from explore import (
    ClusterConfig, ProjectionConfig, cluster, map_fidelity, name_clusters, neighbours, project,
)
from ingest import read_corpus

corpus = read_corpus(Path({file}))
vectors = load_encoder({model}).encode(corpus.texts, pooling={pooling}, layer={layer})
near = neighbours(vectors, 30)
projection = project(vectors, {projection}, near)
clusters = cluster(vectors, {clusters}, near)
for name in name_clusters(corpus.texts, vectors, clusters.labels):
    print(name.size, name.title, "|", corpus.texts[name.central])
print(map_fidelity(vectors, projection.coordinates, near=near).trustworthiness)
"""


def map_snippet(picture: Picture) -> str:
    """A script for the settings of this picture."""
    settings = picture.settings
    return "from pathlib import Path\n\n" + LINES.format(
        file=repr(picture.atlas.name),
        model=repr(settings.model),
        pooling=repr(settings.pooling),
        layer=repr(settings.layer),
        projection=settings.projection,
        clusters=settings.clusters,
    )
