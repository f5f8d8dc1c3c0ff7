"""Layers and pins, as plain functions."""

from dataclasses import replace

import pytest

from encoder import EncoderError
from tests.ui.visit import EVERYTHING, inputs, score_rows
from ui.pooling.handlers import EMPTY_SECTIONS

# --- layers -------------------------------------------------------------------------------------


def test_the_layer_picker_has_every_layer_of_the_model(online, handlers, bert, bundled):
    small, large = online.layer_choices(bert), handlers.layer_choices(bundled)
    assert [value for _, value in small] == ["0", "1", "-1", "first_last", "last2"]
    assert ("0 (embeddings)", "0") in small
    assert ("2 (last)", "-1") in small
    assert [label for label, _ in large] == [
        *("0 (embeddings)", "1", "2", "3", "4", "5", "6 (last)", "first + last", "last two")
    ]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("-1", "-1"),  # last stays last
        ("1", "1"),  # the rest by number
        ("2", "-1"),  # which is the last one here
        ("9", "-1"),  # as far as there are layers
        ("first_last", "first_last"),
        (None, "-1"),
        (["1"], "-1"),
    ],
)
def test_the_layer_after_a_change_of_model(online, bert, before, after):
    assert online.layer_after(before, bert) == after


@pytest.mark.parametrize("layer", ["-3", "99", "-99", "4", "6", "first_last"])
def test_the_layer_of_a_link_is_always_one_of_the_picker(handlers, bundled, layer):
    view, _ = handlers.restore({"layer": layer}, "ann")
    shown = handlers.layer_value(view.layer, bundled)
    assert shown in [value for _, value in handlers.layer_choices(bundled)]
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
