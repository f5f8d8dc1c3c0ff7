"""Near duplicates: found without comparing all with all, and the same as if one had."""

import random

from ingest.neighbours import CANDIDATES, earlier_twins


def test_earlier_twins_agree_with_comparing_all():
    rng = random.Random(3)
    sets = [frozenset(rng.choices("abcdefghijklmnopq", k=rng.randint(1, 9))) for _ in range(90)]
    sets += [sets[n] | {"x"} for n in range(60)]
    for threshold in (0.5, 0.8):
        twins = earlier_twins(sets, threshold, fewest=1)
        for at, twin in enumerate(twins):
            least = [threshold * len(sets[at] | sets[n]) - 1e-9 for n in range(at)]
            near = [n for n in range(at) if len(sets[at] & sets[n]) >= least[n]]
            assert (twin is None) == (not near)
            assert twin is None or twin in near


def test_short_texts_have_no_twins_and_candidates_are_bounded():
    assert earlier_twins([frozenset("abc")] * 2, 0.8) == [None, None]
    assert earlier_twins([frozenset("abcd")] * 2, 0.8) == [None, 0]
    crowd = [frozenset(["w", *"abcd", str(n)]) for n in range(CANDIDATES + 5)]
    assert earlier_twins(crowd, 0.7)[1:] == list(range(CANDIDATES + 4))
