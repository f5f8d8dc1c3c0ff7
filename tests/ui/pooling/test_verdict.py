"""What is said of a pair is what its percentiles say, and no more."""

import re

import numpy as np
import pytest
from hypothesis import example as also
from hypothesis import given
from hypothesis import strategies as st

from encoder import POOLINGS
from encoder.calibration import Calibration, Scale
from tests.ui.visit import calibration, read_html, scale, scale_around, score_rows
from ui.pooling.comparison import Comparison
from ui.pooling.examples import EXAMPLES, what_to_look_for
from ui.pooling.form import View
from ui.pooling.html import answer, scores_table, trust
from ui.pooling.verdict import BLIND, disagreement, verdict
from ui.words import counted, layer_phrase, share

ALL_OR_NONE = re.compile(r"(?<![\d.])(100|0)(\.0*)?%")
CAT = {"a": "A cat sleeps.", "b": "It's so sunny outside."}


@pytest.fixture(scope="module")
def plain(_tiny) -> Comparison:
    """A pair under a model that was not measured."""
    return Comparison(_tiny("bert"), View(**CAT), None)


def measured(plain: Comparison, scales) -> Comparison:
    """The same pair, with what its cosines are worth."""
    return Comparison(plain.encoder, plain.view, calibration(scales, plain.view.layer))


def standing(plain: Comparison, random: float, paraphrase: float) -> Comparison:
    """The pair with these two percentiles under the chosen strategy."""
    return measured(plain, scale_around(plain.chosen.cosine, random, paraphrase))


@pytest.mark.parametrize(
    ("random", "paraphrase", "headline"),
    [
        (99.9, 100, "Closer than all 200 paraphrases."),
        (99.9, 60, "Close: among paraphrases it beats 60%, give or take 7 points."),
        (99, 25, "Close: among paraphrases it beats 25%, give or take 6 points."),
        (99, 5, "Close: among paraphrases it beats 5%, give or take 3 points."),
        (99, 4.5, "Related, but below nearly all paraphrases."),
        (99, 0, "Related, but no paraphrase scores as low."),
        (98.9, 60, "A little closer than unrelated sentences usually are."),
        (98.9, 4.5, "A little closer than unrelated sentences usually are."),
        (90, 0, "A little closer than unrelated sentences usually are."),
        (89.9, 60, "No closer than unrelated sentences often are."),
        (0, 0, "No closer than unrelated sentences often are."),
    ],
)
def test_every_judgement_at_its_very_edge(plain, random, paraphrase, headline):
    given, why = verdict(standing(plain, random, paraphrase))
    assert given == headline
    assert f"the cosine is {plain.chosen.cosine:.2f}." in why
    assert f"{counted(random, 1001)} unrelated pairs" in why
    assert f"{counted(paraphrase, 200)} paraphrases" in why
    assert "mean at layer 2 of 2 (last)" in why


def test_two_sentences_of_the_same_tokens_are_called_the_same(bundled):
    same = Comparison(
        bundled, View(a="It rains.", b="it  RAINS."), calibration(scale(0, 1, 0, 1), 6)
    )
    assert verdict(same)[0] == "The same to this model."
    other = Comparison(bundled, View(a="It rains.", b="It rained."), None)
    assert "same" not in verdict(other)[0]


def test_where_every_pair_scores_the_same_nothing_is_judged(plain):
    """[CLS] at layer 0 has read nothing yet: all of its cosines are 1."""
    flat = Scale(np.ones(1001), np.ones(200))
    headline, why = verdict(measured(plain, flat))
    assert headline.endswith("as for any two sentences.")
    assert "every pair of sentences scores the same" in why
    row = score_rows(scores_table(measured(plain, {"cls": flat}), None))["cls"]
    assert row.worth == {"unrelated": "all tie", "paraphrases": "all tie"}


def test_the_mistake_on_purpose_is_marked_and_wins_no_comparison(plain):
    [wrong] = [name for name, strategy in POOLINGS.items() if strategy.is_mistake]
    table = read_html(scores_table(plain, None))
    marked = [row.attributes["data-pick"] for row in table.all("tr") if "mistake" in row.classes]
    assert marked == [wrong]
    scales = {name: scale_around(s.cosine, 90, 50) for name, s in plain.scores.items()}
    scales[wrong] = scale_around(plain.scores[wrong].cosine, 10, 50)
    assert wrong not in disagreement(measured(plain, scales))


def test_what_was_not_measured_is_not_judged(plain):
    headline, why = verdict(plain)
    assert headline == f"Cosine {plain.chosen.cosine:.2f}."
    assert "has not been measured" in why
    other = measured(plain, {"max": scale(0, 1, 0, 1)})  # another strategy's scale is no help
    assert verdict(other) == (headline, why)


@pytest.mark.parametrize("separation", [0.0, 0.3, 0.5, 0.59])
def test_a_strategy_that_cannot_tell_is_called_blind(plain, separation):
    blind = Scale(np.linspace(0, 1, 1001), np.full(200, separation))
    assert blind.separation == pytest.approx(separation, abs=1e-3)
    headline, why = verdict(measured(plain, blind))
    assert headline == f"Cosine {plain.chosen.cosine:.2f}, but it says little about meaning."
    assert f"only {share(100 * blind.separation)} of the time" in why
    assert not ALL_OR_NONE.search(why)


def test_a_strategy_that_can_just_tell_is_judged(plain):
    enough = Scale(np.linspace(0, 1, 1001), np.full(200, BLIND + 0.005))
    assert "says little" not in verdict(measured(plain, enough))[0]


def test_nothing_is_said_of_a_sentence_without_tokens(bundled):
    view = View(a="\u200b", pool_special=False)
    headline, why = verdict(Comparison(bundled, view, calibration(scale(0, 1, 0, 1), 6)))
    assert headline == "Nothing to compare."
    assert "no token is left to pool over" in why


@given(st.floats(0, 100))
@also(99.95)
@also(99.97)
@also(0.04)
@also(100)
@also(0)
def test_a_share_never_claims_all_or_none(percentile):
    words = share(percentile)
    assert not ALL_OR_NONE.search(words)
    number = float(re.search(r"[\d.]+(?=%)", words)[0])
    assert abs(number - percentile) <= 0.51
    assert ("over" in words) == (percentile > 99.9)
    assert ("under" in words) == (percentile < 0.1)


@pytest.mark.parametrize(
    ("percentile", "of", "words"),
    [
        (100, 230, "all 230"),
        (99.9, 230, "all 230"),  # 229.8: no share of 230 lies between the last and all
        (0.1, 230, "none of 230"),
        (38.26, 230, "38% of 230"),
        (99.95, 96_580, "over 99.9% of 96,580"),
    ],
)
def test_a_share_of_few_resolves_no_more_than_their_number(percentile, of, words):
    assert counted(percentile, of) == words


@given(st.integers(0, 1000), st.integers(0, 1000))
def test_no_answer_claims_all_or_none(plain, random, paraphrase):
    comparison = standing(plain, random / 10, paraphrase / 10)
    assert not ALL_OR_NONE.search(answer(comparison))


def test_the_answer_names_the_settings_it_holds_for(plain):
    text = answer(plain)
    for fact in (plain.encoder.name, "layer 2 of 2 (last)", "special tokens pooled"):
        assert fact in text
    assert f"score {plain.chosen.cosine:.4f} with mean" in text
    words_only = Comparison(plain.encoder, View(**CAT, pool_special=False), None)
    assert "special tokens not pooled" in answer(words_only)


# --- where strategies disagree ------------------------------------------------------------------


def test_a_higher_number_that_is_worth_less_is_pointed_at(plain):
    ordered = sorted(plain.scores.values(), key=lambda score: score.cosine)
    low, high = ordered[0], ordered[-1]
    assert high.cosine > low.cosine + 0.1  # what this test is about
    scales = {
        low.pooling: scale_around(low.cosine, 90, 50),
        high.pooling: scale_around(high.cosine, 10, 50),
    }
    assert disagreement(measured(plain, scales)) == (
        f"Compare the percentiles, not the bars: {high.cosine:.2f} under {high.pooling} beats "
        f"10% of unrelated pairs, {low.cosine:.2f} under {low.pooling} beats 90%."
    )
    assert "Compare the percentiles" in answer(measured(plain, scales))


def test_no_contrast_is_made_up(plain):
    assert disagreement(plain) == ""  # nothing is measured
    everywhere_alike = measured(plain, scale(-1, 1, -1, 1))
    assert disagreement(everywhere_alike) == ""  # higher numbers are worth more
    ordered = sorted(plain.scores.values(), key=lambda score: score.cosine)
    low, high = ordered[0], ordered[-1]
    slight = {
        low.pooling: scale_around(low.cosine, 52, 50),
        high.pooling: scale_around(high.cosine, 50, 50),
    }
    assert disagreement(measured(plain, slight)) == ""  # two points of percentile are noise
    alone = {high.pooling: scale_around(high.cosine, 50, 50)}
    assert disagreement(measured(plain, alone)) == ""


def test_close_numbers_are_no_contrast(plain):
    a, b = sorted(plain.scores.values(), key=lambda score: score.cosine)[-2:]
    assert b.cosine - a.cosine < 0.1  # what this test is about
    scales = {
        a.pooling: scale_around(a.cosine, 90, 50),
        b.pooling: scale_around(b.cosine, 10, 50),
    }
    assert disagreement(measured(plain, scales)) == ""


def test_the_contrasts_of_the_examples_are_real(compare):
    pattern = re.compile(r"([\d.]+) under (\w+) beats .*?, (-?[\d.]+) under (\w+) beats")
    contrasts = 0
    for example in EXAMPLES.values():
        comparison = compare(a=example.a, b=example.b)
        if text := disagreement(comparison):
            contrasts += 1
            _, high, _, low = pattern.search(text).groups()
            above, below = comparison.scores[high], comparison.scores[low]
            assert above.cosine > below.cosine + 0.1
            assert above.random_percentile < below.random_percentile - 2
            assert text.count(f"{above.cosine:.2f} under {high}") == 1
            assert text.count(f"{below.cosine:.2f} under {low}") == 1
    assert contrasts  # else nothing above was looked at


# --- around it ----------------------------------------------------------------------------------


def test_an_example_is_recognised_in_either_order():
    for example in EXAMPLES.values():
        assert what_to_look_for(example.a, example.b) == example.look
        assert what_to_look_for(example.b, example.a) == example.look
        assert what_to_look_for(example.a, example.a) == ""
    assert what_to_look_for("A cat.", "A dog.") == ""
    assert len({example.look for example in EXAMPLES.values()}) == len(EXAMPLES) >= 7


@pytest.mark.parametrize(
    ("layer", "words"),
    [
        (0, "layer 0 (input embeddings)"),
        (3, "layer 3 of 6"),
        (6, "layer 6 of 6 (last)"),
        ("first_last", "the mean of layers 1 and 6"),
        ("last2", "the mean of layers 5 and 6"),
    ],
)
def test_layers_in_words(layer, words):
    assert layer_phrase(layer, 6) == words


def test_trust_has_every_strategy_with_its_counts(plain):
    text = trust(plain, calibration(scale(0.0, 0.4, 0.5, 0.9), 2))
    for fact in ("1.000", "0.02 … 0.38", "0.52 … 0.88", "all", "1,001 pairs of 45"):
        assert fact in text
    assert all(f'<th scope="row">{name}</th>' in text for name in POOLINGS)
    assert "has not been measured" in trust(plain, None)
    elsewhere = Calibration({}, 45, 1001, 200)
    assert '<th scope="row">' not in trust(plain, elsewhere)


def test_what_is_said_of_swapped_roles_is_so(compare):
    """Neither an average nor [CLS] minds who chases whom."""
    example = EXAMPLES["Who did what"]
    scores = compare(a=example.a, b=example.b).scores
    assert scores["mean"].cosine > 0.98
    assert scores["cls"].cosine > 0.98
