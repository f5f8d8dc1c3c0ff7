"""The same vectors as sentence-transformers, on folders it wrote and on folders we wrote."""

from itertools import product

import numpy as np
import pytest

from encoder import SAVABLE, load_encoder
from tests.encoder.sentence_transformers_reference import (
    TEXTS,
    assert_same,
    head,
    loaded,
    reference,
    vectors,
    written,
)

FOUR = ["bert", "roberta", "distilbert", "mpnet"]
OTHERS = [*FOUR[1:], "xlm-roberta", "modernbert"]
# Every pooling with every ending on one architecture, and one of each on the others.
CASES = [
    *product(["bert"], SAVABLE, [False, True]),
    *[(name, *rest) for name in OTHERS for rest in (("mean", True), ("cls", False))],
]


@pytest.fixture(scope="module")
def theirs(tiny_folder):
    """Their model by (architecture, our pooling name, normalise)."""

    def make(architecture, pooling, normalize):
        return reference(tiny_folder(architecture), SAVABLE[pooling], head(normalize))

    return make


@pytest.mark.parametrize(("architecture", "pooling", "normalize"), CASES)
def test_we_load_what_it_saved_and_it_loads_what_we_saved(
    architecture, pooling, normalize, theirs, tmp_path
):
    model = theirs(architecture, pooling, normalize)
    expected = vectors(model)
    ours = load_encoder(written(model, tmp_path / "theirs"))
    assert ours.pooling == pooling

    assert_same(ours.encode(TEXTS, normalize=False), expected)
    lengths = np.linalg.norm(expected, axis=1)
    assert bool(np.allclose(lengths, 1, atol=1e-5)) is normalize

    again = loaded(ours.save(tmp_path / "ours"))
    assert_same(vectors(again), expected)
    assert [type(m).__name__ for m in again] == [type(m).__name__ for m in model]


@pytest.mark.parametrize("architecture", FOUR)
def test_a_named_pooling_is_the_one_it_would_use(architecture, theirs, tiny):
    """The pooling of a plain transformers folder is a choice, not a property."""
    encoder = tiny(architecture)
    for pooling in SAVABLE:
        expected = vectors(theirs(architecture, pooling, normalize=True))
        assert_same(encoder.encode(TEXTS, pooling), expected)
        assert_same(encoder.with_pooling(pooling).encode(TEXTS), expected)


def test_the_poolings_are_told_apart_by_these_texts(tiny):
    """Without this, a loader that always took the mean might pass the tests above."""
    encoder = tiny("bert")
    found = np.stack([encoder.encode(TEXTS, pooling, normalize=False) for pooling in SAVABLE])
    for i, j in zip(*np.triu_indices(len(found), 1), strict=True):
        assert np.abs(found[i] - found[j]).max() > 0.01


def test_golden_cosines_of_the_bundled_model(bundled):
    """The numbers of sentence-transformers' own quickstart."""
    a, b, c = bundled.encode(
        ["The weather is lovely today.", "It's so sunny outside!", "He drove to the stadium."]
    )
    assert [round(float(x), 4) for x in (a @ b, a @ c, b @ c)] == [0.6660, 0.1046, 0.1411]
    assert a.shape == (384,)
    assert bundled.pooling == "mean"
