"""Two runs against each other: on what both have, or a sentence why not."""

from dataclasses import replace

import numpy as np
import pytest

from encoder.evaluation import Predictions, difference, measure
from tests.ui.finetune.pages import check, with_predictions
from tests.ui.finetune.takehome.runs import a_run
from ui.finetune.compared import NotComparable, compare_runs, comparison_html
from ui.state.models import Run

LABELS = {"score": [0, 0.2, 0.4, 0.6, 0.8, 1.0] * 5, "binary": [0, 1] * 15}


@pytest.fixture(scope="module")
def finished(trained):
    return trained()


@pytest.fixture
def make(finished):
    """`make("score", seed)`: a run of a kind on 30 held-out pairs, told what it says of them."""

    def run(kind: str, seed: int, **fields) -> Run:
        chance = np.random.default_rng(seed)
        values = [chance.integers(1, 9, 30) if kind == "positive" else chance.normal(size=30)] * 2
        return a_run(with_predictions(finished, kind, *values, LABELS.get(kind)), **fields)

    return run


def with_held_out(run: Run, rows, **changes) -> Run:
    """The same run where only these rows were held out, in this order."""
    scored = run.done.predictions[1]
    labels = None if scored.labels is None else scored.labels[rows]
    found = Predictions(scored.kind, scored.values[rows], labels, scored.groups[rows])
    held_out = replace(run.done.held_out.take(rows), **changes)
    return replace(run, done=replace(run.done, held_out=held_out, predictions=(found, found)))


@pytest.mark.parametrize("kind", ["score", "binary", "positive", "triplet"])
def test_on_the_same_split_the_difference_is_the_paired_bootstrap_of_both(make, kind):
    one, other = make(kind, 1), make(kind, 2)
    found = compare_runs(one, other)
    ours, theirs = one.done.predictions[1], other.done.predictions[1]
    assert (found.rows, found.groups, found.of_all) == (30, 30, (30, 30))
    assert found.lead == difference(theirs, ours, seed=one.done.config.seed)
    assert found.lead.low < found.lead.high
    assert found.one == {name: measure(ours, name) for name in found.one}
    turned = compare_runs(other, one)
    assert turned.lead.value == -found.lead.value
    assert (turned.one, turned.other) == (found.other, found.one)


def test_only_pairs_that_both_held_out_count(make):
    one, other = make("score", 1), make("score", 2)
    rows = list(range(4, 30))
    found = compare_runs(one, with_held_out(other, rows[::-1]))  # in another order, too
    assert (found.rows, found.of_all) == (26, (30, 26))
    want = [measure(run.done.predictions[1], "spearman", np.array(rows)) for run in (one, other)]
    assert [found.one["spearman"], found.other["spearman"]] == pytest.approx(want)


def test_ranks_are_taken_anew_among_the_shared_positives(make):
    one, other = make("positive", 1), make("positive", 2)
    found = compare_runs(with_held_out(one, range(4)), with_held_out(other, range(1, 5)))
    assert found.rows == 3
    assert found.one["recall@5"] == found.other["recall@5"] == 1.0  # of three, every rank is
    assert found.one == found.other  # both are the same model here


def test_other_kinds_files_splits_and_scales_are_not_compared(make):
    one, other = make("score", 1), make("score", 2)
    with pytest.raises(NotComparable, match="no measure in common"):
        compare_runs(one, make("triplet", 1))
    elsewhere = with_held_out(other, range(30), row_numbers=tuple(range(900, 930)))
    with pytest.raises(NotComparable, match="different splits"):
        compare_runs(one, elsewhere)
    with pytest.raises(NotComparable, match=r"different files, pairs\.csv and more\.csv"):
        compare_runs(one, replace(elsewhere, data="more.csv"))
    half = with_held_out(other, range(30), labels=other.done.held_out.labels / 2)
    with pytest.raises(NotComparable, match="different scales"):
        compare_runs(one, half)
    with pytest.raises(NotComparable, match="nothing was held out"):
        compare_runs(one, with_held_out(other, []))


def test_too_little_in_common_is_no_comparison(make):
    one, other = make("binary", 1), make("binary", 2)
    with pytest.raises(NotComparable, match="1 held-out pair in one group"):
        compare_runs(one, with_held_out(other, [0]))
    with pytest.raises(NotComparable, match="15 held-out pairs, all with one label"):
        compare_runs(one, with_held_out(other, range(0, 30, 2)))


POOR = [0.5, 0.4, 0.6, 0.4, 0.6, 0.5] * 5


@pytest.mark.parametrize(
    ("values", "said"),
    [([0.1, 0.2, 0.3, 0.8, 0.9, 0.95] * 5, "“A <b>” does better than “B {x}”"),
     (POOR, "“A <b>” and “B {x}” cannot be told apart")],
)  # fmt: skip
def test_the_sentence_says_what_the_interval_says(finished, values, said):
    one, other = (
        a_run(with_predictions(finished, "score", POOR, after, LABELS["score"]))
        for after in (values, POOR)
    )
    root = check(comparison_html(compare_runs(one, other), "A <b>", "B {x}"))
    text = root.one(".lab-message").text
    assert text.startswith(said)
    assert "30 held-out pairs in 30 groups of linked texts that both have." in text
    assert [th.text for th in root.one("thead").all("th")][1:] == ["A <b>", "B {x}", "lead"]
    assert len(root.one("tbody").all("tr")) == 2
    some = check(comparison_html(compare_runs(one, with_held_out(other, range(25))), "a", "b"))
    assert "(30 and 25 were held out)" in some.text
