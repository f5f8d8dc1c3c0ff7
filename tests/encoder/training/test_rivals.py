"""Rivals without training: maps computed by hand, defined at the edges, encoders like any other."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.stats import spearmanr

from encoder import load_encoder
from encoder.evaluation import measure
from encoder.training.rivals import (
    SHRINKAGE,
    SHRINKAGES,
    inverse_root,
    is_identity,
    linear_map,
    mapped_predictions,
    whitening,
    whitening_map,
    within,
)
from encoder.training.scoring import predictions
from ingest import split_pairs
from tests.encoder.sentence_transformers_reference import assert_same, loaded, vectors
from tests.encoder.training.pairs import anchors, graded, weights

CROSS = np.array([[2.0, 0.0], [-2.0, 0.0], [0.0, 1.0], [0.0, -1.0]])  # covariance diag(2, 1/2)


def dense_of(rival) -> np.ndarray:
    return rival.recipe.head[-2].weight.numpy()


def none_of(pairs):
    return pairs.take([])


# --- whitening ----------------------------------------------------------------------------------


def test_whitening_divides_by_the_standard_deviation_of_each_direction():
    many = np.tile(CROSS, (50_000, 1))  # so many that nothing is left to shrink
    weight, bias = whitening_map(many + [3.0, 5.0])
    scales = sorted(np.abs(weight[np.abs(weight) > 1e-6]))
    np.testing.assert_allclose(scales, [1 / np.sqrt(2), np.sqrt(2)], atol=1e-3)
    np.testing.assert_allclose(bias, -weight @ [3.0, 5.0])


def test_few_vectors_are_whitened_under_the_shrunk_covariance():
    # n = 40, p = 2: mean of S² 1.0625, (tr S / p)² 1.5625, so the share is, by Chen et al. eq. 23,
    # (1.0625 + 1.5625) / (41 (1.0625 - 1.5625 / 2)) = 0.227642, and S becomes
    # diag(1.829268, 0.670732).
    weight, bias = whitening_map(np.tile(CROSS, (10, 1)))
    np.testing.assert_allclose(weight.T @ weight, np.diag([1 / 1.829268, 1 / 0.670732]), rtol=1e-5)
    np.testing.assert_allclose(bias, 0, atol=1e-12)


def test_whitened_vectors_have_mean_0_and_covariance_i_in_any_orientation():
    chance = np.random.default_rng(0)
    given = chance.normal(size=(50_000, 3)) @ chance.normal(size=(3, 3)) + 7
    weight, bias = whitening_map(given)
    white = given @ weight.T + bias
    np.testing.assert_allclose(white.mean(0), 0, atol=1e-9)
    np.testing.assert_allclose(np.cov(white.T), np.eye(3), atol=0.01)


@pytest.mark.parametrize("rows", [2, 3, 7])
def test_fewer_texts_than_dimensions_are_whitened_too(rows):
    given = np.random.default_rng(rows).normal(size=(rows, 8))
    weight, bias = whitening_map(given)
    spread = np.linalg.svd(weight, compute_uv=False)
    assert spread.max() / spread.min() < 10  # finite, and no direction is blown up
    np.testing.assert_allclose((given @ weight.T + bias).mean(0), 0, atol=1e-12)


@pytest.mark.parametrize("given", [np.ones((1, 4)) / 2, np.full((9, 4), 0.5)])
def test_where_nothing_varies_there_is_nothing_to_whiten(given):
    weight, bias = whitening_map(given)
    assert np.array_equal(weight, np.eye(4))
    assert not bias.any()


@pytest.mark.parametrize("width", [2, 3])
def test_rounding_does_not_break_a_covariance_that_is_a_multiple_of_i(width):
    # Of these, the shrinkage is a number above 0 divided by what should be 0 and may be -1e-16.
    turned = np.linalg.qr(np.random.default_rng(0).normal(size=(width, width)))[0]
    weight, _ = whitening_map(np.concatenate([turned, -turned]))  # covariance I / width
    np.testing.assert_allclose(weight.T @ weight, width * np.eye(width), atol=1e-6)


# --- relevant components ------------------------------------------------------------------------


def test_directions_in_which_what_belongs_together_differs_shrink():
    differences = np.array([[2.0, 0.0], [-2.0, 0.0], [0.0, 1.0]])
    spread, directions = within(differences, np.ones(3))  # diag(8, 1), scaled to trace 2
    np.testing.assert_allclose(spread, [2 / 9, 16 / 9])
    root = inverse_root(0.5 * spread + 0.5, directions)
    np.testing.assert_allclose(root, np.diag([np.sqrt(18 / 25), np.sqrt(18 / 11)]), atol=1e-12)


def test_pairs_count_by_their_label():
    differences = np.array([[2.0, 0.0], [0.0, 1.0], [9.0, 9.0]])
    spread, _ = within(differences, np.array([0.25, 0.5, 0.0]))  # diag(1, 1/2), scaled
    np.testing.assert_allclose(spread, [2 / 3, 4 / 3])


def test_without_pairs_that_belong_together_the_map_is_the_identity(bert):
    pairs = graded(20)
    apart = replace(pairs, labels=np.zeros(len(pairs)))
    rival = linear_map(bert, apart, none_of(pairs))
    assert is_identity(rival)
    texts = [text for row in pairs.texts for text in row]
    np.testing.assert_allclose(rival.encode(texts), bert.encode(texts), atol=1e-6)


def test_the_shrinkage_is_the_best_one_on_the_validation_part(bert):
    pairs = graded(120)
    split = split_pairs(pairs, 0.3, 0)
    train, validation = pairs.take(split.train), pairs.take(split.held_out)
    a, b = (bert.encode([row[side] for row in train.texts]).astype(float) for side in (0, 1))
    spread, directions = within(a - b, train.labels.astype(float))
    roots = [inverse_root((1 - s) * spread + s, directions) for s in SHRINKAGES]

    def worth(root: np.ndarray) -> float:
        x, y = (bert.encode([row[side] for row in validation.texts]) @ root for side in (0, 1))
        cosines = (x * y).sum(1) / np.linalg.norm(x, axis=1) / np.linalg.norm(y, axis=1)
        return spearmanr(cosines, validation.labels).statistic

    worths = [worth(root) for root in roots]
    assert max(worths) > worths[0] + 0.01  # else the base would do, and nothing be chosen
    best = roots[int(np.argmax(worths))]
    np.testing.assert_allclose(dense_of(linear_map(bert, train, validation)), best, atol=1e-4)
    half = roots[SHRINKAGES.index(SHRINKAGE)]
    unchosen = linear_map(bert, train, none_of(train))
    np.testing.assert_allclose(dense_of(unchosen), half, atol=1e-4)


def test_a_validation_part_of_one_label_chooses_nothing(bert):
    pairs = replace(graded(40), kind="binary")
    ones = pairs.take(np.flatnonzero(pairs.labels == 1))
    chosen, unchosen = (linear_map(bert, pairs, part) for part in (ones, none_of(pairs)))
    assert np.array_equal(dense_of(chosen), dense_of(unchosen))


def test_of_triplets_the_anchor_and_the_positive_belong_together(bert):
    pairs, triplets = anchors(), anchors(negatives=True)
    assert triplets.kind == "triplet"
    one, other = (linear_map(bert, given, none_of(given)) for given in (pairs, triplets))
    assert not is_identity(one)
    np.testing.assert_allclose(dense_of(one), dense_of(other), atol=1e-6)


# --- as encoders --------------------------------------------------------------------------------


def made(name: str, source, pairs):
    if name == "whitening":
        return whitening(source, pairs)
    return linear_map(source, pairs, none_of(pairs))


@pytest.mark.parametrize("name", ["whitening", "linear map"])
def test_a_rival_is_an_encoder_that_goes_home_and_explains_itself(bert, tmp_path: Path, name):
    before, recipe = weights(bert), bert.recipe
    rival = made(name, bert, graded())
    texts = ["The cat is here.", "Nobody saw snow.", "Bread"]
    folder = rival.save(tmp_path / "rival")
    assert_same(vectors(loaded(folder), texts), rival.encode(texts))
    assert_same(load_encoder(folder).encode(texts), rival.encode(texts))
    explained = rival.explain_pair(*texts[:2])
    a, b = rival.encode(texts[:2])
    assert explained.contributions.sum() == pytest.approx(float(a @ b), abs=1e-5)
    assert np.abs(rival.encode(texts) - bert.encode(texts)).max() > 0.01
    assert bert.recipe is recipe
    assert all(map(torch.equal, before, weights(bert)))


@pytest.mark.parametrize("name", ["whitening", "linear map"])
def test_a_rival_is_scored_without_running_the_model_again(bert, count_forwards, name):
    pairs = graded(30)
    rival = made(name, bert, pairs)
    whole = predictions(rival, pairs)
    with count_forwards(bert) as calls:
        quick = mapped_predictions(bert, rival, pairs)
    assert calls == []
    np.testing.assert_allclose(quick.values, whole.values, atol=1e-5)
    assert measure(quick, "spearman") != measure(predictions(bert, pairs), "spearman")


@pytest.mark.parametrize("fit", [whitening, lambda *a: linear_map(a[0], a[1], none_of(a[1]), a[2])])
def test_who_listens_hears_of_every_text_and_can_end_it(bert, fit):
    pairs, heard = graded(30), []
    fit(bert, pairs, lambda done, total: heard.append((done, total)))
    distinct = len({text for row in pairs.texts for text in row})
    assert heard[-1] == (distinct, distinct)

    def leave(done: int, total: int) -> None:
        raise InterruptedError

    with pytest.raises(InterruptedError):
        fit(bert, pairs, leave)
