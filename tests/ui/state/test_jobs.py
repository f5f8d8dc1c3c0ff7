"""One run after the other: the line, stopping, giving up, failing, and what is left afterwards."""

import subprocess
import sys
import threading
from pathlib import Path

import pytest

from encoder import EncoderError
from explore import ExploreError
from ingest import IngestError
from ui.state.jobs import Job, LineFull, Queue, hear
from ui.state.presence import Client

SOON_S = 10
ROOT = Path(__file__).parents[3]

EXIT_WHILE_WORKING = """
import threading
import torch
from ui.state.jobs import Job, LineFull, Queue, hear
from ui.state.presence import Client

def work(job):
    weights = torch.rand(1500, 1500)
    while True:
        for _ in range(5):
            weights @ weights
        yield weights

line = Queue()
jobs = [Job(work), Job(work)]
for job in jobs:
    line.join(job)
jobs[0].news.get()
print("working")
"""


def until_told(*steps):
    """Work that goes on one step at a time, each when its event is set."""

    def work(job):
        for step in steps:
            while not step.wait(0.01):
                job.tell("waiting", 0, 0)
            yield step

    return work


def ended(job: Job) -> list[str]:
    """The kinds of all news, when the job is over."""
    assert job.ended.wait(SOON_S)
    kinds = []
    while not job.news.empty():
        kinds.append(job.news.get().kind)
    return [kind for kind in kinds if kind != "progress"]


def free(line: Queue) -> bool:
    """Whether the slot is free within two seconds."""
    waited = threading.Event()
    for _ in range(200):
        if not line.busy:
            return True
        waited.wait(0.01)
    return False


def test_jobs_run_one_after_the_other_and_know_their_place():
    line, go = Queue(), threading.Event()
    first, second, third = (Job(until_told(go), expected_s=40) for _ in range(3))
    for job in (first, second, third):
        line.join(job)
    assert [line.place(job) for job in (first, second, third)] == [0, 1, 2]
    assert line.busy == 1
    assert 30 < line.wait_s(second) <= 40
    assert 70 < line.wait_s(third) <= 80
    go.set()
    assert [ended(job) for job in (first, second, third)] == [["event", "done"]] * 3
    assert free(line)


def test_what_is_known_better_while_it_runs_is_what_the_next_one_expects():
    line, go = Queue(), threading.Event()
    first, second = (Job(until_told(go), expected_s=1000) for _ in range(2))
    for job in (first, second):
        line.join(job)
    first.expect(left_s=40)
    assert 30 < line.wait_s(second) <= 40
    go.set()
    assert ended(second) == ["event", "done"]


def test_two_slots_run_two():
    line, go = Queue(slots=2), threading.Event()
    jobs = [Job(until_told(go)) for _ in range(3)]
    for job in jobs:
        line.join(job)
    assert [line.place(job) for job in jobs] == [0, 0, 1]
    go.set()
    for job in jobs:
        ended(job)
    assert free(line)


def test_leaving_while_waiting_makes_room_at_once():
    line, go = Queue(), threading.Event()
    first, second, third = (Job(until_told(go)) for _ in range(3))
    for job in (first, second, third):
        line.join(job)
    line.leave(second)
    assert ended(second) == ["cancelled"]
    assert line.place(third) == 1
    go.set()
    assert ended(third) == ["event", "done"]


@pytest.mark.parametrize("between", [True, False], ids=["between events", "within an event"])
def test_leaving_while_running_ends_the_work_and_frees_the_slot(between):
    line, go, closed = Queue(), threading.Event(), threading.Event()

    def work(job):
        try:
            while True:
                if between:
                    yield 1
                else:
                    job.tell("reading", 1, 2)
                go.wait(0.01)
        finally:
            closed.set()

    job, following = Job(work), Job(until_told(go))
    line.join(job)
    line.join(following)
    line.leave(job)
    assert ended(job)[-1] == "cancelled"
    assert closed.is_set()
    go.set()
    assert ended(following) == ["event", "done"]
    assert free(line)


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (EncoderError("Lower the rate."), "Lower the rate."),
        (IngestError("Send fewer rows."), "Send fewer rows."),
        (ExploreError("Give more texts."), "Give more texts."),
        (ValueError("secret"), "It was logged"),
    ],
)
def test_a_failure_is_told_in_words_and_frees_the_slot(error, said):
    def work(job):
        yield 1
        raise error

    line, job = Queue(), Job(work)
    line.join(job)
    assert job.ended.wait(SOON_S)
    news = [job.news.get() for _ in range(2)]
    assert news[-1].kind == "failed"
    assert said in news[-1].content
    assert "secret" not in news[-1].content
    assert free(line)


# --- whose turn it is -----------------------------------------------------------------------------


CLASSROOM, HOME = Client("1.1.1.1"), Client("2.2.2.2")
SCRIPT, OTHER_SCRIPT = Client("1.1.1.1", has_page=False), Client("3.3.3.3", has_page=False)


def joined(line: Queue, go: threading.Event, *clients: Client) -> list[Job]:
    jobs = [Job(until_told(go), client=client) for client in clients]
    for job in jobs:
        line.join(job)
    return jobs


def test_who_asks_for_much_waits_behind_itself():
    line, go = Queue(), threading.Event()
    jobs = joined(line, go, CLASSROOM, CLASSROOM, CLASSROOM, HOME, HOME, CLASSROOM)
    assert [line.place(job) for job in jobs] == [0, 2, 4, 1, 3, 5]
    assert line.wait_s(jobs[3]) < line.wait_s(jobs[1]) < line.wait_s(jobs[5])
    go.set()
    assert [ended(job) for job in jobs] == [["event", "done"]] * 6


def test_pages_come_before_programs():
    line, go = Queue(most_calls=3), threading.Event()
    jobs = joined(line, go, SCRIPT, SCRIPT, OTHER_SCRIPT, HOME, HOME)
    assert [line.place(job) for job in jobs] == [0, 4, 3, 1, 2]
    go.set()
    ended(jobs[1])


def test_programs_leave_a_slot_to_pages():
    line, go, soon = Queue(slots=2), threading.Event(), threading.Event()
    jobs = joined(line, go, SCRIPT, OTHER_SCRIPT)
    assert [line.place(job) for job in jobs] == [0, 1]
    assert line.busy == 1
    [page] = joined(line, soon, HOME)
    assert line.place(page) == 0
    go.set()
    for job in jobs:
        ended(job)
    soon.set()
    ended(page)


def test_a_program_has_so_many_places_and_one_is_free_again_when_its_work_has_ended():
    line, go = Queue(most_calls=2), threading.Event()
    running, waiting = joined(line, go, SCRIPT, SCRIPT)
    with pytest.raises(LineFull, match="Your address has 2 calls"):
        line.join(Job(until_told(go), client=SCRIPT))
    joined(line, go, OTHER_SCRIPT, CLASSROOM)
    line.leave(waiting)
    [again] = joined(line, go, SCRIPT)
    go.set()
    assert ended(running) == ended(again) == ["event", "done"]


# --- nobody listens ----------------------------------------------------------------------------


@pytest.mark.parametrize("awaited", [True, False])
def test_what_a_page_may_come_back_to_goes_on_without_a_listener(awaited):
    line, go = Queue(), threading.Event()
    job = Job(until_told(go), awaited=lambda: awaited)
    line.join(job)
    listener = hear(job, line)
    next(listener)
    listener.close()
    go.set()
    assert ended(job)[-1] == ("done" if awaited else "cancelled")


def test_what_a_newer_one_has_taken_the_place_of_leaves_the_line_at_once():
    line, go = Queue(), threading.Event()
    first, second = (Job(until_told(go), awaited=lambda: True) for _ in range(2))
    for job in (first, second):
        line.join(job)
    listener = hear(second, line)
    next(listener)
    second.stop.set()
    listener.close()
    assert second.ended.is_set()
    go.set()
    ended(first)


def test_the_end_of_the_app_is_the_end_of_all_jobs():
    """A thread that was inside torch while Python shut down aborted the process."""
    done = subprocess.run(
        [sys.executable, "-c", EXIT_WHILE_WORKING],
        cwd=ROOT, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert (done.returncode, done.stdout, done.stderr) == (0, "working\n", "")
