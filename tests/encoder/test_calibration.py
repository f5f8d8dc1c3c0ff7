"""What a cosine is worth: percentiles among random pairs and paraphrases of the background set."""

import numpy as np
import pytest

from encoder import POOLINGS, Options, load_encoder
from encoder.background import background_pairs, background_sentences
from encoder.calibration import Scale, calibrate, calibration_key, shipped_calibration, to_bytes

FEW = background_sentences()[:12]
PAIRS = background_pairs()[:9]


@pytest.fixture
def small(monkeypatch):
    """A background set that takes no time."""
    monkeypatch.setattr("encoder.calibration.background_sentences", lambda: FEW)
    monkeypatch.setattr("encoder.calibration.background_pairs", lambda: PAIRS)


def test_percentiles_by_hand():
    scale = Scale(np.array([0.0, 0.1, 0.2, 0.3]), np.array([0.2, 0.9]))
    assert [scale.random_percentile(c) for c in (-1, 0.05, 0.25, 1)] == [0, 25, 75, 100]
    assert scale.random_percentile(0.2) == 62.5  # a tie counts half
    assert scale.paraphrase_percentile(0.5) == 50
    assert scale.separation == pytest.approx((62.5 + 100) / 200)
    assert scale.band("random", 0, 100) == pytest.approx((0, 0.3))
    assert scale.band("paraphrase", 50, 50) == pytest.approx((0.55, 0.55))


def test_every_cell_holds_the_cosines_of_encode(bert, small):
    found = calibrate(bert)
    assert set(found.scales) == {(p, layer) for p in POOLINGS for layer in bert.layers}
    assert (found.sentences, found.random_pairs, found.paraphrase_pairs) == (12, 66, 9)
    for pooling, layer in [("mean", 2), ("max", 0), ("mean_with_padding", "last2")]:
        scale = found.scale(pooling, layer)
        vectors = bert.encode(FEW, pooling, layer)
        random = (vectors @ vectors.T)[np.triu_indices(12, 1)]
        np.testing.assert_allclose(scale.random[[0, 500, -1]],
                                   np.quantile(random, [0, 0.5, 1]), atol=1e-5)  # fmt: skip
        a, b = (bert.encode([pair[i] for pair in PAIRS], pooling, layer) for i in (0, 1))
        np.testing.assert_allclose(scale.paraphrase, np.sort((a * b).sum(1)), atol=1e-5)
    assert found.scale("soft:4", 2) is None


def test_the_mask_is_part_of_it_and_of_its_key(bert, small):
    words = calibrate(bert, pool_special=False).scale("mean", 2)
    assert np.abs(words.random - calibrate(bert).scale("mean", 2).random).max() > 1e-3
    mean_of_words = calibrate(bert).scale("mean_no_special", 2)
    np.testing.assert_allclose(words.random, mean_of_words.random, atol=1e-5)


def test_keys_name_the_model_the_prompt_and_the_mask(bert, tiny):
    settings = [Options(), Options(pool_special=False), Options(prompt="query: ")]
    keys = [calibration_key(bert, options) for options in settings]
    keys.append(calibration_key(tiny("roberta")))
    assert len(set(keys)) == 4
    assert calibration_key(bert) == keys[0]


def test_the_key_names_the_background_set(bert, monkeypatch):
    keys = {calibration_key(bert)}
    for texts in (FEW, FEW[::-1], FEW[:-1]):
        monkeypatch.setattr("encoder.calibration.background_texts", lambda texts=texts: texts)
        keys.add(calibration_key(bert))
    assert len(keys) == 4


def test_separation_is_the_chance_that_a_paraphrase_scores_higher():
    low, high = np.linspace(0, 0.4, 101), np.linspace(0.5, 0.9, 50)
    assert Scale(low, high).separation == 1
    assert Scale(high, low).separation == 0
    assert Scale(low, low).separation == pytest.approx(0.5)
    mixed = Scale(np.array([0.1, 0.2, 0.3, 0.4]), np.array([0.25, 0.35]))
    assert mixed.separation == pytest.approx((0.5 + 0.75) / 2)


def test_a_file_gives_back_what_was_measured(bert, small, tmp_path):
    measured = calibrate(bert)
    (tmp_path / "calibration-k.npz").write_bytes(to_bytes(measured))
    read = shipped_calibration("k", tmp_path)
    assert (read.sentences, read.random_pairs, read.paraphrase_pairs) == (12, 66, 9)
    assert list(read.scales) == list(measured.scales)
    for cell, scale in measured.scales.items():
        np.testing.assert_allclose(
            1 - read.scales[cell].random, 1 - scale.random, rtol=1e-6, atol=1e-12
        )
        np.testing.assert_allclose(
            1 - read.scales[cell].paraphrase, 1 - scale.paraphrase, rtol=1e-6, atol=1e-12
        )
    assert shipped_calibration("other", tmp_path) is None


@pytest.mark.parametrize(
    ("model", "pool_special"),
    [("all-MiniLM-L6-v2", True), ("all-MiniLM-L6-v2", False), ("untrained-minilm", True)],
)
def test_the_shipped_files_are_those_of_the_bundled_models(model, pool_special):
    """Fails when the background set or what makes a vector was changed: run bench/calibrate.py."""
    encoder = load_encoder(model)
    options = Options(pool_special=pool_special)
    shipped = shipped_calibration(calibration_key(encoder, options))
    assert shipped is not None
    assert set(shipped.scales) == {(p, layer) for p in POOLINGS for layer in encoder.layers}
    a, b = zip(*background_pairs()[:8], strict=True)
    for pooling, layer in [("mean", 6), ("max", 3), ("soft", "first_last")]:
        vectors = encoder.encode([*a, *b], pooling, layer, options=options)
        for cosine in (vectors[:8] * vectors[8:]).sum(1):
            assert np.abs(shipped.scale(pooling, layer).paraphrase - cosine).min() < 1e-5


@pytest.mark.slow
def test_the_shipped_quantiles_are_those_of_all_pairs_of_sentences(bundled):
    sentences = background_sentences()
    vectors = bundled.encode(sentences, "cls", "last2")
    random = (vectors @ vectors.T)[np.triu_indices(len(sentences), 1)]
    shipped = shipped_calibration(calibration_key(bundled))
    assert (shipped.sentences, shipped.random_pairs) == (len(sentences), len(random))
    quantiles = np.quantile(random, np.linspace(0, 1, 1001))
    np.testing.assert_allclose(shipped.scale("cls", "last2").random, quantiles, atol=1e-4)
    for cosine in (0.2, 0.4, 0.6):
        share = 100 * np.mean(random < cosine)
        found = shipped.scale("cls", "last2").random_percentile(cosine)
        assert found == pytest.approx(share, abs=0.1)


def test_the_bundled_model_tells_paraphrases_from_random_pairs_and_the_untrained_does_less(bundled):
    trained = shipped_calibration(calibration_key(bundled)).scale("mean", 6)
    untrained = load_encoder("untrained-minilm")
    control = shipped_calibration(calibration_key(untrained)).scale("mean", 6)
    assert trained.separation > 0.99
    assert control.separation < trained.separation


def test_cls_vectors_that_hardly_differ_are_told_apart(bundled):
    """In low layers 1 - cos of [CLS] vectors is 1e-7: as float32 cosines all pairs were ties."""
    scale = shipped_calibration(calibration_key(bundled)).scale("cls", 3)
    assert 0 < np.median(1 - scale.random) < 1e-4
    assert scale.separation > 0.95
    a, b = background_pairs()[0]
    vectors = [bundled.pooled(text, ["cls"], [3])["cls", 3] for text in (a, b)]
    cosine = vectors[0] @ vectors[1] / np.linalg.norm(vectors[0]) / np.linalg.norm(vectors[1])
    exact = 1 - cosine
    assert np.abs(1 - scale.paraphrase - exact).min() < 0.02 * exact
