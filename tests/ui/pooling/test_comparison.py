"""The numbers on screen are those of the encoder, and are worth what the background set says."""

import numpy as np
import pytest

from encoder import POOLINGS, Options
from encoder.calibration import Scale
from tests.ui.visit import (
    array,
    calibration,
    inputs,
    read_html,
    scale_around,
    score_rows,
)
from ui.page.matrix import distinct
from ui.pooling.comparison import Comparison, cosine
from ui.pooling.examples import FIRST
from ui.pooling.form import MEASURES, View
from ui.pooling.html import scores_table
from ui.pooling.sections import apart

INVISIBLE = "\u200b"  # a character, yet no token
MEASURED = {
    "cosine": lambda a, b: a @ b / (np.linalg.norm(a) * np.linalg.norm(b)),
    "dot product": lambda a, b: a @ b,
    "Euclidean distance": lambda a, b: np.linalg.norm(a - b),
}


@pytest.mark.parametrize("pool_special", [True, False])
@pytest.mark.parametrize("layer", [6, "first_last", 0])
def test_every_number_of_the_table_is_what_encode_gives(handlers, bundled, layer, pool_special):
    """`encode` batches in float32, the screen sums in float64: they share no arithmetic."""
    options = Options(pool_special=pool_special)
    pairs = {
        name: bundled.encode([FIRST.a, FIRST.b], name, layer, normalize=False, options=options)
        for name in POOLINGS
    }
    for measure in MEASURES:
        sent = inputs(layer=str(layer), pool_special=pool_special, measure=measure)
        rows = score_rows(handlers.screen(sent, "a visitor").scores)
        assert list(rows) == list(POOLINGS)
        for name, row in rows.items():
            expected = MEASURED[measure](*pairs[name].astype(np.float64))
            assert float(row.value) == pytest.approx(expected, rel=1e-5, abs=6e-5), name
            assert len(row.value.partition(".")[2]) == 4


@pytest.mark.parametrize("layer", [6, "last2"])
def test_the_matrix_of_tokens_sums_to_the_cosine_to_the_last_digit_shown(compare, layer):
    for pooling in POOLINGS:
        for pool_special in (True, False):
            comparison = compare(pooling=pooling, layer=layer, pool_special=pool_special)
            shown = score_rows(scores_table(comparison, None))[pooling].value
            matrix = comparison.explanation.explained.contributions
            assert f"{matrix.sum():.4f}" == shown
            _, tokens, figure, sums = apart(comparison)
            assert f"sum to {shown}" in sums.replace("−", "-")
            assert [s.text.strip("= ") for s in read_html(tokens).all(".sum")] == [shown, shown]
            np.testing.assert_allclose(array(figure["data"][0]["z"]), matrix, atol=1e-6)


def test_the_layer_map_agrees_with_the_table_in_every_cell(compare, bundled):
    map_ = compare().layer_map
    assert set(map_) == {(p, layer) for p in POOLINGS for layer in bundled.layers}
    for layer in bundled.layers:
        for name, score in compare(layer=layer).scores.items():
            assert score.cosine == pytest.approx(map_[name, layer], abs=1e-12)
    worth = compare().layer_map_worth
    assert set(worth) == set(map_)
    assert worth["mean", 6] == compare().scores["mean"].random_percentile


def test_percentiles_are_those_of_the_scale_of_this_very_cell(bundled):
    view = View(layer=6)
    cosines = {n: s.cosine for n, s in Comparison(bundled, view, None).scores.items()}
    wanted = {name: (10.0 + 5 * i, 2.0 + i) for i, name in enumerate(POOLINGS)}
    scales = {name: scale_around(cosines[name], *wanted[name]) for name in POOLINGS}
    rows = score_rows(scores_table(Comparison(bundled, view, calibration(scales, 6)), None))
    for name, (random, paraphrase) in wanted.items():
        assert rows[name].worth == {
            "unrelated": f"{random:.1f}%",
            "paraphrases": f"{paraphrase:.0f}%",
        }


def test_another_layer_or_strategy_has_no_percentile_of_this_one(bundled):
    some = calibration({"mean": scale_around(0.5, 50, 50)}, 6)
    there = Comparison(bundled, View(layer=6), some).scores
    assert [n for n, s in there.items() if s.random_percentile is not None] == ["mean"]
    elsewhere = Comparison(bundled, View(layer=5), some)
    assert elsewhere.scale is None
    assert all(s.random_percentile is None for s in elsewhere.scores.values())
    assert Comparison(bundled, View(layer=6), some).layer_map_worth.keys() == {("mean", 6)}


def test_a_tie_counts_half(bundled):
    value = Comparison(bundled, View(), None).chosen.cosine
    tied = Scale(np.array([-1, value, value, 1]), np.array([value, 1]))
    score = Comparison(bundled, View(), calibration(tied, 6)).chosen
    assert (score.random_percentile, score.paraphrase_percentile) == (50, 25)


@pytest.mark.parametrize(
    ("random", "paraphrase", "unrelated", "paraphrases"),
    [(100, 0, "all", "none"), (99.9, 0.1, "99.9%", "none"), (50, 99.5, "50.0%", "99.5%")],
)
def test_a_percentile_is_as_fine_as_the_number_of_pairs_allows(
    bundled, random, paraphrase, unrelated, paraphrases
):
    value = Comparison(bundled, View(), None).chosen.cosine
    measured = calibration({"mean": scale_around(value, random, paraphrase)}, 6)
    row = score_rows(scores_table(Comparison(bundled, View(), measured), None))["mean"]
    assert row.worth == {"unrelated": unrelated, "paraphrases": paraphrases}


def test_the_counts_behind_the_percentiles_are_shown(handlers):
    table = read_html(handlers.screen(inputs(), "a visitor").scores)
    assert [n.text for n in table.one("thead").all("small")] == [
        "of 96,580 unrelated",
        "of 230 paraphrases",
    ]


@pytest.mark.parametrize("side", ["a", "b"])
def test_a_sentence_without_a_token_has_the_note_instead_of_nan(compare, side):
    comparison = compare(**{side: INVISIBLE}, pooling="mean_no_special")
    [score] = [s for s in comparison.scores.values() if s.empty]
    assert score == comparison.chosen
    assert (score.cosine, score.dot) == (0, 0)
    assert (score.random_percentile, score.paraphrase_percentile) == (None, None)
    row = score_rows(scores_table(comparison, None))["mean_no_special"]
    assert (row.value, row.worth) == (
        "0.0000",
        dict.fromkeys(("unrelated", "paraphrases"), "zero vector"),
    )
    _, _, figure, sums = apart(comparison)
    assert f"No token is left to pool over in sentence {side.upper()}" in sums
    assert not array(figure["data"][0]["z"]).any()


def test_without_special_tokens_nothing_is_left_of_an_invisible_sentence(compare):
    comparison = compare(a=INVISIBLE, b=INVISIBLE, pool_special=False)
    empty = [name for name, score in comparison.scores.items() if score.empty]
    assert set(POOLINGS) - set(empty) == {"mean_with_padding"}  # it pools the padding
    shown = scores_table(comparison, None) + "".join(map(str, apart(comparison)))
    assert "nan" not in shown.lower()
    assert "sentence A and B" in shown
    assert np.isfinite(list(comparison.layer_map.values())).all()


def test_the_cosine_of_a_zero_vector_is_zero():
    assert cosine(np.zeros(3), np.ones(3)) == 0
    assert cosine(np.array([3.0, 4.0]), np.array([4.0, 3.0])) == pytest.approx(24 / 25)


def test_the_matrix_has_a_row_for_each_token_of_the_model(compare, bundled):
    tokens = [bundled.trace(text).tokens for text in (FIRST.a, FIRST.b)]
    figure = apart(compare())[2]["data"][0]
    assert (figure["y"], figure["x"]) == tuple(map(distinct, tokens))
    assert array(figure["z"]).shape == (len(tokens[0]), len(tokens[1]))
