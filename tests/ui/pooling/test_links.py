"""A link opens the view it was made from; forgetting leaves nothing of the visitor."""

from dataclasses import replace

import pytest

from encoder import DEFAULT_MODEL
from tests.ui.visit import inputs, score_rows
from ui.pooling.comparison import Session
from ui.pooling.form import View, to_query

HUB = "some-org/some-model"
START = Session(model="untrained-minilm", open=frozenset({"made"}))


def test_a_link_restores_what_it_was_made_from(offline):
    view = View(a="one", b="two", model="untrained-minilm", layer=1, pooling="cls",
                measure="dot product", texts=("x", "y"))  # fmt: skip
    query = {"a": "one", "b": "two", "model": "untrained-minilm", "layer": "1", "pooling": "cls",
             "measure": "dot product", "texts": "x\ny"}  # fmt: skip
    restored, session, notes = offline.restore(query, START)
    assert (restored, notes) == (view, [])
    assert session == replace(START, model="untrained-minilm", greeted=True)


@pytest.mark.parametrize("model", [HUB, "bert-tiny", "sentence-transformers/all-MiniLM-L6-v2"])
def test_a_link_alone_never_begins_a_download(offline, model):
    query = {"a": "one", "b": "two", "model": model, "layer": "9", "pooling": "cls"}
    view, session, notes = offline.restore(query, Session())
    assert view == View(a="one", b="two", pooling="cls")
    assert session.model == DEFAULT_MODEL
    assert "download" in notes[0]
    assert model in notes[0]
    shown = offline.screen(inputs(a=view.a, layer=str(view.layer), session=session), "ann")
    assert score_rows(shown.scores)


def test_a_link_to_a_model_that_is_loaded_opens_with_it(online):
    online.choose_model(HUB, Session(), "bob")
    view, session, notes = online.restore({"model": HUB}, Session())
    assert (view.model, session.model, notes) == (HUB, HUB, [])


def test_a_layer_that_the_links_model_does_not_have_is_told(handlers):
    view, _, [note] = handlers.restore({"layer": "7"}, Session())
    assert view.layer == -1
    assert note.startswith("Unknown layer 7. Choose one of: 0, 1,")
    assert note.endswith("Shown meanwhile: the last layer.")
    assert handlers.restore({"layer": "-3"}, Session())[2] == []


def test_an_address_without_a_query_is_the_first_visit(offline):
    view, session, notes = offline.restore({}, Session())
    assert (view, notes, session.greeted) == (View(), [], True)


def test_the_address_of_the_default_view_holds_the_two_sentences_only(handlers):
    assert handlers.screen(inputs(layer="6"), "ann").address == to_query(View())


# --- forgetting ---------------------------------------------------------------------------------


def test_forgetting_gives_a_fresh_session_and_keeps_nothing(tiny_handlers):
    pinned = tiny_handlers.pin(inputs(a="a secret"), "ann")
    cache = tiny_handlers.workbench.encoder(DEFAULT_MODEL, "ann").cache
    assert len(cache)
    assert pinned.pinned
    unfolded = Session(pinned=pinned.pinned, open=frozenset({"made"}))
    fresh = Session(greeted=True, open=unfolded.open)  # a section left open must be drawn empty
    assert tiny_handlers.forget(unfolded, "ann") == fresh
    assert len(cache) == 0
    assert tiny_handlers.forget(Session(), None) == Session(greeted=True)


def test_forgetting_keeps_the_model_that_is_on_screen(online):
    session, _ = online.choose_model(HUB, Session(), "ann")
    assert online.forget(session, "ann").model == HUB


def test_an_answer_that_was_under_way_leaves_nothing_after_the_page_was_cleared(online):
    online.forget(Session(), "ann")
    online.screen(inputs(a="a secret"), "ann")  # was under way, and kept vectors again
    assert online.workbench.visitors == 1
    online.screen(inputs(a="", b="", lines=""), "ann")
    assert online.workbench.visitors == 0
    online.screen(inputs(), "ann")
    online.screen(inputs(a="", b=""), "ann")  # sentences are left in the list
    assert online.workbench.visitors == 1
