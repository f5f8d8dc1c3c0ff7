"""What the numbers say about this pair, in plain words, and no more than they say."""

from itertools import permutations

from ui.pooling.comparison import Comparison, Score
from ui.words import layer_phrase, share

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
    return (
        _judgement(random, paraphrase),
        f"With {where} the cosine is {score.cosine:.2f}: {share(random)} of "
        f"{calibration.random_pairs:,} unrelated pairs and {share(paraphrase)} of "
        f"{calibration.paraphrase_pairs} paraphrases score lower.",
    )


def _judgement(random: float, paraphrase: float) -> str:
    """What an unrelated pair could score as well is never called close."""
    if random < 90:
        return "No closer than unrelated sentences often are."
    if random < 99:
        return "A little closer than unrelated sentences usually are."
    if paraphrase >= 25:
        return "As close as paraphrases are, under this strategy and layer."
    if paraphrase >= 5:
        return "Close, at the low end of what paraphrases score."
    return "Related, but below what paraphrases score."


def disagreement(comparison: Comparison) -> str:
    """Where a higher number is worth less, the widest such case; or ""."""
    if comparison.chosen.empty:
        return ""
    measured = [
        score
        for score in comparison.scores.values()
        if score.random_percentile is not None and not score.empty
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
