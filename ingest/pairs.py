"""A table and a choice of columns → clean pairs with labels in [0, 1]."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from ingest.columns import ColumnMapping, guess_columns, has_entailment_codes
from ingest.contents import is_nested
from ingest.errors import IngestError
from ingest.kinds import LABELLED, TEXTS, Kind, check_kind
from ingest.labels import blank_or_value
from ingest.limits import LIMITS, Limits
from ingest.neighbours import NEAR, earlier_twins
from ingest.report import Reason, Report, UnreadLabel
from ingest.rows_of_lists import with_rows_of_lists
from ingest.scaling import NEITHER, NOT_RECOGNISED, OUTSIDE, Labels, none_usable, read_labels
from ingest.table import Table, read_table
from ingest.text import tidy, usable_texts, words
from ingest.unpack import Source
from ingest.unread import label_values, unread_labels

NO_TEXT = Reason("a list or an object instead of a text", "unreadable_rows")
OTHER_VALUE = "another value in {!r} than {!r}"


@dataclass(frozen=True, eq=False)
class PairSet:
    """N rows of two texts (three for "triplet": anchor, positive, negative).

    labels: float32 (N,) in [0, 1], read-only; None for kinds "positive" and "triplet".
    row_numbers: where each row stood in the file, 1-based, header not counted.
    whole: after a remedy, these rows and those that it left out of training, with the same texts
    and labels; its own `whole` are the pairs as they were read. None where no remedy was applied.
    """

    kind: Kind
    texts: tuple[tuple[str, ...], ...]
    labels: np.ndarray | None
    row_numbers: tuple[int, ...]
    report: Report
    whole: "PairSet | None" = None

    def __post_init__(self) -> None:
        problems = check_kind(self.kind)
        if not problems:
            number = len(TEXTS[self.kind])
            wrong = [n for n, row in enumerate(self.texts) if len(row) != number]
            if wrong:
                problems.append(f"Rows {wrong[:5]} do not have the {number} texts of {self.kind}.")
            if (self.labels is not None) != (self.kind in LABELLED):
                problems.append(f"Kind {self.kind!r} has labels: {self.kind in LABELLED}.")
        lengths = {len(self.texts), len(self.row_numbers)}
        lengths |= set() if self.labels is None else {len(self.labels)}
        if len(lengths) > 1:
            problems.append(f"texts, labels and row_numbers differ in length: {sorted(lengths)}.")
        if self.labels is not None:
            labels = np.array(self.labels, np.float32)
            if not np.all((labels >= 0) & (labels <= 1)):
                problems.append("Labels must lie between 0 and 1.")
            labels.setflags(write=False)
            object.__setattr__(self, "labels", labels)
        if problems:
            raise IngestError(*problems)

    def __len__(self) -> int:
        return len(self.texts)

    @property
    def origin(self) -> "PairSet":
        """The pairs before any remedy: a split is drawn over them, so that the same rows judge."""
        return self if self.whole is None else self.whole.origin

    @cached_property
    def twins(self) -> list[int | None]:
        """Per row an earlier one that uses nearly the same words, or None; found once."""
        return earlier_twins([frozenset(words(" ".join(row))) for row in self.texts], NEAR)

    def take(self, indices: Iterable[int]) -> "PairSet":
        """These rows, in this order; the report stays that of the whole file."""
        rows = [int(index) for index in indices]
        return replace(
            self,
            texts=tuple(self.texts[i] for i in rows),
            labels=None if self.labels is None else self.labels[rows],
            row_numbers=tuple(self.row_numbers[i] for i in rows),
            whole=None,
        )

    def without(self, row_numbers: Iterable[int], reason: str) -> "PairSet":
        """All rows but these, which the report then lists as dropped for `reason`."""
        leaving = set(row_numbers)
        remainder = self.take(
            i for i, number in enumerate(self.row_numbers) if number not in leaving
        )
        dropped = tuple(number for number in self.row_numbers if number in leaving)
        return replace(remainder, report=self.report.without(dropped, reason))


def read_pairs(
    source: Source,
    mapping: ColumnMapping | None = None,
    *,
    filename: str = "",
    limits: Limits = LIMITS,
    sample: bool = False,
) -> PairSet:
    """Read pairs from a path, the bytes of a file, or `io.StringIO(text)`, as `read_table` does.

    Without a mapping, columns are guessed. Records that hold several negatives or positives give a
    row for each (`with_rows_of_lists`), unless the mapping names columns that there are only as the
    file has them.
    Raises IngestError for what cannot be read, and when no usable row is left.
    """
    table = read_table(source, filename, limits, sample=sample)
    rows = with_rows_of_lists(table, limits)
    if mapping is None:
        return to_pairs(rows, guess_columns(rows), limits=limits)
    named = {*mapping.texts, *([mapping.label] if mapping.label else []), *mapping.only[:1]}
    return to_pairs(rows if named <= set(rows.columns) else table, mapping, limits=limits)


def to_pairs(table: Table, mapping: ColumnMapping, *, limits: Limits = LIMITS) -> PairSet:
    """Texts tidied and labels scaled; rows with an empty text or no usable label are dropped.

    Raises IngestError for columns that do not exist, and when no usable row is left.
    """
    label_or_only = [*([mapping.label] if mapping.label else []), *mapping.only[:1]]
    table.check_has([*mapping.texts, *label_or_only])
    numbers = [int(number) for number in table.frame.index]
    is_meant = _meant_rows(table, mapping)
    fixed: dict[str, list[int]] = {}
    dropped: dict[Reason, list[int]] = {
        reason: list(rows) for reason, rows in table.dropped.items()
    }
    columns = [table.frame[name].tolist() for name in mapping.texts]
    texts: dict[int, tuple[str, ...]] = {}  # position → texts that can be used
    for at, row in enumerate(zip(*columns, strict=True)):
        texts_of_row, repairs, reason = usable_texts(row, limits)
        if table.of_records and any(map(is_nested, row)):
            reason = NO_TEXT
        if not is_meant[at]:
            reason = Reason(OTHER_VALUE.format(*mapping.only), "other_value")
        if reason:
            dropped.setdefault(reason, []).append(numbers[at])
            continue
        texts[at] = texts_of_row
        for what in repairs:
            fixed.setdefault(what, []).append(numbers[at])
    usable_rows, labels, labelling, unrecognised, outside = list(texts), None, None, "", ""
    if mapping.label:
        cells = table.frame[mapping.label].tolist()
        labelling = _labels(cells, usable_rows, mapping)
        for reason, positions in labelling.dropped.items():
            dropped[reason] = [numbers[usable_rows[p]] for p in positions]
        for what, positions in labelling.fixed.items():
            fixed[what] = [numbers[usable_rows[p]] for p in positions]
        if examples := _dropped_cells(cells, usable_rows, labelling, NOT_RECOGNISED):
            unrecognised = f"Labels not recognised: {_shown(examples)}."
        if examples := _dropped_cells(cells, usable_rows, labelling, OUTSIDE, NEITHER):
            outside = f"They have the labels {_shown(examples)}."
        usable = ~np.isnan(labelling.values)
        if usable_rows and not usable.any():
            unusable = [cells[at] for at in usable_rows]
            raise none_usable(unusable, mapping.kind, mapping.label, mapping.scale)
        usable_rows = [at for at, use in zip(usable_rows, usable, strict=True) if use]
        labels = labelling.values[usable]
    if not usable_rows:
        reasons = "; ".join(f"{reason}: {len(rows)}" for reason, rows in dropped.items())
        raise IngestError(f"No usable row is left ({reasons or 'there are none'}).")
    remaining = {numbers[at] for at in usable_rows}
    fixed = {what: [n for n in rows if n in remaining] for what, rows in fixed.items()}
    report = Report(
        kept=len(usable_rows),
        fixed={what: tuple(rows) for what, rows in fixed.items() if rows},
        dropped={reason.words: tuple(rows) for reason, rows in dropped.items() if rows},
        codes={reason.words: reason.code for reason, rows in dropped.items() if rows},
        scaling=labelling.scaling if labelling else "",
        encoding=table.encoding,
        delimiter=table.delimiter,
        notes=(*table.notes, *table.unread_lists(mapping.texts), *filter(None, (unrecognised,))),
        scaling_note=labelling.note if labelling else "",
        scale=labelling.scale if labelling else None,
        scaled=labelling is not None and labelling.scaled,
        unrecognised=unrecognised,
        outside=outside,
        counts=labelling is not None and labelling.counts,
        unread_labels=_unread_labels(table, mapping, remaining),
        ignored=mapping.ignored,
        left_over=mapping.left_over,
    )
    rows = tuple(texts[at] for at in usable_rows)
    return PairSet(mapping.kind, rows, labels, tuple(numbers[at] for at in usable_rows), report)


def _labels(cells: list[str], rows: list[int], mapping: ColumnMapping) -> Labels:
    """Of the rows that are kept so far."""
    labels = [tidy(cells[at])[0] for at in rows]
    codes = has_entailment_codes(mapping.texts)
    meanings = {word.strip().casefold(): value for word, value in mapping.meanings}
    return read_labels(labels, mapping.kind, mapping.scale, codes, mapping.label or "", meanings)


def _dropped_cells(
    cells: list[str], rows: list[int], labels: Labels, *reasons: Reason
) -> list[str]:
    """What stands where a label is not used for one of these reasons."""
    return [cells[rows[at]] for reason in reasons for at in labels.dropped.get(reason, ())]


def _meant_rows(table: Table, mapping: ColumnMapping) -> list[bool]:
    """(N,) whether a row has the value of `mapping.only`; all have it where there is none."""
    if not mapping.only:
        return [True] * len(table.frame)
    column, value = mapping.only
    cells = table.frame[column].tolist()
    return [blank_or_value(tidy(cell)[0]).casefold() == value.casefold() for cell in cells]


def _unread_labels(
    table: Table, mapping: ColumnMapping, remaining: set[int]
) -> tuple[UnreadLabel, ...]:
    """Columns that look like labels, where nothing says that a pair may be a negative one."""
    if mapping.kind in LABELLED:
        return ()
    used = {*mapping.texts, *mapping.ignored, *mapping.only[:1]}
    cells: dict[str, dict[int, str]] = {}
    for name in (name for name in table.columns if name not in used):
        numbered = zip(map(int, table.frame.index), table.frame[name].tolist(), strict=True)
        cells[name] = {number: tidy(cell)[0] for number, cell in numbered if number in remaining}
    columns = unread_labels({name: list(column.values()) for name, column in cells.items()})
    return tuple(
        UnreadLabel(
            name, mapping.texts, label_values(list(cells[name].values())), cells[name], severity
        )
        for name, severity in columns
    )


def _shown(cells: Iterable[str]) -> str:
    """The first few distinct cells, shortened."""
    return ", ".join(repr(cell[:30]) for cell in list(dict.fromkeys(cells))[:5])
