"""Models, layers, pins and clicks, as plain functions."""

from dataclasses import replace
from types import SimpleNamespace

import pytest

from encoder import CATALOG, DEFAULT_MODEL, EncoderError
from tests.ui.visit import EVERYTHING, inputs, score_rows
from ui.page.events import pick_box, pick_name, picked
from ui.page.models import progress_text
from ui.pooling.comparison import Session
from ui.pooling.handlers import EMPTY_SECTIONS, PoolingHandlers
from ui.settings import Settings
from ui.state.workbench import Workbench

HUB = "some-org/some-model"
START = Session(model="untrained-minilm", open=frozenset({"made"}))


# --- choosing a model ---------------------------------------------------------------------------


def test_a_model_that_loads_becomes_the_sessions(online, bert):
    session, encoder = online.choose_model(f" {HUB} ", START, "ann")
    assert session == replace(START, model=HUB)
    assert encoder.backbone is bert.backbone
    assert online.workbench.is_loaded(HUB)


@pytest.mark.parametrize(
    ("model", "why"),
    [
        ("no-such-model", "Unknown model 'no-such-model'"),
        ("", "Unknown model ''"),
        (None, "Unknown model ''"),
        (["bert-tiny"], "not the id|Unknown model"),
        ("../../etc", "not the id of a model"),
        ("bert-tiny", "no network"),
        ("some-org/pickled", "pickled weights"),
    ],
)
def test_a_model_that_does_not_load_raises_before_anything_changes(online, model, why):
    with pytest.raises(EncoderError, match=why):
        online.choose_model(model, START, "ann")
    assert not online.workbench.is_loaded("bert-tiny")
    after = online.screen(inputs(session=replace(START, model=DEFAULT_MODEL)), "ann")
    assert score_rows(after.scores)


def test_a_host_without_the_hub_refuses_its_models(bert, few_texts):
    closed = PoolingHandlers(Workbench(Settings(allow_hub=False), lambda spec, **limits: bert))
    offered = [spec.key for spec in CATALOG.values() if spec.bundled]
    assert [key for _, key in closed.picker.choices(None)] == offered
    assert [spec.key for spec in closed.picker.offered()] == offered
    for model in (HUB, "bert-tiny"):
        with pytest.raises(EncoderError, match="This host offers"):
            closed.choose_model(model, START, "ann")
        forged = inputs(session=Session(model=model))
        assert "This host offers" in closed.screen(forged, "ann").answer


def test_the_picker_offers_every_model_with_its_size(online):
    choices = online.picker.choices(None)
    assert [key for _, key in choices] == list(CATALOG)
    for label, key in choices:
        assert label.startswith(key)
        assert f"{CATALOG[key].megabytes} MB" in label
        assert ("from the Hub" in label) == (not CATALOG[key].bundled)


def test_progress_reaches_who_is_waiting_in_words(online):
    seen = []
    online.choose_model(HUB, START, "ann", seen.append)
    assert [progress_text(p) for p in seen] == ["model.safetensors: 1 of 2 MB"]


def test_a_loaded_model_is_described(handlers, online, bundled, bert):
    known = handlers.picker.describe(bundled.name, bundled, "ann")
    for fact in (CATALOG[DEFAULT_MODEL].why, "91 MB", "6 layers of 384", "own pooling mean"):
        assert fact in known
    assert "A model of your own choice" in online.picker.describe(bert.name, bert, "ann")


# --- layers -------------------------------------------------------------------------------------


def test_the_layer_picker_has_every_layer_of_the_model(online, handlers, bert, bundled):
    small, large = online.layer_choices(bert), handlers.layer_choices(bundled)
    assert [value for _, value in small] == ["0", "1", "2", "first_last", "last2"]
    assert ("0 (embeddings)", "0") in small
    assert ("2 (last)", "2") in small
    assert [label for label, _ in large] == [
        *("0 (embeddings)", "1", "2", "3", "4", "5", "6 (last)", "first + last", "last two")
    ]


def of_depth(depth: int):
    return SimpleNamespace(backbone=SimpleNamespace(depth=depth))


@pytest.mark.parametrize(
    ("before", "old_depth", "new_depth", "after"),
    [
        ("6", 6, 12, "12"),  # last stays last
        ("12", 12, 6, "6"),
        ("-1", 6, 12, "12"),
        ("3", 6, 12, "3"),  # the rest by number
        ("9", 12, 6, "6"),  # as far as there are layers
        ("0", 12, 2, "0"),
        ("99", 6, 6, "6"),
        ("-2", 6, 6, "5"),  # from the end, as a link may count
        ("-2", 12, 6, "6"),
        ("-99", 6, 6, "0"),
        ("first_last", 6, 12, "first_last"),
        ("last2", 12, 2, "last2"),
    ],
)
def test_the_layer_after_a_change_of_model(handlers, before, old_depth, new_depth, after):
    assert handlers.layer_after(before, old_depth, of_depth(new_depth)) == after


@pytest.mark.parametrize("layer", ["-3", "99", "-99", "4", "first_last"])
def test_the_layer_of_a_link_is_always_one_of_the_picker(handlers, bundled, layer):
    view, _, _ = handlers.restore({"layer": layer}, Session())
    shown = handlers.layer_after(str(view.layer), bundled.backbone.depth, bundled)
    assert shown in [value for _, value in handlers.layer_choices(bundled)]


def test_a_layer_the_model_does_not_have_is_told_and_clears_the_picture(handlers):
    screen = handlers.screen(inputs(EVERYTHING, layer="7"), "ann")
    assert "Unknown layer 7" in screen.answer
    assert screen.sections == EMPTY_SECTIONS
    assert screen.scores == screen.counts == ""
    assert screen.address == "?"  # nothing of the last pair stays in the address


# --- pinning ------------------------------------------------------------------------------------


def test_pinning_keeps_the_scores_and_pinning_again_lets_go(handlers):
    sent = inputs(a="It rains.", b="Rain falls.", layer="3")
    session = handlers.pin(sent, "ann")
    assert (session.pinned.a, session.pinned.b) == ("It rains.", "Rain falls.")
    assert session.pinned.setting == "all-MiniLM-L6-v2, layer 3 of 6"
    words = handlers.pin(replace(sent, pool_special=False), "ann").pinned.setting
    assert words == "all-MiniLM-L6-v2, layer 3 of 6, special tokens not pooled"
    shown = score_rows(handlers.screen(sent, "ann").scores)
    assert {s.pooling: f"{s.cosine:.4f}" for s in session.pinned.scores} == {
        name: row.value for name, row in shown.items()
    }
    assert hash(session) == hash(handlers.pin(sent, "ann"))  # Gradio compares states by hash
    assert handlers.pin(replace(sent, session=session), "ann") == sent.session


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


# --- clicks -------------------------------------------------------------------------------------


def test_a_click_names_a_cell_of_the_matrix():
    assert picked(SimpleNamespace(row=1, column="2"), 2, 3) == (1, 2)
    for row, column in [(2, 0), (0, 3), (-1, 0), ("x", 0), (None, 0), (float("inf"), 0),
                        (float("nan"), 0), ([1], 0)]:  # fmt: skip
        with pytest.raises(EncoderError, match="not on the 2 × 3 map"):
            picked(SimpleNamespace(row=row, column=column), 2, 3)
    with pytest.raises(EncoderError, match="click again"):
        picked(SimpleNamespace(), 2, 3)


def test_a_click_names_a_strategy():
    assert pick_name(SimpleNamespace(name="max")) == "max"
    for forged in (SimpleNamespace(name="soft:4"), SimpleNamespace(name=None), SimpleNamespace()):
        with pytest.raises(EncoderError, match="Unknown pooling"):
            pick_name(forged)


def test_a_button_of_the_list_names_a_box_and_a_sentence():
    assert pick_box(SimpleNamespace(name="a0"), 2) == ("a", 0)
    assert pick_box(SimpleNamespace(name="b1"), 2) == ("b", 1)
    for name in ("a2", "c0", "a", "", "a-1", "a01", "a²", None):
        with pytest.raises(EncoderError, match="no sentence"):
            pick_box(SimpleNamespace(name=name), 2)
