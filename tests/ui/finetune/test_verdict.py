"""What a run is worth, in words that the intervals allow."""

import re
from dataclasses import replace

import numpy as np
import pytest

from encoder.evaluation import Metric
from encoder.training.judge_run import Rival, RunJudgement, judge_run, probe_pairs
from encoder.training.rivals import linear_map
from tests.encoder.training.pairs import graded
from tests.ui.finetune.takehome.runs import done as train
from ui.finetune.verdict import verdict

LEVEL = Metric(0.6, 0.5, 0.7)
KEPT = Metric(0, -0.01, 0.01)


@pytest.fixture(scope="module")
def done(_tiny):
    """A run with 32 held-out rows, in as many groups."""
    return train(_tiny("bert"), pairs=graded(160), steps=1, validation_share=0.1)


@pytest.fixture(scope="module")
def judgement(done) -> RunJudgement:
    return judge_run(done)


def test_with_nothing_held_out_nothing_is_claimed(trained):
    done = trained(steps=1, held_out_share=0)
    said = verdict(done, judge_run(done))
    assert said.headline == "Nothing was held out, so nothing can be said."
    assert said.helped is None
    assert len(said.reasons) == 1
    assert "pairs of other subjects" in said.reasons[0]


@pytest.mark.parametrize("kind", ["positive", "triplet"])
def test_other_kinds_are_put_into_words(trained, kind):
    done = trained(kind, steps=1)
    title = {"positive": "MRR", "triplet": "Triplet accuracy"}[kind]
    assert (
        verdict(done, judge_run(done)).reasons[0].startswith(f"{title} × 100 on 8 held-out rows: ")
    )


def judge(done, judgement, gain: Metric, leads=(), forgot=KEPT, **other):
    """The verdict for a gain, the leads over whitening and a linear map, and a probe's change."""
    named = zip(judgement.rivals, leads, strict=False)
    rivals = tuple(Rival(r.name, r.encoder, {"spearman": LEVEL}, lead) for r, lead in named)
    shifted = RunJudgement(rivals, Metric(0.8, 0.7, 0.9), Metric(0.8 + forgot.value, 0, 1), forgot)
    after = Metric(0.6 + gain.value, 0, 1)
    done = replace(done, gain=gain, before={"spearman": LEVEL}, after={"spearman": after}, **other)
    return verdict(done, shifted)


BETTER, WORSE = Metric(0.05, 0.02, 0.081), Metric(-0.04, -0.07, -0.0102)
SAME = Metric(0.004, -0.0204, 0.03)
UNSHOWN = (
    "Not shown to differ from before: on 32 held-out rows a gain shows from about 2.5 points on."
)


def test_an_interval_above_0_is_better_below_it_worse_around_it_neither(done, judgement):
    said = judge(done, judgement, BETTER)
    assert (said.headline, said.helped) == ("Better than before.", True)
    assert said.reasons[0] == (
        "Spearman ρ × 100 on 32 held-out rows: 60.0 before, 65.0 after, +5.0 points (95% interval "
        "+2.0 … +8.1)."
    )
    said = judge(done, judgement, WORSE)
    assert (said.headline, said.helped) == ("Worse than before.", False)
    assert "56.0 after, −4.0 points (95% interval −7.0 … −1.0)." in said.reasons[0]
    said = judge(done, judgement, SAME)
    assert (said.headline, said.helped) == (UNSHOWN, None)
    assert said.reasons[0].endswith(
        "+0.4 points (95% interval −2.0 … +3.0); the interval includes 0."
    )


@pytest.mark.parametrize("edge", [Metric(0.02, 0.0, 0.04), Metric(-0.02, -0.04, 0.0)])
def test_an_interval_that_touches_0_shows_nothing(done, judgement, edge):
    assert judge(done, judgement, edge).helped is None
    said = judge(done, judgement, BETTER, [edge, edge])
    assert "are not shown to do worse" in said.headline
    unshown = "needs no training, is not shown to differ on these 32 rows"
    assert all(unshown in reason for reason in said.reasons[1:3])


def test_a_rival_that_does_as_well_is_named_in_the_headline(done, judgement):
    said = judge(done, judgement, BETTER, [SAME, BETTER])
    assert said.headline == (
        "Better than before, but whitening, which needs no training, is not shown to do worse."
    )
    assert said.reasons[1] == (
        "Whitening, which needs no training, is not shown to differ on these 32 rows: 60.0; "
        "against it, training gains "
        "+0.4 points (95% interval −2.0 … +3.0)."
    )
    assert said.reasons[2].startswith("A closed-form linear map, which needs no training, does wor")
    said = judge(done, judgement, BETTER, [WORSE, SAME])
    assert said.headline.endswith("whitening and a closed-form linear map, which need no training, "
                                  "are not shown to do worse.")  # fmt: skip
    assert "does better: 60.0" in said.reasons[1]
    assert judge(done, judgement, BETTER, [BETTER, BETTER]).headline == "Better than before."
    assert judge(done, judgement, SAME, [SAME, SAME]).headline == UNSHOWN


def test_a_map_that_changes_nothing_is_said_to_be_the_base(done, judgement, bert):
    apart = replace(done.train, labels=np.zeros(len(done.train)))
    none = Rival("linear map", linear_map(bert, apart, done.train.take([])), {"spearman": LEVEL},
                 SAME)  # fmt: skip
    said = judge(done, replace(judgement, rivals=(none,)), BETTER, [SAME])
    assert "these 32 rows (the best one leaves the base as it is): 60.0" in said.reasons[1]


def test_what_was_forgotten_is_said_with_its_interval(done, judgement):
    said = judge(done, judgement, BETTER, forgot=Metric(-0.03, -0.05, -0.01)).reasons[-1]
    assert said == (
        f"It forgot something. Spearman ρ × 100 on {len(probe_pairs())} pairs of other subjects: "
        "80.0 before, 77.0 after, −3.0 points (95% interval −5.0 … −1.0)."
    )
    for kept in (Metric(-0.0001, -0.02, 0.01), Metric(0.02, 0.01, 0.03)):
        said = judge(done, judgement, BETTER, forgot=kept).reasons[-1]
        assert said.startswith("No forgetting shows. ")
        assert "−0.0" not in said
        assert "; a loss shows from about 1." in said


def test_few_held_out_rows_are_called_few(done, judgement):
    few = [reason for reason in judge(done, judgement, BETTER).reasons if "Only" in reason]
    assert few == []  # 32 rows in 32 groups
    short = tuple(
        replace(p, values=p.values[:12], labels=p.labels[:12], groups=p.groups[:12] // 2)
        for p in done.predictions
    )
    said = judge(done, judgement, BETTER, predictions=short, held_out=done.held_out.take(range(12)))
    [reason] = [reason for reason in said.reasons if reason.startswith("Only")]
    groups = len(np.unique(short[0].groups))
    assert 2 <= groups < 12
    assert re.match(rf"Only 12 held-out rows in {groups} groups of linked texts: .* wide", reason)


def test_rows_of_one_group_or_one_label_say_nothing(done, judgement):
    before, after = done.predictions
    one_group = tuple(replace(p, groups=np.zeros_like(p.groups)) for p in (before, after))
    halves = np.arange(len(before.groups)) % 2
    two_groups = tuple(replace(p, groups=halves) for p in (before, after))
    one_label = tuple(replace(p, labels=np.ones_like(p.labels)) for p in (before, after))
    binary = tuple(replace(p, kind="binary", labels=p.labels * 0.4) for p in (before, after))
    for predicted, why in [
        (one_group, "32 held-out rows in one group of linked texts"),
        (two_groups, "32 held-out rows in 2 groups of linked texts"),
        (one_label, "32 held-out rows with one label: there is no Spearman ρ"),
        (binary, "32 held-out rows with one label: there is no average precision"),
    ]:
        said = judge(done, judgement, BETTER, [BETTER], predictions=predicted)
        assert said.headline == "The held-out rows cannot say whether it helped."
        assert said.helped is None
        assert said.reasons[0].startswith(why)
        assert len(said.reasons) == 2


def test_held_out_rows_with_texts_that_were_trained_on_are_counted(done, judgement):
    assert not [r for r in judge(done, judgement, BETTER).reasons if "trained on" in r]
    shown = replace(done.held_out, texts=tuple((a.upper(), b) for a, b in done.held_out.texts))
    said = judge(done, judgement, BETTER, train=shown.take(range(5))).reasons
    assert any(r.startswith("5 held-out rows of 32 hold a text that was trained on") for r in said)


def test_rows_that_an_earlier_run_was_trained_on_are_told(done, judgement):
    said = verdict(done, judgement, rows_trained_before=7)
    assert any("7 of 32 held-out rows hold a text that an earlier run" in r for r in said.reasons)
    assert not any("earlier run" in reason for reason in verdict(done, judgement).reasons)
