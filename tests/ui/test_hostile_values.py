"""Whatever a browser sends to any event of the page is taken, or refused in words."""

import inspect
from collections.abc import Callable, Iterator
from functools import partial
from types import SimpleNamespace
from typing import Any

import gradio as gr
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

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


CLICKS = ["odd", "null", "empty", "no object"]  # what a browser may say of a click


def clicked(odd: object, how: str) -> gr.EventData:
    """The data of a click as Gradio hands it on: whatever was sent, or nothing."""
    if how == "odd":
        return event(name=odd, row=odd, column=odd, rows=odd, index=odd)
    return gr.EventData(None, {"null": None, "empty": {}, "no object": [odd]}[how])


def call(fn: Any, odd: object, at: int, how: str = "odd") -> None:
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
            asked.append(clicked(odd, how))
    answer = fn.fn(*asked, *values)
    if inspect.isgenerator(answer):
        list(answer)


def failure(run: Callable[[], object]) -> str:
    """How it failed without words of ours, "" where it did not."""
    try:
        run()
    except gr.Error as error:
        return repr(error.__cause__) if "Something went wrong" in str(error) else ""
    except Exception as error:
        return repr(error)
    return ""


@pytest.mark.parametrize("odd", CASES, ids=lambda odd: repr(odd)[:12])
def test_no_event_fails_on_an_odd_value(lab, odd):
    failed = {
        (fn.name, at): why
        for fn in lab.demo.fns.values()
        for at in range(-1, len(fn.inputs) if fn.fn else -1)
        if (why := failure(partial(call, fn, odd, at)))
    }
    assert not failed


@pytest.mark.parametrize("how", CLICKS[1:])
def test_no_click_fails_that_says_nothing_of_itself(lab, how):
    clicks = [fn for fn in lab.demo.fns.values() if fn.collects_event_data]
    assert len(clicks) > 10
    failed = {fn.name: why for fn in clicks
              if (why := failure(lambda fn=fn: call(fn, None, len(fn.inputs), how)))}  # fmt: skip
    assert not failed


# --- the web API ----------------------------------------------------------------------------------


FEW_PAIRS = "text1,text2,label\n" + "\n".join(f"a cat {n},a dog {n},{n % 2}" for n in range(12))
USUAL = {"texts": ["A cat.", "A dog.", "A ship."], "queries": ["a cat"], "pairs": FEW_PAIRS,
         "a": "A cat.", "b": "A dog.", "steps": 1, "method": "pca",
         "clustering": "kmeans"}  # fmt: skip
ODD_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30)
    | st.sampled_from([10**400, -1, "\ud800", "run-1", "../app.py", "a" * 5000, "[PAD]"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner,
                                                                max_size=2),
    max_leaves=4,
)  # fmt: skip


@pytest.fixture(scope="module")
def endpoints(lab) -> list[Any]:
    with gr.Blocks() as demo:
        for feature in FEATURES:
            feature.build_api(lab.workbench)
    return list(demo.fns.values())


@pytest.mark.parametrize("name", ["compare_pair", "compare_set", "check_pairs", "fine_tune",
                                  "map", "search"])  # fmt: skip
@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_no_endpoint_fails_on_an_odd_value(endpoints, name, data):
    """One or two of its parameters are odd; all others are as they should be."""
    [fn] = [endpoint.fn for endpoint in endpoints if endpoint.api_name == name]
    names = [n for n in inspect.signature(fn).parameters if n != "request"]
    odd = data.draw(st.dictionaries(st.sampled_from(names), ODD_VALUES, min_size=1, max_size=2))
    sent = {key: value for key, value in USUAL.items() if key in names} | odd

    def run() -> None:
        answer = fn(gr.Request(session_hash="ann"), **sent)
        if inspect.isgenerator(answer):
            list(answer)

    assert not failure(run)
