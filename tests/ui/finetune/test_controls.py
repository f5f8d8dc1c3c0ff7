"""The controls of the Fine-tune tab: each follows the model, the pairs and the runs."""

from dataclasses import replace
from io import StringIO
from types import SimpleNamespace

import gradio as gr
import pytest

from encoder.training.config import TRAIN_BLOCKS
from ingest import TEXTS, read_pairs
from tests.encoder.training.pairs import graded
from tests.ui.finetune.takehome.runs import a_run, a_zip, done
from tests.ui.visit import read_html
from ui.finetune.layout import NOTHING
from ui.finetune.results_html import ORDERS, ledger, ledger_rows
from ui.finetune.takehome.archive import record_of
from ui.page.models import ModelPicker
from ui.settings import Settings
from ui.shell import build_app
from ui.state.models import OwnModel
from ui.state.pairs import SAMPLES, open_sample
from ui.state.workbench import Workbench

VISITOR = SimpleNamespace(session_hash="ann")
FORM = ("pooling", "loss", "blocks", "duration", "steps", "batch_size", "lr", "warmup", "seed",
        "held_out")  # fmt: skip

LOSS = 7  # among what shows the desk


@pytest.fixture
def workbench(bert):
    return Workbench(Settings(), lambda spec, **limits: bert)


@pytest.fixture
def handler(workbench):
    """The function behind a component's event, by elem_id, over a lab of tiny models (2 blocks)."""
    demo = build_app(workbench)

    def find(elem_id: str, event: str):
        [box] = [b for b in demo.blocks.values() if getattr(b, "elem_id", None) == elem_id]
        for fn in demo.fns.values():
            if (box._id, event) in fn.targets:
                return fn.fn
        raise AssertionError(f"{elem_id} has no {event}")

    return find


@pytest.fixture(scope="module")
def finished(_tiny):
    return done(_tiny("bert"), pairs=graded(60), seed=3, loss="cosent", pooling="cls")


@pytest.fixture
def keep(workbench, finished):
    """`keep("run-1", name="mine")`: a run on the visitor's shelf."""

    def kept(key: str, brought_back: bool = False, **fields) -> OwnModel:
        run = a_run(finished, key=key, **{"name": f"Run {key}"} | fields)
        own = None if brought_back else run
        model = OwnModel(key, run.name, finished.encoder, own, record_of(run))
        workbench.keep(model, workbench.visitor("ann"))
        return model

    return kept


@pytest.fixture
def on_desk(workbench):
    workbench.visitor("ann").desk = open_sample("Everyday sentences, graded")


# --- the model ----------------------------------------------------------------------------------


@pytest.mark.parametrize("preset", ["quick", "balanced", "thorough"])
def test_a_preset_asks_for_no_more_blocks_than_there_are(handler, preset):
    blocks, _ = handler(f"preset-{preset}", "click")(VISITOR, "bert-tiny")
    assert blocks == 2


def test_the_slider_of_a_small_model_ends_and_stands_within_it(handler):
    *_, slider = handler("tune-model", "select")(VISITOR, "bert-tiny", "bert-tiny", 5)
    assert isinstance(slider, gr.Slider)
    assert (slider.maximum, slider.value) == (3, 2)
    assert slider.maximum < TRAIN_BLOCKS  # where it stood before


# --- settings used again ------------------------------------------------------------------------


def reused(handler, key: str, model: str = "untrained-minilm") -> tuple[str, str, dict]:
    """The model chosen, what is said of it, and the form."""
    box, chosen, note, *values = handler("reuse", "click")(VISITOR, key, model)
    assert box.value == chosen
    assert chosen in [value for _, value in box.choices]
    form = dict(zip(FORM, values, strict=True))
    assert isinstance(form["blocks"], gr.Slider)
    return chosen, read_html(note).text, form | {"blocks": form["blocks"].value}


def test_settings_used_again_are_those_of_the_run_and_its_model(handler, keep, on_desk):
    keep("run-1")
    chosen, note, form = reused(handler, "run-1")
    assert chosen == "bert-tiny"  # what it was trained from
    assert "cannot" not in note
    assert "does not" not in note
    want = {"loss": "cosent", "pooling": "cls", "blocks": 1, "seed": 3, "batch_size": 8, "steps": 4}
    assert {name: form[name] for name in want} == want


def test_on_other_pairs_a_loss_that_does_not_fit_is_left(handler, keep, workbench):
    keep("run-1")
    workbench.visitor("ann").desk = open_sample("Triplets")
    _, note, form = reused(handler, "run-1")
    assert form["loss"] == "multiple_negatives"
    assert "does not fit these pairs" in note


def test_a_model_that_is_gone_is_said_to_be_and_another_stays(handler, keep, on_desk):
    keep("run-2", model="run-1")
    chosen, note, _ = reused(handler, "run-2")
    assert chosen == "untrained-minilm"
    assert "trained from run-1, which cannot be had here now" in note
    keep("run-1")
    assert reused(handler, "run-2")[0] == "run-1"


def test_what_a_zip_calls_run_1_is_no_run_of_this_visitor(handler, keep, on_desk):
    keep("run-1")
    keep("run-7", brought_back=True, model="run-1")
    assert reused(handler, "run-7")[0] == "untrained-minilm"
    keep("run-8", brought_back=True)
    assert reused(handler, "run-8")[0] == "bert-tiny"


def test_a_run_of_more_than_the_form_allows_fills_what_it_can(handler, workbench, keep, finished):
    config = replace(finished.config, batch_size=256, held_out_share=0.0)
    run = a_run(replace(finished, config=config))
    workbench.keep(OwnModel("run-1", "x", finished.encoder, run), workbench.visitor("ann"))
    _, note, form = reused(handler, "run-1")
    assert (form["batch_size"], form["held_out"]) == (128, 5)
    assert "Batch size was 256" in note


# --- runs ---------------------------------------------------------------------------------------


def test_a_model_brought_back_is_told_from_the_one_it_was(handler, bert, workbench, keep, tmp_path):
    keep(workbench.visitor("ann").own_models.next_key(), name="My first run")
    for _ in range(2):
        handler("archive", "upload")(VISITOR, str(a_zip(bert, tmp_path)))
    names = [model.name for model in workbench.own_models("ann")]
    assert names == [
        "My first run", "My first run (brought back)", "My first run (brought back) (2)",
    ]  # fmt: skip
    labels = [label for label, _ in ModelPicker(workbench).choices("ann")]
    assert len(set(labels)) == len(labels)


def test_two_runs_are_compared_where_they_can_be(handler, keep):
    keep("run-1")
    keep("run-2")
    keep("run-3", brought_back=True)
    compare = handler("against", "select")
    box, text = compare(VISITOR, "run-1", "run-2")
    assert [key for _, key in box.choices] == [NOTHING, "run-2", "run-3"]
    assert box.value == "run-2"
    root = read_html(text)
    assert "“Run run-1” and “Run run-2” cannot be told apart" in root.one(".lab-message").text
    _, text = compare(VISITOR, "run-1", "run-3")
    assert "“Run run-3” was brought back" in text
    for key, against in (("run-1", NOTHING), ("run-1", "run-1"), ("run-1", "x"), ("", "run-2")):
        box, text = compare(VISITOR, key, against)
        assert text == ""
        assert box.value == (against if key == "" else NOTHING)


def test_a_comparison_says_why_there_is_none(handler, workbench, keep, finished):
    keep("run-1")
    elsewhere = tuple(number + 900 for number in finished.held_out.row_numbers)
    moved = replace(finished.held_out, row_numbers=elsewhere)
    run = a_run(replace(finished, held_out=moved), key="run-2", data="other.csv")
    workbench.keep(OwnModel("run-2", "x", finished.encoder, run), workbench.visitor("ann"))
    _, text = handler("against", "select")(VISITOR, "run-1", "run-2")
    assert "cannot be compared. They were judged on different files" in text


def test_the_ledger_is_drawn_in_the_order_that_is_chosen(handler, keep, finished):
    keep("run-1")
    orders = {
        order: [
            button.attributes["data-pick"]
            for button in read_html(handler("ledger-order", "change")(VISITOR, "run-1", order)).all(
                "button"
            )
        ]
        for order in ORDERS
    }
    change = {f"pair:{at}": row.change for at, row in enumerate(ledger_rows(finished))}
    worst, best = ([change[pick] for pick in orders[f"{end} first"]] for end in ("worst", "best"))
    assert worst == sorted(change.values()) == best[::-1]
    assert orders["file order"] == [f"pair:{n}" for n in range(len(finished.held_out))]
    assert orders["worst first"] != orders["file order"]


@pytest.mark.parametrize(
    ("box", "event"), [("ledger", {"name": "pair:2"}), ("scatter", {"row": 2})]
)
def test_a_pair_is_opened_from_the_ledger_and_from_its_dot(handler, keep, finished, box, event):
    keep("run-1")
    note, before, after = handler(box, "pick")(VISITOR, SimpleNamespace(**event), "run-1")
    a, b = finished.held_out.texts[2][:2]
    assert f"“{a}” and “{b}”" in read_html(f"<div>{note}</div>").text
    assert before["data"][0]["x"] == after["data"][0]["x"]


def test_of_a_triplet_the_negative_is_taken_apart_too(handler, workbench, bert):
    finished = done(bert, "triplet")
    run = a_run(finished)
    workbench.keep(OwnModel("run-1", "x", finished.encoder, run), workbench.visitor("ann"))
    assert 'data-pick="pair:1:2"' in ledger(ledger_rows(finished), "file order")
    anchor, positive, negative = finished.held_out.texts[1]
    for name, other in (("pair:1", positive), ("pair:1:2", negative)):
        note, *_ = handler("ledger", "pick")(VISITOR, SimpleNamespace(name=name), "run-1")
        assert f"“{anchor}” and “{other}”" in read_html(f"<div>{note}</div>").text


# --- pairs --------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", list(TEXTS))
def test_a_template_is_a_file_of_its_kind(handler, kind):
    file = handler(f"template-{kind}", "click")()
    assert file["name"] == f"{kind}_template.csv"
    assert read_pairs(StringIO(file["text"])).kind == kind


def test_boxes_for_the_scale_are_there_for_graded_pairs_only(handler):
    for title, shown in (("Everyday sentences, graded", True), ("Triplets", False)):
        number = list(SAMPLES).index(title)
        values = handler(f"sample-{number}", "click")(VISITOR, 0)
        boxes = [value for value in values if isinstance(value, gr.Number)]
        assert [box.visible for box in boxes] == [shown] * 2


def test_mending_and_mapping_leave_the_loss_and_another_kind_brings_its_own(
    handler, workbench, on_desk
):
    desk = workbench.visitor("ann").desk
    columns = (*desk.mapping.texts, desk.mapping.label)
    scaled = handler("highest", "submit")(VISITOR, "score", *columns, 0, 10, 7)
    assert scaled[LOSS] == gr.skip()
    other = handler("kind", "select")(VISITOR, "positive", *columns[:2], None, None, None, 8)
    assert other[LOSS].value == "multiple_negatives"


def test_one_end_of_a_scale_waits_for_the_other(handler, workbench, on_desk):
    desk = workbench.visitor("ann").desk
    columns = (*desk.mapping.texts, desk.mapping.label)
    values = handler("lowest", "blur")(VISITOR, "score", *columns, 0, None, 7)
    assert workbench.visitor("ann").desk is desk
    assert "Give the lowest and the highest label" in str(values)
    values = handler("highest", "submit")(VISITOR, "score", *columns, 0, 10, 7)
    assert values[0] != gr.skip()
    assert workbench.visitor("ann").desk.mapping.scale == (0, 10)
    again = handler("highest", "blur")(VISITOR, "score", *columns, 0, 10, 8)
    assert all(value == gr.skip() for value in again)
