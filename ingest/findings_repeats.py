"""Findings about rows that repeat others: duplicates, leaks, false negatives."""

from collections import defaultdict
from collections.abc import Hashable, Iterator, Sequence
from typing import TypeVar

import numpy as np

from ingest.apart import NEAR_ROWS, Company, companies, meeting_chance
from ingest.findings import Context, Finding, Remedy, count, leave_out
from ingest.neighbours import earlier_twins
from ingest.split import leaks
from ingest.text import words

CONFLICT = 0.25  # labels of one pair that differ by more contradict each other
MAYBE_NEAR = 0.5  # word overlap from which a model is asked whether two texts say the same
SAME_MEANING = 0.9  # the model's cosine from which they do
Key = TypeVar("Key", bound=Hashable)
POSITIVE_FROM = 0.5  # pairs labelled so are positives of an in-batch loss


def exact_duplicates(context: Context) -> Iterator[Finding]:
    """The same pair with the same label more than once."""
    labels = context.pairs.labels
    groups = [group for group in _grouped(context.row_keys).values() if len(group) > 1]
    agreeing = [g for g in groups if labels is None or np.ptp(labels[g]) <= CONFLICT]
    repeats = [at for group in agreeing for at in group[1:]]
    if repeats:
        rows = context.rows(repeats)
        yield Finding(
            "exact_duplicates",
            "warning",
            rows,
            f"{count(len(rows), 'row')} with the pair of an earlier row, case and punctuation "
            "aside.",
            "A repeated pair counts double in the loss.",
            leave_out(rows, "duplicate of an earlier row"),
        )


def conflicting_labels(context: Context) -> Iterator[Finding]:
    """The same pair with labels that differ."""
    labels = context.pairs.labels
    if labels is None:
        return
    groups = _grouped(context.row_keys).values()
    rows = context.rows(at for g in groups if np.ptp(labels[g]) > CONFLICT for at in g)
    if rows:
        yield Finding(
            "conflicting_labels",
            "warning",
            rows,
            f"{count(len(rows), 'row')} with a pair that stands elsewhere with another label.",
            "Training pulls the same two vectors together and apart; no model can satisfy both.",
            leave_out(rows, "label contradicts another row's"),
        )


def near_duplicates(context: Context) -> Iterator[Finding]:
    """Rows that nearly repeat another, and are not equal to it; of twins one stays.

    Of an in-batch loss they are no remedy's business: often they are other answers to the same
    question, and no batch holds them together.
    """
    leaving = _near(context)
    if leaving:
        rows, in_batch = context.rows(leaving), context.is_in_batch
        many = len(rows) > 0.03 * len(context.of_training.pairs)
        yield Finding(
            "near_duplicates",
            "warning" if many and not in_batch else "note",
            rows,
            f"{count(len(rows), 'row')} with nearly the same words as an earlier row"
            + (", or as a held-out one." if context.split else "."),
            "They add little, and where one is trained on and its twin is held out, the result "
            "looks better than it is. "
            + (
                "Batches hold no two rows with the same text."
                if in_batch
                else "Where one changed word turns the label, keep them: those are the hard cases."
            ),
            None if in_batch else leave_out(rows, "nearly repeats another row"),
        )


def _near(context: Context) -> set[int]:
    """What to leave out of training so that nothing in it nearly repeats another row."""
    judges = set() if context.split is None else set(context.split.held_out.tolist())
    leaving: set[int] = set()
    while True:
        remaining = [at for at in range(len(context.pairs)) if at not in leaving]
        pairs = context.pairs if not leaving else context.pairs.take(remaining)
        keys = [context.row_keys[at] for at in remaining]
        first = {key: rows[0] for key, rows in _grouped(keys).items()}
        twins = [
            (remaining[at], remaining[twin])
            for at, twin in enumerate(pairs.twins)
            if twin is not None and keys[at] != keys[twin] and first[keys[at]] == at
        ]
        leaving |= {at for at, _ in twins if at not in judges}
        leaks_of = {twin for at, twin in twins if at in judges} - judges - leaving
        if not leaks_of:
            return leaving
        leaving |= leaks_of  # such a held-out row may have a second twin


def shared_texts(context: Context) -> Iterator[Finding]:
    """A text in train and in held-out; where none is, texts that could have got there."""
    leaking, remedy = [], None
    if context.split is not None:
        learned = [*context.split.train.tolist(), *context.split.validation.tolist()]
        leaking = leaks(context.pairs, learned, context.split.held_out.tolist())
        remedy = _without_leaks(context, learned)
    if leaking:
        split = context.split
        yield Finding(
            "shared_texts",
            "error",
            context.rows(leaking),
            f"{count(len(leaking), 'held-out row')} with a text that is also trained on."
            + (f" {split.by_row_note}" if split and split.by_row else ""),
            "The held-out result measures memory, not what the model learned about language.",
            remedy,
        )
        return
    groups = _grouped_texts(context.keys)
    rows = context.rows({at for members in groups.values() if len(members) > 1 for at in members})
    if rows:
        yield Finding(
            "shared_texts",
            "note",
            rows,
            f"{count(len(rows), 'row')} with a text that stands in another row, too.",
            "Split by pair, such a text would stand in train and in held-out, and the result "
            "would measure memory. The split here keeps rows that share a text in one part.",
        )


def _without_leaks(context: Context, learned: list[int]) -> Remedy:
    """Leave out of training what shares a text with a held-out row."""
    assert context.split is not None
    leaving = leaks(context.pairs, context.split.held_out.tolist(), learned)
    return leave_out(context.rows(leaving), "text also held out")


def false_negatives(context: Context) -> Iterator[Finding]:
    """Rows whose texts would be each other's negatives in an in-batch loss, yet mean the same.

    Batches keep texts apart that are equal, or nearly so by their words. Only those that the model
    alone takes for the same can meet, and only of them a remedy leaves some out.
    """
    if not context.is_in_batch:
        return
    trained = context.trained
    labels = trained.pairs.labels
    positives = [
        at for at in range(len(trained.pairs)) if labels is None or labels[at] >= POSITIVE_FROM
    ]
    rows = [trained.pairs.texts[at] for at in positives]
    company = companies(rows)
    apart, meeting = _repeats(company), _meeting(trained, rows)
    size = context.batch_size
    kept_apart = "Batches hold no two rows with the same text"
    kept_apart += ", or with nearly the same words" if len(rows) <= NEAR_ROWS else ""
    if meeting:
        numbers = trained.rows(positives[at] for at in meeting)
        more = len(apart - meeting)
        yield Finding(
            "false_negatives",
            "warning",
            numbers,
            f"{count(len(numbers), 'row')} with an anchor or a positive that means the same as an "
            "earlier row's, by the current model.",
            "An in-batch loss treats every other row's positive as a wrong answer. In batches of "
            f"{size} drawn from {count(len(rows), 'row')}, such a row meets its twin in "
            f"{meeting_chance(len(rows), size):.0%} of the epochs, and a right answer is pushed "
            f"away. {kept_apart}" + (f", as {count(more, 'more row')} have." if more else "."),
            leave_out(numbers, "likely false negative in a batch"),
        )
    elif apart:
        yield Finding(
            "false_negatives",
            "note",
            trained.rows(positives[at] for at in apart),
            f"{count(len(apart), 'row')} with the anchor or the positive of an earlier row, word "
            "for word or nearly.",
            "An in-batch loss would treat the other row's positive as a wrong answer, but in "
            f"batches of {size} they never meet. {kept_apart}.",
        )


def _repeats(company: Sequence[Company]) -> set[int]:
    """Rows with a text of an earlier one, or nearly that."""
    earlier: set[str] = set()
    repeats = set()
    for at, row in enumerate(company):
        if not earlier.isdisjoint(row.avoids):
            repeats.add(at)
        earlier |= row.own
    return repeats


def _meeting(context: Context, rows: Sequence[Sequence[str]]) -> set[int]:
    """What to leave out so that no two rows which mean the same, by the model, can meet."""
    leaving: set[int] = set()
    while True:
        remaining = [at for at in range(len(rows)) if at not in leaving]
        company = companies([rows[at] for at in remaining])
        meeting = set()
        for side in (0, 1):
            rows_of = _grouped([rows[at][side] for at in remaining])
            for text, twin in _same_meaning(context, list(rows_of)):
                others = [company[at] for at in rows_of[twin]]
                meeting |= {
                    at
                    for at in rows_of[text]
                    if any(company[at].avoids.isdisjoint(other.own) for other in others)
                }
        if not meeting:
            return leaving
        leaving |= {remaining[at] for at in meeting}  # such a text may have a second twin


def _same_meaning(context: Context, texts: list[str]) -> list[tuple[str, str]]:
    """Of distinct texts those with an earlier twin, by some words and by the model: both."""
    if context.similarity is None or context.compared is not context:
        return []
    twins = earlier_twins([frozenset(words(text)) for text in texts], MAYBE_NEAR)
    pairs = [(texts[at], texts[twin]) for at, twin in enumerate(twins) if twin is not None]
    if not pairs:
        return []
    cosines = context.similarity([text for text, _ in pairs], [twin for _, twin in pairs])
    return [pair for pair, cosine in zip(pairs, cosines, strict=True) if cosine >= SAME_MEANING]


def _grouped(keys: Sequence[Key]) -> dict[Key, list[int]]:
    groups: dict[Key, list[int]] = defaultdict(list)
    for at, key in enumerate(keys):
        groups[key].append(at)
    return groups


def _grouped_texts(keys: Sequence[tuple[str, ...]]) -> dict[str, set[int]]:
    groups: dict[str, set[int]] = defaultdict(set)
    for at, row in enumerate(keys):
        for key in row:
            groups[key].add(at)
    return groups
