"""Errors of ours reach the visitor in their own words; of all others only that there was one."""

import inspect
import logging

import gradio as gr
import pytest

from encoder import EncoderError, ModelRefused
from ui.page.events import worded


def failing(error: Exception):
    def fail():
        """Why."""
        raise error

    return worded(fail)


def test_what_a_function_returns_passes_through():
    def add(a: int, b: int = 2) -> int:
        return a + b

    assert worded(add)(1) == 3
    assert worded(add)(1, b=5) == 6
    assert inspect.signature(worded(add)) == inspect.signature(add)  # Gradio reads it


@pytest.mark.parametrize("kind", [EncoderError, ModelRefused])
def test_our_own_errors_are_shown_as_text_not_as_html(kind):
    with pytest.raises(gr.Error) as caught:
        failing(kind("no model '<img src=x onerror=alert(1)>' & co"))()
    assert caught.value.message == "no model '&lt;img src=x onerror=alert(1)&gt;' &amp; co"
    assert not caught.value.print_exception


@pytest.mark.parametrize("error", [RuntimeError("a secret path"), KeyError("a secret path")])
def test_other_errors_are_logged_and_hidden(error, caplog):
    with caplog.at_level(logging.ERROR), pytest.raises(gr.Error) as caught:
        failing(error)()
    assert "secret" not in caught.value.message
    assert "Something went wrong" in caught.value.message
    assert "a secret path" in caplog.text


def test_an_error_meant_for_gradio_stays_as_it_is():
    error = gr.Error("too <b>many</b>")
    with pytest.raises(gr.Error) as caught:
        failing(error)()
    assert caught.value is error
