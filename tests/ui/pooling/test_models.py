"""Nothing of the tab loads a model that its visitor may not ask for, and each part says why."""

from types import SimpleNamespace

import gradio as gr
import pytest

from encoder import DEFAULT_MODEL, Encoder
from tests.ui.laid_out import LaidOut, event
from tests.ui.visit import EVERYTHING
from ui.pooling import tab
from ui.pooling.api import build_api
from ui.pooling.form import View
from ui.settings import Settings
from ui.state.models import OwnModel
from ui.state.workbench import Workbench

HUB = "some-org/some-model"
GONE = "Your model 'run-1' is not kept any more"
CLOSED = "This host offers"
LINES = "It rains.\nRain falls."


class Lab:
    """The tab over a workbench that records what is asked of its loader."""

    def __init__(self, encoder: Encoder, **settings: object) -> None:
        self.loaded: list[str] = []

        def load(spec, **limits: object) -> Encoder:
            self.loaded.append(spec.key)
            return encoder

        self.workbench = Workbench(Settings(**settings), load)
        self.page = LaidOut(self.workbench, tab.build)
        with gr.Blocks() as api:
            build_api(self.workbench)
        self.endpoints = {fn.api_name: fn.fn for fn in api.fns.values()}

    def give(self, visitor: str, encoder: Encoder) -> None:
        """A model of their own for a visitor, called run-1 by the pickers."""
        own = OwnModel("run-1", "second try", encoder)
        self.workbench.add_model(own, self.workbench.visitor(visitor))

    def inputs(self, model: str, a: str = View().a) -> list[object]:
        """What the browser and the states send of the whole tab, every section unfolded."""
        view = View()
        flags = [True] * len(EVERYTHING)
        return [a, view.b, "-1", "mean", True, "cosine", LINES, model, None, *flags]

    def fn_of(self, trigger: str, output: str):
        """The event of this kind, not one component's, that fills a component."""
        fns = [
            fn for fn in self.page.demo.fns.values()
            if any(name == trigger for _, name in fn.targets)
            and output in [getattr(box, "elem_id", None) for box in fn.outputs]
        ]  # fmt: skip
        return fns[0]

    @property
    def link(self):
        """The event that opens the page by a link to it."""
        [link] = [
            fn for fn in self.page.demo.fns.values()
            if any(name == "load" for _, name in fn.targets)
            and "link-notes" in [getattr(box, "elem_id", None) for box in fn.outputs]
        ]  # fmt: skip
        return link


@pytest.fixture
def warnings(monkeypatch) -> list[str]:
    shown: list[str] = []
    monkeypatch.setattr("gradio.Warning", lambda text, **_: shown.append(text))
    return shown


def refused(call, why: str) -> None:
    with pytest.raises(gr.Error) as error:
        call()
    assert why in error.value.message


@pytest.fixture(scope="module", params=["unknown", "of somebody else", "from the Hub"])
def lab_and_model(request, _tiny):
    """A lab, a model that its visitor ann may not ask for, and what she must be told."""
    bert = _tiny("bert")
    if request.param == "from the Hub":
        lab, model, why = Lab(bert, allow_hub=False), HUB, CLOSED
    else:
        lab, model, why = Lab(bert), "run-1", GONE
        if request.param == "of somebody else":
            lab.give("bob", bert)
    yield lab, model, why
    assert set(lab.loaded) <= {DEFAULT_MODEL}
    lab.page.close()


def test_a_choice_in_the_list_or_the_box_warns_and_keeps_the_old_one(lab_and_model, warnings):
    lab, model, why = lab_and_model
    ways = [("model", "select")]
    if lab.workbench.settings.allow_hub:
        ways += [("hub-load", "click"), ("hub-id", "submit")]
    for way in ways:
        for old in (DEFAULT_MODEL, model):  # by now the one on the screen may be gone, too
            answer = lab.page.call(way, model, old, "1", gr.Progress())
            assert answer["model"].value == answer["State"] == DEFAULT_MODEL
            assert answer["layer"].value == "1"
            assert why in warnings.pop()


def test_another_model_can_be_chosen_after_ones_own_is_gone(lab_and_model, warnings):
    lab, model, _ = lab_and_model
    answer = lab.page.call(("model", "select"), DEFAULT_MODEL, model, "-1", gr.Progress())
    assert answer["State"] == DEFAULT_MODEL
    assert warnings == []


def test_the_whole_page_and_the_clock_say_why_there_is_nothing(lab_and_model):
    lab, model, why = lab_and_model
    for fn in (lab.page.function("sentence-a", "change"), lab.fn_of("tick", "answer")):
        answer = lab.page.call(fn, *lab.inputs(model))
        assert why in answer["answer"].replace("&#x27;", "'")
        assert answer["scores"] == answer["honesty"] == ""


def test_a_click_on_the_layer_map_says_why_it_leads_nowhere(lab_and_model):
    lab, model, why = lab_and_model
    click = event(row=0, column=1)
    refused(lambda: lab.page.call(("layer-map", "pick"), click, model), why)


def test_a_click_on_the_matrix_of_sentences_needs_no_model(lab_and_model):
    lab, _, _ = lab_and_model
    answer = lab.page.call(("sentence-matrix", "pick"), event(row=1, column=0), LINES)
    assert answer == {"sentence-a": "Rain falls.", "sentence-b": "It rains."}


@pytest.mark.parametrize("button", ["pin", "scores-csv", "vectors-csv"])
def test_what_cannot_be_computed_cannot_be_pinned_or_saved(lab_and_model, button):
    lab, model, why = lab_and_model
    refused(lambda: lab.page.call((button, "click"), *lab.inputs(model)), why)


def test_a_link_says_what_is_shown_instead(lab_and_model):
    lab, model, why = lab_and_model
    answer = lab.page.call(lab.link, query={"pooling": "max", "model": model})
    assert why in answer["link-notes"].replace("&#x27;", "'")
    assert answer["model"].value == DEFAULT_MODEL
    assert answer["pooling"] == "max"


def test_starting_over_and_clearing_lead_back_to_the_bundled_model(lab_and_model):
    lab, model, _ = lab_and_model
    assert lab.page.call(("reset", "click"))["State"] == DEFAULT_MODEL
    assert lab.page.call(("forget", "click"), model, "-1")["model"].value == DEFAULT_MODEL


def test_the_web_api_says_why(lab_and_model):
    lab, model, why = lab_and_model
    request = SimpleNamespace(session_hash="ann")
    refused(lambda: lab.endpoints["compare_pair"](request, "A cat.", "A dog.", model), why)
    refused(lambda: lab.endpoints["compare_set"](request, ["A cat.", "A dog."], model), why)


def test_ones_own_model_is_there_everywhere_by_its_name(bert, tiny, few_texts, warnings):
    lab = Lab(bert)
    lab.give("ann", tiny("roberta"))
    chosen = lab.page.call(("model", "select"), "run-1", DEFAULT_MODEL, "-1", gr.Progress())
    assert chosen["State"] == "run-1"
    assert "second try" in chosen["model-note"]
    answer = lab.page.call(("sentence-a", "change"), *lab.inputs("run-1"))
    assert "“second try”, yours" in answer["answer"]
    for code in (answer["python-plain"], answer["python-st"]):
        assert "'second try'" in code  # not the model that it was trained from
        assert "Fine-tune tab" in code
    assert lab.page.call(("layer-map", "pick"), event(row=0, column=1), "run-1") == {
        "layer": "0", "pooling": "max",
    }  # fmt: skip
    assert "second try" in lab.page.call(("scores-csv", "click"), *lab.inputs("run-1"))[
        "download"]["text"]  # fmt: skip
    opened = lab.page.call(lab.link, query={"model": "run-1", "pooling": "max"})
    assert opened["model"].value == "run-1"
    request = SimpleNamespace(session_hash="ann")
    assert lab.endpoints["compare_pair"](request, "A cat.", "A dog.", "run-1")["model"] == "run-1"
    assert lab.page.call(("forget", "click"), "run-1", "-1")["model"].value == DEFAULT_MODEL
    assert warnings == []
    assert set(lab.loaded) <= {DEFAULT_MODEL}
    lab.page.close()
