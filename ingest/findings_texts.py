"""Findings about single texts: broken, empty of words, cut, in the wrong column."""

import html
import re
from collections.abc import Callable, Iterator
from dataclasses import replace

from ingest.findings import Context, Finding, Remedy, count, leave_out
from ingest.pairs import PairSet
from ingest.text import EMPTY, MARKUP, MOJIBAKE, tidy

ASKS = re.compile(
    r"\?\s*$|^(?:who|what|when|where|why|which|how|is|are|do|does|did|can|could|should|will)\b",
    re.IGNORECASE,
)
SWAPPED = 0.3  # how much more often the second column must ask
ALIKE = 0.9999  # the model's cosine of two texts that are one to it
NEARER = 0.9  # share of triplets; hard negatives alone can make it four in five


def broken_characters(context: Context) -> Iterator[Finding]:
    """'donâ€™t' for 'don’t': UTF-8 once read as Windows-1252; or characters already lost."""
    matches = _matching(context.pairs, lambda text: bool(MOJIBAKE.search(text)))
    if matches:
        texts = [text for at in matches for text in context.pairs.texts[at]]
        mends = any(repaired(text) != text for text in texts)
        yield Finding(
            "broken_characters",
            "warning",
            context.rows(matches),
            f"{count(len(matches), 'row')} with characters broken by a wrong encoding, such as "
            f"{_example(context.pairs, matches[0], MOJIBAKE)!r}.",
            "The tokenizer breaks such words into meaningless pieces, and equal texts no longer "
            "match." + ("" if mends else " What is lost is lost: save the file anew as UTF-8."),
            Remedy("Repair what can be repaired", lambda pairs: _rewritten(pairs, repaired))
            if mends
            else None,
        )


def markup(context: Context) -> Iterator[Finding]:
    """HTML tags and entities."""
    matches = _matching(context.pairs, lambda text: bool(MARKUP.search(text)))
    if matches:
        yield Finding(
            "markup",
            "note",
            context.rows(matches),
            f"{count(len(matches), 'row')} with HTML, such as "
            f"{_example(context.pairs, matches[0], MARKUP)!r}.",
            "Tags become tokens that take part in the pooled vector and make unrelated texts "
            "alike.",
            Remedy("Turn HTML into plain text", lambda pairs: _rewritten(pairs, without_markup)),
        )


def no_words(context: Context) -> Iterator[Finding]:
    """Texts without a letter."""
    matches = _matching(context.pairs, lambda text: not re.search(r"[^\W\d_]", text))
    if not matches:
        return
    rows = context.rows(matches)
    most = len(matches) > 0.5 * len(context.pairs)
    what = (
        f"{count(len(matches), 'row')} with a text that has no word in it, only numbers or signs."
    )
    yield Finding(
        "no_words",
        "error" if most else "warning",
        rows,
        what + (" Is the label or an id chosen as a text column?" if most else ""),
        "Such a vector says little beyond the special tokens, so these pairs teach noise.",
        None if most else leave_out(rows, "text without words"),
    )


def same_text_both_sides(context: Context) -> Iterator[Finding]:
    """A text paired with itself; what that means is said only of what the model reads alike."""
    matches = [at for at, row in enumerate(context.keys) if len(set(row)) < len(row)]
    if not matches:
        return
    rows = context.rows(matches)
    labels, cosines = context.pairs.labels, context.pair_cosines
    contradicting = labels is not None and any(labels[at] < 0.5 for at in matches)
    effect = "Case and punctuation aside they are the same, so such a pair teaches little."
    if context.pairs.kind == "triplet":
        effect = "Where two of the three are equal, the loss asks for little or for the impossible."
    elif cosines is not None and all(cosines[at] >= ALIKE for at in matches):
        effect = "The model reads both alike, with a cosine of 1, so such a pair teaches nothing."
    if contradicting:
        effect += " Where its label is low, it asks for what the texts hardly tell."
    yield Finding(
        "same_text_both_sides",
        "warning" if contradicting or labels is None else "note",
        rows,
        f"{count(len(matches), 'row')} with the same text on both sides, case and punctuation that "
        "ends or quotes aside.",
        effect,
        leave_out(rows, "same text on both sides"),
    )


def column_order(context: Context) -> Iterator[Finding]:
    """Answers before their questions; negatives nearer to the anchor than positives."""
    kind, texts = context.pairs.kind, context.pairs.texts
    if kind == "positive":
        asks = [sum(bool(ASKS.search(row[side])) for row in texts) / len(texts) for side in (0, 1)]
        if asks[1] - asks[0] > SWAPPED:
            yield Finding(
                "column_order",
                "warning",
                (),
                f"{asks[1]:.0%} of the second column are questions, {asks[0]:.0%} of the first: "
                "the columns seem to be swapped.",
                "In-batch losses learn to find the second column from the first. Swapped, the "
                "model learns to find questions from answers, not answers from questions.",
                Remedy("Swap the two columns", lambda pairs: _reordered(pairs, (1, 0))),
            )
    if kind == "triplet":
        wrong = _negatives_nearer(context)
        if len(wrong) > NEARER * len(texts):
            yield Finding(
                "column_order",
                "warning",
                (),
                f"In {len(wrong)} of {count(len(texts), 'row')} the negative is nearer to the "
                "anchor than the positive, by the current model. The columns seem to be swapped, "
                "unless all negatives were chosen to be hard.",
                "With swapped columns training would push apart what belongs together.",
                Remedy("Swap positive and negative", lambda pairs: _reordered(pairs, (0, 2, 1))),
            )


def truncated_texts(context: Context) -> Iterator[Finding]:
    """Texts longer than the model reads."""
    if context.count_tokens is None or context.max_tokens is None:
        return
    limit = context.max_tokens
    flat = list(dict.fromkeys(text for row in context.pairs.texts for text in row))
    long = {t for t, n in zip(flat, context.count_tokens(flat), strict=True) if n > limit}
    matches = [at for at, row in enumerate(context.pairs.texts) if long.intersection(row)]
    if matches:
        yield Finding(
            "truncated_texts",
            "warning",
            context.rows(matches),
            f"{count(len(matches), 'row')} with a text longer than the {limit} tokens the model "
            "reads.",
            "What stands behind the limit is cut off: the model never sees it, though the label "
            "may depend on it.",
            leave_out(context.rows(matches), "text longer than the model reads"),
        )


def repaired(text: str) -> str:
    """UTF-8 that was read as Windows-1252, read right; unchanged where that does not work."""
    try:
        return text.encode("cp1252").decode("utf-8")
    except (UnicodeEncodeError, UnicodeDecodeError):
        pass
    return re.sub(r"[\u0080-\uffff]{2,4}", lambda part: _repaired_part(part[0]), text)


def _repaired_part(part: str) -> str:
    try:
        return part.encode("cp1252").decode("utf-8")
    except (UnicodeEncodeError, UnicodeDecodeError):
        return part


def without_markup(text: str) -> str:
    """Entities decoded, tags replaced by a space."""
    return html.unescape(MARKUP.sub(lambda m: m[0] if m[0].startswith("&") else " ", text))


def _negatives_nearer(context: Context) -> list[int]:
    """Only the model can say so: good negatives share more words with the anchor than positives."""
    positive, negative = context.pair_cosines, context.cosines(0, 2)
    if positive is None or negative is None:
        return []
    return [at for at in range(len(positive)) if negative[at] > positive[at]]


def _matching(pairs: PairSet, test: Callable[[str], bool]) -> list[int]:
    return [at for at, row in enumerate(pairs.texts) if any(map(test, row))]


def _example(pairs: PairSet, at: int, pattern: re.Pattern[str]) -> str:
    text = next(text for text in pairs.texts[at] if pattern.search(text))
    match = pattern.search(text)
    start = max(0, match.start() - 8) if match else 0
    return text[start : start + 24]


def _rewritten(pairs: PairSet, rewrite: Callable[[str], str]) -> PairSet:
    """Texts rewritten and tidied; a row left without a text is dropped."""
    rows = tuple(tuple(tidy(rewrite(text))[0] for text in row) for row in pairs.texts)
    whole = [at for at, row in enumerate(rows) if all(row)]
    empty = [n for at, n in enumerate(pairs.row_numbers) if not all(rows[at])]
    remainder = pairs.without(empty, EMPTY.words)
    return replace(remainder, texts=tuple(rows[at] for at in whole))


def _reordered(pairs: PairSet, order: tuple[int, ...]) -> PairSet:
    rows = tuple(tuple(row[side] for side in order) for row in pairs.texts)
    return PairSet(pairs.kind, rows, pairs.labels, pairs.row_numbers, pairs.report)
