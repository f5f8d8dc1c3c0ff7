"""The last line before the visitor: errors in words, never a stack trace, never silence."""

import html
import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import ParamSpec, TypedDict, TypeVar

import gradio as gr
from gradio.components import Component

from encoder import EncoderError
from ingest import LabError
from ui.checks import parse_pooling

log = logging.getLogger(__name__)
P = ParamSpec("P")
R = TypeVar("R")


class Lane(TypedDict, total=False):
    """How an event runs: arguments of Gradio's listeners.

    Events of one `concurrency_id` share its limit, and wait for each other beyond it.
    """

    api_visibility: str
    show_progress: str
    concurrency_id: str
    concurrency_limit: int
    trigger_mode: str
    queue: bool
    show_progress_on: Component


# Every lane of the page. None of them is in the web API.
QUIET: Lane = {"api_visibility": "private", "show_progress": "hidden"}  # by itself
INSTANT: Lane = {**QUIET, "queue": False}  # delivers neither toasts nor changed states
TOUCH: Lane = {**QUIET, "concurrency_id": "touch", "concurrency_limit": 4}  # of what is kept
ENCODE: Lane = {**QUIET, "concurrency_id": "encode", "concurrency_limit": 2}  # a few sentences
RESULTS: Lane = {**QUIET, "concurrency_id": "results", "concurrency_limit": 2}
SHOWN: Lane = {"api_visibility": "private", "show_progress": "minimal"}
READ: Lane = {**SHOWN, "concurrency_id": "read", "concurrency_limit": 2}  # a file
OPEN: Lane = {**QUIET, "concurrency_id": "read", "concurrency_limit": 2}  # a tab, by its door
CHECK: Lane = {**SHOWN, "concurrency_id": "check", "concurrency_limit": 2,
               "trigger_mode": "always_last"}  # fmt: skip
# One at a time: steps that are timed beside each other would seem to take longer.
COST: Lane = {**CHECK, "concurrency_id": "cost", "concurrency_limit": 1}
LOAD: Lane = {"api_visibility": "private", "concurrency_id": "load", "concurrency_limit": 2}
# Those who follow long work mostly sleep: `ui.state.jobs` says how much of it runs at once.
FOLLOW: Lane = {**QUIET, "concurrency_id": "maps", "concurrency_limit": 16, "trigger_mode": "once"}

# How often a page is told how far long work is. Each answer, even one that changes nothing, costs
# its browser a tenth of a second: Gradio looks for every output among all that is on the page.
ANSWER_EVERY_S = 0.6


@contextmanager
def in_words() -> Iterator[None]:
    """Errors of ours reach the visitor in their own words, all others as a logged apology."""
    try:
        yield
    except LabError as error:
        raise gr.Error(html.escape(str(error), quote=False), print_exception=False) from error
    except gr.Error:
        raise
    except Exception as error:
        log.exception("A handler failed")
        raise gr.Error("Something went wrong here. It was logged; try again.") from error


def worded(fn: Callable[P, R]) -> Callable[P, R]:
    """A handler whose errors are worded."""

    @wraps(fn)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> R:
        with in_words():
            return fn(*args, **kwargs)

    return wrapped


def worded_steps(fn: Callable[P, Iterator[R]]) -> Callable[P, Iterator[R]]:
    """A generator of answers whose errors are worded."""

    @wraps(fn)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> Iterator[R]:
        with in_words():
            yield from fn(*args, **kwargs)

    return wrapped


# --- What a click in the browser says was clicked, checked: event data is the browser's word


def picked_value(event: gr.EventData, name: str) -> object:
    """What a click says of itself under that name; None where it says nothing, or nothing at all.

    Whoever uses it checks it.
    """
    data = event._data
    return data.get(name) if isinstance(data, dict) else None


def picked_name(event: gr.EventData) -> str:
    """What a click says it was on; whoever uses it checks it."""
    return str(picked_value(event, "name") or "")[:100]


def pick_name(event: gr.EventData) -> str:
    """The strategy whose row was clicked; what a browser sends is checked."""
    return parse_pooling(picked_name(event))


def pick_box(event: gr.EventData, count: int) -> tuple[str, int]:
    """The box ("a" or "b") and the number of the sentence that goes into it."""
    name = picked_name(event)
    box, number = name[:1], name[1:]
    if box not in ("a", "b") or number not in map(str, range(count)):
        raise EncoderError(f"There is no sentence {name[:10]!r} in this list of {count}.")
    return box, int(number)


def picked(event: gr.EventData, rows: int, columns: int) -> tuple[int, int]:
    """The indices of a clicked cell, inside a matrix of this size."""
    sent = picked_value(event, "row"), picked_value(event, "column")
    try:
        row, column = (int(str(number)) for number in sent)
    except ValueError:
        row = column = -1
    if not (0 <= row < rows and 0 <= column < columns):
        raise EncoderError(f"That cell is not on the {rows} × {columns} map any more; click again.")
    return row, column


def now() -> str:
    """A value that no state had before, so that its change is an event."""
    return str(time.time_ns())
