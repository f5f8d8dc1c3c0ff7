"""Every way to ask the Map tab for a model: one that is not this visitor's is never loaded."""

import json
from collections.abc import Callable, Iterator
from dataclasses import astuple
from types import SimpleNamespace

import gradio as gr
import pytest

from encoder import DEFAULT_MODEL, Encoder, ModelSpec
from tests.ui.corpus import TEXTS
from tests.ui.map.lab import MapPage
from tests.ui.map.pages import IN_THREE
from ui.map.api import build_map_api
from ui.map.form import MapForm
from ui.settings import Settings
from ui.state.models import OwnModel
from ui.state.workbench import Workbench

HUB_ID = "some-org/some-model"


class Recorder:
    """A loader to which every model is a tiny one; `keys` are those it was asked for."""

    def __init__(self, encoder: Encoder) -> None:
        self.encoder = encoder
        self.keys: list[str] = []

    def __call__(self, spec: ModelSpec, **limits: object) -> Encoder:
        self.keys.append(spec.key)
        return self.encoder


class Visits(MapPage):
    """Ann has a map and no model of her own, Bob a model `run-1`; so has whoever has no key."""

    def __init__(self, tiny: Encoder, allow_hub: bool) -> None:
        self.loader = Recorder(tiny)
        super().__init__(Workbench(Settings(allow_hub=allow_hub), load=self.loader))
        with gr.Blocks() as self.api:
            build_map_api(self.workbench)
        own = OwnModel(key="run-1", name="Bob's", encoder=tiny)
        self.workbench.add_model(own, self.workbench.visitor("bob"))
        for visitor in ("ann", "bob", ""):
            self.draw(visitor)
        self.loader.keys.clear()


@pytest.fixture(scope="module")
def page(_tiny: Callable[[str], Encoder]) -> Iterator[Visits]:
    """A host that allows every model of the Hub."""
    page = Visits(_tiny("bert"), allow_hub=True)
    yield page
    page.close()


@pytest.fixture(scope="module")
def closed_page(_tiny: Callable[[str], Encoder]) -> Iterator[Visits]:
    """A host that offers the bundled model alone."""
    page = Visits(_tiny("bert"), allow_hub=False)
    yield page
    page.close()


# --- the ways; each gives what the visitor is told ------------------------------------------------


def refused(ask: Callable[[], object]) -> str:
    with pytest.raises(gr.Error) as error:
        ask()
    return error.value.message


def draw(page: Visits, model: str, visitor: str | None) -> str:
    form = MapForm(model=model, **IN_THREE)
    return refused(lambda: page.steps(("map-seed", "change"), *astuple(form), visitor=visitor))


def side_by_side(page: Visits, model: str, visitor: str | None) -> str:
    return refused(lambda: page.steps(("sides-go", "click"), model, "cls", "-1", visitor=visitor))


def web_api(page: Visits, model: str, visitor: str | None) -> str:
    [endpoint] = [fn.fn for fn in page.api.fns.values() if fn.api_name == "map"]
    request = SimpleNamespace(session_hash=visitor)
    return refused(lambda: endpoint(request, TEXTS[:9], model=model, method="pca"))


def pick(page: Visits, model: str, visitor: str | None) -> str:
    words = ""
    for elem_id in ("map-model", "other-model"):
        with pytest.warns(UserWarning, match=r".") as warnings:
            answer = page.call((elem_id, "select"), model, DEFAULT_MODEL, "-1", visitor=visitor)
        assert answer[elem_id].value == answer["State"] == DEFAULT_MODEL  # the last one that loaded
        words += str(warnings[0].message)
    return words


WAYS = (draw, side_by_side, web_api, pick)


# --- what they come to ----------------------------------------------------------------------------


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
@pytest.mark.parametrize(
    ("model", "visitor"),
    [("run-7", "bob"), ("run-1", "ann"), ("run-1", None)],
    ids=["of nobody", "of somebody else", "without its visitor"],
)
def test_a_key_of_no_model_of_the_visitors_own_never_reaches_the_loader(page, way, model, visitor):
    words = way(page, model, visitor)
    assert model in words
    assert "is not kept any more" in words
    assert not {"run-1", "run-7"} & set(page.loader.keys)


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_where_the_host_does_not_allow_the_hub_no_id_reaches_the_loader(closed_page, way):
    words = way(closed_page, HUB_ID, "ann")
    assert HUB_ID in words
    assert f"This host offers: {DEFAULT_MODEL}" in words
    assert HUB_ID not in closed_page.loader.keys


@pytest.mark.parametrize(
    ("model", "may_be_picked"), [("run-1", False), ("run-7", False), (HUB_ID, True)]
)
def test_a_link_asks_for_no_model(page, model, may_be_picked):
    query = {"map": json.dumps({"model": model}), "corpus": "topics"}
    with pytest.warns(UserWarning, match="is not loaded here") as warnings:
        answer = page.call(page.link, query=query, visitor="ann")
    assert answer["map-model"].value == DEFAULT_MODEL
    assert ("Pick it in the model list" in str(warnings[0].message)) == may_be_picked
    assert model not in page.loader.keys


def test_its_own_visitor_has_that_model(page):
    assert page.draw("bob", model="run-1").settings.model == "run-1"
    assert "run-1" not in page.loader.keys  # it is there already
