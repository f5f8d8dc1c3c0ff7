"""The curve over the least size of a cluster: its cliffs are where they must be."""

import threading
from itertools import pairwise

import pytest

from explore import ClusterConfig, ExploreError, Stopped, SweepPoint, cluster, cluster_space, sweep
from explore.sweep import sweep_sizes
from tests.explore.points import ODD, Told, blobs, cloud, says


def test_three_groups_of_twenty_end_at_twenty():
    vectors, _ = blobs(60)
    found = sweep(cluster_space(vectors, ClusterConfig(space="vectors")), [20, 21, 61])
    assert found == (SweepPoint(20, 3, 0.0), SweepPoint(21, 0, 1.0), SweepPoint(61, 0, 1.0))


@pytest.mark.parametrize("size", [3, 8, 25])
def test_every_point_is_what_cluster_finds(size):
    vectors = cloud(120, 5)
    space = cluster_space(vectors)
    [point] = sweep(space, [size])
    found = cluster(vectors, ClusterConfig(min_cluster_size=size), space=space)
    assert point == SweepPoint(size, found.count, found.unclustered)


def test_sizes_move_the_curve_and_the_same_space_gives_the_same():
    space = cloud(120, 3)
    found = sweep(space)
    assert [point.min_cluster_size for point in found] == sweep_sizes(120)
    assert len({point.clusters for point in found}) > 2
    assert sweep(space) == found
    assert sweep(space, [5]) == tuple(p for p in found if p.min_cluster_size == 5)


def test_sizes_grow_by_about_a_third():
    assert sweep_sizes(20) == [3, 4]
    sizes = sweep_sizes(1_000)
    assert (sizes[0], sizes[-1], len(sizes)) == (3, 200, 14)
    assert all(1.2 < b / a < 1.8 for a, b in pairwise(sizes))
    assert [sweep_sizes(n) for n in (1, 2, 3)] == [[], [], [3]]


@pytest.mark.parametrize("name", ODD)
def test_every_odd_case_has_a_curve(name):
    space = cluster_space(ODD[name])
    found = sweep(space)
    assert len(found) == len(sweep_sizes(len(space)))
    assert all(0 <= point.unclustered <= 1 for point in found)
    assert all((point.clusters == 0) == (point.unclustered == 1) for point in found)


def test_sizes_must_be_sizes():
    with pytest.raises(ExploreError) as caught:
        sweep(cloud(9, 2), [1, 4, 2.5])
    least = "from 2 to 20000"
    assert says(
        caught.value, ("min_cluster_size is 1;", least), ("min_cluster_size is 2.5;", least)
    )


def test_progress_rises_to_one_and_stop_is_heard():
    space = cloud(60, 2)
    told, stop = Told(), threading.Event()
    sweep(space, on_progress=told)
    assert told.rises_to_one("sweep")
    assert len(told.events) == len(sweep_sizes(60)) + 1

    def on_progress(stage: str, share: float) -> None:
        if share >= 0.5:
            stop.set()

    with pytest.raises(Stopped):
        sweep(space, on_progress=on_progress, stop=stop)
