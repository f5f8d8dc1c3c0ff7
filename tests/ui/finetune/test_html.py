"""The HTML of the Fine-tune tab: what a file holds, how a run goes, what it was worth."""

import math
from dataclasses import replace
from io import StringIO

import pytest

from encoder.evaluation import Metric
from encoder.training.cost import Cost
from encoder.training.judge_run import Rival
from ingest import Finding, Remedy, guess_columns, read_pairs, read_table, split_pairs
from tests.encoder.training.pairs import graded
from tests.ui.finetune.pages import NO_CHANGE, check, judgement
from ui.finetune.check_html import CELL_CHARS, facts, findings, label, preview
from ui.finetune.metrics import change_cell, direction_of
from ui.finetune.results_html import forgetting_meter, results_table
from ui.finetune.run_html import (
    cost_line,
    over,
    progress,
    scoring_bar,
    sizes,
    split_bar,
    training,
    training_bar,
    waiting,
)
from ui.words import duration, hundred, what_trains

CSV = "text_a,text_b,grade,note\nIt rains.,Rain falls.,5,x\n,nothing,3,y\nI sing.,We run.,0,z"


@pytest.fixture(scope="module")
def done(trained):
    return trained()


# --- words --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0.2, "under 1 s"), (59.7, "1 min"), (12.4, "12 s"), (125, "2 min 5 s"), (725, "12 min"),
     (3599, "1 h"), (3840, "1 h 4 min")],
)  # fmt: skip
def test_times_are_said_as_people_say_them(seconds, said):
    assert duration(seconds) == said


def test_metrics_have_one_decimal_and_no_number_is_a_dash():
    assert (hundred(0.78261), hundred(-0.0391, sign=True)) == ("78.3", "−3.9")
    assert hundred(float("nan")) == "–"


def test_a_change_is_judged_by_its_interval():
    assert direction_of(Metric(0.05, 0.01, 0.09)) == "better"
    assert direction_of(Metric(-0.05, -0.09, -0.01)) == "worse"
    assert direction_of(Metric(0.05, -0.01, 0.11)) == direction_of(Metric(0, 0, 0)) == "unclear"


def test_a_change_without_bounds_is_not_called_chance():
    unknown = Metric(0.05, math.nan, math.nan)
    assert direction_of(unknown) == "unknown"
    assert "too few texts to say" in change_cell(unknown)
    assert "chance" not in change_cell(unknown)


def test_what_trains_is_said_in_words():
    found = [what_trains(blocks, 6) for blocks in (0, 1, 3, 6, 7)]
    assert found == ["linear map", "top block", "top 3 blocks", "all 6 blocks",
                     "all blocks and the embeddings"]  # fmt: skip


# --- the file -----------------------------------------------------------------------------------


def test_the_preview_says_what_each_column_is_used_for():
    table = read_table(StringIO(CSV))
    root = check(preview(table, guess_columns(table), rows=2))
    assert [th.text for th in root.one("thead").all("th")] == [
        "row", "sentence 1text_a", "sentence 2text_b", "labelgrade", "not usednote"]  # fmt: skip
    rows = root.one("tbody").all("tr")
    assert [[cell.text for cell in row.all("th") + row.all("td")] for row in rows] == [
        ["1", "It rains.", "Rain falls.", "5", "x"], ["2", "", "nothing", "3", "y"]]  # fmt: skip
    assert root.one(".lab-frame").attributes["tabindex"] == "0"  # scrolls by keyboard, too


def test_long_cells_are_cut_with_all_of_it_in_the_tooltip():
    table = read_table(StringIO(f"a,b\n{'x' * CELL_CHARS},{'y' * (CELL_CHARS + 1)}\nc d,e f"))
    fits, cut = check(preview(table, guess_columns(table))).one("tbody").all("td")[:2]
    assert fits.text == "x" * CELL_CHARS
    assert "title" not in fits.one("span").attributes
    assert cut.text == "y" * (CELL_CHARS - 1) + "…"
    assert cut.one("span").attributes["title"] == "y" * (CELL_CHARS + 1)


def test_the_facts_say_how_the_file_was_read():
    pairs = read_pairs(StringIO(CSV))
    root = check(facts(pairs.report, pairs))
    names, lines = root.all("dt"), root.all("dd")
    assert {n.text: line.text for n, line in zip(names, lines, strict=True)} == {
        "kind": "graded pairs: two sentences, and a score of how alike they are",
        "rows": "3 read, 2 kept",
        "left out": "1 row: empty text",
        "encoding": "pasted text",
        "separator": "comma",
        "scale": "0–5",
        "labels": "0–5 divided by 5; from 0 to 1, median 0.5",
    }


def finding(severity: str, rows: tuple[int, ...] = (), remedy: str = "") -> Finding:
    cure = Remedy(remedy, lambda pairs: pairs) if remedy else None
    return Finding(severity, severity, rows, f"what {severity}", f"effect {severity}", cure)


def test_a_finding_with_several_remedies_has_a_button_for_each():
    one, other = (Remedy(name, lambda pairs: pairs) for name in ("keep = 1", "drop = 1"))
    root = check(findings([Finding("label", "error", (), "What", "Effect", one, (other,))]))
    buttons = {b.attributes["data-pick"]: b.text for b in root.all("button")}
    assert buttons == {"remedy:label": "keep = 1", "remedy:label:1": "drop = 1"}


def test_findings_stand_worst_first_and_a_remedy_picks_its_finding():
    found = [finding("note", remedy="Mend it"), finding("error", (3,)), finding("note"),
             finding("warning", tuple(range(1, 21)), remedy="Leave out 20 rows")]  # fmt: skip
    assert label(found) == "1 error, 1 warning, 2 notes"
    root = check(findings(found))
    assert [h.text for h in root.all("h4")] == ["✕Errors", "!Warnings", "iNotes"]
    buttons = {b.attributes["data-pick"]: b.text for b in root.all("button")}
    assert buttons == {"remedy:note": "Mend it", "remedy:warning": "Leave out 20 rows"}
    assert [p.text for p in root.all(".rows")] == [
        "Row 3", "Rows 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12 and 8 more"]  # fmt: skip
    assert root.all(".effect")[0].text == "In training: effect error"


def test_without_findings_the_page_says_so():
    assert "Nothing to complain about" in check(findings([])).text


def test_the_split_is_one_bar_with_its_numbers():
    root = check(split_bar((70, 0, 30), ("Too few <rows>.",)))
    parts = [(part.classes, part.attributes["style"]) for part in root.one(".bar").all("i")]
    assert parts == [(["train"], "flex:70"), (["held-out"], "flex:30")]
    keys = root.one(".keys").text
    assert "train 70 rows, 70%" in keys
    assert "validation 0 rows, 0%" in keys
    assert root.one(".bar").attributes["aria-label"] == "Rows: train 70, validation 0, held-out 30"
    assert "Too few <rows>." in root.text
    assert sum(sizes(split_pairs(graded()))) == 60


# --- a run --------------------------------------------------------------------------------------


def test_the_cost_says_training_and_what_comes_around_it():
    cost = Cost(prepare_s=6.0, step_s=0.333, steps=66, looks_s=3.0, other_s=20.2)
    text = check(cost_line(cost, "Timing here.")).text
    assert text.startswith("About 31 s of training and about 20 s of scoring for 66 steps")
    assert "6.0 s for what does not train" in text
    assert "66 × 0.33 s; 3.0 s of looking" in text
    assert text.endswith("Timing here.")
    few = check(cost_line(replace(cost, prepare_s=0, steps=1, looks_s=0, other_s=0.2))).text
    assert few.startswith("Under 1 s of training and under 1 s of scoring for 1 step (")
    assert "does not train" not in few
    assert "looking" not in few


def test_progress_is_a_bar_with_values_for_all_readers():
    root = check(progress("Training.", training_bar(40, 66, 12.3)))
    bar = root.one(".bar")
    assert bar.attributes["role"] == "progressbar"
    assert [bar.attributes[f"aria-value{n}"] for n in ("min", "max", "now")] == ["0", "66", "40"]
    assert bar.attributes["aria-valuetext"] == "step 40 of 66, about 12 s of training left"
    assert bar.one("i").attributes["style"] == "width:60.6%"
    over = check(progress("Training.", training_bar(9, 6))).one(".bar")
    assert (over.attributes["aria-valuenow"], over.one("i").attributes["style"]) == (
        "6", "width:100.0%")  # fmt: skip
    assert not check(progress("Waiting.")).all(".bar")
    after = check(progress("Scoring.", scoring_bar(2, 5))).one(".bar")
    assert after.attributes["aria-valuetext"] == "part 2 of 5"


def test_what_goes_on_is_one_sentence():
    assert "place 2 of the line" in waiting(2, wait_s=83)
    assert waiting(1, wait_s=83).endswith("Expected wait: about 1 min 23 s.")
    assert waiting(1, wait_s=0.2).endswith("Expected wait: under 1 s.")
    assert "Training the top 3 blocks" in training(3, depth=6)
    assert "Training all 6 blocks" in training(6, depth=6)
    assert over(stopped=True, kept_step=40).startswith("Stopped.")
    assert "weights of step 40" in over(stopped=False, kept_step=40)


def test_a_row_a_model_and_what_after_leads_it_by(done):
    rival = Rival("whitening", done.source, done.before, Metric(0.05, 0.01, 0.09))
    changed = replace(
        done,
        before={"spearman": Metric(0.5, 0.25, 0.75), "pearson": Metric(0.4, 0.3, 0.5)},
        after={"spearman": Metric(0.6, 0.35, 0.8), "pearson": Metric(float("nan"), 0, 0)},
        gain=Metric(0.1, -0.02, 0.2),
    )
    root = check(results_table(changed, replace(NO_CHANGE, rivals=(rival,))))
    heads = [th.text for th in root.one("thead").all("th")]
    assert heads == ["model", "Spearman ρ", "after is ahead bySpearman ρ", "Pearson r"]
    before, after, other = root.one("tbody").all("tr")
    assert before.one("b").text == "before"
    assert [td.text for td in before.all("td")] == [
        "50.025.0 … 75.0", "+10.0−2.0 … +20.0could be chance", "40.030.0 … 50.0"]  # fmt: skip
    assert [td.own_text for td in after.all("td")] == ["60.0", "–", "–"]
    assert other.one("b").text == "whitening"
    assert other.one(".lead").text == "+5.0+1.0 … +9.0beyond chance"
    line = root.all(".lab-note")[-1].text
    held_out = len(done.held_out)
    for part in ("mean pooling", "cosine similarity (MSE) loss", "top block", "seed 0",
                 f"{held_out} held-out rows"):  # fmt: skip
        assert part in line


def test_nothing_held_out_has_no_results(done):
    assert "No pairs were held out" in check(results_table(replace(done, gain=None), None)).text


@pytest.mark.parametrize(
    ("change", "said"),
    [(Metric(-0.03, -0.05, -0.01), "forgot something"), (Metric(-0.03, -0.07, 0.01), "chance"),
     (Metric(0.03, 0.01, 0.05), "Nothing was forgotten")],
)  # fmt: skip
def test_the_forgetting_meter_says_what_the_interval_says(change, said):
    found = judgement(Metric(0.85, 0.7, 0.91), Metric(0.82, 0.76, 0.88), change)
    root = check(forgetting_meter(found))
    assert said in root.one(".said").text
    assert [i.attributes["style"] for i in root.all(".at")] == ["left:50.00%", "left:40.00%"]
    assert root.all(".reach")[1].attributes["style"] == "left:20.00%;width:40.00%"  # from 70 to 100
    assert hundred(change.value, sign=True) in root.one(".lab-note").text


def test_the_rows_of_a_finding_can_be_read():
    pairs = read_pairs(StringIO("a,b,score\nA cat.,A <b>dog</b>.,1\nRain.,Snow.,0\n"))
    root = check(findings([Finding("x", "note", (2,), "What", "Effect")], pairs))
    [row] = root.one("details").all("li")
    assert (row.attributes["value"], row.text) == ("2", "“Rain.” / “Snow.” 0")
    assert not check(findings([Finding("x", "note", (), "What", "Effect")], pairs)).all("details")
