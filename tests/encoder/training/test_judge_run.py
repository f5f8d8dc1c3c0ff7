"""What a run is worth beside rivals, and elsewhere."""

from dataclasses import replace

import numpy as np
import pytest

from encoder import load_encoder
from encoder.background import background_texts
from encoder.evaluation import difference, evaluate
from encoder.training.judge_run import RunJudgement, judge_run, probe, probe_pairs
from encoder.training.scoring import predictions
from ingest import read_table, text_key
from tests.encoder.training.pairs import QUICK, anchors, graded, run
from tests.samples import SAMPLES


@pytest.fixture(scope="module")
def done(tiny_folder):
    """A run with 32 held-out rows, in as many groups."""
    config = replace(QUICK, epochs=None, steps=20, validation_share=0.1)
    return run(load_encoder(tiny_folder("bert")), graded(160), config)[1]


@pytest.fixture(scope="module")
def judgement(done) -> RunJudgement:
    return judge_run(done)


# --- the probe ----------------------------------------------------------------------------------


def test_the_probe_has_graded_pairs_over_the_whole_scale():
    pairs = probe_pairs()
    assert pairs.kind == "score"
    assert len(pairs) >= 200
    assert not pairs.report.dropped
    assert np.histogram(pairs.labels, bins=5, range=(0, 1))[0].min() >= 0.1 * len(pairs)
    assert probe_pairs() is pairs


def test_the_probe_shares_no_text_with_a_sample_or_the_background():
    keys = {text_key(text) for row in probe_pairs().texts for text in row}
    files = sorted(SAMPLES.glob("*.csv"))
    assert len(files) >= 5
    for path in files:
        table = read_table(path)
        cells = {text_key(str(cell)) for name in table.columns for cell in table.frame[name]}
        assert len(cells) > 100
        assert not keys & cells, path.name
    assert not keys & {text_key(text) for text in background_texts()}


def test_a_second_probe_does_not_run_the_model_again(bert, count_forwards):
    with count_forwards(bert) as calls:
        first = probe(bert)
        assert len(calls) > 0
        calls.clear()
        again = probe(bert)
        assert calls == []
    assert np.array_equal(first.values, again.values)


# --- the judging --------------------------------------------------------------------------------


def test_rivals_are_scored_on_the_same_pairs_and_compared_in_pairs(done, judgement):
    assert [rival.name for rival in judgement.rivals] == ["whitening", "linear map"]
    for rival in judgement.rivals:
        own = predictions(rival.encoder, done.held_out)
        value = rival.metrics["spearman"].value
        assert value == pytest.approx(evaluate(own, 0)["spearman"].value, abs=1e-3)
        assert rival.lead.value == pytest.approx(done.after["spearman"].value - value)
        assert rival.lead.low < rival.lead.value < rival.lead.high
    whitening = predictions(judgement.rivals[0].encoder, done.held_out)
    whitened = difference(whitening, done.predictions[1])
    assert judgement.rivals[0].lead.low == pytest.approx(whitened.low, abs=0.02)


def test_the_forgetting_meter_compares_before_and_after_on_the_probe(done, judgement):
    before, after = judgement.probe_before.value, judgement.probe_after.value
    assert before == pytest.approx(evaluate(probe(done.source))["spearman"].value)
    assert after == pytest.approx(evaluate(probe(done.encoder))["spearman"].value)
    assert judgement.probe_change.value == pytest.approx(after - before)
    assert judgement.probe_change.low < judgement.probe_change.value < judgement.probe_change.high


def test_parts_are_told_in_order_and_a_listener_can_end_them(done):
    told: list[str] = []
    judge_run(done, told.append)
    assert list(dict.fromkeys(told)) == ["whitening", "linear map", "probe"]

    def leave(part: str) -> None:
        if part == "linear map":
            raise InterruptedError

    with pytest.raises(InterruptedError):
        judge_run(done, leave)


def test_with_nothing_held_out_there_are_no_rivals(bert):
    done = run(bert, graded(), replace(QUICK, held_out_share=0, epochs=None, steps=2))[1]
    told: list[str] = []
    judgement = judge_run(done, told.append)
    assert judgement.rivals == ()
    assert set(told) == {"probe"}


@pytest.mark.parametrize("kind", ["positive", "triplet"])
def test_other_kinds_are_judged_too(bert, kind):
    done = run(bert, anchors(negatives=kind == "triplet"), replace(QUICK, epochs=None, steps=4))[1]
    judgement = judge_run(done)
    assert [set(rival.metrics) for rival in judgement.rivals] == [set(done.after)] * 2
