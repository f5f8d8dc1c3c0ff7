"""Vectors to meaning: neighbours, maps, clusters, and how far each can be trusted.

Arrays in, arrays out; scikit-learn and UMAP are imported when they are first needed.

>>> import numpy as np
>>> from explore import ProjectionConfig, map_fidelity, project, search
>>> vectors = np.random.default_rng(0).normal(size=(40, 8)).astype(np.float32)
>>> vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
>>> search(vectors[:1], vectors, k=1).indices
array([[0]])
>>> flat = project(vectors, ProjectionConfig(method="pca", dims=2))
>>> flat.coordinates.shape, round(map_fidelity(vectors, flat.coordinates).trustworthiness) == 1
((40, 2), True)
"""

from explore.cluster import ClusterConfig, Clusters, cluster, cluster_space, silhouette
from explore.compare import Comparison, compare
from explore.drivers import Driver, drivers
from explore.errors import ExploreError, Stopped
from explore.fidelity import Distortion, Fidelity, agreement, distortion, map_fidelity
from explore.naming import ClusterName, name_clusters, top_terms
from explore.neighbours import Hits, hubness, neighbours, occurrences, search
from explore.null_world import null_world
from explore.place import Place, place
from explore.project import Projection, ProjectionConfig, project
from explore.stability import Stability, stability
from explore.sweep import SweepPoint, sweep

__all__ = [
    "ClusterConfig",
    "ClusterName",
    "Clusters",
    "Comparison",
    "Distortion",
    "Driver",
    "ExploreError",
    "Fidelity",
    "Hits",
    "Place",
    "Projection",
    "ProjectionConfig",
    "Stability",
    "Stopped",
    "SweepPoint",
    "agreement",
    "cluster",
    "cluster_space",
    "compare",
    "distortion",
    "drivers",
    "hubness",
    "map_fidelity",
    "name_clusters",
    "neighbours",
    "null_world",
    "occurrences",
    "place",
    "project",
    "search",
    "silhouette",
    "stability",
    "sweep",
    "top_terms",
]
