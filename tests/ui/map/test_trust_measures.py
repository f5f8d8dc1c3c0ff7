"""What is measured of a map, step by step: it answers for the clusters on the screen."""

import threading
from collections.abc import Callable
from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from encoder import Encoder
from explore import (
    ClusterConfig,
    Stopped,
    SweepPoint,
    agreement,
    cluster,
    distortion,
    map_fidelity,
    null_world,
    project,
    silhouette,
    sweep,
)
from explore.on_map import clusters_on_map
from tests.ui.corpus import TEXTS
from tests.ui.map.pages import IN_THREE, draw_map, open_list, open_table, quiet
from ui.map.drawing import DrawnMap, dense_space
from ui.map.trust_measures import DRAWN, Trust, measure_trust, torn_and_false

GROUPED = {
    "umap": {"min_cluster_size": 4},
    "vectors": {"min_cluster_size": 4, "space": "the vectors"},
    "map": {"min_cluster_size": 4, "space": "the map"},
    "kmeans": {"clustering": "k-means", "n_clusters": 4},
    "agglomerative": {"clustering": "agglomerative", "n_clusters": 4},
}


def measured(drawn_map: DrawnMap) -> list[Trust]:
    """All steps of the measuring of a map."""
    return list(measure_trust(drawn_map, quiet, threading.Event()))


def first(drawn_map: DrawnMap) -> Trust:
    """Its first step alone, which takes the least time."""
    return next(measure_trust(drawn_map, quiet, threading.Event()))


def parts(trust: Trust) -> list[str]:
    """What is there of it."""
    names = ("agreement", "silhouette", "drivers", "swept", "null", "stable")
    return [name for name in names if getattr(trust, name) not in (None, ())]


@pytest.fixture(scope="module")
def grouped(_tiny: Callable[[str], Encoder]) -> Callable[[str], DrawnMap]:
    """A PCA map by the way its clusters were made; what maps have in common is computed once."""
    texts = open_table()
    return cache(lambda way: draw_map(texts, _tiny("bert"), method="PCA", **GROUPED[way]))


@pytest.fixture(scope="module")
def dense_map(grouped) -> DrawnMap:
    return grouped("umap")


@pytest.fixture(scope="module")
def steps(dense_map) -> list[Trust]:
    return measured(dense_map)


def test_more_and_more_is_measured(steps):
    begun = ["agreement", "silhouette", "drivers"]
    assert [parts(trust) for trust in steps] == [
        begun, [*begun, "swept"], [*begun, "swept", "null"], [*begun, "swept", "null", "stable"],
    ]  # fmt: skip


def test_the_numbers_are_those_of_the_explore_package(dense_map, steps):
    trust = steps[-1]
    vectors, labels = dense_map.vectors, dense_map.clusters.labels
    assert trust.silhouette == pytest.approx(silhouette(vectors, labels))
    on_map = cluster(vectors, ClusterConfig("hdbscan", "map", 4),
                     space=dense_map.projection.coordinates)  # fmt: skip
    assert trust.agreement == agreement(labels, on_map.labels)
    assert trust.swept == sweep(dense_space(dense_map, quiet, threading.Event()))
    at = next(point for point in trust.swept if point.min_cluster_size == 4)
    assert at == SweepPoint(4, dense_map.clusters.count, dense_map.clusters.unclustered)
    assert (trust.stable.runs, trust.stable.rows) == (8, len(TEXTS))
    assert len(trust.stable.kept) == dense_map.clusters.count


def test_what_drives_the_split_names_the_columns_too(steps):
    information = {driver.name: driver.information for driver in steps[0].drivers}
    assert {"column “topic”", "column “colour”", "question mark"} <= set(information)
    assert information["column “topic”"] > 0.3 > information["column “colour”"]


def test_the_null_world_went_through_the_same_steps(dense_map, steps):
    null = steps[-1].null
    noise = null_world(dense_map.vectors, 0)
    flat = project(noise, dense_map.projection.config)
    np.testing.assert_allclose(null.projection.coordinates, flat.coordinates, atol=1e-5)
    recall = map_fidelity(noise, flat.coordinates).mean_recall
    assert null.recall == pytest.approx(recall, abs=0.01)
    assert null.clusters.config == dense_map.clusters.config
    assert len(null.clusters.labels) == len(TEXTS)
    assert np.abs(null.projection.coordinates - dense_map.projection.coordinates).max() > 0.1


def test_progress_is_told_and_a_stop_ends_it(dense_map):
    stop, stages = threading.Event(), []

    def tell(stage: str, share: float) -> None:
        stages.append(stage)
        if stage.startswith("a world"):
            stop.set()

    fresh = replace(dense_map, settings=replace(dense_map.settings,
                    clusters=ClusterConfig(min_cluster_size=5)))  # fmt: skip
    before = []
    with pytest.raises(Stopped):
        before.extend(measure_trust(fresh, tell, stop))
    assert [parts(trust)[-1] for trust in before] == ["drivers", "swept"]
    assert any(stage.startswith("a world without structure") for stage in stages)


@pytest.mark.parametrize(
    "form",
    [{"clustering": "k-means"}, {"space": "the map"}, {"space": "the vectors"}],
    ids=str,
)
def test_every_way_to_group_can_be_measured(bert, form):
    small = draw_map(open_list(TEXTS[:40]), bert, method="PCA", min_cluster_size=3, **form)
    last = measured(small)[-1]
    assert (last.null is None, last.swept == ()) == (False, "clustering" in form)
    assert (last.stable is None) == (small.clusters.count == 0)


@pytest.mark.parametrize("texts", [["One text."], ["One text.", "Two texts."],
                                   ["😀", "🎉", "🏳️‍🌈", "🎈", "🎁", "🎂"], TEXTS[:6]])  # fmt: skip
def test_the_smallest_maps_can_be_measured(bert, texts):
    small = draw_map(open_list(texts), bert)
    last = measured(small)[-1]
    assert (last.null is None) == (len(texts) == 1)
    assert last.drawn_map is small


def test_nothing_is_measured_before_there_are_clusters(dense_map):
    assert measured(replace(dense_map, clusters=None)) == []


def test_torn_and_false_neighbours_are_the_worst_pairs(dense_map):
    before = dense_map.texts.stages.work["distortion"]
    worst = torn_and_false(dense_map)
    expected = distortion(
        dense_map.vectors, dense_map.projection.coordinates, dense_map.near, DRAWN
    )
    np.testing.assert_array_equal(worst.torn, expected.torn)
    np.testing.assert_array_equal(worst.false, expected.false)
    assert 0 < len(worst.torn) <= DRAWN
    torn_and_false(dense_map)
    assert dense_map.texts.stages.work["distortion"] == before + 1
    assert len(torn_and_false(replace(dense_map, near=None)).torn) == 0


# --- whatever made the clusters -------------------------------------------------------------------


@pytest.mark.parametrize("way", GROUPED)
def test_a_map_that_lies_never_agrees_with_the_vectors(grouped, way):
    plain = grouped(way)
    lots = np.random.default_rng(0).permutation(len(TEXTS))
    places = plain.projection.coordinates[lots]  # each text stands where another one should
    moved = replace(plain.projection, coordinates=places)
    lie = replace(plain, texts=open_table(), projection=moved)  # nothing of it is computed yet
    if way == "map":
        clusters = cluster(lie.vectors, lie.settings.clusters, space=places)
        lie = replace(lie, clusters=clusters)
    assert lie.clusters.count > 1
    assert abs(first(lie).agreement) < 0.2


def test_clusters_of_the_map_are_compared_with_those_of_the_vectors(grouped):
    dense, on_map = grouped("umap").clusters, grouped("map")
    assert first(on_map).agreement == agreement(on_map.clusters.labels, dense.labels) < 1


@pytest.mark.parametrize("way", ["kmeans", "agglomerative"])
def test_as_many_clusters_are_looked_for_on_the_map_by_the_same_method(grouped, way):
    shown = grouped(way)
    there = clusters_on_map(shown.vectors, shown.projection.coordinates, shown.clusters)
    assert len(np.unique(there)) == 4
    own = first(shown).agreement
    assert own == agreement(shown.clusters.labels, there)
    by_density = cluster(shown.vectors, ClusterConfig(space="map"),
                         space=shown.projection.coordinates)  # fmt: skip
    assert own != agreement(shown.clusters.labels, by_density.labels)  # what it was


def test_two_sides_without_groups_do_not_agree_but_say_nothing(bert):
    one = draw_map(open_list(TEXTS[:9]), bert, method="PCA", clustering="k-means", n_clusters=1)
    last = measured(one)[-1]
    assert np.isnan(last.agreement)
    assert last.stable.runs == 0


@pytest.mark.parametrize("way", GROUPED)
def test_other_seeds_repeat_what_is_on_the_screen(grouped, bert, way):
    if way == "map":  # by PCA no seed would play a part
        few = open_list(TEXTS[:40])
        shown = draw_map(few, bert, method="UMAP", n_neighbors=9, **GROUPED[way])
    else:
        shown = grouped(way)
    stable = measured(shown)[-1].stable
    words = {"umap": "on a 5-D UMAP (UMAP, 20", "map": "on the map (UMAP, 9 neighbours",
            "kmeans": "k-means with 4 clusters", "vectors": "HDBSCAN on the vectors",
            "agglomerative": "agglomerative grouping"}  # fmt: skip
    assert words[way] in stable.note
    assert stable.runs == (0 if way in ("vectors", "agglomerative") else 8)


def test_a_new_layout_measures_only_what_depends_on_it(bert):
    few = open_list(TEXTS[:40])
    measured(draw_map(few, bert, **IN_THREE))
    before = few.stages.work.copy()
    measured(draw_map(few, bert, **{**IN_THREE, "method": "t-SNE"}))
    again = set(few.stages.work - before)
    assert {"agreement", "null world"} <= again
    assert not {"stability", "silhouette"} & again
