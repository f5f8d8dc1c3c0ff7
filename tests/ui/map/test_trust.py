"""“How far can I trust it?” on the page: shown as it becomes known, and stopped."""

import json
from contextlib import contextmanager
from dataclasses import replace
from types import SimpleNamespace

import gradio as gr
import pytest

from encoder import DEFAULT_MODEL
from explore import distortion, umap_fit
from tests.ui.corpus import TEXTS
from tests.ui.laid_out import event
from tests.ui.map.pages import unpacked
from tests.ui.state.test_jobs import free
from tests.ui.visit import check
from ui.map.trust_measures import torn_and_false

MEASURE = ("measure-go", "click")
COMPARE = ("sides-go", "click")
HONESTY = ("map-honesty", "input")
# Everything is measured of it, without a UMAP.
DENSE = {"clustering": "HDBSCAN", "space": "the vectors", "min_cluster_size": 4}


@pytest.fixture
def page(map_page):
    map_page.fresh("ann", **DENSE)
    yield map_page
    assert free(map_page.workbench.work_queue)


def overlay_of(answer: dict) -> dict:
    """What an answer draws over the map on the screen."""
    return json.loads(answer["map"])["overlay"]


def test_measuring_fills_the_page_and_says_how_long_it_took(page):
    assert overlay_of(page.call(HONESTY, True))["torn"]
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
    assert own["overlay"]["torn"] == []  # lines over the large map only, not beside noise
    assert own.keys() == null.keys()
    assert "Every run" in last["stability"]
    for name in ("report", "null-words", "stability", "hubs"):
        check(f"<div>{last[name]}</div>")
    assert "Measured in" in steps[-1]["measure-progress"]
    assert steps[-1]["measure-stop"].visible == "hidden"


def test_a_new_map_empties_the_section(page):
    answer = page.call(page.new_map("report"))
    assert "Nothing is measured yet" in answer["report"]
    assert [answer[name] for name in ("sweep", "own-map", "null-map")] == [None] * 3
    assert [answer[name] for name in ("null-words", "stability", "hubs")] == [""] * 3
    assert answer["map-honesty"] is False


def test_the_overlay_draws_lines_and_crosses_and_takes_them_away(page):
    answer = page.call(HONESTY, True)
    worst = torn_and_false(page.handlers.drawn("ann"))
    assert overlay_of(answer)["torn"] == worst.torn.tolist()
    assert overlay_of(answer)["crosses"] == sorted({int(row) for row in worst.false.ravel()})
    assert json.loads(answer["map"])["points"] is None
    gone = overlay_of(page.call(HONESTY, False))
    assert (gone["torn"], gone["crosses"]) == ([], [])


def test_torn_neighbours_stay_in_sight_and_are_counted(page):
    answer = page.call(HONESTY, True)
    drawn_map = page.handlers.drawn("ann")
    places = drawn_map.projection.coordinates
    every = distortion(drawn_map.vectors, places, drawn_map.near, 10**9)
    assert f"of {len(every.torn):,} torn pairs" in answer["map-honesty-note"]
    clicked = overlay_of(page.call(("map", "pick"), event(row=5)))
    assert (clicked["torn"], clicked["rings"]) == (overlay_of(answer)["torn"], [5])


@contextmanager
def under_way(page):
    """A measuring that waits in the middle of the null world, as its answers by elem_id."""
    page.draw("ann", method="UMAP", **DENSE)
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
    assert rest
    for progress, button, *others in rest:
        assert "Stopped" in progress
        assert button.visible == "hidden"
        assert all(value == gr.skip() for value in others)
    assert page.handlers.texts("ann").stages.work["sweep"] == 1


def test_a_new_map_ends_the_measuring_of_the_old_one(page):
    with under_way(page) as steps:
        page.draw("ann")
        list(steps)
        assert free(page.workbench.work_queue)


@pytest.mark.parametrize(("at", "sent"), [(MEASURE, ()), (COMPARE, (DEFAULT_MODEL, "cls", "-1"))])
def test_a_map_being_drawn_is_not_given_up_for_work_on_the_one_before(page, at, sent):
    state = page.handlers.state("ann")
    running = state.begin()  # what is on the screen is the finished map of before
    for drawn_map in (state.drawn, replace(state.drawn, fidelity=None)):
        state.drawn = drawn_map
        with pytest.raises(gr.Error, match="still being drawn"):
            page.call(at, *sent)
    assert not running.is_set()
    state.end(running)
    state.drawn = state.finished
    assert page.call(at, *sent)  # and once it has ended, both go


def test_without_a_map_there_is_nothing_to_measure(page):
    page.workbench.forget("ann")
    touches = ((MEASURE, ()), (HONESTY, (True,)), (("moved", "pick"), (event(),)))
    for at, sent in touches:
        with pytest.raises(gr.Error, match=r"There is no map yet|not kept any more"):
            page.call(at, *sent)
