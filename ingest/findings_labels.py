"""Findings about labels: too few rows, one-sided, reversed, or against what the model sees."""

from collections.abc import Iterator
from math import sqrt

import numpy as np

from ingest.findings import Context, Finding, Remedy, count, leave_out
from ingest.pairs import PairSet
from ingest.split import split_pairs

FEW = 100  # rows
TOO_FEW = 20
# {kind: (what it is judged by, the most that one row's share of it deviates)}; for Spearman's ρ the
# deviation near 0 times √(N − 3), by Fisher's z.
METRICS = {
    "score": ("a Spearman ρ", 1.0),
    "binary": ("an average precision", 0.5),
    "positive": ("an MRR or a recall", 0.5),
    "triplet": ("a triplet accuracy", 0.5),
}
PAIRED = 0.63  # √(2 (1 − 0.8)): how much less uncertain than two figures their difference is
RARE = 0.2  # share of the rarer label
COMMON = 0.6  # share of one and the same score
KEPT_PER_RARE = 3
CONTRADICTS = 0.6  # how far apart, of 1, label and model must be: ranks, for scores
MISPLACED = 0.7  # the same for two labels: past four in ten of the other label's rows
MOST_NAMED = 20
LEAST_SPREAD = 0.05  # of the cosines of positives
REVERSED = 0.2  # rank correlation below minus this, and below minus three standard errors


def few_rows(context: Context) -> Iterator[Finding]:
    """Too few rows to conclude anything from a held-out fifth."""
    rows = len(context.pairs)
    if rows >= FEW:
        return
    held_out = len(context.split.held_out) if context.split else round(0.2 * rows)
    metric, deviation = METRICS[context.pairs.kind]
    degrees = held_out - 3 if context.pairs.kind == "score" else held_out
    spread = min(1.0, 1.96 * deviation / sqrt(max(1, degrees)))
    yield Finding(
        "few_rows",
        "error" if rows < TOO_FEW else "warning",
        (),
        f"Only {count(rows, 'row')}, of which about {held_out} would be held out.",
        f"With {held_out} held-out rows {metric} is uncertain by about ±{spread:.2f}. Before and "
        f"after are compared on the same rows, so a gain shows from about {PAIRED * spread:.2f} on "
        "(where what the model says before and after correlates by 0.8); a smaller one cannot be "
        "told from chance.",
    )


def class_imbalance(context: Context) -> Iterator[Finding]:
    """One label, or one score, in most rows."""
    labels = context.pairs.labels
    if labels is None or not len(labels):
        return
    values, counts = np.unique(labels, return_counts=True)
    common = int(np.argmax(counts))
    share = counts[common] / len(labels)
    if len(values) == 1:
        yield Finding(
            "class_imbalance",
            "error",
            (),
            f"Every row has the label {values[0]:g}.",
            "With one label there is nothing to tell apart: the model can put all texts in one "
            "place, and no ranking can be measured.",
        )
    elif share > (1 - RARE if context.pairs.kind == "binary" else COMMON):
        rarer = int(len(labels) - counts[common])
        yield Finding(
            "class_imbalance",
            "warning",
            context.rows(np.flatnonzero(labels != values[common])),
            f"{share:.0%} of the rows have the label {values[common]:g}; {count(rarer, 'row')} "
            "do not.",
            "The model learns the common answer; average precision and F1 look high by "
            "themselves, and the few others decide every result.",
            leave_out(
                _surplus(context.pairs, values[common]),
                "fewer of the common label",
                f"Keep {KEPT_PER_RARE} of the common label for each other row",
            ),
        )


def _surplus(pairs: PairSet, common: float) -> tuple[int, ...]:
    """Rows of the common label beyond KEPT_PER_RARE for each row of another; seeded."""
    many = np.flatnonzero(pairs.labels == common)
    number = KEPT_PER_RARE * (len(pairs) - len(many))
    surplus = np.random.default_rng(0).permutation(many)[number:]
    return tuple(pairs.row_numbers[at] for at in surplus)


def labels_reversed(context: Context) -> Iterator[Finding]:
    """High labels where the model sees low similarity, throughout: a distance, or 1 for 'no'."""
    sample = context.compared
    ranks = _rank_correlation(sample)
    if _reversed(ranks, len(sample.pairs)):
        of = "" if sample is context else f" in {len(sample.pairs):,} rows drawn at random"
        yield Finding(
            "labels_reversed",
            "error",
            (),
            "The higher the label, the lower the model's cosine (rank correlation "
            f"{ranks:.2f}{of}). Is the label a distance, or does 1 mean 'different'?",
            "Training would push apart what belongs together.",
            Remedy("Turn the labels round (1 − label)", _turned),
        )


def label_noise(context: Context) -> Iterator[Finding]:
    """The pairs whose label contradicts the current model most; once, as there are always some."""
    if context.compared is not context or "label_noise" in context.pairs.report.settled:
        return
    gaps = _contradiction(context)
    if gaps is None or _reversed(_rank_correlation(context), len(gaps)):
        return
    limit = MISPLACED if context.pairs.kind == "binary" else CONTRADICTS
    worst = [at for at in np.argsort(-gaps, kind="stable") if gaps[at] > limit][:MOST_NAMED]
    if worst:
        rows = context.rows(worst)
        yield Finding(
            "label_noise",
            "note",
            rows,
            f"{count(len(rows), 'row')} whose label contradicts the current model most; the "
            f"first to look at is row {context.numbers[worst[0]]}.",
            "Some are errors, and a wrong label pulls the vectors the wrong way; others are what "
            "the model has yet to learn. Read them before leaving them out.",
            leave_out(rows, "label contradicts the model"),
        )


def split_notes(context: Context) -> Iterator[Finding]:
    """What the split says: no validation part, or hardly any row held out.

    That texts stand on two sides is said by `shared_texts`.
    """
    split = context.split or split_pairs(context.pairs)
    notes = [note for note in split.notes if context.split is None or note != split.by_row_note]
    if notes:
        proves_nothing = not len(split.held_out)
        yield Finding(
            "split_fallback",
            "warning" if proves_nothing else "note",
            (),
            " ".join(notes),
            "Nothing shows then whether training helped."
            if proves_nothing
            else "Without a validation part no best step can be chosen; the last one is kept. The "
            "fewer rows are held out, the larger a gain must be to show.",
        )


def _contradiction(context: Context) -> np.ndarray | None:
    """(N,) 0 … 1: how far label and model are apart; None where that cannot be said."""
    pairs, cosines = context.pairs, context.pair_cosines
    if cosines is None or len(pairs) < TOO_FEW:
        return None
    if pairs.kind == "triplet":
        other = context.cosines(0, 2)
        return None if other is None else np.clip((other - cosines) * 6, 0, 1)  # from 0.1 nearer
    if pairs.labels is None:  # far below the other positives
        middle = np.median(cosines)
        spread = max(LEAST_SPREAD, 1.4826 * float(np.median(np.abs(cosines - middle))))
        return np.clip((middle - cosines) / spread / 5, 0, 1)  # from 3 deviations
    if np.ptp(pairs.labels) == 0 or np.ptp(cosines) == 0:
        return None
    if pairs.kind == "binary":
        return _misplaced(pairs.labels > 0, cosines)
    return np.abs(_ranks(pairs.labels) - _ranks(cosines))


def _misplaced(alike: np.ndarray, cosines: np.ndarray) -> np.ndarray:
    """(N,) for each row, the mean of two shares of rows that its label should have put behind it.

    Of the other label, those on the wrong side of it; of its own label, those further on the right
    side. A row deep among the other label's has 0.5 or more of the first and nearly 1 of the other.
    """
    shares = np.zeros(len(cosines))
    for side, sign in ((alike, 1), (~alike, -1)):
        own, others = np.sort(sign * cosines[side]), np.sort(sign * cosines[~side])
        values = sign * cosines[side]
        wrong = 1 - np.searchsorted(others, values, "left") / max(1, len(others))
        right = 1 - np.searchsorted(own, values, "right") / max(1, len(own))
        shares[side] = (wrong + right) / 2
    return shares


def _rank_correlation(context: Context) -> float:
    """Spearman's ρ of labels and cosines; 0 where it cannot be said."""
    labels, cosines = context.pairs.labels, context.pair_cosines
    if labels is None or cosines is None or len(labels) < TOO_FEW:
        return 0.0
    if np.ptp(labels) == 0 or np.ptp(cosines) == 0:
        return 0.0
    return float(np.corrcoef(_ranks(labels), _ranks(cosines))[0, 1])


def _reversed(correlation: float, rows: int) -> bool:
    return correlation < -max(REVERSED, 3 / sqrt(max(1, rows - 1)))


def _ranks(values: np.ndarray) -> np.ndarray:
    """(N,) mean ranks of ties, from 0 to 1."""
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    middle = np.cumsum(counts) - (counts + 1) / 2
    return middle[inverse] / max(1, len(values) - 1)


def _turned(pairs: PairSet) -> PairSet:
    assert pairs.labels is not None
    return PairSet(pairs.kind, pairs.texts, 1 - pairs.labels, pairs.row_numbers, pairs.report)
