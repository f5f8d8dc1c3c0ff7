"""Splits: no text on two sides unless said; seeded; near the wished shares; stratified."""

from io import StringIO

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest import IngestError, PairSet, Report, read_pairs, split_pairs, text_key
from ingest.split import connected_groups, equal_pairs
from tests.growth import growth


def pair_set(rows, labels=None, kind=None) -> PairSet:
    kind = kind or ("positive" if labels is None else "score")
    labels = None if labels is None else np.array(labels, np.float32)
    numbers = tuple(range(1, len(rows) + 1))
    return PairSet(kind, tuple(map(tuple, rows)), labels, numbers, Report(len(rows)))


def distinct(count: int, labels=None) -> PairSet:
    return pair_set([(f"left {n}", f"right {n}") for n in range(count)], labels)


def sides(pairs: PairSet, split) -> list[set[str]]:
    parts = (split.train, split.validation, split.held_out)
    return [{text_key(text) for at in part for text in pairs.texts[at]} for part in parts]


POOL = st.sampled_from([f"text {n}" for n in range(60)] + ["Text 1!", "TEXT 2"])


@settings(deadline=None, max_examples=60)
@given(
    rows=st.lists(st.tuples(POOL, POOL), max_size=80),
    shares=st.sampled_from([(0.2, 0.1), (0.5, 0.2), (0.1, 0.0), (0.0, 0.0)]),
    seed=st.integers(0, 5),
)
def test_every_row_once_and_no_text_on_two_sides_unless_said(rows, shares, seed):
    pairs = pair_set(rows)
    split = split_pairs(pairs, *shares, seed)
    together = np.concatenate([split.train, split.validation, split.held_out])
    assert sorted(together.tolist()) == list(range(len(rows)))
    assert len(split.groups) == len(rows)
    names = np.array(split.part_names(), dtype=object)
    for group in set(split.groups.tolist()):
        assert len(set(names[split.groups == group])) == 1
    train, validation, held_out = sides(pairs, split)
    shared = (train & validation) | (train & held_out) | (validation & held_out)
    assert not shared or any("one by one" in note for note in split.notes)
    again = split_pairs(pairs, *shares, seed)
    np.testing.assert_array_equal(split.held_out, again.held_out)
    np.testing.assert_array_equal(split.validation, again.validation)


@given(count=st.integers(100, 400), seed=st.integers(0, 3))
@settings(deadline=None, max_examples=20)
def test_shares_are_what_was_wished_where_texts_allow(count, seed):
    split = split_pairs(distinct(count), 0.2, 0.1, seed)
    assert abs(len(split.held_out) - 0.2 * count) <= 1
    assert abs(len(split.validation) - 0.1 * count) <= 1
    assert split.notes == ()


@pytest.mark.parametrize("labelled", [False, True])
def test_what_was_trained_on_is_not_held_out_when_rows_are_left_out_or_more_held_out(labelled):
    labels = np.random.default_rng(0).integers(0, 6, 300) / 5 if labelled else None
    pairs = distinct(300, labels)
    trained = {pairs.texts[at] for at in split_pairs(pairs).train}
    fewer = pairs.without((3, 77, 150), "left out")
    moved = [at for at in split_pairs(fewer).held_out if fewer.texts[at] in trained]
    assert len(moved) <= 3
    more = set(split_pairs(pairs, 0.3).held_out.tolist())
    assert set(split_pairs(pairs, 0.2).held_out.tolist()) <= more


def test_a_row_that_is_left_out_of_a_group_leaves_the_others_where_they_were():
    rows = [(f"hub {n // 3}", f"spoke {n}") for n in range(300)]
    pairs = pair_set(rows)
    held_out = {pairs.texts[at] for at in split_pairs(pairs).held_out}
    fewer = pairs.without((3, 6), "left out")
    now = {fewer.texts[at] for at in split_pairs(fewer).held_out}
    assert len(held_out & now) >= 0.9 * len(held_out)


def test_another_seed_gives_another_split():
    parts = {tuple(split_pairs(distinct(100), seed=seed).held_out) for seed in range(5)}
    assert len(parts) == 5


@pytest.mark.parametrize("kind", ["binary", "score"])
def test_labels_are_spread_evenly(kind):
    rng = np.random.default_rng(1)
    labels = rng.random(500) if kind == "score" else (rng.random(500) < 0.15) * 1.0
    pairs = pair_set(distinct(500).texts, labels, kind)
    split = split_pairs(pairs)
    for part in (split.train, split.validation, split.held_out):
        assert abs(pairs.labels[part].mean() - pairs.labels.mean()) < 0.02


def test_connected_through_others():
    pairs = pair_set([("a", "b"), ("c", "d"), ("B.", "c"), ("x", "y"), ("Y", "Z"), ("q", "q")])
    assert connected_groups(pairs).tolist() == [0, 0, 0, 1, 1, 2]
    pairs = pair_set([("a", "b"), ("B", "A"), ("a", "c")])
    assert equal_pairs(pairs).tolist() == [0, 0, 1]


def test_a_group_larger_than_a_part_is_trained_on():
    rows = [("hub", f"spoke {n}") for n in range(30)] + [(f"l {n}", f"r {n}") for n in range(70)]
    split = split_pairs(pair_set(rows))
    assert set(range(30)) <= set(split.train.tolist())
    assert len(split.held_out) == 20
    assert split.notes == ()
    assert not split.by_row


@pytest.mark.parametrize("linked", [85, 94])
def test_a_large_group_that_leaves_little_for_a_part_is_said(linked):
    rows = [("hub", f"spoke {n}") for n in range(linked)]
    rows += [(f"l {n}", f"r {n}") for n in range(100 - linked)]
    split = split_pairs(pair_set(rows))
    assert not split.by_row
    assert split.notes == (
        f"{linked} of 100 rows are connected by shared texts and stay together in train: "
        f"{100 - linked} of 20 wished rows are held out, and 0 of 10 choose the step. The last "
        "step is kept.",
    )


def test_when_all_is_connected_rows_are_split_one_by_one_and_it_is_said():
    rows = [("hub", f"spoke {n}") for n in range(100)] + [("hub", "spoke 0"), ("Spoke 0", "hub")]
    pairs = pair_set(rows)
    split = split_pairs(pairs)
    assert len(split.held_out) == pytest.approx(20, abs=1)
    assert split.by_row
    assert "102 of 102 rows are connected" in split.notes[0]
    names = split.part_names()
    assert names[0] == names[100] == names[101], "equal pairs stay together"


def test_of_too_few_rows_less_is_held_out_and_that_is_said():
    split = split_pairs(distinct(50))
    assert len(split.validation) == 0
    assert "Too few rows (50) for a validation part" in split.notes[0]
    assert len(split.held_out) == 10
    one = split_pairs(distinct(1))
    assert one.train.tolist() == [0]
    same = split_pairs(pair_set([("a", "b")] * 5))
    assert len(same.held_out) == 0
    assert any("nothing could be held out" in note for note in same.notes)
    assert len(split_pairs(distinct(0)).train) == 0


def test_shares_that_cannot_be_are_refused():
    with pytest.raises(IngestError, match=r"held_out_share is -0.1.*\nvalidation_share is 2"):
        split_pairs(distinct(9), -0.1, 2)
    with pytest.raises(IngestError, match=r"add up to 1.2"):
        split_pairs(distinct(9), 0.6, 0.6)


def test_four_times_as_many_rows_take_no_sixteen_times_as_long():
    few, many = (
        "a,b,score\n" + "".join(f"left {n} of {n % 700},right {n},{n % 6}\n" for n in range(count))
        for count in (1_000, 4_000)
    )
    assert growth(lambda text: split_pairs(read_pairs(StringIO(text))), few, many) < 8
