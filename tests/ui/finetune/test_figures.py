"""The figures of the Fine-tune tab as the browser gets them: right numbers, few points."""

import json

import numpy as np
import pytest

from encoder.evaluation import Predictions
from encoder.training import Eval
from ui.finetune.figures import (
    AFTER,
    ASIDE,
    BEFORE,
    LEAST_SPAN,
    LINE_HEIGHT,
    STRIP_POINTS,
    apart,
    curves,
    distributions,
    label_groups,
    predicted,
    rank_counts,
    smoothed,
    span,
    thinned,
)
from ui.page.matrix import figure_json


def sent(figure) -> dict:
    """As it travels; fails for NaN, which is not JSON."""
    found = figure_json(figure)
    assert json.dumps(found, allow_nan=False)
    return found


def texts(figure: dict) -> str:
    """All annotations, titles of panels included."""
    return "\n".join(note["text"] for note in figure["layout"]["annotations"])


def look(step: int, validation: float | None, held_out: float, best: bool = False) -> Eval:
    metrics = {} if validation is None else {"spearman": validation}
    return Eval(step, metrics, best, {"spearman": held_out})


def scored(kind: str, values, labels=None) -> Predictions:
    labels = None if labels is None else np.array(labels, np.float32)
    return Predictions(kind, np.array(values, float), labels, np.arange(len(values)))


# --- curves -------------------------------------------------------------------------------------


def test_curves_before_the_first_step_say_that_there_is_nothing_yet():
    figure = sent(curves([], [], "spearman", 0))
    assert "the first step is yet to come" in texts(figure)
    assert "nothing has been scored yet" in texts(figure)
    assert {trace.get("opacity") for trace in figure["data"]} == {0}


def test_one_step_and_one_look_are_points():
    figure = sent(curves([(1, 0.5)], [look(0, 0.25, 0.75)], "spearman", 66))
    loss, held_out, validation = figure["data"]
    assert (loss["x"], loss["y"], loss["mode"]) == ([1], [0.5], "markers")
    assert (held_out["x"], held_out["y"]) == ([0], [75.0])
    assert (validation["x"], validation["y"]) == ([0], [25.0])
    assert held_out["mode"] == validation["mode"] == "lines+markers"
    assert figure["layout"]["xaxis2"]["range"][1] > 66  # the whole run has room from the start


def test_labels_beside_the_lines_name_them_with_their_latest_value():
    looks = [look(0, 0.5, 0.6), look(20, 0.75, 0.625, best=True)]
    figure = sent(curves([(1, 1.0), (2, 0.0)], looks, "spearman", 40))
    assert "held-out 62.5" in texts(figure)
    assert "validation 75.0" in texts(figure)
    assert "loss 0.474" in texts(figure)  # (0.9 × 1 + 0) / (0.9 + 1)
    assert "Spearman ρ × 100" in texts(figure)


def test_the_running_mean_weighs_late_steps_more():
    means = smoothed([(1, 1.0), (2, 0.0), (3, 0.0)])
    assert [step for step, _ in means] == [1, 2, 3]
    assert [m for _, m in means] == pytest.approx([1.0, 0.9 / 1.9, 0.81 / 2.71])


@pytest.mark.parametrize(("given", "told"), [(None, "best so far, step 20"), (40, "kept, step 40")])
def test_a_line_stands_at_the_step_that_is_kept(given, told):
    looks = [look(0, 0.5, 0.5), look(20, 0.7, 0.6, best=True), look(40, 0.6, 0.6)]
    figure = sent(curves([(1, 1.0)], looks, "spearman", 40, given))
    [line] = figure["layout"]["shapes"]
    assert line["x0"] == line["x1"] == (given or 20)
    assert told in texts(figure)


def test_without_a_validation_part_no_step_is_called_best():
    figure = sent(curves([(1, 1.0)], [look(0, None, 0.5), look(20, None, 0.6)], "spearman", 40))
    assert "shapes" not in figure["layout"]
    assert "validation" not in texts(figure)
    assert figure["data"][-1]["y"] == [50.0, 60.0]


def test_a_loss_or_metric_that_is_no_number_is_left_out():
    losses = [(1, 1.0), (2, float("nan")), (3, 0.5)]
    looks = [look(0, float("nan"), 0.5), look(3, float("nan"), 0.25)]
    figure = sent(curves(losses, looks, "spearman", 3))
    assert figure["data"][0]["x"] == [1, 3]
    assert "validation" not in texts(figure)


def test_a_long_run_sends_few_points_and_always_its_last():
    losses = [(step, 1 / step) for step in range(1, 10_001)]
    looks = [look(step, 0.5, 0.5) for step in range(0, 10_001, 1000)]
    figure = sent(curves(losses, looks, "spearman", 10_000))
    assert sum(len(trace["x"]) for trace in figure["data"]) <= 300
    assert all(trace["x"][-1] == 10_000 for trace in figure["data"])
    assert thinned(losses[:130]) == losses[:130]


def test_the_axis_of_the_metric_does_not_blow_up_noise():
    low, high = span([80.0, 81.0])
    assert high - low == pytest.approx(LEAST_SPAN)
    assert (low + high) / 2 == pytest.approx(80.5)
    assert span([20.0, 70.0]) == pytest.approx((15.0, 75.0))
    assert span([100.0]) == pytest.approx((91.0, 101.0))  # nothing is above 100


def test_labels_of_lines_that_meet_are_moved_apart():
    assert apart([50.0], 0.1) == [0.0]
    assert apart([60.0, 50.0], 0.1) == [0.0, 0.0]  # 100 pixels
    assert apart([50.0, 50.0], 0.1) == [LINE_HEIGHT / 2, -LINE_HEIGHT / 2]
    assert apart([50.0, 50.5], 0.1) == [-(LINE_HEIGHT - 5) / 2, (LINE_HEIGHT - 5) / 2]


# --- distributions ------------------------------------------------------------------------------


def test_scores_are_grouped_by_the_fifth_they_lie_in():
    labels = np.array([0, 0.19, 0.2, 0.4, 0.6, 0.8, 1.0], np.float32)
    groups = {name: rows.tolist() for name, rows in label_groups(labels, "score")}
    assert groups == {"0.0–0.2": [0, 1], "0.2–0.4": [2], "0.4–0.6": [3], "0.6–0.8": [4],
                      "0.8–1.0": [5, 6]}  # fmt: skip


def test_groups_that_do_not_occur_take_no_room():
    [(name, rows)] = label_groups(np.array([1.0, 1.0], np.float32), "binary")
    assert (name, rows.tolist()) == ("1", [0, 1])


def test_strips_show_before_and_after_by_label_with_medians():
    labels = [0, 0, 0, 1]
    before = scored("binary", [0.1, 0.2, 0.6, 0.5], labels)
    after = scored("binary", [0.0, 0.1, 0.2, 0.9], labels)
    figure = sent(distributions(before, after))
    assert [trace["x"] for trace in figure["data"]] == [[0.1, 0.2, 0.6], [0.5], [0.0, 0.1, 0.2],
                                                        [0.9]]  # fmt: skip
    colours = [trace["marker"]["color"] for trace in figure["data"]]
    assert colours == [BEFORE, BEFORE, AFTER, AFTER]
    assert [line["x0"] for line in figure["layout"]["shapes"]] == [0.2, 0.5, 0.1, 0.9]
    assert figure["layout"]["yaxis"]["ticktext"] == ["0 (3)", "1 (1)"]
    for trace, at in zip(figure["data"], (0, 1, 0, 1), strict=True):
        assert all(abs(y - at) < 0.36 for y in trace["y"])  # within the height of the median


def test_strips_of_many_pairs_stay_light():
    values, labels = np.linspace(-1, 1, 5000), np.linspace(0, 1, 5000)
    figure = sent(distributions(scored("score", values, labels), scored("score", values, labels)))
    assert len(figure["data"]) == 10
    assert all(len(trace["x"]) <= STRIP_POINTS for trace in figure["data"])
    assert figure["layout"]["xaxis"]["range"][0] < -1


def test_ranks_are_counted_in_four_bars():
    assert rank_counts(np.array([1, 1.5, 2, 5, 5.5, 20, 21])) == [1, 3, 2, 1]
    figure = sent(distributions(scored("positive", [1, 3, 30]), scored("positive", [1, 1, 6])))
    before, after = figure["data"]
    assert before["x"] == after["x"] == ["1", "2–5", "6–20", "> 20"]
    assert (before["y"], after["y"]) == ([1, 1, 0, 1], [2, 0, 1, 0])
    assert (before["marker"]["color"], after["marker"]["color"]) == (BEFORE, AFTER)


def test_margins_are_two_outlines_with_a_line_at_zero():
    before = scored("triplet", [-0.3, -0.1, 0.0, 0.2])
    after = scored("triplet", [0.1, 0.1, 0.2, -0.05])
    figure = sent(distributions(before, after))
    names = [trace["name"] for trace in figure["data"]]
    assert names == ["before: 1 of 4 right", "after: 3 of 4 right"]  # a margin of 0 is not right
    for trace in figure["data"]:
        assert len(trace["x"]) == len(trace["y"])
        assert sum(trace["y"]) == 2 * 4  # each bar has a left and a right corner
        assert trace["y"][0] == trace["y"][-1] == 0
    assert 0.0 in figure["data"][0]["x"]  # no bar stands on both sides
    [line] = figure["layout"]["shapes"]
    assert line["x0"] == line["x1"] == 0


@pytest.mark.parametrize("kind", ["score", "binary", "positive", "triplet"])
def test_nothing_held_out_draws_nothing_and_does_not_fail(kind):
    nothing = scored(kind, [], [] if kind in ("score", "binary") else None)
    figure = sent(distributions(nothing, nothing))
    assert not [y for trace in figure["data"] for y in trace["y"] if y]


# --- predicted against gold ---------------------------------------------------------------------


def test_every_pair_is_a_point_before_and_one_after():
    labels = [0.0, 0.5, 1.0]
    figure = sent(
        predicted(scored("score", [0.1, 0.2, 0.3], labels), scored("score", [0, 0.4, 0.9], labels))
    )
    before, after = figure["data"]
    assert (before["y"], after["y"]) == ([0.1, 0.2, 0.3], [0.0, 0.4, 0.9])
    assert before["x"] == pytest.approx([-ASIDE, 0.5 - ASIDE, 1 - ASIDE])
    assert after["x"] == pytest.approx([ASIDE, 0.5 + ASIDE, 1 + ASIDE])
    assert before["customdata"] == after["customdata"] == [0, 1, 2]
    assert before["text"] == ["0.00", "0.50", "1.00"]
    assert (before["marker"]["color"], after["marker"]["color"]) == (BEFORE, AFTER)
    assert before["marker"]["symbol"] != after["marker"]["symbol"]


def test_of_many_pairs_an_even_selection_still_knows_its_rows():
    values = np.linspace(0, 1, 2500)
    found = scored("score", values, values)
    trace = sent(predicted(found, found))["data"][0]
    assert trace["customdata"][:3] == [0, 3, 6]
    assert len(trace["x"]) == 834
    assert trace["y"] == pytest.approx(values[trace["customdata"]], abs=1e-4)


def test_pairs_without_labels_have_no_gold_to_draw():
    found = scored("positive", [1, 2])
    with pytest.raises(ValueError, match="'positive' have no labels"):
        predicted(found, found)
