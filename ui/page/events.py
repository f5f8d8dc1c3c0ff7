"""The last line before the visitor: errors in words, never a stack trace, never silence."""

import html
import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any

import gradio as gr

from encoder import POOLINGS, EncoderError
from ingest import IngestError

log = logging.getLogger(__name__)

# How often a page is told how far long work is. Each answer, even one that changes nothing, costs
# its browser a tenth of a second: Gradio looks for every output among all that is on the page.
ANSWER_EVERY_S = 0.6


@contextmanager
def worded() -> Iterator[None]:
    """Errors of ours reach the visitor in their own words, all others as a logged apology."""
    try:
        yield
    except (EncoderError, IngestError) as error:
        raise gr.Error(html.escape(str(error), quote=False), print_exception=False) from error
    except gr.Error:
        raise
    except Exception as error:
        log.exception("A handler failed")
        raise gr.Error("Something went wrong here. It was logged; try again.") from error


def told(fn: Callable[..., Any]) -> Callable[..., Any]:
    """A handler whose errors are worded."""

    @wraps(fn)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        with worded():
            return fn(*args, **kwargs)

    return wrapped


def told_steps(fn: Callable[..., Iterator[Any]]) -> Callable[..., Iterator[Any]]:
    """`told` for a generator."""

    @wraps(fn)
    def wrapped(*args: Any, **kwargs: Any) -> Iterator[Any]:
        with worded():
            yield from fn(*args, **kwargs)

    return wrapped


# --- What a click in the browser says was clicked, checked: event data is the browser's word


def picked_name(event: gr.EventData) -> str:
    """What a click says it was on; whoever uses it checks it."""
    return str(getattr(event, "name", ""))[:100]


def pick_name(event: gr.EventData) -> str:
    """The strategy whose row was clicked; what a browser sends is checked."""
    name = str(getattr(event, "name", ""))
    if name not in POOLINGS:
        raise EncoderError(f"Unknown pooling {name[:40]!r}. Choose one of: {', '.join(POOLINGS)}.")
    return name


def pick_box(event: gr.EventData, count: int) -> tuple[str, int]:
    """The box ("a" or "b") and the number of the sentence that goes into it."""
    name = str(getattr(event, "name", ""))
    box, number = name[:1], name[1:]
    if box not in ("a", "b") or number not in map(str, range(count)):
        raise EncoderError(f"There is no sentence {name[:10]!r} in this list of {count}.")
    return box, int(number)


def picked(event: gr.EventData, rows: int, columns: int) -> tuple[int, int]:
    """The indices of a clicked cell, inside a matrix of this size."""
    try:
        row, column = int(event.row), int(event.column)
    except (AttributeError, TypeError, ValueError, OverflowError):
        row = column = -1
    if not (0 <= row < rows and 0 <= column < columns):
        raise EncoderError(f"That cell is not on the {rows} × {columns} map any more; click again.")
    return row, column


def now() -> str:
    """A value that no state had before, so that its change is an event."""
    return str(time.time_ns())


QUIET: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden",
                         "concurrency_id": "touch", "concurrency_limit": 4}  # fmt: skip
