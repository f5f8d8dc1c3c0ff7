"""A strategy that is added to the registry, with its row, arrives everywhere on the page."""

import csv
import io
import threading
from dataclasses import replace
from types import SimpleNamespace

import gradio as gr
import pytest

from encoder import DEFAULT_MODEL, POOLINGS, SAVABLE
from encoder.background import background_pairs, background_sentences
from encoder.pooling import Strategy, max_pool, min_pool
from tests.ui.laid_out import LaidOut, event
from tests.ui.visit import EVERYTHING, array, inputs, read_html, run_python, score_rows
from ui.finetune import tab as finetune
from ui.map import tab as map_tab
from ui.page.matrix import explain
from ui.page.strategies import LOOKS, NO_LOOK, StrategyLook
from ui.pooling import tab as pooling
from ui.pooling.api import build_api
from ui.pooling.files import scores_csv, vectors_csv
from ui.pooling.form import View
from ui.pooling.handlers import PoolingHandlers
from ui.pooling.sections import python
from ui.search import tab as search
from ui.search.rank_flow import parse_cells, rank_chart
from ui.settings import Settings
from ui.state.workbench import Workbench

NEW = "midrange"
COLOUR = "#123456"
TIMEOUT_S = 60


def midrange(hidden, tokens):
    """Half to the largest value of each dimension, half to the smallest. Returns (B, T, H)."""
    return (max_pool(hidden, tokens) + min_pool(hidden, tokens)) / 2


ENTRY = Strategy(
    (midrange,),
    title="halfway between the largest and the smallest value",
    latex=r"v_d = (\max_t h_{t,d} + \min_t h_{t,d}) / 2",
    source="a test",
)
ROW = StrategyLook(
    COLOUR,
    symbols="$d$ is one of the dimensions",
    code="""\
out = ~mask.unsqueeze(-1)
largest = hidden.masked_fill(out, -torch.inf).amax(1)
vectors = (largest + hidden.masked_fill(out, torch.inf).amin(1)) / 2  # (B, H)""",
    unsaved="sentence-transformers has no midrange.",
)


class Lab:
    """Every tab over the tiny BERT, whose cosines were measured on a few texts."""

    def __init__(self, encoder) -> None:
        self.encoder = encoder
        workbench = Workbench(Settings(), lambda spec, **limits: encoder)
        before = set(threading.enumerate())
        workbench.calibration(encoder)
        for thread in set(threading.enumerate()) - before:
            thread.join(TIMEOUT_S)
        self.handlers = PoolingHandlers(workbench)
        builds = (pooling.build, finetune.build, map_tab.build, search.build)
        self.page = LaidOut(workbench, *builds)
        with gr.Blocks() as api:
            build_api(workbench)
        self.endpoints = {fn.api_name: fn.fn for fn in api.fns.values()}

    def screen(self, **changes):
        return self.handlers.screen(inputs(EVERYTHING, pooling=NEW, **changes), "ann")

    def compare(self, **changes):
        return self.handlers.compare(View(pooling=NEW, **changes), "ann")[0]

    def choices(self, elem_id: str) -> list[str]:
        """Values of a picker."""
        boxes = self.page.demo.blocks.values()
        [box] = [box for box in boxes if getattr(box, "elem_id", None) == elem_id]
        return [value for _, value in box.choices]


@pytest.fixture(scope="module")
def lab(_tiny):
    sentences, pairs = background_sentences()[:8], background_pairs()[:5]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("encoder.calibration.background_sentences", lambda: sentences)
        patch.setattr("encoder.calibration.background_pairs", lambda: pairs)
        patch.setitem(POOLINGS, NEW, ENTRY)
        patch.setitem(LOOKS, NEW, ROW)
        lab = Lab(_tiny("bert"))
        yield lab
        lab.page.close()


def test_the_table_of_scores_has_it_in_its_colour_with_what_it_is_worth(lab):
    screen = lab.screen()
    row = score_rows(screen.scores)[NEW]
    a, b = lab.encoder.encode([View().a, View().b], NEW)
    assert float(row.value) == pytest.approx(float(a @ b), abs=1e-4)
    assert row.chosen
    assert row.worth["unrelated"].endswith("%")
    [line] = [
        node for node in read_html(screen.scores).all("tr")
        if node.attributes.get("data-pick") == NEW
    ]  # fmt: skip
    assert COLOUR in line.one(".dot").attributes["style"]
    assert COLOUR in line.one(".fill").attributes["style"]
    assert ENTRY.title in line.one("button").attributes["title"]
    assert f"with {NEW}" in screen.answer
    assert f">{NEW}</th>" in screen.sections["honesty"][0]


def test_the_layer_map_has_a_column_for_it_that_can_be_clicked(lab):
    figure, _ = lab.screen().sections["layers"]
    [trace] = figure["data"]
    assert trace["x"] == list(POOLINGS)
    assert trace["x"][-1] == NEW
    click = event(row=1, column=len(POOLINGS) - 1)
    picked = lab.page.call(("layer-map", "pick"), click, DEFAULT_MODEL)
    assert picked == {"layer": "1", "pooling": NEW}
    assert lab.page.call(("scores", "pick"), event(name=NEW)) == {"pooling": NEW}


def test_its_cosine_is_taken_apart_to_the_last_digit(lab):
    comparison = lab.compare(layer=1)
    contributions = comparison.explanation.explained.contributions
    assert contributions.sum() == pytest.approx(comparison.chosen.cosine, abs=1e-12)
    matrix = lab.screen(layer="1").sections["apart"][2]
    assert array(matrix["data"][0]["z"]).sum() == pytest.approx(comparison.chosen.cosine, abs=1e-5)
    assert explain(lab.encoder, "A cat.", "A dog.", NEW).matrix["data"]


def test_how_it_is_made_says_its_formula_and_what_the_letters_are(lab):
    formula = lab.screen().sections["making"][1]
    for fact in (ENTRY.title, ENTRY.latex, ENTRY.source, ROW.symbols):
        assert fact in formula


@pytest.mark.parametrize("pool_special", [True, False])
def test_its_python_prints_its_number(lab, tiny_folder, monkeypatch, pool_special):
    spec = SimpleNamespace(hub_id=str(tiny_folder("bert")))
    monkeypatch.setattr("ui.pooling.sections.CATALOG", {DEFAULT_MODEL: spec})
    comparison = lab.compare(layer=1, pool_special=pool_special)
    code, remark = python(comparison)
    assert run_python(code)[0] == pytest.approx(comparison.chosen.cosine, abs=1e-5)
    assert remark == f"# {ROW.unsaved}"


def test_the_web_api_answers_with_it(lab):
    request = SimpleNamespace(session_hash="ann")
    answer = lab.endpoints["compare_pair"](request, "A cat.", "A dog.")
    assert list(answer["scores"])[-1] == list(answer["percentiles"])[-1] == NEW
    texts = ["A cat.", "A dog."]
    matrix = lab.endpoints["compare_set"](request, texts, pooling=NEW)["matrix"]
    assert matrix[0][1] == pytest.approx(answer["scores"][NEW], abs=1e-5)


def test_both_files_have_it(lab):
    comparison = lab.compare()
    for write in (scores_csv, vectors_csv):
        rows = csv.DictReader(io.StringIO(write(comparison), newline=""))
        assert NEW in {row["pooling"] for row in rows}


@pytest.mark.parametrize(
    "picker", ["pooling", "map-pooling", "search-pooling", "flow-poolings", "judge-poolings"]
)
def test_every_picker_offers_it(lab, picker):
    assert NEW in lab.choices(picker)


def test_rank_flow_takes_it_and_draws_it_in_its_colour(lab):
    assert (NEW, 2) in parse_cells([NEW], ["-1"], 2)
    texts = ["A cat.", "A dog."]
    flow = SimpleNamespace(
        strategies=[SimpleNamespace(name="as saved"), SimpleNamespace(name=NEW)],
        poolings=("", NEW),
        ranks={0: {"as saved": 1, NEW: 2}, 1: {"as saved": 2, NEW: 1}},
        index=SimpleNamespace(corpus=SimpleNamespace(texts=texts)),
        k=2,
    )
    figure = rank_chart(flow, None)
    colours = [trace["marker"]["color"] for trace in figure["data"] if "marker" in trace]
    assert colours[-1] == COLOUR


def test_training_offers_it_where_sentence_transformers_can_save_it(lab, monkeypatch):
    assert lab.choices("tune-pooling")[1:] == list(SAVABLE)
    assert NEW not in SAVABLE
    monkeypatch.setitem(POOLINGS, NEW, replace(ENTRY, saved_as=(NEW,)))
    monkeypatch.setitem(SAVABLE, NEW, NEW)  # as `encoder.pooling` derives it
    page = LaidOut(lab.handlers.workbench, finetune.build, map_tab.build)
    [box] = [
        b for b in page.demo.blocks.values() if getattr(b, "elem_id", None) == "tune-pooling"
    ]  # fmt: skip
    assert (NEW, NEW) in box.choices
    assert lab.encoder.with_pooling(NEW).pooling == NEW


def test_without_a_row_it_works_in_the_pages_own_colour_and_says_it_has_no_python(lab, monkeypatch):
    monkeypatch.delitem(LOOKS, NEW)
    screen = lab.screen()
    assert NO_LOOK.colour in screen.scores
    assert ENTRY.latex in screen.sections["making"][1]
    code, remark = screen.sections["python"]
    assert all(line.startswith("#") for line in [*code.splitlines(), *remark.splitlines()])
    assert NEW in code
    assert NEW in remark
