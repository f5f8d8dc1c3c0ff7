"""Findings about the choice of columns: what was left aside, and what may be a label."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial

import numpy as np

from ingest.columns import ColumnMapping
from ingest.findings import Context, Finding, Remedy, count
from ingest.kinds import Kind
from ingest.labels import blank_or_value, is_label, looks_binary
from ingest.orders import grades_of
from ingest.pairs import OTHER_VALUE, PairSet
from ingest.report import UnreadLabel
from ingest.scaling import COUNTS, MISSING, read_labels

OFFERED = 6  # values, at most, of which each may be the yes
SHOWN = 5  # values or columns
SHOWN_CHARS = 30
BLANK_CELLS = "blank cells"


def unread_label(context: Context) -> Iterator[Finding]:
    """A column that looks like a label and is not used: negatives would be read as positives."""
    columns = context.pairs.report.unread_labels
    if not columns:
        return
    column, pairs = columns[0], context.pairs
    of = "pair is read as a positive one" if pairs.kind == "positive" else "triplet is read as good"
    remedies = [*_choices(column, pairs), _without(column, pairs)]
    others = [other.name for other in columns[1:]]
    yield Finding(
        "unread_label",
        column.severity,
        (),
        f"Column {column.name!r} {_looks(column)}, and is not used: it holds "
        f"{_values(column.values)}. So every {of}."
        + (f" The same may be true of {_shown(others)}." if others else ""),
        "Texts that do not belong together would be pulled together, if it is one. Say what its "
        "values mean, or train without it.",
        remedies[0],
        tuple(remedies[1:]),
    )


def _looks(column: UnreadLabel) -> str:
    if column.severity == "error":
        return "looks like a label"
    return "may be a label" if column.severity == "warning" else "has few values"


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
    others = [(name, holds) for name, holds in left.others if name not in _said(context)]
    if others:
        named = ", ".join(f"{name[:SHOWN_CHARS]!r} ({holds})" for name, holds in others[:SHOWN])
        more = f" and {len(others) - SHOWN:,} more" if len(others) > SHOWN else ""
        parts.append(f"Not used, by what they hold: {named}{more}.")
    if left.empty:
        parts.append(f"Called a label, with nothing in it: {_shown(left.empty)}.")
    if parts:
        doubtful = left.label or left.labels or left.negative or left.empty
        yield Finding(
            "left_over_columns",
            "warning" if doubtful else "note",
            (),
            " ".join(parts),
            "What is not chosen is not trained on. If another column is meant, choose it.",
        )


def _said(context: Context) -> set[str]:
    """Columns that another finding names, or that somebody has answered for."""
    report = context.pairs.report
    return {*report.ignored, *(column.name for column in report.unread_labels)}


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


def _choices(column: UnreadLabel, pairs: PairSet) -> list[Remedy]:
    """What its values may mean: labels that are known, grades in their order, each as the yes."""
    if pairs.kind == "triplet":
        return [_only(column, value, pairs) for value in column.values[:OFFERED]
                if len(column.values) > 1]  # fmt: skip
    if sum(map(is_label, column.values)) == len(column.values):
        cells = list(column.cells.values())
        kind: Kind = "binary" if looks_binary(cells, column.name) else "score"
        mapping = ColumnMapping(kind, column.texts, column.name)
        label = f"Use {column.name!r} as the label"
        return [Remedy(label, partial(_labelled, mapping), mapping=mapping)]
    choices = []
    grades = grades_of([value for value in column.values if value])
    if grades:
        turned = {value: round(1 - grade, 4) for value, grade in grades.items()}
        choices = [_meaning(column, "score", meanings) for meanings in (grades, turned)]
    if 2 <= len(column.values) <= OFFERED:
        for yes in column.values:
            meanings = {value: float(value == yes) for value in column.values}
            choices.append(_meaning(column, "binary", meanings))
    return choices


def _meaning(column: UnreadLabel, kind: Kind, meanings: Mapping[str, float]) -> Remedy:
    """Labels, by what each value means."""
    ranked = sorted(meanings.items(), key=lambda item: -item[1])
    words = ", ".join(f"{value[:SHOWN_CHARS] or 'blank'} = {mean:g}" for value, mean in ranked)
    mapping = ColumnMapping(kind, column.texts, column.name, None, tuple(meanings.items()))
    return Remedy(words, partial(_labelled, mapping), mapping=mapping)


def _only(column: UnreadLabel, value: str, pairs: PairSet) -> Remedy:
    """The rows with one value: triplets have no labels."""
    rows = [n for n in pairs.row_numbers
            if blank_or_value(column.cells[n]).casefold() == value.casefold()]  # fmt: skip
    others = set(pairs.row_numbers) - set(rows)
    mapping = ColumnMapping(pairs.kind, column.texts, only=(column.name, value))

    def change(some: PairSet) -> PairSet:
        return _settled(some.without(others, OTHER_VALUE.format(column.name, value)))

    shown = f"{value[:SHOWN_CHARS]!r}" if value else "a blank cell"
    return Remedy(f"Keep only the {count(len(rows), 'row')} with {shown}", change, mapping=mapping)


def _labelled(mapping: ColumnMapping, pairs: PairSet) -> PairSet:
    """The pairs with the labels of the column that was not used; rows without one are dropped."""
    column = pairs.report.unread_labels[0]
    cells = [column.cells[number] for number in pairs.row_numbers]
    meanings = {word.casefold(): value for word, value in mapping.meanings}
    labels = read_labels(cells, mapping.kind, name=column.name, meanings=meanings)
    usable = ~np.isnan(labels.values)
    labelled = pairs.without(
        (n for n, use in zip(pairs.row_numbers, usable, strict=True) if not use), MISSING.words
    )
    report = replace(
        labelled.report,
        unread_labels=(),
        scaling=labels.scaling,
        scale=labels.scale,
        scaled=labels.scaled,
    )
    values = labels.values[usable]
    return PairSet(mapping.kind, labelled.texts, values, labelled.row_numbers, report)


def _without(column: UnreadLabel, pairs: PairSet) -> Remedy:
    mapping = ColumnMapping(pairs.kind, column.texts, ignored=(*pairs.report.ignored, column.name))
    return Remedy("Train without it", _settled, mapping=mapping)


def _settled(pairs: PairSet) -> PairSet:
    """The first column that looks like a label is none."""
    report = pairs.report
    ignored = (*report.ignored, report.unread_labels[0].name)
    report = replace(report, unread_labels=report.unread_labels[1:], ignored=ignored)
    return replace(pairs, report=report)


def _values(values: Sequence[str]) -> str:
    """The first few values, and that blank cells are one of them."""
    listed = _shown([value for value in values if value])
    return f"{listed}, and {BLANK_CELLS}" if "" in values else listed


def _shown(values: Sequence[str]) -> str:
    """The first few, shortened, and how many more."""
    more = f" and {len(values) - SHOWN:,} more" if len(values) > SHOWN else ""
    return ", ".join(repr(value[:SHOWN_CHARS]) for value in values[:SHOWN]) + more
