"""A host that anyone may visit: models of the catalog, rooms that are smaller, and no training by
programs that have no page open, whichever endpoint they use."""

from dataclasses import asdict, fields, replace

import gradio as gr
import pytest

from encoder import CATALOG, EncoderError
from tests.ui.laid_out import LaidOut, tiny_workbench
from ui.checks import parse_model
from ui.finetune import tab as finetune
from ui.finetune.api import build_tuning_api
from ui.finetune.form import Form
from ui.finetune.handlers import FinetuneHandlers
from ui.map import tab as map_tab
from ui.pooling import tab as pooling
from ui.settings import Settings
from ui.state.jobs import Job
from ui.state.pairs import SAMPLES, SAMPLES_FOLDER

PUBLIC = Settings().for_strangers()
FEW = "\n".join((SAMPLES_FOLDER / SAMPLES["graded"].file).read_text("utf-8").splitlines()[:41])


@pytest.mark.parametrize(
    ("env", "public"),
    [({}, False), ({"SYSTEM": "spaces"}, True), ({"SYSTEM": "spaces", "PUBLIC": "0"}, False),
     ({"PUBLIC": "1"}, True), ({"PUBLIC": "0"}, False)],
)  # fmt: skip
def test_a_host_is_public_on_a_space_unless_it_says_otherwise(env, public):
    settings = Settings.from_environment(env)
    assert settings.public is public
    whose = {"proxies": settings.proxies, "hub_cache_bytes": settings.hub_cache_bytes}
    assert settings == replace(PUBLIC if public else Settings(), **whose)


def test_no_limit_of_a_public_host_is_larger_and_some_are_smaller():
    mine, theirs = asdict(Settings()), asdict(PUBLIC)
    limits = [name for name, value in mine.items() if type(value) in (int, float)]
    assert [name for name in limits if theirs[name] > mine[name]] == []
    smaller = [name for name in limits if theirs[name] < mine[name]]
    assert {"max_steps", "max_budget_s", "max_run_s", "max_runs"} <= set(smaller)


@pytest.mark.parametrize("key", CATALOG)
def test_the_catalog_is_offered(key):
    assert parse_model(key, PUBLIC) == key


@pytest.mark.parametrize("key", ["some-org/some-model", "sentence-transformers/LaBSE", "../x"])
def test_no_other_model_of_the_hub_is_and_the_refusal_names_those_that_are(key):
    with pytest.raises(EncoderError, match="This host offers: all-MiniLM-L6-v2, ") as error:
        parse_model(key, PUBLIC)
    assert "bert-base-uncased" in str(error.value)
    assert "org/name" not in str(error.value)


@pytest.fixture(scope="module")
def strangers(_tiny) -> LaidOut:
    settings = {f.name: getattr(PUBLIC, f.name) for f in fields(Settings)}
    workbench = tiny_workbench(_tiny("bert"), _tiny("roberta"), **settings)
    page = LaidOut(workbench, pooling.build, finetune.build, map_tab.build)
    with page.demo:
        build_tuning_api(workbench)
    return page


@pytest.fixture
def page(strangers, monkeypatch) -> LaidOut:
    """Runs are put into the line, and not made."""
    monkeypatch.setattr(Job, "run", lambda job: job.ended.set())
    yield strangers
    strangers.close()


def endpoint(page: LaidOut, name: str):
    [fn] = [fn for fn in page.demo.fns.values() if fn.api_name == name]
    return fn


def arrive(page: LaidOut, visitor: str) -> None:
    """Everything that happens when somebody opens the page."""
    for fn in page.demo.fns.values():
        if "load" in [name for _, name in fn.targets]:
            page.steps(fn, visitor=visitor)


def test_there_is_no_box_for_ids_on_the_hub(page):
    ids = {box.elem_id for box in page.demo.blocks.values() if hasattr(box, "elem_id")}
    assert "model" in ids
    assert not {"hub-id", "hub-load"} & ids


def test_a_program_without_a_page_does_not_train_over_the_api(page):
    with pytest.raises(gr.Error, match="only for those who have its page open"):
        page.steps(endpoint(page, "fine_tune"), FEW, visitor="program")
    assert page.workbench.training_queue.busy == 0


def test_nor_by_the_events_of_the_page_themselves(page):
    """They are hidden, and can be called all the same."""
    handlers = FinetuneHandlers(page.workbench)
    handlers.open_text("program", FEW)
    request = handlers.request("program", "all-MiniLM-L6-v2", Form())
    for train in (handlers.start, handlers.cost):
        with pytest.raises(EncoderError, match="open to everyone"):
            train(request)


def test_who_has_the_page_open_may_also_use_the_api(page):
    arrive(page, "ann")
    handlers = FinetuneHandlers(page.workbench)
    handlers.open_text("ann", FEW)
    job = handlers.start(handlers.request("ann", "all-MiniLM-L6-v2", Form()))
    assert job.ended.wait(30)
