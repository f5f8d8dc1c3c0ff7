"""Inverse document frequencies, counted in a model's own tokens."""

import math

import numpy as np
import pytest
import torch

from encoder import EncoderError, IdfWeights, Options
from encoder.background import background_pairs, background_sentences, background_texts
from tests.tiny_models import SENTENCES


def test_the_formula_by_hand():
    idf = IdfWeights.from_ids([[1, 2, 2], [1], [1, 3]], vocabulary_size=5)
    expected = [math.log(4 / (1 + df)) + 1 for df in (0, 3, 1, 1, 0)]
    torch.testing.assert_close(idf.table, torch.tensor(expected))
    assert idf.documents == 3
    assert idf.lookup(torch.tensor([[3, 1]])).tolist() == [[idf.table[3], idf.table[1]]]


def test_no_corpus_makes_all_tokens_equal(bert):
    flat = Options(idf=bert.fit_idf([]))
    np.testing.assert_allclose(
        bert.encode(SENTENCES, "idf_mean", options=flat), bert.encode(SENTENCES, "mean"), atol=1e-6
    )


def test_rare_tokens_draw_the_vector_to_them(bert):
    text = "the ship"
    common_the = Options(idf=bert.fit_idf(["the"] * 50 + ["ship"]))
    found = bert.explain_pair(text, text, "idf_mean", options=common_the).a.rows
    the, ship = (np.linalg.norm(row) for row in found[1:3])
    table = common_the.idf.table
    first, second = bert.tokenize(text).ids[1:3]
    states = bert.trace(text).hidden[-1]
    lengths = np.linalg.norm(states[1:3], axis=1)
    assert ship / lengths[1] > 2 * the / lengths[0]
    ratio = (ship / lengths[1]) / (the / lengths[0])
    assert ratio == pytest.approx(float(table[second] / table[first]), rel=1e-5)


def test_without_weights_the_background_set_is_counted_and_only_once(bert, monkeypatch):
    own = Options(idf=bert.fit_idf(background_texts()))
    expected = bert.encode(SENTENCES, "idf_mean", options=own)
    np.testing.assert_array_equal(bert.encode(SENTENCES, "idf_mean"), expected)
    monkeypatch.setattr("encoder.backbone.background_texts", lambda: pytest.fail("counted again"))
    bert.cache.clear()
    np.testing.assert_array_equal(bert.encode(SENTENCES, "idf_mean"), expected)
    assert np.abs(expected - bert.encode(SENTENCES, "mean")).max() > 0.01


def test_equal_counts_have_equal_fingerprints(bert):
    first, second = bert.fit_idf(["a cat"]), bert.fit_idf(["a cat"])
    assert first.fingerprint == second.fingerprint != bert.fit_idf(["the cat"]).fingerprint


def test_weights_of_another_vocabulary_are_refused(bert, tiny):
    foreign = Options(idf=tiny("roberta").fit_idf(SENTENCES))
    with pytest.raises(EncoderError, match="IdfWeights are for 494 tokens; this model has 316"):
        bert.encode(SENTENCES, "idf_mean", options=foreign)


def test_the_background_set_is_large_and_varied_enough():
    sentences, pairs = background_sentences(), background_pairs()
    assert len(sentences) >= 400
    assert len(pairs) >= 200
    assert len(set(sentences)) == len(sentences)
    assert len(set(pairs)) == len(pairs)
    assert all(a.strip() and b.strip() and a != b for a, b in pairs)
