"""Findings about the choice of columns: what was left aside, and what may be a label."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial

import numpy as np

from ingest.columns import ColumnMapping
from ingest.findings import Context, Finding, Remedy
from ingest.kinds import Kind
from ingest.labels import is_label, looks_binary
from ingest.pairs import PairSet
from ingest.report import UnreadLabel
from ingest.scaling import COUNTS, MISSING, read_labels

OFFERED = 4  # values, at most, of which each may be the yes
SHOWN = 5  # values or columns
SHOWN_CHARS = 30


def unread_label(context: Context) -> Iterator[Finding]:
    """A column that looks like a label and is not used: negatives would be read as positives."""
    column = context.pairs.report.unread_label
    if column is None:
        return
    remedies = [*_choices(column), _without(column, context.pairs)]
    yield Finding(
        "unread_label",
        "error",
        (),
        f"Column {column.name!r} looks like a label, and is not used: it holds "
        f"{_shown(column.values)}. So every pair is read as a positive one.",
        "Pairs that do not belong together would be pulled together. Say which value means that "
        "they do, choose the column as the label, or train without it.",
        remedies[0],
        tuple(remedies[1:]),
    )


def left_over_columns(context: Context) -> Iterator[Finding]:
    """Columns that may have been meant instead of those that were taken."""
    left = context.pairs.report.left_over
    parts = []
    if left.label:
        parts.append(
            f"Column {left.label!r} is taken for the label because of what it holds; its name says "
            "neither label nor score."
        )
    if left.negative:
        parts.append(
            f"Column {left.negative!r} is taken for the negatives, as the third column of texts: "
            "its name does not say so."
        )
    if left.labels:
        parts.append(f"Not used, though it may be the label, too: {_shown(left.labels)}.")
    if left.counts:
        parts.append(f"Other columns of numbers, not used: {_shown(left.counts)}.")
    if left.texts:
        parts.append(f"Columns of texts that are left over: {_shown(left.texts)}.")
    if parts:
        doubtful = left.label or left.labels or left.negative
        yield Finding(
            "left_over_columns",
            "warning" if doubtful else "note",
            (),
            " ".join(parts),
            "What is not chosen is not trained on. If another column is meant, choose it.",
        )


def counts_as_labels(context: Context) -> Iterator[Finding]:
    """Labels with a long tail, such as upvotes."""
    if context.pairs.report.counts:
        yield Finding(
            "counts_as_labels",
            "warning",
            (),
            f"The labels have a long tail. {COUNTS}",
            "The loss would pull together what many people liked, and push apart most pairs.",
        )


def _choices(column: UnreadLabel) -> list[Remedy]:
    """Each value as the yes; a column of labels that are known, as it is."""
    if len(column.texts) != 2:
        return []
    if sum(map(is_label, column.values)) == len(column.values):
        cells = list(column.cells.values())
        kind: Kind = "binary" if looks_binary(cells, column.name) else "score"
        mapping = ColumnMapping(kind, column.texts, column.name)
        return [
            Remedy(
                f"Use {column.name!r} as the label", partial(_labelled, mapping), mapping=mapping
            )
        ]
    if not 2 <= len(column.values) <= OFFERED:
        return []
    choices = []
    for yes in column.values:
        meanings = {value: float(value == yes) for value in column.values}
        words = ", ".join(f"{value[:SHOWN_CHARS]} = {mean:g}" for value, mean in
                          sorted(meanings.items(), key=lambda item: -item[1]))  # fmt: skip
        mapping = ColumnMapping("binary", column.texts, column.name, None, tuple(meanings.items()))
        choices.append(Remedy(words, partial(_labelled, mapping), mapping=mapping))
    return choices


def _labelled(mapping: ColumnMapping, pairs: PairSet) -> PairSet:
    """The pairs with the labels of the column that was not used; rows without one are dropped."""
    column = pairs.report.unread_label
    assert column is not None
    cells = [column.cells[number] for number in pairs.row_numbers]
    meanings = {word.casefold(): value for word, value in mapping.meanings}
    labels = read_labels(cells, mapping.kind, name=column.name, meanings=meanings)
    usable = ~np.isnan(labels.values)
    labelled = pairs.without(
        (n for n, use in zip(pairs.row_numbers, usable, strict=True) if not use), MISSING.words
    )
    report = replace(
        labelled.report,
        unread_label=None,
        scaling=labels.scaling,
        scale=labels.scale,
        scaled=labels.scaled,
    )
    values = labels.values[usable]
    return PairSet(mapping.kind, labelled.texts, values, labelled.row_numbers, report)


def _without(column: UnreadLabel, pairs: PairSet) -> Remedy:
    mapping = ColumnMapping(pairs.kind, column.texts, ignored=(column.name,))
    return Remedy("Train without it", _settled, mapping=mapping)


def _settled(pairs: PairSet) -> PairSet:
    return replace(pairs, report=replace(pairs.report, unread_label=None))


def _shown(values: Sequence[str]) -> str:
    """The first few, shortened, and how many more."""
    more = f" and {len(values) - SHOWN:,} more" if len(values) > SHOWN else ""
    return ", ".join(repr(value[:SHOWN_CHARS]) for value in values[:SHOWN]) + more
