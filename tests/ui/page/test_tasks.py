"""Long work as a page hears of it."""

import threading
import time
from collections.abc import Callable

import pytest

import ui.page.tasks
from ingest import LabError
from tests.ui.clock import Clock
from ui.page.tasks import done_for_caller, follow
from ui.settings import Settings
from ui.state.jobs import Job, Queue
from ui.state.workbench import Workbench

TIMEOUT_S = 30


def wait_for(condition: Callable[[], bool]) -> bool:
    """Whether it holds in time."""
    pause, end = threading.Event(), time.monotonic() + TIMEOUT_S
    while not condition() and time.monotonic() < end:
        pause.wait(0.01)
    return condition()


def told_all_the_time(job):
    for part in range(20):
        job.tell("encode", part / 20)
        time.sleep(0.02)  # so that each could be heard for itself
    yield "a map"


def test_work_with_much_to_say_leaves_the_browser_some_rest(monkeypatch):
    """Each answer costs it a tenth of a second: one for each piece of news kept it busy."""
    monkeypatch.setattr(ui.page.tasks, "ANSWER_EVERY_S", 1000)
    line, job = Queue(), Job(told_all_the_time)
    line.join(job)
    begun, *ended = follow(job, line)
    assert "Turning texts into vectors" in begun.progress
    assert len(ended) <= 2
    assert ended[0].made == "a map"
    assert ended[-1].ended == "done"


# --- a call of the web API ------------------------------------------------------------------------


def without_end(tell, stop):
    while True:
        tell("encode", 0.5)
        stop.wait(0.01)


def called(bert, clock, **settings) -> Workbench:
    """A workbench that "call" has come to, by the web API."""
    workbench = Workbench(Settings(**settings), lambda spec, **limits: bert, clock)
    workbench.presence.meet("call", "1.1.1.1")
    return workbench


def test_a_call_whose_answer_nobody_waits_for_ends_and_frees_its_slot(bert):
    clock = Clock()
    workbench = called(bert, clock, unheard_s=10)

    def work(tell, stop):
        clock.now = 11
        without_end(tell, stop)

    with pytest.raises(LabError, match="Nobody was waiting"):
        done_for_caller(work, workbench, "call", 1)
    assert wait_for(lambda: not workbench.work_queue.busy)


def test_a_call_ends_when_it_has_taken_its_time(bert):
    workbench = called(bert, Clock(), call_s=0.1)
    with pytest.raises(LabError, match=r"stopped after 0\.1 seconds"):
        done_for_caller(without_end, workbench, "call", 1)
    assert wait_for(lambda: not workbench.work_queue.busy)


def test_a_call_that_somebody_listens_to_gets_what_was_made(bert):
    clock = Clock()
    workbench = called(bert, clock)
    workbench.presence.open("call", "1.1.1.1", page=False)
    clock.now = 10**6
    assert done_for_caller(lambda tell, stop: "a map", workbench, "call", 1) == "a map"
