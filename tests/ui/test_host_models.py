"""Models of the host's own folder are on offer wherever a model is chosen, with no network."""

import logging

import gradio as gr
import pytest

from encoder import DEFAULT_MODEL, load_encoder
from tests.ui.laid_out import OTHER_MODEL
from ui.pooling.form import View
from ui.pooling.handlers import PoolingHandlers
from ui.pooling.sections import python
from ui.settings import Settings
from ui.shell import build_app
from ui.state.workbench import Workbench

OWN = "course-model"
TEXTS = ["Rain falls.", "It is raining."]


@pytest.fixture(scope="module")
def workbench(_tiny, tmp_path_factory) -> Workbench:
    shelf = tmp_path_factory.mktemp("shelf")
    _tiny("roberta").save(shelf / OWN)
    (shelf / "half a model").mkdir()

    def load(spec, **limits):
        assert spec.here, f"a download of {spec.hub_id} was begun"
        return _tiny("bert") if spec.bundled else load_encoder(spec, **limits)

    return Workbench(Settings(allow_hub=False, models_folder=shelf), load)


@pytest.fixture(scope="module")
def page(workbench) -> gr.Blocks:
    return build_app(workbench)


def endpoint(page: gr.Blocks, name: str):
    [fn] = [fn for fn in page.fns.values() if fn.api_name == name]
    return fn.fn


def test_every_picker_of_models_offers_it(page):
    offers = {
        box.elem_id: [key for _, key in box.choices]
        for box in page.blocks.values()
        if isinstance(box, gr.Dropdown) and OTHER_MODEL in [key for _, key in box.choices]
    }
    assert len(offers) >= 4, "one on each tab, at least"
    assert {name: keys for name, keys in offers.items() if OWN not in keys} == {}
    assert all(keys.index(DEFAULT_MODEL) < keys.index(OWN) for keys in offers.values())


def test_the_list_of_models_says_where_it_is_from(page):
    [table] = [b for b in page.blocks.values() if getattr(b, "elem_id", "") == "model-table"]
    assert OWN in table.value
    assert "from this host's own folder" in table.value.replace("&#x27;", "'")
    assert "half a model" not in table.value


def test_the_web_api_takes_it(page, workbench, tiny):
    answer = endpoint(page, "compare_set")(gr.Request(session_hash="ann"), TEXTS, OWN, "-1", "mean")
    assert answer["model"] == OWN
    one, other = tiny("roberta").encode(TEXTS, pooling="mean")
    assert answer["matrix"][0][1] == pytest.approx(float(one @ other), abs=1e-4)
    assert workbench.is_here(OWN)


def test_whoever_asks_for_another_is_told_of_it(page):
    with pytest.raises(gr.Error, match=f"This host offers: .*{OWN}"):
        endpoint(page, "compare_set")(
            gr.Request(session_hash="ann"), TEXTS, "half a model", "-1", "mean"
        )


def test_its_python_names_a_folder_not_an_id_on_the_hub(workbench):
    comparison = PoolingHandlers(workbench).compare(View(model=OWN), "ann")[0]
    assert f"'./{OWN}'" in python(comparison)[0].replace('"', "'")


def test_what_is_refused_stands_in_the_log_with_its_reason(workbench, caplog):
    with caplog.at_level(logging.WARNING):
        Workbench(workbench.settings, workbench._load)
    [line] = [r.getMessage() for r in caplog.records if "not offered" in r.getMessage()]
    assert "'half a model'" in line
    assert "no config.json" in line
    assert str(workbench.settings.models_folder) not in line
