"""What the numbers say about this pair, in plain words, and no more than they say."""

from itertools import permutations
from math import sqrt

from encoder import POOLINGS
from ui.pooling.comparison import Comparison, Score
from ui.words import all_or_none, counted, layer_phrase, share

BLIND = 0.6  # a cell that separates paraphrases from random pairs no better than this says little


def verdict(comparison: Comparison) -> tuple[str, str]:
    """A headline and a sentence that backs it, for the chosen strategy. Plain text, to escape."""
    view, score = comparison.view, comparison.chosen
    where = f"{view.pooling} at {layer_phrase(view.layer, comparison.encoder.backbone.depth)}"
    if score.empty:
        return (
            "Nothing to compare.",
            f"With {where} no token is left to pool over in one of the sentences, so its vector is "
            "zero and the cosine is 0 by definition.",
        )
    if comparison.same_tokens:
        return (
            "The same to this model.",
            "Both sentences become the very same tokens, so every strategy gives a cosine of 1.",
        )
    if score.tied:
        return (
            f"Cosine {score.cosine:.2f}, as for any two sentences.",
            f"With {where} every pair of sentences scores the same, so this says nothing about "
            "these two.",
        )
    scale, calibration = comparison.scale, comparison.calibration
    random, paraphrase = score.random_percentile, score.paraphrase_percentile
    if scale is None or calibration is None or random is None or paraphrase is None:
        return (
            f"Cosine {score.cosine:.2f}.",
            f"That is {where}. What it is worth for this model has not been measured yet.",
        )
    if scale.separation < BLIND:
        return (
            f"Cosine {score.cosine:.2f}, but it says little about meaning.",
            f"With {where}, a paraphrase beats an unrelated pair only "
            f"{share(100 * scale.separation)} of the time; a coin toss would give 50%.",
        )
    pairs, paraphrases = calibration.random_pairs, calibration.paraphrase_pairs
    return (
        _judgement(random, paraphrase, paraphrases),
        f"With {where} the cosine is {score.cosine:.2f}. It beats {counted(random, pairs)} "
        f"unrelated pairs and {counted(paraphrase, paraphrases)} paraphrases.",
    )


def _judgement(random: float, paraphrase: float, paraphrases: int) -> str:
    """What an unrelated pair could score as well is never called close.

    Among paraphrases the share itself is said, with its 95 % interval: words for it would change
    between two pairs that this many paraphrases cannot tell apart.
    """
    if random < 90:
        return "No closer than unrelated sentences often are."
    if random < 99:
        return "A little closer than unrelated sentences usually are."
    beaten = all_or_none(paraphrase, paraphrases)
    if beaten == "none":
        return "Related, but no paraphrase scores as low."
    if beaten == "all":
        return f"Closer than all {paraphrases:,} paraphrases."
    if paraphrase < 5:
        return "Related, but below nearly all paraphrases."
    part = paraphrase / 100
    points = round(100 * 1.96 * sqrt(part * (1 - part) / paraphrases))
    return f"Close: among paraphrases it beats {share(paraphrase)}, give or take {points} points."


def disagreement(comparison: Comparison) -> str:
    """Where a higher number is worth less, the widest such case; or ""."""
    if comparison.chosen.empty:
        return ""
    measured = [
        score
        for score in comparison.scores.values()
        if score.random_percentile is not None and not POOLINGS[score.pooling].is_mistake
    ]
    contrasts = [
        (high, low)
        for high, low in permutations(measured, 2)
        if high.cosine > low.cosine + 0.1 and _worth(high) < _worth(low) - 2
    ]
    if not contrasts:
        return ""
    high, low = max(contrasts, key=lambda pair: pair[0].cosine - pair[1].cosine)
    return (
        f"Compare the percentiles, not the bars: {high.cosine:.2f} under {high.pooling} beats "
        f"{share(_worth(high))} of unrelated pairs, {low.cosine:.2f} under {low.pooling} beats "
        f"{share(_worth(low))}."
    )


def _worth(score: Score) -> float:
    return score.random_percentile or 0.0
