"""“How far can I trust it?”: what is measured, step by step, and shown as it becomes known."""

import json
import threading
from contextlib import contextmanager
from dataclasses import replace
from types import SimpleNamespace

import gradio as gr
import numpy as np
import pytest

from explore import (
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
    umap_fit,
)
from explore.cluster import ClusterConfig
from tests.ui.laid_out import event
from tests.ui.map.pages import TEXTS, check, draw_map, open_list, open_table, quiet, unpacked
from tests.ui.state.test_jobs import free
from ui.map.drawing import dense_space
from ui.map.trust import DRAWN, Trust, measure_trust, torn_and_false

MEASURE = ("measure-go", "click")


def reports(picture, stop=None, tell=quiet) -> list[Trust]:
    return list(measure_trust(picture, tell, stop or threading.Event()))


def known(report: Trust) -> list[str]:
    """The parts of a report that are there."""
    parts = ("agreement", "silhouette", "drivers", "swept", "null", "stable")
    return [part for part in parts if getattr(report, part) not in (None, ())]


@pytest.fixture(scope="module")
def picture(_tiny):
    return draw_map(open_table(), _tiny("bert"), method="PCA", min_cluster_size=4)


@pytest.fixture(scope="module")
def full(picture) -> list[Trust]:
    return reports(picture)


# --- what is measured ---------------------------------------------------------------------------


def test_a_report_grows_step_by_step(full):
    first = ["agreement", "silhouette", "drivers"]
    assert [known(report) for report in full] == [
        first, [*first, "swept"], [*first, "swept", "null"], [*first, "swept", "null", "stable"],
    ]  # fmt: skip


def test_the_numbers_are_those_of_the_explore_package(picture, full):
    report = full[-1]
    vectors, labels = picture.vectors, picture.clusters.labels
    assert report.silhouette == pytest.approx(silhouette(vectors, labels))
    on_map = cluster(vectors, ClusterConfig("hdbscan", "map", 4),
                     space=picture.projection.coordinates)  # fmt: skip
    assert report.agreement == agreement(labels, on_map.labels)
    assert report.swept == sweep(dense_space(picture, quiet, threading.Event()))
    at = next(point for point in report.swept if point.min_cluster_size == 4)
    assert at == SweepPoint(4, picture.clusters.count, picture.clusters.unclustered)
    assert (report.stable.runs, report.stable.rows) == (8, len(TEXTS))
    assert len(report.stable.kept) == picture.clusters.count


def test_what_drives_the_split_names_the_columns_too(full):
    found = {driver.name: driver.information for driver in full[0].drivers}
    assert {"column “topic”", "column “colour”", "question mark"} <= set(found)
    assert found["column “topic”"] > 0.3 > found["column “colour”"]


def test_the_null_world_went_through_the_same_steps(picture, full):
    null = full[-1].null
    noise = null_world(picture.vectors, 0)
    flat = project(noise, picture.projection.config)
    np.testing.assert_allclose(null.projection.coordinates, flat.coordinates, atol=1e-5)
    recall = map_fidelity(noise, flat.coordinates).mean_recall
    assert null.recall == pytest.approx(recall, abs=0.01)
    assert null.clusters.config == picture.clusters.config
    assert len(null.clusters.labels) == len(TEXTS)
    assert np.abs(null.projection.coordinates - picture.projection.coordinates).max() > 0.1


def test_progress_is_told_and_a_stop_ends_it(picture):
    stop, told = threading.Event(), []

    def tell(stage: str, share: float) -> None:
        told.append(stage)
        if stage.startswith("a world"):
            stop.set()

    fresh = replace(picture, settings=replace(picture.settings,
                    clusters=ClusterConfig(min_cluster_size=5)))  # fmt: skip
    found = []
    with pytest.raises(Stopped):
        found.extend(measure_trust(fresh, tell, stop))
    assert [known(report)[-1] for report in found] == ["drivers", "swept"]
    assert any(stage.startswith("a world without structure") for stage in told)


@pytest.mark.parametrize(
    "form",
    [{"clustering": "k-means"}, {"space": "the map"}, {"space": "the vectors"}],
    ids=str,
)
def test_every_way_to_group_can_be_measured(picture, bert, form):
    small = draw_map(open_list(TEXTS[:40]), bert, method="PCA", min_cluster_size=3, **form)
    last = reports(small)[-1]
    assert (last.null is None, last.swept == ()) == (False, "clustering" in form)
    assert (last.stable is None) == (small.clusters.count == 0)


@pytest.mark.parametrize("texts", [["One text."], ["One text.", "Two texts."],
                                   ["😀", "🎉", "🏳️‍🌈", "🎈", "🎁", "🎂"], TEXTS[:6]])  # fmt: skip
def test_the_smallest_maps_can_be_measured(bert, texts):
    small = draw_map(open_list(texts), bert)
    last = reports(small)[-1]
    assert (last.null is None) == (len(texts) == 1)
    assert last.picture is small


def test_a_map_without_clusters_yet_has_no_report(picture):
    assert reports(replace(picture, clusters=None)) == []


def test_torn_and_false_neighbours_are_the_worst_pairs(picture):
    before = picture.texts.stages.work["distortion"]
    found = torn_and_false(picture)
    expected = distortion(picture.vectors, picture.projection.coordinates, picture.near, DRAWN)
    np.testing.assert_array_equal(found.torn, expected.torn)
    np.testing.assert_array_equal(found.false, expected.false)
    assert 0 < len(found.torn) <= DRAWN
    torn_and_false(picture)
    assert picture.texts.stages.work["distortion"] == before + 1
    assert len(torn_and_false(replace(picture, near=None)).torn) == 0


# --- on the page --------------------------------------------------------------------------------


@pytest.fixture
def page(map_page):
    map_page.workbench.forget("ann")
    map_page.draw("ann", min_cluster_size=4)
    yield map_page
    assert free(map_page.workbench.work_queue)


def test_measuring_fills_the_page_and_says_how_long_it_took(page):
    torn = json.loads(page.call(("map-honesty", "input"), True)["map"])["overlay"]["torn"]
    steps = page.steps(MEASURE)
    last = [step for step in steps if "report" in step][-1]
    assert set(last) == {"measure-progress", "measure-stop", "report", "sweep", "null-words",
                         "own-map", "null-map", "stability", "hubs"}  # fmt: skip
    assert "Silhouette" in last["report"]
    assert len(last["sweep"]["data"]) == 2
    own, null = json.loads(last["own-map"]), json.loads(last["null-map"])
    assert len(unpacked(own["points"]["x"])) == len(unpacked(null["points"]["x"])) == len(TEXTS)
    assert own["points"]["x"] != null["points"]["x"]
    assert set(null["points"]["text"]) == {"noise"}
    assert torn  # over the large map only, not over the one beside noise
    assert own["overlay"]["torn"] == []
    assert own.keys() == null.keys()
    assert "runs" in last["stability"]
    for name in ("report", "null-words", "stability", "hubs"):
        check(f"<div>{last[name]}</div>")
    assert "Measured in" in steps[-1]["measure-progress"]
    assert steps[-1]["measure-stop"].visible == "hidden"


def test_a_new_map_empties_the_report(page):
    answer = page.call(page.new_map("report"))
    assert "Nothing is measured yet" in answer["report"]
    assert [answer[name] for name in ("sweep", "own-map", "null-map")] == [None] * 3
    assert [answer[name] for name in ("null-words", "stability", "hubs")] == [""] * 3
    assert answer["map-honesty"] is False


def test_the_overlay_draws_lines_and_crosses_and_takes_them_away(page):
    on = json.loads(page.call(("map-honesty", "input"), True)["map"])
    picture = page.handlers.picture("ann")
    found = torn_and_false(picture)
    assert on["overlay"]["torn"] == found.torn.tolist()
    assert on["overlay"]["crosses"] == sorted({int(row) for row in found.false.ravel()})
    assert on["points"] is None
    off = json.loads(page.call(("map-honesty", "input"), False)["map"])
    assert (off["overlay"]["torn"], off["overlay"]["crosses"]) == ([], [])


@contextmanager
def under_way(page):
    """A measuring that waits in the middle of the null world, as its answers by elem_id."""
    page.draw("ann", method="UMAP", min_cluster_size=4)
    fn = page.function(*MEASURE)
    with umap_fit._lock:
        steps = fn.fn(SimpleNamespace(session_hash="ann"))
        for values in steps:
            if "waiting for another map" in values[0]:
                break
        yield steps


def test_stop_ends_the_measuring_and_keeps_what_was_measured(page):
    with under_way(page) as steps:
        answer = page.call(("measure-stop", "click"))
        assert "Stopped" in answer["measure-progress"]
        rest = list(steps)
        assert free(page.workbench.work_queue)
    for progress, button, *others in rest:
        assert "Stopped" in progress
        assert button.visible == "hidden"
        assert all(value == gr.skip() for value in others)
    assert rest
    assert page.handlers.texts("ann").stages.work["sweep"] == 1


def test_a_new_map_ends_the_measuring_of_the_old_one(page):
    with under_way(page) as steps:
        page.draw("ann", clustering="k-means")
        list(steps)
        assert free(page.workbench.work_queue)


@pytest.mark.parametrize("at", [MEASURE, ("sides-go", "click")])
def test_an_unfinished_map_is_neither_measured_nor_given_up(page, at):
    state = page.handlers.state("ann")
    state.drawn, running = replace(state.drawn, fidelity=None), state.begin()
    sent = () if at == MEASURE else ("all-MiniLM-L6-v2", "cls", "-1")
    with pytest.raises(gr.Error, match="still being drawn"):
        page.call(at, *sent)
    assert not running.is_set()


def test_without_a_map_there_is_nothing_to_measure(page):
    page.workbench.forget("ann")
    touches = ((MEASURE, ()), (("map-honesty", "input"), (True,)), (("moved", "pick"), (event(),)))
    for at, sent in touches:
        with pytest.raises(gr.Error, match=r"There is no map yet|not kept any more"):
            page.call(at, *sent)
