"""What one visitor has, no other can read, stop, download, or name, whatever names are known."""

import inspect
import re
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import gradio as gr
import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from encoder import DEFAULT_MODEL
from tests.ui.finetune.takehome.runs import a_run, done
from tests.ui.laid_out import LaidOut, event, tiny_workbench
from ui.map.form import MapForm
from ui.map.handlers import MapHandlers
from ui.map.state import MapState
from ui.page.addresses import route
from ui.search.form import SearchForm
from ui.search.handlers import SearchHandlers
from ui.search.state import SearchState
from ui.shell import FEATURES
from ui.state.jobs import Job
from ui.state.models import OwnModel
from ui.state.pairs import open_data
from ui.state.texts import open_texts

SECRET = "zebrafish"
TEXTS = [f"The {SECRET} number {n} swims {where}." for n in range(8) for where in ("here", "there")]
PAIRS = "text1,text2,label\n" + "\n".join(f"{text},{SECRET} {n},{n % 2}"
                                          for n, text in enumerate(TEXTS))  # fmt: skip
FORM = MapForm(method="pca", clustering="kmeans", n_clusters=2)
TIMEOUT_S = 60


@pytest.fixture(scope="module")
def lab(_tiny) -> Iterator[LaidOut]:
    page = LaidOut(tiny_workbench(_tiny("bert"), _tiny("bert")), *(f.build for f in FEATURES))
    yield page
    page.close()


@pytest.fixture(scope="module")
def ann(lab, _tiny) -> Any:
    """She has texts, a map whose cluster she named, judgements, pairs, a model, and a run."""
    workbench, search, maps = (
        lab.workbench,
        SearchHandlers(lab.workbench),
        MapHandlers(lab.workbench),
    )
    visitor = workbench.visitor("ann")
    visitor.texts.open(open_texts(TEXTS, f"{SECRET}.csv", visitor.texts.stages))
    visitor.put(open_data(PAIRS, f"{SECRET} pairs.csv"))
    run = a_run(done(_tiny("bert"), steps=1))
    workbench.add_model(OwnModel("run-1", f"My {SECRET}", run.tuned, run), visitor)
    assert maps.start("ann", maps.request("ann", FORM)).ended.wait(TIMEOUT_S)
    maps.rename("ann", 0, f"All {SECRET}")
    asked = search.request("ann", SearchForm(f"where is the {SECRET}?"))
    search.answer_now(asked, visitor.texts.tasks.begin("search"))
    visitor.texts.state(SearchState).judged.judge(f"where is the {SECRET}?", TEXTS[0], 1)

    def work(job: Job) -> Iterator[str]:
        while not job.cancel.wait(0.01):
            job.tell("training", 0, 0)
        yield SECRET

    visitor.job = workbench.enlist(Job(work), workbench.training_queue, "ann")
    yield visitor
    workbench.training_queue.leave(visitor.job)


def names_of(ann) -> list[str]:
    """What stands in her page's states, boxes and buttons, and so may become known."""
    drawn = ann.texts.state(MapState).drawn
    own = ann.own_models.get("run-1")
    return ["run-1", own.token, ann.texts.opened.token, ann.texts.opened.identity, drawn.token,
            "why:0:1", "0", "pairs"]  # fmt: skip


def fingerprint(ann) -> object:
    """All that is hers, as far as somebody could change it."""
    maps, search = ann.texts.state(MapState), ann.texts.state(SearchState)
    own = ann.own_models.get("run-1")
    return (
        id(ann.texts.opened), id(ann.training_pairs), id(own), own.name, id(maps.drawn),
        repr(maps.titles), repr(maps.shown), repr(search.judged.grades), id(search.answer),
        ann.job.stop.is_set(), ann.job.cancel.is_set(), len(ann.own_models),
    )  # fmt: skip


def answers(fn: Any, known: str) -> Iterator[object]:
    """What an event answers to mallory, who sends a name of ann's wherever something is asked."""
    asked: list[object] = []
    for parameter in inspect.signature(fn.fn).parameters.values():
        if parameter.annotation is gr.Request:
            query = dict.fromkeys(("map", "search", "finetune", "corpus"), known)
            asked.append(SimpleNamespace(session_hash="mallory", query_params=query))
        elif parameter.annotation is gr.EventData:
            asked.append(event(name=known, row=known, column=known, rows=[known], index=known))
    files = (gr.File, gr.UploadButton)
    values = [None if isinstance(box, files) else known for box in fn.inputs]
    try:
        answer = fn.fn(*asked, *values)
        yield from answer if inspect.isgenerator(answer) else [answer]
    except gr.Error as error:
        yield error


def said(answer: object) -> str:
    return repr(getattr(answer, "message", answer))


@pytest.mark.slow  # every event of the page, with each name
def test_no_event_answers_another_with_what_is_hers_or_changes_it(lab, ann):
    before = fingerprint(ann)
    told = {
        (fn.name, known)
        for known in names_of(ann)
        for fn in lab.demo.fns.values()
        if fn.fn
        for answer in answers(fn, known)
        if re.search(SECRET, said(answer), re.IGNORECASE)
    }
    assert told == set()
    assert fingerprint(ann) == before
    assert ann.busy


def test_what_is_known_of_her_downloads_nothing(lab, ann):
    routes = [route for feature in FEATURES for route in feature.routes(lab.workbench)]
    web = TestClient(Starlette(routes=routes))
    drawn, own = ann.texts.state(MapState).drawn, ann.own_models.get("run-1")
    assert web.get(f"{route('map')}/{drawn.token}/map.csv").status_code == 200
    assert web.get(f"{route('model')}/{own.token}/train.py").status_code == 200
    wrong = ["ann", "run-1", ann.texts.opened.token, ann.texts.opened.identity, "", "☃"]
    for guess in [*wrong, drawn.token[:-1], own.token[:-1], own.token.swapcase()]:
        assert web.get(f"{route('map')}/{guess}/map.csv").status_code == 404
        assert web.get(f"{route('model')}/{guess}/model.zip").status_code == 404
    assert web.get(f"{route('map')}/{own.token}/map.csv").status_code == 404
    assert web.get(f"{route('model')}/{drawn.token}/model.zip").status_code == 404


def test_her_model_is_hers_alone(lab, ann):
    assert lab.workbench.has_model("run-1", "ann")
    for other in ("mallory", "", None):
        assert not lab.workbench.has_model("run-1", other)
    assert lab.workbench.has_model(DEFAULT_MODEL, "mallory")


def test_she_herself_is_answered_with_it(lab, ann):
    """Else the first test would prove nothing."""
    assert SECRET in repr(lab.call(("corpus-pairs", "click"), visitor="ann"))
