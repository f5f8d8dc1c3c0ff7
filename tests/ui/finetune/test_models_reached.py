"""Whatever model is asked for, by whatever way: what is not the visitor's to ask is not loaded."""

from collections.abc import Callable, Iterator
from dataclasses import astuple, replace
from types import SimpleNamespace

import gradio as gr
import pytest

from encoder import DEFAULT_MODEL
from encoder.training import Done
from tests.ui.finetune.pages import QUICK, csv
from tests.ui.finetune.takehome.runs import a_run, a_zip
from tests.ui.laid_out import LaidOut
from ui.finetune import tab
from ui.finetune.api import build_tuning_api
from ui.finetune.takehome.archive import record_of
from ui.map import tab as map_tab
from ui.settings import Settings
from ui.state.models import OwnModel
from ui.state.pairs import open_data
from ui.state.workbench import Workbench

FORM = astuple(QUICK)
HUB_ID = "some-org/some-model"
# Whose model it is; its key; and whether the host allows the Hub, where a wrong key could lead.
CASES = {
    "nobody's": ("run-1", True),
    "another visitor's": ("run-1", True),
    "on the Hub, which the host forbids": (HUB_ID, False),
}
OTHER = "bob"


class Lab(LaidOut):
    """The tab and its endpoints over a loader that notes what it is asked for."""

    def __init__(self, encoder, model: str, allow_hub: bool) -> None:
        self.loaded: list[str] = []

        def load(spec, **limits):
            self.loaded.append(spec.key)
            return encoder

        super().__init__(Workbench(Settings(allow_hub=allow_hub), load), tab.build, map_tab.build)
        self.model = model
        with gr.Blocks() as api:
            build_tuning_api(self.workbench)
        self.endpoints = {fn.api_name: fn.fn for fn in api.fns.values()}

    def own(self, visitor: str, key: str, done: Done, **changes) -> OwnModel:
        """A run of the visitor's."""
        run = a_run(done, key=key, model=DEFAULT_MODEL)
        own = OwnModel(key, run.name, done.encoder, replace(run, **changes))
        self.workbench.add_model(own, self.workbench.visitor(visitor))
        return own

    def filling(self, trigger: tuple[str, str], elem_id: str):
        """The dependency of a component's event that fills another component."""
        name, event = trigger
        [box] = [b for b in self.demo.blocks.values() if getattr(b, "elem_id", "") == name]
        [dependency] = [
            fn for fn in self.demo.fns.values()
            if (box._id, event) in fn.targets
            and elem_id in [getattr(b, "elem_id", "") for b in fn.outputs]
        ]  # fmt: skip
        return dependency


@pytest.fixture(scope="module", params=CASES)
def lab(request, _tiny, trained) -> Iterator[Lab]:
    model, allow_hub = CASES[request.param]
    lab = Lab(_tiny("bert"), model, allow_hub)
    if request.param == "another visitor's":
        lab.own(OTHER, "run-1", trained(steps=1, held_out_share=0))
    yield lab
    lab.close()


@pytest.fixture
def ann(lab, ann):
    """A visitor with pairs to train on."""
    lab.workbench.visitor(ann).put(open_data(csv("cat", 12), "pairs.csv"))
    return ann


@pytest.fixture
def warnings(monkeypatch):
    """What the page warns of."""
    shown: list[str] = []
    monkeypatch.setattr(gr, "Warning", lambda text, **how: shown.append(text))
    return shown


def refusal(ask: Callable[[], object]) -> str:
    """The words in which something is refused."""
    with pytest.raises(gr.Error) as error:
        ask()
    return str(error.value)


def is_in_words(text: str, model: str) -> bool:
    """Whether it names the model, or says what the host does not do."""
    return "Something went wrong" not in text and (model in text or "Hub" in text)


def unloaded(lab: Lab) -> bool:
    return set(lab.loaded) <= {DEFAULT_MODEL}


def test_a_choice_falls_back_to_the_model_in_use(lab, ann, warnings):
    chosen = lab.call(("tune-model", "select"), lab.model, DEFAULT_MODEL, 2, visitor=ann)
    assert chosen["tune-model"].value == DEFAULT_MODEL
    assert is_in_words(warnings[0], lab.model)
    assert unloaded(lab)


@pytest.mark.parametrize(
    "trigger", [("preset-quick", "click"), ("cleaned-csv", "click"), ("train", "click")]
)
def test_a_button_refuses_it(lab, ann, trigger):
    form = () if trigger[0].startswith("preset") else FORM
    words = refusal(lambda: lab.call(trigger, lab.model, *form, visitor=ann))
    assert is_in_words(words, lab.model)
    assert unloaded(lab)
    assert not lab.workbench.training_queue.busy


def test_the_check_refuses_it_and_the_cost_says_why_there_is_none(lab, ann):
    check, cost = (lab.filling(("seed", "change"), part) for part in ("findings", "cost"))
    assert is_in_words(refusal(lambda: lab.call(check, lab.model, *FORM, visitor=ann)), lab.model)
    assert is_in_words(lab.call(cost, lab.model, *FORM, visitor=ann)["cost"], lab.model)
    assert unloaded(lab)


@pytest.mark.parametrize("brought_back", [False, True])
def test_settings_of_a_run_are_used_again_with_the_model_in_use(lab, ann, trained, brought_back):
    own = lab.own(ann, "run-5", trained(steps=1, held_out_share=0), model=lab.model)
    if brought_back:
        zipped = replace(own, run=None, record=record_of(own.run))
        lab.workbench.add_model(zipped, lab.workbench.visitor(ann))
    answer = lab.call(("reuse", "click"), "run-5", DEFAULT_MODEL, visitor=ann)
    assert answer["tune-model"].value == DEFAULT_MODEL
    assert f"trained from {lab.model}, which cannot be had" in answer["tune-model-note"]
    assert unloaded(lab)
    where_none_is_left = refusal(
        lambda: lab.call(("reuse", "click"), "run-5", lab.model, visitor=ann)
    )
    assert is_in_words(where_none_is_left, lab.model)
    assert unloaded(lab)


def test_a_zip_that_names_it_is_brought_back_without_it(lab, ann, bert, tmp_path, warnings):
    lab.call(("archive", "upload"), str(a_zip(bert, tmp_path, model=lab.model)), visitor=ann)
    assert len(lab.workbench.own_models(ann)) == 1
    assert unloaded(lab)


@pytest.mark.parametrize(
    ("trigger", "values"), [(("use-blend", "click"), (0.5,)), (("ledger-order", "change"), ("x",)),
                            (("rename", "click"), ("mine",)), (("reuse", "click"), ("run-1",))]
)  # fmt: skip
def test_a_run_is_looked_up_among_the_visitors_own_only(lab, ann, trigger, values):
    assert "not kept any more" in refusal(
        lambda: lab.call(trigger, lab.model, *values, visitor=ann)
    )
    assert unloaded(lab)


@pytest.mark.parametrize("endpoint", ["check_pairs", "fine_tune"])
def test_an_endpoint_refuses_it(lab, ann, endpoint):
    request = SimpleNamespace(session_hash=ann)

    def ask() -> list[object]:
        return list(lab.endpoints[endpoint](request, csv("cat", 12), lab.model))

    assert is_in_words(refusal(ask), lab.model)
    assert unloaded(lab)
