"""How many clusters there are, over the least size of one: where the cliffs are."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from explore.cluster import density_clusters
from explore.errors import ExploreError
from explore.vectors import MOST_ROWS, OnProgress, tell
from ingest.errors import outside


@dataclass(frozen=True)
class SweepPoint:
    """What HDBSCAN finds at one least size of a cluster."""

    min_cluster_size: int
    clusters: int
    unclustered: float


def sweep(
    space: np.ndarray,
    sizes: Sequence[int] | None = None,
    on_progress: OnProgress | None = None,
    stop: threading.Event | None = None,
    selection: str = "eom",
) -> tuple[SweepPoint, ...]:
    """Clusters and share unclustered over min_cluster_size: where one step changes everything.

    `space` (N, d): what HDBSCAN looks at (`cluster_space`), without the rows that `cluster` leaves
    out. selection: as in ClusterConfig. Raises ExploreError, Stopped.
    """
    steps = sweep_sizes(len(space)) if sizes is None else list(sizes)
    problems = [p for size in steps for p in outside("min_cluster_size", size, 2, MOST_ROWS)]
    if problems:
        raise ExploreError(*problems)
    points = []
    for at, size in enumerate(steps):
        tell(on_progress, stop, "sweep", at / len(steps))
        labels = density_clusters(space, size, selection)
        points.append(SweepPoint(size, int(labels.max(initial=-1)) + 1, float((labels < 0).mean())))
    tell(on_progress, stop, "sweep", 1.0)
    return tuple(points)


def sweep_sizes(n: int) -> list[int]:
    """Sizes from 3 to a fifth of the texts, each about a third larger than the one before."""
    sizes = np.unique(np.geomspace(3, max(4, n / 5), 14).round().astype(int))
    return [int(size) for size in sizes if 2 <= size <= max(n, 2)]
