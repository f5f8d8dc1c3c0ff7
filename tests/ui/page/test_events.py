"""Errors of ours reach the visitor in their own words, others as an apology; clicks are checked."""

import inspect
import logging

import gradio as gr
import pytest

from encoder import EncoderError, ModelRefused
from tests.ui.laid_out import event
from ui.page.events import pick_box, pick_name, picked, worded


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


# --- clicks -------------------------------------------------------------------------------------


def test_a_click_names_a_cell_of_the_matrix():
    assert picked(event(row=1, column="2"), 2, 3) == (1, 2)
    for row, column in [(2, 0), (0, 3), (-1, 0), ("x", 0), (None, 0), (float("inf"), 0),
                        (float("nan"), 0), ([1], 0)]:  # fmt: skip
        with pytest.raises(EncoderError, match="not on the 2 × 3 map"):
            picked(event(row=row, column=column), 2, 3)
    with pytest.raises(EncoderError, match="click again"):
        picked(event(), 2, 3)


def test_a_click_names_a_strategy():
    assert pick_name(event(name="max")) == "max"
    for forged in (event(name="soft:4"), event(name=None), event()):
        with pytest.raises(EncoderError, match="Unknown pooling"):
            pick_name(forged)


def test_a_button_of_the_list_names_a_box_and_a_sentence():
    assert pick_box(event(name="a0"), 2) == ("a", 0)
    assert pick_box(event(name="b1"), 2) == ("b", 1)
    for name in ("a2", "c0", "a", "", "a-1", "a01", "a²", None):
        with pytest.raises(EncoderError, match="no sentence"):
            pick_box(event(name=name), 2)
