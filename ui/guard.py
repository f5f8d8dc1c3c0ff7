"""The last line before the visitor: errors in words, never a stack trace, never silence."""

import html
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any

import gradio as gr

from encoder import EncoderError
from ingest import IngestError

log = logging.getLogger(__name__)


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
