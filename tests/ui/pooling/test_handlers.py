"""Layers and pins, as plain functions."""

from dataclasses import replace

import pytest

from encoder import EncoderError
from tests.ui.visit import EVERYTHING, inputs, score_rows
from ui.page.models import layer_choices, layer_value
from ui.pooling.handlers import EMPTY_SECTIONS

# --- layers -------------------------------------------------------------------------------------


@pytest.mark.parametrize("layer", ["-3", "99", "-99", "4", "6", "first_last"])
def test_the_layer_of_a_link_is_always_one_of_the_picker(handlers, bundled, layer):
    view, _ = handlers.restore({"layer": layer}, "ann")
    shown = layer_value(view.layer, bundled)
    assert shown in [value for _, value in layer_choices(bundled)]
    assert shown == {"99": "-1", "-99": "-1", "6": "-1", "-3": "4"}.get(layer, layer)


def test_a_layer_the_model_does_not_have_is_named_and_clears_the_page(handlers):
    screen = handlers.screen(inputs(EVERYTHING, layer="7"), "ann")
    assert "Unknown layer 7" in screen.answer
    assert screen.sections == EMPTY_SECTIONS
    assert screen.scores == screen.counts == ""
    assert screen.address == "?"  # nothing of the last pair stays in the address


# --- pinning ------------------------------------------------------------------------------------


def test_pinning_keeps_the_scores_and_pinning_again_lets_go(handlers):
    sent = inputs(a="It rains.", b="Rain falls.", layer="3")
    pinned = handlers.pin(sent, "ann")
    assert (pinned.a, pinned.b) == ("It rains.", "Rain falls.")
    assert pinned.setting == "all-MiniLM-L6-v2, layer 3 of 6"
    words = handlers.pin(replace(sent, pool_special=False), "ann").setting
    assert words == "all-MiniLM-L6-v2, layer 3 of 6, special tokens not pooled"
    shown = score_rows(handlers.screen(sent, "ann").scores)
    assert {s.pooling: f"{s.cosine:.4f}" for s in pinned.scores} == {
        name: row.value for name, row in shown.items()
    }
    assert hash(pinned) == hash(handlers.pin(sent, "ann"))  # Gradio compares states by hash
    assert handlers.pin(replace(sent, pinned=pinned), "ann") is None


@pytest.mark.parametrize("text", ["", "  ", None, "x" * 2001])
def test_what_cannot_be_shown_cannot_be_pinned_or_saved(handlers, text):
    for sent in (inputs(a=text), inputs(b=text)):
        with pytest.raises(EncoderError, match=r"is empty|has 2,001 characters"):
            handlers.pin(sent, "ann")
        with pytest.raises(EncoderError, match=r"is empty|has 2,001 characters"):
            handlers.pair(sent, "ann")


def test_a_sentence_that_is_missing_blanks_the_page_but_not_the_list(handlers):
    for sent, name in ((inputs(EVERYTHING, a=""), "A"), (inputs(EVERYTHING, b="\n"), "B")):
        screen = handlers.screen(sent, "ann")
        assert f"Sentence {name} is empty" in screen.answer
        assert screen.scores == screen.counts == ""
        assert screen.address == "?"  # nothing of the last pair stays in the address
        full = screen.sections["several"]
        assert full[0]["data"]
        assert screen.sections == {**EMPTY_SECTIONS, "several": full}
