"""A link opens the view that it was copied from; forgetting leaves nothing of the visitor."""

from dataclasses import replace

import pytest

from encoder import DEFAULT_MODEL
from tests.ui.visit import inputs, score_rows
from ui.pooling.form import View, to_query, what_link_holds

HUB = "some-org/some-model"


def test_a_link_restores_the_view_it_was_copied_from(offline):
    view = View(a="one", b="two", model="untrained-minilm", layer=1, pooling="cls",
                measure="dot product", texts=("x", "y"))  # fmt: skip
    query = {"a": "one", "b": "two", "model": "untrained-minilm", "layer": "1", "pooling": "cls",
             "measure": "dot product", "texts": "x\ny"}  # fmt: skip
    assert offline.restore(query, "ann") == (view, [])


@pytest.mark.parametrize("model", [HUB, "bert-tiny", "sentence-transformers/all-MiniLM-L6-v2"])
def test_a_link_alone_never_begins_a_download(offline, model):
    query = {"a": "one", "b": "two", "model": model, "layer": "9", "pooling": "cls"}
    view, remarks = offline.restore(query, "ann")
    assert view == View(a="one", b="two", pooling="cls")
    assert "download" in remarks[0]
    assert model in remarks[0]
    shown = offline.screen(inputs(a=view.a, layer=str(view.layer), model=view.model), "ann")
    assert score_rows(shown.scores)


def test_a_link_to_a_model_that_is_loaded_opens_with_it(online):
    online.workbench.encoder(HUB, "bob")
    view, remarks = online.restore({"model": HUB}, "ann")
    assert (view.model, remarks) == (HUB, [])


def test_a_layer_that_the_links_model_does_not_have_is_named(handlers):
    view, [remark] = handlers.restore({"layer": "7"}, "ann")
    assert view.layer == -1
    assert "Unknown layer 7. Choose one of: 0, 1," in remark
    assert "Shown meanwhile: the last layer." in remark
    assert handlers.restore({"layer": "-3"}, "ann")[1] == []


def test_an_address_without_a_query_is_the_first_visit(offline):
    assert offline.restore({}, "ann") == (View(), [])


def test_the_address_of_the_default_view_holds_the_two_sentences_only(handlers):
    for layer in ("6", "-1"):
        assert handlers.screen(inputs(layer=layer), "ann").address == to_query(View())


@pytest.mark.parametrize("long", [{"a": "é" * 2_000}, {"texts": ("x" * 900,) * 10}])
def test_a_link_stays_short_enough_for_servers_and_says_what_it_leaves_out(long):
    view = replace(View(a="one", b="two", pooling="cls", layer=1), **long)
    link = to_query(view)
    assert link == "?layer=1&pooling=cls"
    assert "sentences are too long for a link" in what_link_holds(link)
    short = to_query(View(a="one", b="two"))
    assert "these sentences and settings" in what_link_holds(short)


# --- forgetting ---------------------------------------------------------------------------------


def test_forgetting_keeps_nothing(tiny_handlers):
    tiny_handlers.pin(inputs(a="a secret"), "ann")
    cache = tiny_handlers.workbench.encoder(DEFAULT_MODEL, "ann").cache
    assert len(cache)
    tiny_handlers.forget(DEFAULT_MODEL, "ann")
    assert len(cache) == 0
    assert tiny_handlers.forget(DEFAULT_MODEL, None) == DEFAULT_MODEL


def test_forgetting_keeps_the_model_that_is_on_screen_unless_it_was_the_visitors_own(online):
    online.workbench.encoder(HUB, "ann")
    assert online.forget(HUB, "ann") == HUB
    assert online.forget("run-1", "ann") == DEFAULT_MODEL


def test_an_answer_that_was_under_way_leaves_nothing_after_the_page_was_cleared(online):
    online.forget(DEFAULT_MODEL, "ann")
    online.screen(inputs(a="a secret"), "ann")  # was under way, and kept vectors again
    assert online.workbench.visitors == 1
    online.screen(inputs(a="", b="", lines=""), "ann")
    assert online.workbench.visitors == 0
    online.screen(inputs(), "ann")
    online.screen(inputs(a="", b=""), "ann")  # sentences are left in the list
    assert online.workbench.visitors == 1
