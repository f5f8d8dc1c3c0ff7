"""UMAP behind its lock: several threads at once, and a stop in the middle of a layout."""

import io
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from tqdm.auto import tqdm

from explore import ProjectionConfig, Stopped, project
from explore.project import warm
from explore.umap_fit import is_warm
from tests.explore.points import Told, blobs, cloud

PATIENCE_S = 120
CONFIGS = [
    ProjectionConfig(dims=2),
    ProjectionConfig(dims=3, n_neighbors=8),
    ProjectionConfig(dims=5, min_dist=0.0, seed=3),
    ProjectionConfig(dims=2, seed=4),
]


class Holder(Told):
    """Keeps the lock of UMAP, since it stands still inside the fit, until it is let go."""

    def __init__(self) -> None:
        super().__init__()
        self.inside, self.go = threading.Event(), threading.Event()

    def __call__(self, stage: str, share: float) -> None:
        super().__call__(stage, share)
        if stage == "layout" and not self.inside.is_set():
            self.inside.set()
            assert self.go.wait(PATIENCE_S)


@pytest.fixture(scope="module", autouse=True)
def _warm():
    warm()


def test_warming_up_is_known():
    assert is_warm()


def test_fits_at_once_wait_for_each_other_and_give_what_they_give_alone():
    vectors = [cloud(80 + 10 * i, seed=i) for i in range(len(CONFIGS))]
    alone = [project(v, c).coordinates for v, c in zip(vectors, CONFIGS, strict=True)]
    holder, waiting = Holder(), [threading.Event() for _ in CONFIGS[1:]]

    def waits(event: threading.Event):
        def on_progress(stage: str, share: float) -> None:
            if stage == "waiting for another map":
                event.set()

        return on_progress

    with ThreadPoolExecutor(len(CONFIGS)) as pool:
        jobs = [pool.submit(project, vectors[0], CONFIGS[0], None, holder)]
        assert holder.inside.wait(PATIENCE_S)
        for i, event in enumerate(waiting, 1):
            jobs.append(pool.submit(project, vectors[i], CONFIGS[i], None, waits(event)))
        assert all(event.wait(PATIENCE_S) for event in waiting)  # all stand at the lock at once
        holder.go.set()
        together = [job.result(PATIENCE_S).coordinates for job in jobs]
    for one, other in zip(alone, together, strict=True):
        assert np.array_equal(one, other)


def test_many_fits_without_any_order_give_what_they_give_alone():
    vectors = cloud(60)
    alone = [project(vectors, config).coordinates for config in CONFIGS]
    with ThreadPoolExecutor(8) as pool:
        jobs = [pool.submit(project, vectors, config) for config in CONFIGS * 3]
        together = [job.result(PATIENCE_S).coordinates for job in jobs]
    for i, found in enumerate(together):
        assert np.array_equal(found, alone[i % len(CONFIGS)])


def test_a_stop_in_the_middle_of_a_layout_is_heard_and_leaves_nothing_taken():
    stop, told = threading.Event(), Told()

    def on_progress(stage: str, share: float) -> None:
        told(stage, share)
        if stage == "layout" and share > 0.3:
            stop.set()

    with pytest.raises(Stopped):
        project(cloud(200), None, None, on_progress, stop)
    last = told.events[-1]
    assert last[0] == "layout"
    assert 0.3 < last[1] < 0.4

    again, done = Told(), threading.Event()

    def others_go_on() -> None:
        project(cloud(60), on_progress=again)
        list(tqdm(range(3), file=io.StringIO()))  # a stop out of its bar left its lock taken
        done.set()

    threading.Thread(target=others_go_on, daemon=True).start()
    assert done.wait(PATIENCE_S)
    assert again.rises_to_one("layout")
    assert not again.shares("waiting for another map")


def test_a_stop_while_waiting_does_not_take_the_lock():
    holder, stop = Holder(), threading.Event()

    def on_progress(stage: str, share: float) -> None:
        if stage == "waiting for another map":
            stop.set()

    with ThreadPoolExecutor(2) as pool:
        held = pool.submit(project, cloud(60), None, None, holder)
        assert holder.inside.wait(PATIENCE_S)
        given_up = pool.submit(project, cloud(61), None, None, on_progress, stop)
        with pytest.raises(Stopped):
            given_up.result(PATIENCE_S)
        holder.go.set()
        assert held.result(PATIENCE_S).coordinates.shape == (60, 2)


def test_a_failure_inside_a_fit_frees_the_lock():
    def on_progress(stage: str, share: float) -> None:
        if stage == "layout":
            raise RuntimeError

    with pytest.raises(RuntimeError):
        project(cloud(60), on_progress=on_progress)
    assert project(cloud(60)).method == "umap"


@pytest.mark.parametrize("dims", [2, 3])
def test_groups_without_a_neighbour_in_common_have_places_too(dims):
    vectors, labels = blobs(90, spread=0.1)
    places = project(vectors, ProjectionConfig(dims=dims, n_neighbors=4)).coordinates
    assert np.isfinite(places).all()
    middles = np.array([places[labels == group].mean(axis=0) for group in range(3)])
    own = np.linalg.norm(places - middles[labels], axis=1)
    others = np.linalg.norm(places - middles[(labels + 1) % 3], axis=1)
    assert (own < others).all()
