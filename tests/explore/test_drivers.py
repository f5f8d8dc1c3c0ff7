"""What drives the split: surface features by hand, and what the clusters tell about them."""

import numpy as np
import pytest
from sklearn.metrics import adjusted_mutual_info_score

from explore import ExploreError, cluster, drivers
from explore.drivers import MOST_VALUES, surface
from tests.explore.points import ODD

TEXTS = [
    "Where is my parcel?", "is it late", "Is that so? ", "WHEN WILL IT COME?",
    "Order 4711 came.", "two words", "It came; I was out.", "SHOUTING AT 3 AM!",
]  # fmt: skip


def test_surface_by_hand():
    found = surface(TEXTS)
    assert found["question mark"] == [True, False, True, True, False, False, False, False]
    assert found["digits"] == [False, False, False, False, True, False, False, True]
    assert found["case"] == ["Capital", "lower", "Capital", "UPPER", "Capital", "lower", "Capital",
                             "UPPER"]  # fmt: skip
    assert found["punctuation at the end"] == ["?", "none", "?", "?", ".", "none", ".", "!"]
    assert found["punctuation inside"] == [False] * 6 + [True, False]
    assert surface(["iPhone", "", "42"])["case"] == ["mixed", "lower", "lower"]
    assert surface(["何ですか？", "ماذا؟"])["question mark"] == [True, True]


def test_lengths_are_put_into_bins_of_a_fifth_of_the_texts_each():
    bins = surface(["word " * n for n in range(1, 51)])["length in words"]
    assert np.bincount(bins).tolist() == [10, 10, 10, 10, 10]
    assert bins == sorted(bins)
    assert len(set(surface(["a b", "c d", "e f"])["length in words"])) == 1


def test_clusters_that_follow_the_question_mark_are_told_so():
    questions = np.array(surface(TEXTS)["question mark"])
    found = drivers(TEXTS, questions.astype(int))
    assert (found[0].name, found[0].values) == ("question mark", 2)
    assert found[0].information == pytest.approx(1)
    assert [d.information for d in found] == sorted((d.information for d in found), reverse=True)


def test_information_agrees_with_scikit_learn_and_is_none_by_chance():
    chance = np.random.default_rng(0)
    labels = chance.integers(0, 5, 300)
    topic = np.where(chance.random(300) < 0.7, labels, chance.integers(0, 5, 300)).astype(str)
    lots = chance.integers(0, 4, 300)  # numbers are values too
    texts = ["a text"] * 300
    found = drivers(texts, labels, {"topic": list(topic), "lots": list(lots)})
    assert [d.name for d in found] == ["column “topic”", "column “lots”"]
    assert found[0].information == pytest.approx(adjusted_mutual_info_score(labels, topic))
    assert 0.3 < found[0].information < 0.9
    assert abs(found[1].information) < 0.05


def test_what_is_unclustered_does_not_count():
    labels = [0, 0, 1, 1, -1, -1]
    column = ["a", "a", "b", "b", "a", "b"]
    [found] = drivers(["text"] * 6, np.array(labels), {"labels": column})
    assert found.name == "column “labels”"
    assert found.information == pytest.approx(1)


def test_a_column_of_one_value_or_of_only_different_ones_tells_nothing():
    labels = np.arange(MOST_VALUES + 50) % 2
    n = len(labels)
    columns = {
        "one": ["same"] * n,
        "number": list(range(n)),
        "many": [i % (MOST_VALUES + 1) for i in range(n)],
        "enough": [i % MOST_VALUES for i in range(n)],
    }
    assert [d.name for d in drivers(["text"] * n, labels, columns)] == ["column “enough”"]
    assert drivers(["a", "b c", "d e f"], np.zeros(3, int), {"id": [1, 2, 3]}) == ()


def test_where_nothing_is_split_there_are_no_drivers():
    assert drivers([], np.array([], int)) == ()
    assert drivers(["a", "b"], np.array([-1, -1])) == ()
    assert drivers(["a", "b"], np.array([0, -1])) == ()


@pytest.mark.parametrize("name", ODD)
def test_odd_vectors_have_drivers_too(name):
    labels = cluster(ODD[name]).labels
    n = len(labels)
    texts = [f"Text {i}?" if i % 3 else "none" for i in range(n)]
    found = drivers(texts, labels, {"third": [i % 3 for i in range(n)]})
    assert np.isfinite([d.information for d in found]).all()
    assert bool(found) == ((labels >= 0).sum() > 2)


def test_the_topics_are_driven_by_their_label_and_by_nothing_on_the_surface(topics):
    found = drivers(topics.texts, cluster(topics.vectors).labels, {"topic": topics.labels})
    assert found[0].name == "column “topic”"
    assert found[0].information > 0.7
    assert all(abs(driver.information) < 0.1 for driver in found[1:])


def test_rows_must_fit():
    with pytest.raises(ExploreError, match="texts 2, labels 3, column “topic” 3"):
        drivers(["a", "b"], np.zeros(3, int), {"topic": ["x"] * 3})
