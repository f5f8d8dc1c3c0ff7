"""How many clusters there are, over the least size of one: where the cliffs are."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from explore.cluster import density_clusters
from explore.vectors import OnProgress, tell


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
) -> tuple[SweepPoint, ...]:
    """Clusters and share unclustered over min_cluster_size: where one step changes everything."""
    n = len(space)
    chosen = list(sizes or sweep_sizes(n))
    found = []
    for at, size in enumerate(chosen):
        tell(on_progress, stop, "sweep", at / len(chosen))
        labels = density_clusters(space, size)
        found.append(SweepPoint(size, int(labels.max(initial=-1)) + 1, float((labels < 0).mean())))
    return tuple(found)


def sweep_sizes(n: int) -> list[int]:
    """Sizes from 3 to a fifth of the texts, each about a third larger than the one before."""
    sizes = np.unique(np.geomspace(3, max(4, n / 5), 14).round().astype(int))
    return [int(size) for size in sizes if 2 <= size <= max(n, 2)]
