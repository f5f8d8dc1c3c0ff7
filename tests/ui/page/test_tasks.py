"""Long work as a page hears of it."""

import time

import ui.page.tasks
from ui.page.tasks import follow
from ui.state.jobs import Job, Queue


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
