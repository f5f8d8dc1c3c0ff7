"""What is measured of a map answers for the clusters on the screen, whatever made them."""

import threading
from dataclasses import replace

import numpy as np
import pytest

from explore import ClusterConfig, agreement, cluster
from explore.on_map import clusters_on_map
from tests.ui.map.pages import TEXTS, draw_map, open_list, open_table, quiet
from ui.map.drawing import DrawnMap
from ui.map.trust import Trust, measure_trust


def reports(picture: DrawnMap) -> list[Trust]:
    return list(measure_trust(picture, quiet, threading.Event()))


GROUPED = {
    "umap": {"min_cluster_size": 4},
    "vectors": {"min_cluster_size": 4, "space": "the vectors"},
    "map": {"min_cluster_size": 4, "space": "the map"},
    "kmeans": {"clustering": "k-means", "n_clusters": 4},
    "agglomerative": {"clustering": "agglomerative", "n_clusters": 4},
}


@pytest.mark.parametrize("way", GROUPED)
def test_a_map_that_lies_never_agrees_with_the_vectors(bert, way):
    texts = open_table()
    plain = draw_map(texts, bert, method="PCA", **GROUPED[way])
    lots = np.random.default_rng(0).permutation(len(TEXTS))
    places = plain.projection.coordinates[lots]  # each text stands where another one should
    lie = replace(plain, projection=replace(plain.projection, coordinates=places))
    if way == "map":
        clusters = cluster(lie.vectors, lie.settings.clusters, space=places)
        lie = replace(lie, clusters=clusters)
    assert lie.clusters.count > 1
    assert abs(next(measure_trust(lie, quiet, threading.Event())).agreement) < 0.2


def test_clusters_of_the_map_are_compared_with_those_of_the_vectors(bert):
    texts = open_table()
    dense = draw_map(texts, bert, method="PCA", **GROUPED["umap"]).clusters
    on_map = draw_map(texts, bert, method="PCA", **GROUPED["map"])
    assert reports(on_map)[0].agreement == agreement(on_map.clusters.labels, dense.labels) < 1


@pytest.mark.parametrize("way", ["kmeans", "agglomerative"])
def test_as_many_clusters_are_looked_for_on_the_map_by_the_same_method(bert, way):
    shown = draw_map(open_table(), bert, method="PCA", **GROUPED[way])
    there = clusters_on_map(shown.vectors, shown.projection.coordinates, shown.clusters)
    assert len(np.unique(there)) == 4
    found = next(measure_trust(shown, quiet, threading.Event())).agreement
    assert found == agreement(shown.clusters.labels, there)
    by_density = cluster(shown.vectors, ClusterConfig(space="map"),
                         space=shown.projection.coordinates)  # fmt: skip
    assert found != agreement(shown.clusters.labels, by_density.labels)  # what it was


def test_two_sides_without_groups_do_not_agree_but_say_nothing(bert):
    one = draw_map(open_list(TEXTS[:9]), bert, method="PCA", clustering="k-means", n_clusters=1)
    last = reports(one)[-1]
    assert np.isnan(last.agreement)
    assert last.stable.runs == 0


@pytest.mark.parametrize("way", GROUPED)
def test_other_seeds_repeat_what_is_on_the_screen(bert, way):
    method = "UMAP" if way == "map" else "PCA"
    shown = draw_map(open_table(), bert, method=method, n_neighbors=9, **GROUPED[way])
    stable = reports(shown)[-1].stable
    said = {"umap": "on a 5-D UMAP (UMAP, 20", "map": "on the map (UMAP, 9 neighbours",
            "kmeans": "k-means with 4 clusters", "vectors": "HDBSCAN on the vectors",
            "agglomerative": "agglomerative grouping"}  # fmt: skip
    assert said[way] in stable.note
    assert stable.runs == (0 if way in ("vectors", "agglomerative") else 8)


def test_a_new_layout_measures_only_what_depends_on_it(bert):
    texts = open_table()
    reports(draw_map(texts, bert, method="PCA", clustering="k-means"))
    before = texts.stages.work.copy()
    reports(draw_map(texts, bert, method="t-SNE", clustering="k-means"))
    made = set(texts.stages.work - before)
    assert {"agreement", "null world"} <= made
    assert not {"stability", "silhouette"} & made
