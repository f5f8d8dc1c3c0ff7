"""Metrics by hand and by scikit-learn, and intervals that widen where groups are few."""

import numpy as np
import pytest
from scipy.stats import spearmanr
from sklearn.metrics import average_precision_score, f1_score, roc_auc_score

from encoder.errors import UnknownName
from encoder.evaluation import (
    FEWEST_GROUPS,
    METRICS,
    PRIMARY,
    RESAMPLES,
    Predictions,
    best_threshold,
    difference,
    evaluate,
    measure,
    predict,
    standard_error,
)

RNG = np.random.default_rng(0)
EAST, NORTH = np.array([1.0, 0.0]), np.array([0.0, 1.0])


def scored(n: int = 80, noise: float = 0.5, seed: int = 0, groups: np.ndarray | None = None):
    generator = np.random.default_rng(seed)
    labels = generator.uniform(size=n)
    values = labels + noise * generator.normal(size=n)
    return Predictions("score", values, labels, np.arange(n) if groups is None else groups)


def test_cosines_of_pairs_are_the_predictions():
    found = predict("score", [np.stack([EAST, EAST]), np.stack([EAST, NORTH])], None, np.arange(2))
    assert found.values.tolist() == [1, 0]


def test_a_triplet_is_right_where_the_positive_is_nearer():
    anchors, positives = np.stack([EAST, EAST]), np.stack([EAST, NORTH])
    found = predict("triplet", [anchors, positives, positives[::-1]], None, np.arange(2))
    assert found.values.tolist() == [1, -1]
    assert measure(found, "accuracy") == 0.5


def test_ranks_count_the_distinct_positives_and_half_of_ties():
    anchors = np.stack([EAST, NORTH, EAST])
    positives = np.stack([EAST, EAST, EAST])
    alone = predict("positive", [anchors, positives], None, np.arange(3), [7, 7, 7])
    assert alone.values.tolist() == [1, 1, 1]  # one candidate only
    tied = predict("positive", [anchors, positives], None, np.arange(3))
    assert tied.values.tolist() == [2, 2, 2]
    others_right = [[0, 1], [0, 1], [2]]  # the first two are answers to one question
    right = predict("positive", [anchors, positives], None, np.arange(3), answers=others_right)
    assert right.values.tolist() == [1.5, 1.5, 2]
    other = predict("positive", [np.stack([EAST, EAST]), np.stack([NORTH, EAST])], None, [0, 1])
    assert other.values.tolist() == [2, 1]
    assert measure(other, "mrr") == 0.75
    assert measure(other, "recall@1") == 0.5
    assert measure(other, "recall@5") == 1


def test_figures_agree_with_the_libraries():
    found = scored()
    assert measure(found, "spearman") == pytest.approx(
        spearmanr(found.values, found.labels).statistic
    )
    assert measure(found, "pearson") == pytest.approx(np.corrcoef(found.values, found.labels)[0, 1])
    labels = (found.labels > 0.5).astype(float)
    binary = Predictions("binary", found.values, labels, found.groups)
    assert measure(binary, "average_precision") == pytest.approx(
        average_precision_score(labels, found.values), abs=1e-12
    )
    assert measure(binary, "roc_auc") == pytest.approx(
        roc_auc_score(labels, found.values), abs=1e-12
    )
    f1, threshold = best_threshold(found.values, labels)
    assert f1 == pytest.approx(f1_score(labels, found.values >= threshold))
    assert f1 == max(f1_score(labels, found.values >= t) for t in found.values)


def test_constant_predictions_are_worth_nothing_not_nan():
    flat = Predictions("score", np.ones(5), np.linspace(0, 1, 5), np.arange(5))
    assert measure(flat, "spearman") == measure(flat, "pearson") == 0


@pytest.mark.parametrize("kind", PRIMARY)
def test_every_kind_has_its_metrics_with_an_interval_around_the_value(kind):
    n = 60
    columns = [RNG.normal(size=(n, 4)) for _ in range(3 if kind == "triplet" else 2)]
    labels = RNG.integers(0, 2, n).astype(float) if kind in ("score", "binary") else None
    metrics = evaluate(predict(kind, columns, labels, np.arange(n)), resamples=100)
    assert set(metrics) == set(METRICS[kind])
    assert PRIMARY[kind] in metrics
    for metric in metrics.values():
        assert metric.low < metric.high
        assert metric.low <= metric.value + 0.1
        assert metric.value <= metric.high + 0.1


def test_the_interval_covers_the_truth_about_as_often_as_it_says():
    truth = measure(scored(20_000, seed=99), "spearman")
    hits = 0
    for seed in range(40):
        metric = evaluate(scored(60, seed=seed), seed=seed, resamples=100)["spearman"]
        hits += metric.low <= truth <= metric.high
    assert 33 <= hits <= 40  # of 40 at 95 %


def test_pairs_that_share_texts_count_as_one():
    alone = evaluate(scored(), resamples=100)["spearman"]
    few = evaluate(scored(groups=np.arange(80) // 20), resamples=100)["spearman"]
    assert few.value == alone.value
    assert few.high - few.low != alone.high - alone.low


@pytest.mark.parametrize("groups", [1, 2])
def test_of_one_or_two_groups_there_is_no_interval(groups):
    # Of one group it had no width, as if the figure were certain; of two, three draws make it all.
    found = scored(groups=np.arange(80) % groups)
    better = Predictions("score", found.values + found.labels, found.labels, found.groups)
    gain = difference(found, better)
    for metric in (*evaluate(found).values(), gain):
        assert np.isfinite(metric.value)
        assert np.isnan([metric.low, metric.high]).all()
    assert np.isnan(standard_error(found))
    enough = scored(groups=np.arange(80) % FEWEST_GROUPS)
    metric = evaluate(enough, resamples=100)["spearman"]
    assert metric.low < metric.high


@pytest.mark.parametrize("kind", PRIMARY)
def test_whoever_draws_resamples_is_heard_and_can_be_ended(kind):
    n = 30
    labels = (np.arange(n) % 2).astype(float)
    found, heard = Predictions(kind, np.arange(n) + 1.0, labels, np.arange(n)), []
    evaluate(found, on_batch=lambda done, total: heard.append((done, total)))
    assert heard == [(done, RESAMPLES) for done in range(0, RESAMPLES, 20)]

    def leave(done: int, total: int) -> None:
        raise InterruptedError

    for draw in (evaluate, lambda one, **told: difference(one, one, **told)):
        with pytest.raises(InterruptedError):
            draw(found, on_batch=leave)


def test_figures_of_labels_agree_with_the_libraries_where_cosines_are_tied():
    for seed in range(5):
        found = scored(30, seed=seed)
        values, labels = found.values.round(1), (found.labels > 0.5).astype(float)
        binary = Predictions("binary", values, labels, found.groups)
        for name, theirs in (
            ("average_precision", average_precision_score),
            ("roc_auc", roc_auc_score),
        ):
            assert measure(binary, name) == pytest.approx(theirs(labels, values), abs=1e-12)
        f1, threshold = best_threshold(values, labels)
        assert f1 == pytest.approx(f1_score(labels, values >= threshold))
        assert f1 == pytest.approx(max(f1_score(labels, values >= t) for t in values))


def test_ranks_are_the_same_however_many_anchors_are_ranked_at_once(monkeypatch):
    a, b = (RNG.normal(size=(50, 8)) for _ in range(2))
    whole = predict("positive", [a, b], None, np.arange(50), np.arange(50) % 40)
    heard = []
    monkeypatch.setattr("encoder.evaluation.ANCHORS_AT_ONCE", 7)
    parts = predict("positive", [a, b], None, np.arange(50), np.arange(50) % 40,
                    lambda *told: heard.append(told))  # fmt: skip
    assert np.array_equal(whole.values, parts.values)
    assert heard[-1] == (50, 50)
    assert len(heard) == 8


def test_intervals_are_repeatable_by_seed():
    first, again, other = (evaluate(scored(), seed, resamples=50) for seed in (1, 1, 2))
    assert first == again
    assert first != other


def test_a_paired_difference_is_sharper_than_two_intervals():
    before = scored(noise=0.5)
    after = Predictions("score", before.values + 0.3 * before.labels, before.labels, before.groups)
    gain = difference(before, after, resamples=300)
    assert gain.low > 0  # clearly better, though the two intervals overlap
    a, b = (evaluate(each, resamples=300)["spearman"] for each in (before, after))
    assert a.high > b.low
    assert gain.value == pytest.approx(b.value - a.value)
    same = difference(before, before, resamples=50)
    assert (same.value, same.low, same.high) == (0, 0, 0)


def test_one_class_only_has_no_interval_but_does_not_fail():
    few = Predictions("binary", np.array([0.1, 0.9, 0.5]), np.array([1.0, 0, 0]), np.arange(3))
    for metric in evaluate(few, resamples=50).values():
        assert np.isfinite([metric.value, metric.low, metric.high]).all()


def test_an_unknown_kind_lists_the_valid_ones():
    with pytest.raises(UnknownName, match="score, binary, positive, triplet"):
        predict("ranking", [EAST[None], EAST[None]], None, np.zeros(1))
