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

from explore.addresses import without_addresses
from explore.cluster import ClusterConfig, Clusters, cluster, cluster_space, silhouette
from explore.compare import Comparison, compare
from explore.drivers import Driver, drivers
from explore.errors import ExploreError, Stopped
from explore.fidelity import Distortion, Fidelity, agreement, distortion, map_fidelity
from explore.fusion import found_only_by, overlap_at, ranks, reciprocal_rank_fusion
from explore.lexical import Bm25Index
from explore.naming import ClusterName, name_clusters, top_terms
from explore.neighbours import Hits, hubness, neighbours, occurrences, search
from explore.null_world import null_world
from explore.place import Place, place
from explore.project import Projection, ProjectionConfig, project
from explore.relevance import Estimate, difference, estimate
from explore.stability import Stability, stability
from explore.store import NotStored, StoreUnavailable, VectorStore, open_store
from explore.sweep import SweepPoint, sweep
from explore.verdict import BestHits, Verdict
from ingest.errors import LabError

__all__ = [
    "BestHits",
    "Bm25Index",
    "ClusterConfig",
    "ClusterName",
    "Clusters",
    "Comparison",
    "Distortion",
    "Driver",
    "Estimate",
    "ExploreError",
    "Fidelity",
    "Hits",
    "LabError",
    "NotStored",
    "Place",
    "Projection",
    "ProjectionConfig",
    "Stability",
    "Stopped",
    "StoreUnavailable",
    "SweepPoint",
    "VectorStore",
    "Verdict",
    "agreement",
    "cluster",
    "cluster_space",
    "compare",
    "difference",
    "distortion",
    "drivers",
    "estimate",
    "found_only_by",
    "hubness",
    "map_fidelity",
    "name_clusters",
    "neighbours",
    "null_world",
    "occurrences",
    "open_store",
    "overlap_at",
    "place",
    "project",
    "ranks",
    "reciprocal_rank_fusion",
    "search",
    "silhouette",
    "stability",
    "sweep",
    "top_terms",
    "without_addresses",
]
