"""Places in the queue, over the network: who sends much stands in nobody's way."""

import json

import pytest

from tests.ui.serving.conftest import TIMEOUT_S, wait_for
from ui.state.samples import FIRST_SAMPLE
from ui.state.texts import open_sample

TEXTS = ["A cat.", "A dog.", "A ship."]
UNHEARD_S, GRACE_S = 10.0, 120.0


@pytest.fixture(scope="module")
def app(serve):
    return serve(
        caller_places=3, callers_places=5, visitor_places=6, address_places=9, queue_places=20,
        unheard_s=UNHEARD_S, grace_s=GRACE_S, map_slots=1, address_pages=2,
    )  # fmt: skip


@pytest.fixture(autouse=True)
def _everybody_leaves(app):
    yield
    app.clear()


def test_a_program_that_floods_the_queue_is_refused_in_words_and_a_page_is_not(app):
    with app.full_line():
        codes = [app.call("map", TEXTS).status_code for _ in range(20)]
        assert codes == [200] * 3 + [429] * 17
        refused = app.call("map", TEXTS)
        assert "3 requests of programs at your address" in refused.json()["detail"]
        assert app.call("map", TEXTS, address="8.8.8.8").status_code == 200
        load = app.load_event()
        assert app.join(load, "ann", *[None] * len(load.inputs)).status_code == 200
        assert app.answer("ann")["success"]


def test_programs_together_leave_most_places_to_pages(app):
    with app.full_line():
        codes = [app.call("map", TEXTS, address=f"8.8.8.{n}").status_code for n in range(8)]
        assert codes == [200] * 5 + [429] * 3
        with app.page("ann", "7.7.7.7"):  # whose calls are those of a page
            fn = next(f for f in app.demo.fns.values() if f.api_name == "map")
            values = [TEXTS, *(box.value for box in fn.inputs[1:])]
            assert app.join(fn, "ann", *values, address="7.7.7.7").status_code == 200


def test_what_nobody_listens_to_is_dropped_and_frees_slots_and_places(app):
    with app.full_line():
        for _ in range(3):
            assert app.call("map", TEXTS).status_code == 200
        assert wait_for(lambda: app.waiting == 3)
        app.clock.now += UNHEARD_S + 1
        assert wait_for(lambda: app.waiting == 0)
        assert app.call("map", TEXTS).status_code == 200


def test_who_listens_gets_an_answer_however_long_that_takes(app):
    event = app.call("map", TEXTS, *["all-MiniLM-L6-v2", "", "-1", "pca"]).json()["event_id"]
    with app.web.stream("GET", f"/gradio_api/call/map/{event}") as stream:
        app.clock.now += UNHEARD_S * 100
        lines = list(stream.iter_lines())
    assert "event: complete" in lines
    [answer] = [json.loads(line[5:]) for line in lines if line.startswith("data: [")]
    assert answer[0]["texts"] == TEXTS


def test_one_page_and_one_address_have_so_many_places(app):
    """Told by what is refused: events of the page that nobody listens to wait behind a run."""
    fn = next(f for f in app.demo.fns.values() if f.api_name == "map")
    values = [TEXTS, *(box.value for box in fn.inputs[1:])]
    with app.full_line(), app.page("ann"), app.page("bob"):
        ann = [app.join(fn, "ann", *values).status_code for _ in range(12)]
        assert ann[:6] == [200] * 6
        assert ann[-1] == 429
        bob = [app.join(fn, "bob", *values).status_code for _ in range(12)]
        assert bob[0] == 200
        assert bob[-1] == 429
        assert app.join(fn, "cy", *values, address="8.8.8.8").status_code == 200


def test_an_address_has_so_many_pages(app):
    with app.page("ann"), app.page("bob"):
        refused = app.web.get("/gradio_api/heartbeat/cy", headers={"X-Forwarded-For": "9.9.9.9"})
        assert refused.status_code == 429
        assert "At most 2 pages" in refused.text
        with app.page("dan", "8.8.8.8"):
            assert app.beats("dan")


def test_a_heartbeat_that_drops_costs_nothing_and_a_closed_page_all(app):
    workbench = app.workbench
    with app.page("ann"):
        workbench.visitor("ann")
    app.clock.now += GRACE_S - 1
    with app.page("ann"):
        app.clock.now += 10 * GRACE_S
        assert workbench.visitors == 1
    app.clock.now += GRACE_S + 1
    assert wait_for(lambda: workbench.visitors == 0)


def test_a_browser_that_is_killed_within_a_map_leaves_nothing_after_the_grace(app):
    draw = app.event("map-seed", "change")
    with app.full_line():
        with app.page("ann"):
            texts = app.workbench.visitor("ann").texts
            texts.open(open_sample(FIRST_SAMPLE, texts.stages))
            values = [box.value for box in draw.inputs]
            assert app.join(draw, "ann", *values).status_code == 200
            assert wait_for(lambda: texts.at_work)
        app.clock.now += GRACE_S - 1
        assert texts.at_work, "its page may come back"
        app.clock.now += 2
        assert wait_for(lambda: not (app.workbench.visitors or app.waiting))
        assert not texts.at_work
        assert len(app.workbench.work_queue._waiting) == 0


@pytest.mark.parametrize("path", ["http://example.com/large.csv", "ftp://x/y"])
def test_nothing_is_fetched_for_a_visitor(app, path):
    """Gradio would download what a file's path names, whatever its size."""
    upload = app.event("corpus-file", "upload")
    file = {"path": path, "meta": {"_type": "gradio.FileData"}}
    answer = app.join(upload, "ann", file)
    assert answer.status_code == 400
    assert "sent to this host" in answer.json()["detail"]


def test_a_session_has_a_name_of_a_reasonable_length(app):
    load = app.load_event()
    assert app.join(load, "x" * 101, *[None] * len(load.inputs)).status_code == 400


def test_training_has_one_place_for_each_program_and_ends_with_its_listener(app):
    pairs = "text1,text2,label\n" + "\n".join(f"a cat {n},a dog {n},{n % 5 / 4}" for n in range(60))
    values = [pairs, "all-MiniLM-L6-v2", "", "", 0, 20_000]
    line = app.workbench.training_queue
    events = [app.call("fine_tune", *values).json()["event_id"] for _ in range(2)]
    visitors = app.workbench._visitors
    visitor = wait_for(lambda: next((v for v in list(visitors.values()) if v.job), None))
    [other] = [event for event in events if event != visitor.key]
    with app.web.stream("GET", f"/gradio_api/call/fine_tune/{other}") as stream:
        said = "".join(stream.iter_lines())
    assert "Your address has 1 call waiting or running" in said
    app.clock.now += UNHEARD_S + 1
    assert visitor.job.ended.wait(TIMEOUT_S)
    assert wait_for(lambda: line.busy == 0)
