"""Clusters: what is known is found, what is odd is defined, and no setting is without effect."""

import threading
from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import silhouette_score

from explore import (
    ClusterConfig,
    ExploreError,
    Stopped,
    agreement,
    cluster,
    cluster_space,
    neighbours,
    project,
    silhouette,
)
from explore.cluster import METHODS, SCORED_ROWS, SELECTIONS, by_size
from explore.vectors import unit
from tests.explore.points import ODD, Told, blobs, cloud, says, unclusterable

CONFIGS = {
    "umap": ClusterConfig(),
    "vectors": ClusterConfig(space="vectors"),
    "kmeans": ClusterConfig("kmeans"),
    "kmeans, 4": ClusterConfig("kmeans", n_clusters=4),
    "agglomerative": ClusterConfig("agglomerative"),
    "agglomerative, 4": ClusterConfig("agglomerative", n_clusters=4),
}


@pytest.mark.parametrize("name", ["topics", pytest.param("support", marks=pytest.mark.slow)])
def test_the_default_finds_the_labels_of_the_samples(name, request):
    sample = request.getfixturevalue(name)
    found = cluster(sample.vectors)
    score = agreement(sample.labels, found.labels)
    print(
        f"\n{name}: adjusted Rand index {score:.3f}, {found.count} clusters for "
        f"{len(set(sample.labels))} labels, {found.unclustered:.1%} unclustered"
    )
    assert score >= 0.6


# --- what is known is found ---------------------------------------------------------------------


@pytest.mark.parametrize("groups", [2, 3, 4, 6])
@pytest.mark.parametrize("name", ["umap", "vectors", "kmeans", "agglomerative"])
def test_clear_groups_are_found_without_being_told_how_many(name, groups):
    vectors, labels = blobs(72, groups=groups)
    found = cluster(vectors, CONFIGS[name])
    assert found.count == groups
    assert agreement(labels, found.labels) == 1
    assert found.unclustered == 0
    assert [len(found.members(c)) for c in range(groups)] == [72 // groups] * groups


def test_an_outlier_split_off_is_no_number_of_clusters():
    vectors, labels = blobs(60, spread=0.5)
    vectors = unit(vectors) + np.ones(16, np.float32) / 2
    vectors = np.vstack([vectors, -np.ones((1, 16))])
    alone = np.arange(61) == 60
    found = cluster(vectors, ClusterConfig("agglomerative"))
    # The split into this one and all others has the better silhouette, and says nothing.
    assert silhouette(vectors, alone.astype(int)) > silhouette(vectors, found.labels)
    assert found.count >= 3
    assert agreement(labels, found.labels[:60]) > 0.9


def test_the_finest_clusters_are_the_leaves_of_the_tree():
    """Two far groups, each of two near ones: the usual selection may stop at the far ones."""
    random = np.random.default_rng(0)
    middles = np.repeat([[0, 0], [0.8, 0], [40, 0], [40.8, 0]], 30, axis=0)
    space = (middles + 0.3 * random.standard_normal((120, 2))).astype(np.float32)
    vectors = np.ones((120, 2), np.float32)
    counts = {
        selection: cluster(vectors, ClusterConfig(selection=selection), space=space)
        for selection in SELECTIONS
    }
    assert counts["leaf"].count > counts["eom"].count == 2
    assert "HDBSCAN, the finest ones, at least" in counts["leaf"].note
    assert ClusterConfig(selection="leaf").key != ClusterConfig().key
    with pytest.raises(ExploreError, match=r"Unknown selection 'all'\. Choose one of: eom, leaf"):
        ClusterConfig(selection="all")


def test_settings_that_are_cut_are_said():
    few = np.repeat(np.eye(5, dtype=np.float32), 4, axis=0)
    note = cluster(few, ClusterConfig("kmeans", n_clusters=10)).note
    assert note == (
        "k-means, 5 clusters (10 were asked, no more texts have vectors of their own), on the "
        "vectors"
    )
    dense = cluster(few, ClusterConfig("hdbscan", "vectors", min_cluster_size=50)).note
    assert dense.startswith("HDBSCAN, at least 20 texts a cluster (50 were asked, there are no")


def test_what_is_far_from_all_stays_unclustered():
    vectors, labels = blobs(60)
    lonely = np.vstack([vectors, 3 * cloud(4, seed=9)])
    found = cluster(lonely, ClusterConfig(space="vectors"))
    assert (found.labels[60:] == -1).all()
    assert agreement(labels, found.labels[:60]) == 1
    assert found.unclustered == 4 / 64


def test_clusters_are_numbered_by_size_and_ties_by_who_comes_first():
    assert by_size(np.array([2, 2, 5, -1, 5, 5, 7])).tolist() == [1, 1, 0, -1, 0, 0, 2]
    assert by_size(np.array([9, 4, 4, 9, -1])).tolist() == [0, 1, 1, 0, -1]
    assert by_size(np.array([-1, -1])).tolist() == [-1, -1]


def test_least_size_grows_with_the_square_root_of_the_texts():
    config = ClusterConfig()
    assert [config.size_for(n) for n in (100, 1_000, 5_000)] == [6, 19, 42]
    assert [config.size_for(n) for n in (0, 1, 3, 20)] == [2, 2, 3, 5]
    assert ClusterConfig(min_cluster_size=30).size_for(1_000) == 30
    assert ClusterConfig(min_cluster_size=30).size_for(10) == 10


def test_a_note_says_how_the_clusters_were_found():
    vectors, _ = blobs(60)
    notes = {name: cluster(vectors, config).note for name, config in CONFIGS.items()}
    for name, parts in {
        "umap": ("HDBSCAN", "at least 5 texts", "5-D UMAP (20 neighbours, min_dist 0, seed 0)"),
        "vectors": ("HDBSCAN", "at least 5 texts", "on the vectors"),
        "kmeans": ("k-means, 3 clusters", "best silhouette of 2, 3, 4, 6"),
        "agglomerative, 4": ("4 clusters as asked", "on the vectors"),
    }.items():
        assert all(part in notes[name] for part in parts), notes[name]


# --- odd cases, repeatability, settings ---------------------------------------------------------


@pytest.mark.parametrize("config", CONFIGS.values(), ids=CONFIGS)
@pytest.mark.parametrize("name", ODD)
def test_every_odd_case_has_clusters(name, config):
    vectors = ODD[name]
    found = cluster(vectors, config)
    assert found.labels.shape == (len(vectors),)
    assert found.labels.dtype == np.int64
    assert set(found.labels.tolist()) - {-1} == set(range(found.count))
    nowhere = unclusterable(vectors)
    assert (found.labels[nowhere] == -1).all()
    for row in np.unique(unit(vectors[~nowhere]), axis=0):  # equal texts are never torn apart
        same = (unit(vectors) == row).all(axis=1) & ~nowhere
        assert len(set(found.labels[same].tolist())) == 1


def test_all_equal_is_one_cluster():
    for config in CONFIGS.values():
        assert cluster(ODD["all equal"], config).labels.tolist() == [0] * 9


@pytest.mark.parametrize("name", ["vectors", "agglomerative"])
def test_order_of_rows_does_not_matter(name):
    vectors, _ = blobs(90, spread=0.7)
    order = np.random.default_rng(3).permutation(90)
    found = cluster(vectors, CONFIGS[name])
    assert found.count > 1
    assert agreement(found.labels[order], cluster(vectors[order], CONFIGS[name]).labels) == 1


def test_the_same_bits_with_neighbours_or_the_space_given_or_not():
    vectors = cloud(150, 6)
    space = cluster_space(vectors)
    first = cluster(vectors).labels
    assert space.shape == (150, 5)
    assert len(set(first.tolist())) > 2
    for given in ({"near": neighbours(vectors, 19)}, {"space": space}, {}):
        assert np.array_equal(cluster(vectors, **given).labels, first)


@pytest.mark.parametrize(
    ("method", "change", "moves"),
    [
        ("hdbscan", {"space": "vectors"}, True),
        ("hdbscan", {"min_cluster_size": 30}, True),
        ("hdbscan", {"n_clusters": 2, "seed": 5}, False),
        ("kmeans", {"n_clusters": 7}, True),
        ("kmeans", {"seed": 5}, True),
        ("kmeans", {"space": "vectors", "min_cluster_size": 30}, False),
        ("agglomerative", {"n_clusters": 7}, True),
        ("agglomerative", {"space": "vectors", "min_cluster_size": 30, "seed": 5}, False),
    ],
)
def test_every_setting_moves_the_labels_exactly_where_the_key_says_so(method, change, moves):
    vectors = cloud(150, 6)
    config = ClusterConfig(method, n_clusters=None if method == "hdbscan" else 5)
    changed = replace(config, **change)
    before, after = (cluster(vectors, c).labels for c in (config, changed))
    assert (config.key != changed.key) == moves
    assert np.array_equal(before, after) != moves


def test_every_method_and_the_map_move_the_labels():
    vectors = cloud(150, 6)
    found = [cluster(vectors, ClusterConfig(method)).labels for method in METHODS]
    places = project(vectors).coordinates
    on_map = cluster(vectors, ClusterConfig(space="map"), space=places)
    assert on_map.note.endswith("on the map")
    found.append(on_map.labels)
    assert all(agreement(found[i], found[i - 1]) < 0.95 for i in range(len(found)))


# --- silhouette ---------------------------------------------------------------------------------


def test_silhouette_agrees_with_scikit_learn_on_the_clustered_rows():
    vectors, labels = blobs(90, spread=0.8)
    labels[:10] = -1
    theirs = silhouette_score(vectors[10:], labels[10:], metric="cosine")
    assert silhouette(vectors, labels) == pytest.approx(theirs, abs=1e-5)
    assert silhouette(vectors, np.zeros(90, int)) is None
    assert silhouette(vectors, np.full(90, -1)) is None
    assert silhouette(vectors, np.arange(90)) is None


def test_silhouette_of_many_rows_is_of_a_sample_that_is_the_same_each_time():
    vectors, labels = blobs(SCORED_ROWS + 500, 4, spread=0.8)
    found = silhouette(vectors, labels)
    assert found == silhouette(vectors, labels)
    every = silhouette_score(vectors, labels, metric="cosine")
    assert found == pytest.approx(every, abs=0.02)


# --- refusals, progress -------------------------------------------------------------------------


def test_problems_are_collected_and_name_both_values():
    with pytest.raises(ExploreError) as caught:
        ClusterConfig("dbscan", "pca", 1, 61, 2**31)
    assert says(
        caught.value,
        ("'dbscan'", "hdbscan, kmeans, agglomerative"),
        ("'pca'", "umap, vectors, map"),
        ("min_cluster_size is 1", "from 2 to 5000"),
        ("n_clusters is 61", "from 1 to 60"),
        ("seed is 2147483648", "from 0 to 2147483647"),
    )
    for wrong in (5.5, "5", True):
        with pytest.raises(ExploreError, match=f"min_cluster_size is {wrong!r}"):
            ClusterConfig(min_cluster_size=wrong)


def test_the_map_and_its_rows_are_asked_for():
    with pytest.raises(ExploreError, match="give its coordinates as `space`"):
        cluster(cloud(9), ClusterConfig(space="map"))
    with pytest.raises(ExploreError, match="vectors 9, space 8"):
        cluster(cloud(9), space=cloud(8, 2))
    with pytest.raises(ExploreError, match="vectors 9, labels 8"):
        silhouette(cloud(9), np.zeros(8, int))


@pytest.mark.parametrize("method", METHODS)
def test_progress_rises_to_one_and_stop_is_heard(method):
    vectors, _ = blobs(60)
    told, stop = Told(), threading.Event()
    cluster(vectors, ClusterConfig(method), on_progress=told)
    stages = ("neighbours", "layout", "clusters") if method == "hdbscan" else ("clusters",)
    assert all(told.rises_to_one(stage) for stage in stages)
    stop.set()
    with pytest.raises(Stopped):
        cluster(vectors, ClusterConfig(method), stop=stop)


@pytest.mark.parametrize("method", ["kmeans", "agglomerative"])
def test_numbers_of_clusters_are_tried_one_by_one_and_can_be_stopped(method):
    stop, shares = threading.Event(), []

    def tell(stage: str, share: float) -> None:
        shares.append(share)
        if share > 0.2:
            stop.set()

    with pytest.raises(Stopped):
        cluster(cloud(96, 8), ClusterConfig(method), on_progress=tell, stop=stop)
    assert max(shares) < 0.5
