"""The last line before the visitor: errors in words, never a stack trace, never silence."""

import html
import logging
from collections.abc import Callable
from functools import wraps
from typing import Any

import gradio as gr

from encoder import EncoderError

log = logging.getLogger(__name__)


def told(fn: Callable[..., Any]) -> Callable[..., Any]:
    """Errors of ours reach the visitor in their own words, all others as a logged apology."""

    @wraps(fn)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        try:
            return fn(*args, **kwargs)
        except EncoderError as error:
            raise gr.Error(html.escape(str(error), quote=False), print_exception=False) from error
        except gr.Error:
            raise
        except Exception as error:
            log.exception("A handler failed")
            raise gr.Error("Something went wrong here. It was logged; try again.") from error

    return wrapped
