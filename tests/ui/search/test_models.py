"""No model that a visitor may not ask for reaches the loader, whichever way it is asked for."""

import json
import warnings
from collections.abc import Callable
from dataclasses import replace

import gradio as gr
import pytest

from encoder import DEFAULT_MODEL, Encoder, ModelSpec
from tests.ui.corpus import TEXTS
from tests.ui.search.lab import QUERY, SearchPage
from tests.ui.search.test_judge import thumb
from ui.search.api import build_search_api
from ui.settings import Settings
from ui.state.models import OwnModel
from ui.state.workbench import Workbench

FORM = ("the model's own", "-1", "Vectors", 10)


class Recorder:
    """A loader that has one model for all, and notes which was asked for."""

    def __init__(self, encoder: Encoder) -> None:
        self.encoder, self.asked = encoder, set[str]()

    def __call__(self, spec: ModelSpec, **limits: object) -> Encoder:
        self.asked.add(spec.key)
        return self.encoder


@pytest.fixture(scope="module")
def recorder(_tiny: Callable[[str], Encoder]) -> Recorder:
    return Recorder(_tiny("bert"))


@pytest.fixture(scope="module")
def page(recorder: Recorder) -> SearchPage:
    return SearchPage(Workbench(Settings(), load=recorder))


def search(page: SearchPage, model: str) -> None:
    page.steps(page.function("search-k", "change"), QUERY, model, *FORM)


def rank_flow(page: SearchPage, model: str) -> None:
    page.steps(("flow-go", "click"), [], ["-1"], [model], [])


def judging(page: SearchPage, model: str) -> None:
    page.steps(("measure-search-go", "click"), [], [model], [])


def web_api(page: SearchPage, model: str) -> None:
    with gr.Blocks() as demo:
        build_search_api(page.workbench)
    [function] = [fn.fn for fn in demo.fns.values() if fn.api_name == "search"]
    function(gr.Request(session_hash="ann"), TEXTS, QUERY, model=model)


def picker(page: SearchPage, model: str) -> None:
    shown = page.call(("search-model", "select"), model, DEFAULT_MODEL, "-1")
    assert shown["search-model"].value == DEFAULT_MODEL


def link(page: SearchPage, model: str) -> None:
    opened = page.reaction(page.demo._id, "load", "search-k")
    query = {"search": json.dumps({"model": model}), "corpus": "offices"}
    assert page.call(opened, query=query)["search-model"].value == DEFAULT_MODEL


WAYS = [search, rank_flow, judging, web_api, picker, link]


@pytest.mark.parametrize(
    ("model", "allow_hub"),
    [("run-1", True), ("run-2", True), ("some-org/some-model", False), ("bert-tiny", False)],
    ids=["nobody's", "somebody else's", "on the Hub", "in the catalog, on the Hub"],
)
@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_what_a_visitor_may_not_ask_for_is_told_and_never_loaded(
    page, recorder, bert, way, model, allow_hub
):
    workbench = page.workbench
    workbench.settings = replace(Settings(), allow_hub=allow_hub)
    workbench.add_model(OwnModel("run-2", "eve's", bert), workbench.visitor("eve"))
    thumb(page, f"good:{page.search().rows[0]}")
    with warnings.catch_warnings(record=True) as remarks:
        warnings.simplefilter("always")
        try:
            way(page, model)
        except gr.Error as error:
            words = str(error.message)
        else:
            words = " ".join(str(remark.message) for remark in remarks)
    assert model in words
    assert recorder.asked == {DEFAULT_MODEL}
    page.leave()


@pytest.mark.parametrize("way", [search, rank_flow, judging])
def test_a_visitors_own_model_is_there_without_a_loader(page, recorder, bert, way):
    workbench = page.workbench
    workbench.settings = Settings()
    workbench.add_model(OwnModel("run-2", "mine", bert), workbench.visitor("ann"))
    thumb(page, f"good:{page.search().rows[0]}")
    way(page, "run-2")
    assert recorder.asked == {DEFAULT_MODEL}
    page.leave()
