"""Stability: what is there stays together whatever the seed, what is not falls apart."""

import threading
from itertools import combinations

import numpy as np
import pytest

from explore import (
    ClusterConfig,
    Clusters,
    ExploreError,
    ProjectionConfig,
    Stopped,
    agreement,
    cluster,
    neighbours,
    project,
    stability,
)
from explore.cluster import density_clusters
from explore.stability import MOST_ROWS
from tests.explore.points import ODD, Told, blobs, cloud, unclusterable


def test_clear_groups_stay_together_in_every_run():
    vectors, _ = blobs(60)
    found = stability(vectors, cluster(vectors), runs=3)
    assert (found.runs, found.rows) == (3, 60)
    assert found.kept == (3, 3, 3)
    assert found.pairs == (1, 1, 1)
    assert found.agreement == (1, 1, 1)


def test_groups_drawn_by_lot_do_not():
    vectors, _ = blobs(60)
    lots = Clusters(np.random.default_rng(0).permutation(60) % 4)
    found = stability(vectors, lots, runs=2)
    assert found.kept == (0, 0, 0, 0)
    assert max(found.pairs) < 0.5
    assert max(map(abs, found.agreement)) < 0.1


def test_half_of_a_group_is_not_what_a_run_finds():
    vectors, labels = blobs(60)
    halved = np.where((labels == 0) & (np.arange(60) < 30), 3, labels)
    found = stability(vectors, Clusters(halved), runs=2)
    # Its texts share a cluster, but this cluster is not mostly made of them.
    assert found.kept == (0, 2, 2, 0)
    assert found.pairs == (1, 1, 1, 1)


def test_the_numbers_are_those_of_the_runs():
    vectors = cloud(150, 6)
    asked = cluster(vectors)
    found = stability(vectors, asked, runs=2)
    assert asked.count > 1
    labels = []
    for seed in (1, 2):
        config = ProjectionConfig("umap", 5, 20, min_dist=0.0, seed=seed)
        space = project(vectors, config).coordinates
        labels.append(density_clusters(space, asked.config.size_for(150)))
    assert found.agreement == tuple(agreement(asked.labels, run) for run in labels)
    for group in range(asked.count):
        pairs = list(combinations(asked.members(group), 2))
        shares = [np.mean([run[a] == run[b] >= 0 for a, b in pairs]) for run in labels]
        assert found.pairs[group] == pytest.approx(np.mean(shares))
    assert 0.1 < min(found.pairs) < 1


def test_the_same_each_time_with_neighbours_given_or_not_and_runs_moves_it():
    vectors = cloud(100, 6)
    asked = cluster(vectors)
    first = stability(vectors, asked, runs=1)
    assert stability(vectors, asked, runs=1) == first
    assert stability(vectors, asked, runs=1, near=neighbours(vectors, 25)) == first
    more = stability(vectors, asked, runs=2)
    assert more.agreement[:1] == first.agreement
    assert len(more.agreement) == 2


def test_the_least_size_of_the_clusters_counts():
    vectors = cloud(100, 6)
    small = cluster(vectors, ClusterConfig(min_cluster_size=4))
    large = Clusters(small.labels, ClusterConfig(min_cluster_size=40))
    assert stability(vectors, small, 1).agreement != stability(vectors, large, 1).agreement


@pytest.mark.parametrize("name", ODD)
def test_every_odd_case_has_an_answer(name):
    vectors = ODD[name]
    asked = cluster(vectors)
    found = stability(vectors, asked, runs=1)
    assert found.rows == (~unclusterable(vectors)).sum()
    assert len(found.kept) == len(found.pairs) == asked.count
    assert np.isfinite([*found.pairs, *found.agreement]).all()


def test_rows_that_cannot_be_clustered_have_no_part():
    holes, asked = ODD["two rows not finite"], cluster(ODD["two rows not finite"])
    good = ~unclusterable(holes)
    found = stability(holes, asked, runs=1, near=neighbours(holes, 20))
    assert found == stability(holes[good], Clusters(asked.labels[good]), runs=1)


def test_of_many_rows_a_sample_is_looked_at():
    vectors, labels = blobs(MOST_ROWS + 100, 6)
    found = stability(vectors, Clusters(labels), runs=1)
    assert found.rows == MOST_ROWS
    assert found.kept == (1, 1, 1)


def test_errors_name_both_values():
    with pytest.raises(ExploreError, match="vectors 9, labels 8"):
        stability(cloud(9), Clusters(np.zeros(8, int)))
    with pytest.raises(ExploreError, match="runs is 0; it must be at least 1"):
        stability(cloud(9), Clusters(np.zeros(9, int)), runs=0)


def test_progress_rises_to_one_and_stop_is_heard():
    vectors, labels = blobs(60)
    told, stop = Told(), threading.Event()
    stability(vectors, Clusters(labels), 2, on_progress=told)
    assert told.shares("stability") == [0, 0.5, 1]
    assert told.rises_to_one("neighbours")

    def on_progress(stage: str, share: float) -> None:
        if stage == "stability":
            stop.set()

    with pytest.raises(Stopped):
        stability(vectors, Clusters(labels), 2, on_progress=on_progress, stop=stop)
