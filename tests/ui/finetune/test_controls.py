"""The controls of the Fine-tune tab: each follows the model, the pairs and the runs."""

from dataclasses import fields, replace
from io import StringIO

import gradio as gr
import pytest

from encoder import DEFAULT_MODEL
from encoder.training.config import TRAIN_BLOCKS
from ingest import TEXTS, read_pairs
from tests.ui.finetune.pages import csv
from tests.ui.finetune.takehome.runs import a_run, a_zip
from tests.ui.laid_out import OTHER_MODEL, LaidOut, event
from tests.ui.visit import read_html
from ui.finetune import tab
from ui.finetune.form import Form
from ui.finetune.layout import NOTHING, FormLayout
from ui.finetune.results_html import ORDERS, ledger, ledger_rows
from ui.finetune.takehome.archive import record_of
from ui.map import tab as map_tab
from ui.page.models import ModelPicker
from ui.state.models import OwnModel
from ui.state.pairs import FIRST_SAMPLE, SAMPLES, PairsSample, open_sample


@pytest.fixture(scope="module")
def finished(trained):
    return trained(seed=3, loss="cosent", pooling="cls")


@pytest.fixture
def owned(lab, ann, finished):
    """`owned("run-1", name="mine")`: a run of the visitor's."""

    def add(key: str, brought_back: bool = False, of=finished, **changes) -> OwnModel:
        run = a_run(of, key=key, **{"name": f"Run {key}", "model": DEFAULT_MODEL} | changes)
        own = OwnModel(key, run.name, of.encoder, None if brought_back else run, record_of(run))
        lab.workbench.add_model(own, lab.workbench.visitor(ann))
        return own

    return add


@pytest.fixture
def graded_pairs(lab, ann):
    return lab.workbench.visitor(ann).put(open_sample("graded"))


def text(html: str) -> str:
    return read_html(f"<div>{html}</div>").text


def test_each_field_of_the_form_has_a_component():
    assert [field.name for field in fields(FormLayout)] == [field.name for field in fields(Form)]


# --- the model ----------------------------------------------------------------------------------


@pytest.mark.parametrize("preset", ["quick", "balanced", "thorough"])
def test_a_preset_asks_for_no_more_blocks_than_there_are(lab, ann, preset):
    assert lab.call((f"preset-{preset}", "click"), DEFAULT_MODEL, visitor=ann)["blocks"] == 2


def test_the_slider_of_a_small_model_ends_and_stands_within_it(lab, ann):
    chosen = lab.call(("tune-model", "select"), OTHER_MODEL, DEFAULT_MODEL, 6, visitor=ann)
    slider = chosen["blocks"]
    assert (slider.maximum, slider.value) == (3, 2)
    assert slider.maximum < TRAIN_BLOCKS  # where it stood before


# --- settings used again ------------------------------------------------------------------------


def reused(lab, ann, key: str) -> tuple[str, str, dict]:
    """The model chosen, what is said of it, and the form."""
    answer = lab.call(("reuse", "click"), key, OTHER_MODEL, visitor=ann)
    box, chosen = answer["tune-model"], answer["State"]
    assert box.value == chosen
    assert chosen in [value for _, value in box.choices]
    return chosen, text(answer["tune-model-note"]), answer | {"blocks": answer["blocks"].value}


def test_settings_used_again_are_those_of_the_run_and_its_model(lab, ann, owned, graded_pairs):
    owned("run-1")
    chosen, note, form = reused(lab, ann, "run-1")
    assert chosen == DEFAULT_MODEL  # what it was trained from
    assert "cannot" not in note
    assert "does not" not in note
    want = {"loss": "cosent", "tune-pooling": "cls", "blocks": 1, "seed": 3, "batch": 8, "steps": 4}
    assert {name: form[name] for name in want} == want


def test_on_other_pairs_a_loss_that_does_not_fit_is_left(lab, ann, owned):
    owned("run-1")
    lab.workbench.visitor(ann).put(open_sample("triplets"))
    _, note, form = reused(lab, ann, "run-1")
    assert form["loss"] == "multiple_negatives"
    assert "does not fit these pairs" in note


def test_where_the_base_is_gone_the_model_in_use_stays_and_the_page_says_so(
    lab, ann, owned, graded_pairs
):
    owned("run-2", model="run-1")
    chosen, note, _ = reused(lab, ann, "run-2")
    assert chosen == OTHER_MODEL
    assert "trained from run-1, which cannot be had" in note
    owned("run-1")
    assert reused(lab, ann, "run-2")[0] == "run-1"


def test_what_a_zip_calls_run_1_is_no_run_of_this_visitor(lab, ann, owned, graded_pairs):
    owned("run-1")
    owned("run-7", brought_back=True, model="run-1")
    assert reused(lab, ann, "run-7")[0] == OTHER_MODEL
    owned("run-8", brought_back=True)
    assert reused(lab, ann, "run-8")[0] == DEFAULT_MODEL


def test_a_run_of_more_than_the_form_allows_fills_what_it_can(lab, ann, owned, finished):
    config = replace(finished.config, batch_size=256, held_out_share=0.0)
    owned("run-1", of=replace(finished, config=config))
    _, note, form = reused(lab, ann, "run-1")
    assert (form["batch"], form["held-out"]) == (128, 5)
    assert "Batch size was 256" in note


# --- runs ---------------------------------------------------------------------------------------


def test_a_model_brought_back_is_told_from_the_one_it_was(lab, ann, bert, owned, tmp_path):
    visitor = lab.workbench.visitor(ann)
    owned(visitor.own_models.next_key(), name="My first run")
    for _ in range(2):
        lab.call(("archive", "upload"), str(a_zip(bert, tmp_path)), visitor=ann)
    names = [model.name for model in visitor.own_models]
    assert names == [
        "My first run", "My first run (brought back)", "My first run (brought back) (2)",
    ]  # fmt: skip
    labels = [label for label, _ in ModelPicker(lab.workbench).choices(ann)]
    assert len(set(labels)) == len(labels)


def test_two_runs_are_compared_where_they_can_be(lab, ann, owned):
    owned("run-1")
    owned("run-2")
    owned("run-3", brought_back=True)

    def compare(key: str, against: str) -> tuple[gr.Dropdown, str]:
        answer = lab.call(("against", "select"), key, against, visitor=ann)
        return answer["against"], answer["compared"]

    box, html = compare("run-1", "run-2")
    assert [key for _, key in box.choices] == [NOTHING, "run-2"]  # the other has no pairs
    assert box.value == "run-2"
    assert "“Run run-1” and “Run run-2” cannot be told apart" in text(html)
    assert "“Run run-3” was brought back" in compare("run-1", "run-3")[1]
    for key, against in (("run-1", NOTHING), ("run-1", "run-1"), ("run-1", "x"), ("", "run-2")):
        box, html = compare(key, against)
        assert html == ""
        assert box.value == NOTHING


def test_a_comparison_says_why_there_is_none(lab, ann, owned, finished):
    owned("run-1")
    elsewhere = tuple(number + 900 for number in finished.held_out.row_numbers)
    moved = replace(finished.held_out, row_numbers=elsewhere)
    owned("run-2", of=replace(finished, held_out=moved), data="other.csv")
    answer = lab.call(("against", "select"), "run-1", "run-2", visitor=ann)
    assert [key for _, key in answer["against"].choices] == [NOTHING]  # it is not offered
    assert "They were judged on different files" in answer["compared"]


def test_the_ledger_is_drawn_in_the_order_that_is_chosen(lab, ann, owned, finished):
    owned("run-1")
    orders = {}
    for order in ORDERS:
        drawn = lab.call(("ledger-order", "change"), "run-1", order, visitor=ann)["ledger"]
        orders[order] = [b.attributes["data-pick"] for b in read_html(drawn).all("button")]
    change = {f"pair:{at}": row.change for at, row in enumerate(ledger_rows(finished))}
    worst, best = ([change[pick] for pick in orders[f"{end} first"]] for end in ("worst", "best"))
    assert worst == sorted(change.values()) == best[::-1]
    assert orders["file order"] == [f"pair:{n}" for n in range(len(finished.held_out))]
    assert orders["worst first"] != orders["file order"]


@pytest.mark.parametrize(
    ("box", "picked"), [("ledger", {"name": "pair:2"}), ("scatter", {"row": 2})]
)
def test_a_pair_is_opened_from_the_ledger_and_from_its_dot(lab, ann, owned, finished, box, picked):
    owned("run-1")
    answer = lab.call((box, "pick"), event(**picked), "run-1", visitor=ann)
    a, b = finished.held_out.texts[2][:2]
    assert f"“{a}” and “{b}”" in text(answer["pair-note"])
    before, after = answer["pair-before"], answer["pair-after"]
    assert before["data"][0]["x"] == after["data"][0]["x"]


def test_of_a_triplet_the_negative_is_taken_apart_too(lab, ann, owned, trained):
    finished = trained("triplet", steps=1)
    owned("run-1", of=finished)
    assert 'data-pick="pair:1:2"' in ledger(ledger_rows(finished), "file order")
    anchor, positive, negative = finished.held_out.texts[1]
    for name, other in (("pair:1", positive), ("pair:1:2", negative)):
        answer = lab.call(("ledger", "pick"), event(name=name), "run-1", visitor=ann)
        assert f"“{anchor}” and “{other}”" in text(answer["pair-note"])


# --- pairs --------------------------------------------------------------------------------------


def test_a_sample_lies_ready_at_the_first_look_and_nothing_changes_at_the_second(lab, ann):
    first = lab.call(("tab-finetune", "select"), visitor=ann)
    assert SAMPLES[FIRST_SAMPLE].file in first["pairs-note"]
    assert first["kind"].value == "score"
    assert first["State"], "the check would not be drawn"
    assert lab.call(("tab-finetune", "select"), visitor=ann) == {}


def test_a_sample_that_is_added_is_one_entry(lab, ann, monkeypatch, tmp_path):
    """Its button is laid out, and takes it."""
    (tmp_path / "mine.csv").write_text(csv("boat"), encoding="utf-8")
    sample = PairsSample("mine", "Pairs of mine", "mine.csv", tmp_path)
    monkeypatch.setitem(SAMPLES, "mine", sample)
    page = LaidOut(lab.workbench, tab.build, map_tab.build)
    [button] = [b for b in page.demo.blocks.values() if getattr(b, "elem_id", "") == "sample-mine"]
    assert button.value == "Pairs of mine"
    assert "mine.csv: 40 rows" in page.call(("sample-mine", "click"), visitor=ann)["pairs-note"]
    assert not lab.workbench.visitor(ann).sent_something


@pytest.mark.parametrize("kind", list(TEXTS))
def test_a_template_is_a_file_of_its_kind(lab, kind):
    file = lab.call((f"template-{kind}", "click"))["pairs-download"]
    assert file["name"] == f"{kind}_template.csv"
    assert read_pairs(StringIO(file["text"])).kind == kind


def test_boxes_for_the_scale_are_there_for_graded_pairs_only(lab, ann):
    for name, shown in (("graded", True), ("triplets", False)):
        answer = lab.call((f"sample-{name}", "click"), visitor=ann)
        assert [answer[end].visible for end in ("lowest", "highest")] == [shown, shown]


def columns_of(training_pairs) -> tuple[str, str, str]:
    return (*training_pairs.mapping.texts, training_pairs.mapping.label)


def test_mending_and_mapping_leave_the_loss_and_another_kind_brings_its_own(lab, ann, graded_pairs):
    columns = columns_of(graded_pairs)
    scaled = lab.call(("highest", "submit"), "score", *columns, 0, 10, visitor=ann)
    assert "loss" not in scaled
    other = lab.call(("kind", "select"), "positive", *columns[:2], None, None, None, visitor=ann)
    assert other["loss"].value == "multiple_negatives"


def test_one_end_of_a_scale_waits_for_the_other(lab, ann, graded_pairs):
    columns, visitor = columns_of(graded_pairs), lab.workbench.visitor(ann)
    waiting = lab.call(("lowest", "blur"), "score", *columns, 0, None, visitor=ann)
    assert visitor.training_pairs is graded_pairs
    assert waiting.keys() == {"pairs-note", "sampled"}
    whole = lab.call(("highest", "submit"), "score", *columns, 0, 10, visitor=ann)
    assert whole["State"], "the check would not be drawn"
    assert visitor.training_pairs.mapping.scale == (0, 10)
    assert lab.call(("highest", "blur"), "score", *columns, 0, 10, visitor=ann) == {}


def test_of_a_file_over_the_limit_a_sample_can_be_read(lab, ann):
    many = csv("cat", 20_001)
    offered = lab.call(("use-pasted", "click"), None, many, visitor=ann)
    assert "20,000" in offered["pairs-note"]
    assert offered["sampled"].visible is True
    source = offered["State 2"]
    assert lab.workbench.visitor(ann).training_pairs is None
    taken = lab.call(("sampled", "click"), source, None, many, visitor=ann)
    assert len(lab.workbench.visitor(ann).training_pairs.pairs) == 20_000
    assert taken["sampled"].visible == "hidden"


def test_half_a_choice_of_columns_makes_no_pairs_and_says_why(lab, ann, graded_pairs):
    first, second, _ = columns_of(graded_pairs)
    answer = lab.call(("kind", "select"), "triplet", first, second, None, None, None, visitor=ann)
    assert "third column" in answer["facts"]
    assert answer["findings"] == ""
    assert lab.workbench.visitor(ann).training_pairs.pairs is None


def test_the_way_to_the_map_brings_the_texts_and_leaves_the_settings_there(lab, ann):
    lab.workbench.visitor(ann).put(open_sample("graded"))
    answer = lab.call(("map-pairs", "click"), visitor=ann)
    assert answer["Tabs"].selected == "map"
    assert "texts of graded_pairs.csv" in answer["corpus-facts"]
    assert not [name for name in answer if name in ("map-model", "map-method", "map-pooling")]


def test_a_file_that_cannot_be_read_leaves_its_box_and_says_whose_pairs_are_below(
    lab, ann, graded_pairs, tmp_path
):
    broken = tmp_path / "broken.parquet"
    broken.write_bytes(b"PAR1")
    answer = lab.call(("pairs-file", "upload"), str(broken), "", visitor=ann)
    assert answer["pairs-file"] is None
    said = text(answer["pairs-note"])
    assert said.startswith("broken.parquet: The Parquet file is broken")
    assert said.endswith(f"The pairs below are still those of {graded_pairs.name}.")
    assert lab.workbench.visitor(ann).training_pairs is graded_pairs


def test_without_pairs_to_train_on_there_is_nothing_to_press(lab, ann):
    def can_train(rows: str) -> bool:
        lab.call(("use-pasted", "click"), None, rows, visitor=ann)
        fn = next(f for f in lab.demo.fns.values() if f.name == "draw_check")
        return lab.call(fn, DEFAULT_MODEL, *vars(Form()).values(), visitor=ann)["train"].interactive

    many = "a,b,score\n" + "".join(f"Text {i}.,Words {i}.,{i % 6}\n" for i in range(30))
    assert can_train(many)
    assert not can_train("a,b,score\nOne.,Two.,1\n")
    assert not can_train("n\n1\n2\n3\n")
