"""Strategies measured on judged queries: with intervals, and what was trained on apart."""

import math

import numpy as np
import pytest

from explore import Hits
from ui.search.scores import ALL, HELD_OUT, TRAINED, compare_strategies
from ui.search.strategies import Strategy


def ranking(rows):
    indices = np.array(rows, np.int64)
    return Hits(indices, np.zeros(indices.shape, np.float32))


def strategies(n, good=0.5):
    """The first finds every text first, the second only the queries up to a share of them."""
    first = ranking([[0, 1]] * n)
    other = ranking([[0, 1] if at < good * n else [1, 0] for at in range(n)])
    return [Strategy("a", "one", first), Strategy("b", "two", other)]


def test_strategies_are_scored_with_intervals_and_against_the_first():
    judged = {f"q{n}": {0: 1.0} for n in range(40)}
    [group] = compare_strategies(strategies(40), judged)
    assert (group.title, group.queries, group.few) == (ALL, 40, False)
    first, other = group.strategies
    assert first.gain is None
    assert first.scores["nDCG"].value == 1
    assert other.scores["MRR"].value == pytest.approx(0.75)
    assert other.scores["recall"].value == 1
    assert other.scores["MRR"].low < 0.75 < other.scores["MRR"].high
    assert other.gain.value == pytest.approx(other.scores["nDCG"].value - 1)
    assert other.gain.high < 0


def test_queries_sent_to_training_are_told_apart():
    judged = {f"q{n}": {0: 1.0} for n in range(20)}
    sent = {f"q{n}" for n in range(10)} | {"of another corpus"}
    held, everything, trained = compare_strategies(strategies(20), judged, sent)
    assert [(g.title, g.queries) for g in (held, everything, trained)] == [
        (HELD_OUT, 10), (ALL, 20), (TRAINED, 10),
    ]  # fmt: skip
    assert trained.strategies[1].scores["MRR"].value == 1
    assert held.strategies[1].scores["MRR"].value == 0.5
    assert held.few


def test_where_all_were_trained_on_none_is_held_out():
    judged = {"q": {0: 1.0}}
    groups = compare_strategies(strategies(1), judged, {"q"})
    assert [group.title for group in groups] == [ALL, TRAINED]
    assert math.isnan(groups[0].strategies[0].scores["nDCG"].low)
