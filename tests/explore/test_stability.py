"""Stability: what is there stays together whatever the seed, what is not falls apart."""

import sys
import threading
from dataclasses import replace
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


@pytest.fixture
def sampled(monkeypatch) -> int:
    """How many rows are looked at: far fewer than in the app."""
    module = sys.modules["explore.stability"]  # the package has a function of this name
    monkeypatch.setattr(module, "MOST_ROWS", 120)
    return 120


def test_of_many_rows_a_sample_is_looked_at(sampled):
    vectors, labels = blobs(sampled + 100, 6)
    found = stability(vectors, Clusters(labels), runs=1)
    assert found.rows == sampled
    assert found.kept == (1, 1, 1)


# --- what is repeated is what was done ----------------------------------------------------------


def test_clusters_on_a_map_are_looked_for_on_maps_of_other_seeds():
    vectors = cloud(120, 6)
    layout = ProjectionConfig("umap", 2, 12, min_dist=0.2, seed=2)
    config = ClusterConfig(space="map", min_cluster_size=6)
    asked = cluster(vectors, config, space=project(vectors, layout).coordinates)
    found = stability(vectors, asked, runs=2, layout=layout)
    runs = [
        density_clusters(project(vectors, replace(layout, seed=seed)).coordinates, 6)
        for seed in (1, 3)  # 2 is the one asked about
    ]
    assert found.agreement == tuple(agreement(asked.labels, run) for run in runs)
    assert max(found.agreement) < 0.95  # noise
    assert "on the map (UMAP, 12 neighbours, min_dist 0.2)" in found.note
    assert found.agreement != stability(vectors, Clusters(asked.labels), runs=2).agreement


def test_k_means_is_repeated_with_other_starts_and_as_many_clusters():
    vectors = cloud(200, 6)
    asked = cluster(vectors, ClusterConfig("kmeans", n_clusters=5, seed=1))
    found = stability(vectors, asked, runs=3)
    runs = [cluster(vectors, replace(asked.config, seed=seed)).labels for seed in (2, 3, 4)]
    assert found.agreement == tuple(agreement(asked.labels, run) for run in runs)
    assert 0.1 < min(found.agreement) < 0.999
    assert found.note == "k-means with 5 clusters on the vectors"
    groups, _ = blobs(60)
    chosen = cluster(groups, ClusterConfig("kmeans"))
    assert chosen.count == 3  # by silhouette; the runs take as many
    assert stability(groups, chosen, runs=2).kept == (2, 2, 2)


FIXED = {
    "agglomerative": (ClusterConfig("agglomerative", n_clusters=4), None),
    "HDBSCAN on the vectors": (ClusterConfig(space="vectors", min_cluster_size=4), None),
    "k-means with one cluster": (ClusterConfig("kmeans", n_clusters=1), None),
    "PCA": (ClusterConfig(space="map", min_cluster_size=4), ProjectionConfig("pca")),
    "t-SNE": (ClusterConfig(space="map", min_cluster_size=4), ProjectionConfig("tsne")),
}


@pytest.mark.parametrize("name", FIXED)
def test_where_no_seed_has_a_part_nothing_is_counted_and_it_says_why(name):
    vectors = blobs(60)[0]
    config, layout = FIXED[name]

    def made(seed: int) -> Clusters:
        space = project(vectors, replace(layout, seed=seed)).coordinates if layout else None
        return cluster(vectors, replace(config, seed=seed), space=space)

    asked = made(0)
    assert asked.count
    np.testing.assert_array_equal(asked.labels, made(7).labels)
    found = stability(vectors, asked, layout=layout)
    assert (found.runs, found.agreement, found.rows) == (0, (), 60)
    assert found.kept == found.pairs == (None,) * asked.count
    assert name in found.note


def test_a_cluster_that_the_sample_hardly_holds_is_not_judged(sampled):
    vectors, labels = blobs(sampled + 100, 6)
    out = np.setdiff1d(
        np.arange(len(labels)),
        np.random.default_rng(0).choice(len(labels), sampled, replace=False),
    )
    labels[out[:20]] = 3  # none of them in the sample
    labels[[out[20], *np.setdiff1d(np.arange(9), out)[:1]]] = 4  # one of them
    found = stability(vectors, Clusters(labels), runs=1)
    assert found.sampled
    assert found.kept[3:] == found.pairs[3:] == (None, None)
    assert found.kept[:3] == (1, 1, 1)
    whole = stability(*_by_k_means(vectors), runs=1)
    assert (whole.rows, whole.sampled) == (len(vectors), False)  # it takes a moment only


def _by_k_means(vectors: np.ndarray) -> tuple[np.ndarray, Clusters]:
    return vectors, cluster(vectors, ClusterConfig("kmeans", n_clusters=3))


def test_errors_name_both_values():
    on_map = Clusters(np.zeros(9, int), ClusterConfig(space="map"))
    with pytest.raises(ExploreError, match="give its settings as `layout`"):
        stability(cloud(9), on_map)
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
