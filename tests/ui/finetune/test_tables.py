"""The ledger of held-out pairs and the table of runs; and what visitors wrote, everywhere."""

from dataclasses import replace

import pandas as pd
import pytest

from encoder.errors import UnknownName
from encoder.evaluation import Metric
from encoder.training.cost import Cost
from encoder.training.judge_run import Rival
from ingest import ColumnMapping, Finding, Table, to_pairs
from tests.ui.finetune.pages import NO_CHANGE, check, with_predictions
from tests.ui.test_hostile_text import ATTACKS, HARD
from ui.finetune.check_html import CELL_CHARS, facts, findings, preview
from ui.finetune.results_html import (
    ORDERS,
    ledger,
    ledger_rows,
    results_table,
    runs_table,
    sort_rows,
)
from ui.finetune.run_html import cost_line, progress, split_bar, training_bar
from ui.finetune.takehome.archive import record_of
from ui.state.models import OwnModel, Run


@pytest.fixture(scope="module")
def done(trained):
    return trained()


# --- ledger -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "before", "after", "labels", "changes"),
    [
        ("score", [0.5, 0.9, 0.2], [0.75, 1.0, 0.0], [1.0, 0.5, 0.0], [0.25, -0.1, 0.2]),
        ("binary", [0.5, 0.5, 0.9], [0.75, 0.75, 0.4], [1, 0, 0], [0.25, -0.25, 0.5]),
        ("positive", [1, 4, 2], [1, 2, 5], None, [0, 2, -3]),
        ("triplet", [0.1, -0.1, 0.2], [0.3, -0.2, 0.2], None, [0.2, -0.1, 0]),
    ],
)
def test_better_means_nearer_to_what_the_pair_should_have(
    done, kind, before, after, labels, changes
):
    rows = ledger_rows(with_predictions(done, kind, before, after, labels))
    assert [row.change for row in rows] == pytest.approx(changes, abs=1e-6)
    assert [(row.before, row.after) for row in rows] == list(zip(before, after, strict=True))
    assert [(row.index, row.number) for row in rows] == [(0, 10), (1, 11), (2, 12)]


def test_rows_are_sorted_by_change_label_or_place(done):
    changed = with_predictions(done, "score", [0.5] * 4, [0.6, 0.9, 0.4, 0.5], [1, 0, 1, 0.5])
    rows = ledger_rows(changed)
    order = {by: [row.index for row in sort_rows(rows, by)] for by in ORDERS}
    assert order == {"worst first": [1, 2, 3, 0], "best first": [0, 3, 2, 1],
                     "label": [0, 2, 3, 1], "file order": [0, 1, 2, 3]}  # fmt: skip
    assert [row.number for row in sort_rows(rows[::-1], "file order")] == [10, 11, 12, 13]
    with pytest.raises(UnknownName, match=r"'newest'.*worst first, best first, label, file order"):
        sort_rows(rows, "newest")


def test_the_ledger_shows_regressions_first_and_opens_a_pair(done):
    changed = with_predictions(done, "score", [0.5, 0.5, 0.5], [0.9, 0.25, 0.501], [1, 1, 1])
    root = check(ledger(ledger_rows(changed), limit=2))
    assert root.one(".lab-note").text.startswith(
        "The first 2 of 3 held-out pairs, worst first; 1 of 3 got worse."
    )
    first, second = root.one("tbody").all("tr")
    button = first.one("button")
    assert (button.attributes["data-pick"], button.text) == ("pair:1", "11")
    assert [p.text for p in first.all("p")] == ["A a 1", "B b 1"]
    assert [td.text for td in first.all(".num")] == ["1.00", "0.50", "0.25", "−0.25worse"]
    assert second.all(".num")[-1].text == "same"  # 0.50 and 0.50, as far as is shown


def test_ranks_are_whole_numbers_unless_two_share_one(done):
    changed = with_predictions(done, "positive", [1200, 2], [3.5, 2], None)
    root = check(ledger(ledger_rows(changed), "best first"))
    first, _ = root.one("tbody").all("tr")
    assert [td.text for td in first.all(".num")] == ["1,200", "3.5", "−1,196.5better"]
    assert "label" not in root.one("thead").text
    assert [p.text for p in first.all("p")] == ["anchor a 0", "positive b 0"]


def test_an_empty_ledger_says_why(done):
    assert "No pairs were held out" in check(ledger([])).text


def test_a_real_run_fills_the_ledger_with_its_held_out_pairs(done):
    rows = ledger_rows(done)
    assert len(rows) == len(done.held_out) > 5
    assert {row.texts for row in rows} == set(done.held_out.texts)
    cosines = done.predictions[1].values
    assert [row.after for row in rows] == cosines.tolist()
    check(ledger(rows))


# --- runs ---------------------------------------------------------------------------------------


def own_model(done, key: str, predicted_s: float | None = 31.24, **words: str) -> OwnModel:
    named = {"name": f"Run {key}", "model": "a-model", "data": "pairs.csv"} | words
    run = Run(key, done=done, judgement=NO_CHANGE, predicted_s=predicted_s, **named)
    return OwnModel(key, run.name, done.encoder, run)


def test_a_row_tells_all_about_a_run(done):
    known = replace(
        done, train_seconds=28.06, gain=Metric(0.1, 0.02, 0.2),
        before={"spearman": Metric(0.5, 0, 1)}, after={"spearman": Metric(0.6, 0, 1)},
    )  # fmt: skip
    stopped = replace(done, stopped=True, gain=None, before={}, after={})
    root = check(
        runs_table([own_model(known, "run-1"), own_model(stopped, "run-2", None)], "run-1")
    )
    first, second = root.one("tbody").all("tr")
    button = first.one("button")
    assert (button.text, button.attributes["data-pick"]) == ("Run run-1", "run:run-1")
    assert button.attributes["aria-pressed"] == "true"
    assert first.one("th").one("small").text == "pairs.csv, graded pairs"
    assert [td.text for td in first.all("td")] == [
        "a-modelmean pooling", "cosine similarity (MSE)top block, seed 0", "28.1predicted 31.2",
        "50.0Spearman ρ", "60.0", "+10.0+2.0 … +20.0beyond chance"]  # fmt: skip
    assert second.one("button").attributes["aria-pressed"] == "false"
    assert second.one("th").one("small").text.endswith("graded pairs, stopped")
    assert [td.own_text for td in second.all("td")[3:]] == ["–", "–", "–"]
    assert "predicted –" in second.text


def test_a_model_that_was_brought_back_shows_what_its_zip_says(done):
    run = own_model(done, "run-1").run
    record = record_of(run) | {
        "before": {"spearman": [0.5, 0.4, 0.6]}, "after": {"spearman": [0.6, 0.5, 0.7]},
        "gain": [0.1, 0.02, 0.2], "train_seconds": 28.06,
    }  # fmt: skip
    silent = OwnModel("run-3", "Silent", done.encoder)
    root = check(
        runs_table([OwnModel("run-2", "Mine", done.encoder, None, record), silent], "run-2")
    )
    known, unknown = root.one("tbody").all("tr")
    assert known.one("button").attributes["data-pick"] == "run:run-2"
    assert known.one("th").one("small").text == "brought back: pairs.csv, graded pairs"
    assert [td.text for td in known.all("td")] == [
        "a-modelmean pooling", "cosine similarity (MSE)top block, seed 0", "28.1predicted 31.2",
        "50.0Spearman ρ", "60.0", "+10.0+2.0 … +20.0beyond chance"]  # fmt: skip
    assert [td.text for td in unknown.all("td")] == ["–"] * 6
    assert "says nothing of its training" in unknown.text


def test_without_a_run_the_table_is_a_sentence():
    root = check(runs_table([], ""))
    assert "No run yet" in root.text
    assert not root.all("table")


# --- what visitors wrote ------------------------------------------------------------------------


@pytest.mark.parametrize("attack", [*ATTACKS, *HARD[:8]])
def test_what_a_visitor_wrote_is_shown_as_the_text_it_is(done, attack):
    numbers = with_predictions(done, "score", [0.5], [0.6], [1])
    hostile = replace(numbers.held_out, texts=((attack, attack),))
    named = replace(numbers, held_out=hostile)
    rival = Rival(attack, done.source, done.before, Metric(0, 0, 0))
    own = own_model(named, attack, name=attack, model=attack, data=attack)
    pieces = [
        ledger(ledger_rows(named)),
        findings([Finding("x", "error", (1,), attack, attack)]),
        split_bar((1, 1, 1), [attack]),
        progress(attack, training_bar(1, 2)),
        cost_line(Cost(1, 1, 1, 1, other_s=1), attack),
        results_table(done, replace(NO_CHANGE, rivals=(rival,))),
        runs_table([own], attack),
    ]
    roots = [check(piece) for piece in pieces]
    assert roots[-1].one("button").text == attack
    assert roots[-1].one("button").attributes["data-pick"] == f"run:{attack}"
    assert [p.text for p in roots[0].all("p")[1:]] == [f"A {attack}", f"B {attack}"]
    assert all(attack in root.text for root in roots)


@pytest.mark.parametrize("attack", ATTACKS)
def test_a_hostile_file_is_previewed_as_the_text_it_is(attack):
    frame = pd.DataFrame({attack: [attack, "x"], "b": ["y", attack * 9]}, index=[1, 2])
    table = Table(frame, attack, attack, header=True, rows_read=2)
    mapping = ColumnMapping("positive", (attack, "b"))
    root = check(preview(table, mapping))
    assert root.one("thead").all("th")[1].text == f"anchor{attack}"
    cells = root.one("tbody").all("td")
    assert [td.text for td in cells[:3]] == [attack, "y", "x"]
    cut = cells[3].one("span")
    assert cut.attributes["title"] == attack * 9
    assert cut.text == (attack * 9)[: CELL_CHARS - 1] + "…"
    pairs = to_pairs(table, mapping)
    check(facts(replace(pairs.report, dropped={attack: (1,)}, encoding=attack), pairs))
