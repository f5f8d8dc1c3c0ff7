"""Whatever a browser sends to any event of the page is taken, or refused in words."""

import inspect
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import gradio as gr
import pytest

from tests.ui.laid_out import LaidOut, event, tiny_workbench
from ui.shell import FEATURES

ODD = [[["x"]], None, {"a": 1}, -1, 10**400, float("nan"), "☃" * 1000]
CASES = [ODD[0], *(pytest.param(odd, marks=pytest.mark.slow) for odd in ODD[1:])]
CHECKED_BY_GRADIO = (gr.State, gr.File, gr.UploadButton)  # the server's own, and files it has kept


@pytest.fixture(scope="module")
def lab(_tiny) -> Iterator[LaidOut]:
    page = LaidOut(tiny_workbench(_tiny("bert"), _tiny("bert")), *(f.build for f in FEATURES))
    yield page
    page.close()


def arrives(box: Any, odd: object) -> object:
    """What a handler gets for it."""
    if isinstance(box, gr.Textbox):
        return None if odd is None else str(odd)
    return box.value if isinstance(box, CHECKED_BY_GRADIO) else odd


def call(fn: Any, odd: object, at: int) -> None:
    """One of its inputs is odd, or all of them where `at` is -1; so is what was clicked."""
    values = [
        arrives(box, odd) if at in (-1, number) else box.value
        for number, box in enumerate(fn.inputs)
    ]
    asked: list[object] = []
    for parameter in inspect.signature(fn.fn).parameters.values():
        if parameter.annotation is gr.Request:
            asked.append(SimpleNamespace(session_hash="ann", query_params={"map": odd}))
        elif parameter.annotation is gr.EventData:
            asked.append(event(name=odd, row=odd, column=odd, rows=odd, index=odd))
    answer = fn.fn(*asked, *values)
    if inspect.isgenerator(answer):
        list(answer)


@pytest.mark.parametrize("odd", CASES, ids=lambda odd: repr(odd)[:12])
def test_no_event_fails_on_an_odd_value(lab, odd):
    failed = []
    for fn in lab.demo.fns.values():
        for at in range(-1, len(fn.inputs) if fn.fn else -1):
            try:
                call(fn, odd, at)
            except gr.Error as error:
                if "Something went wrong" in str(error):
                    failed.append((fn.name, at, repr(error.__cause__)))
            except Exception as error:
                failed.append((fn.name, at, repr(error)))
    assert not failed
