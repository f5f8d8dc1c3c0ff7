"""A run as it is streamed to the page, whose browser may take two answers at once."""

from dataclasses import astuple
from types import SimpleNamespace

import pytest

import ui.finetune.run
from encoder import DEFAULT_MODEL
from tests.ui.finetune.pages import QUICK, csv
from ui.state.pairs import open_data

SHOWN, HIDDEN = {"visible": True}, {"visible": "hidden"}


@pytest.fixture
def answers(lab, ann, timings, monkeypatch):
    """`answers()`: of a run, what each says of how far it is, Train, Stop and what is at stake."""
    monkeypatch.setattr(ui.finetune.run, "ANSWER_EVERY_S", 0)
    lab.workbench.visitor(ann).put(open_data(csv("cat"), "pasted rows"))
    request = SimpleNamespace(session_hash=ann)

    def run():
        train = lab.function("train", "click").fn
        for progress, _, button, stop, stake, *_ in train(request, DEFAULT_MODEL, *astuple(QUICK)):
            yield progress, button.constructor_args, stop.constructor_args, stake

    run.stop = lambda: lab.function("stop-training", "click").fn(request)
    return run


def test_what_an_answer_leaves_alone_is_not_lost_with_the_one_before_it(answers):
    """Of two answers at once the browser took what the second left alone out of the first.

    So there was no Stop, and a reload did not ask first, where news came right behind the click.
    """
    *under_way, last = answers()
    assert len(under_way) > 3
    for progress, train, stop, stake in under_way:
        assert "lab-progress" in progress
        assert train == {"interactive": False}
        assert stop in (SHOWN, HIDDEN)
        assert stake == {"models": 0, "running": True}
    stops = [stop for _, _, stop, _ in under_way]
    assert stops[0] == SHOWN
    assert stops == sorted(stops, key=[SHOWN, HIDDEN].index)  # hidden once, it stays so
    assert last[1:] == ({"interactive": True}, HIDDEN, {"models": 1, "running": False})


def test_stop_stays_pressed(answers, timings):
    timings.go.clear()  # it is not over before it is stopped
    run = answers()
    next(run)
    answers.stop()
    progress, _, stop, _ = next(run)
    assert "Stopping" in progress
    assert stop == HIDDEN
    timings.go.set()
    assert "Stopped" in list(run)[-1][0]


def test_a_run_with_much_to_say_leaves_the_browser_some_rest(answers, monkeypatch):
    """Each answer costs it a tenth of a second: one for each piece of news kept it busy."""
    monkeypatch.setattr(ui.finetune.run, "ANSWER_EVERY_S", 1000)
    first, end, last = answers()
    assert "Getting ready" in first[0]
    assert "Done" in end[0]
    assert "Done" in last[0]
