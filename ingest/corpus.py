"""Single texts, each once, with the labels that came with them: what is mapped and searched."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from ingest.amounts import count
from ingest.contents import is_nested
from ingest.corpus_columns import CorpusColumns, guess_text_column
from ingest.errors import IngestError
from ingest.kinds import TEXTS
from ingest.limits import LIMITS, Limits
from ingest.pairs import NO_TEXT, PairSet
from ingest.report import Reason, Report
from ingest.table import Table, read_table
from ingest.text import tidy, usable_texts
from ingest.unpack import Source

AGAIN = Reason("same text again", "same_text_again")
SIDE = "side"
ROWS_NAMED = 20


@dataclass(frozen=True, eq=False)
class Corpus:
    """N distinct texts in the order of the file.

    row_numbers: where each text stood first, 1-based, header not counted.
    labels: for each column of labels, N cells, "" where there is none.
    """

    texts: tuple[str, ...]
    row_numbers: tuple[int, ...]
    labels: dict[str, tuple[str, ...]]
    columns: CorpusColumns
    report: Report

    def __post_init__(self) -> None:
        problems = []
        if not self.texts:
            problems.append("A corpus needs a text at least.")
        if len(set(self.texts)) < len(self.texts):
            problems.append("The texts of a corpus must be distinct.")
        lengths = {
            "texts": len(self.texts),
            "row_numbers": len(self.row_numbers),
            **{f"labels {name!r}": len(cells) for name, cells in self.labels.items()},
        }
        if len(set(lengths.values())) > 1:
            problems.append(f"These differ in length: {lengths}.")
        if tuple(self.labels) != self.columns.labels:
            problems.append(f"Labels are {list(self.labels)}, not {list(self.columns.labels)}.")
        if problems:
            raise IngestError(*problems)

    def __len__(self) -> int:
        return len(self.texts)

    def take(self, indices: Iterable[int]) -> "Corpus":
        """These texts, in this order; the report stays that of the whole file."""
        rows = [int(index) for index in indices]
        return replace(
            self,
            texts=tuple(self.texts[i] for i in rows),
            row_numbers=tuple(self.row_numbers[i] for i in rows),
            labels={name: tuple(cells[i] for i in rows) for name, cells in self.labels.items()},
        )

    def sampled(self, most: int, seed: int = 0, why: str = "") -> "Corpus":
        """`most` texts drawn with a seed, in the order of the file; all if there are no more.

        The report stays that of the whole file, with a note: "A sample of 10 of 60 texts", and
        `why`, the rest of that sentence. Raises IngestError for most < 1.
        """
        if most < 1:
            raise IngestError(f"A sample of {most} texts; give 1 or more.")
        if len(self) <= most:
            return self
        rows = np.random.default_rng(seed).choice(len(self), most, replace=False)
        note = f"A sample of {most:,} of {len(self):,} texts{why and f' {why}'}."
        report = replace(self.report, notes=(*self.report.notes, note))
        return replace(self.take(np.sort(rows)), report=report)


def read_corpus(
    source: Source,
    filename: str = "",
    columns: CorpusColumns | None = None,
    limits: Limits = LIMITS,
    *,
    sample: bool = False,
) -> Corpus:
    """Read texts from a path, the bytes of a file, or `io.StringIO(text)`, as `read_table` does.

    Without columns, they are guessed. What does not look like a table of several columns is read
    as a text a line.
    Raises IngestError for what cannot be read, and when there are no texts in it.
    """
    table = read_table(source, filename, limits, sample=sample, singles=True)
    return to_corpus(table, columns or guess_text_column(table), limits=limits)


def to_corpus(table: Table, columns: CorpusColumns, *, limits: Limits = LIMITS) -> Corpus:
    """Texts and labels tidied; rows with no text, or with one that came before, are dropped.

    A note names the rows that say otherwise of a text that came before.
    Raises IngestError for columns that do not exist, and when no usable row is left.
    """
    table.check_has([columns.text, *columns.labels])
    dropped: dict[Reason, list[int]] = {
        reason: list(rows) for reason, rows in table.dropped.items()
    }
    fixed: dict[str, list[int]] = {}
    position_of: dict[str, int] = {}  # text → position of its row
    again: list[tuple[int, int]] = []  # positions of a row, and of the first with its text
    numbers = [int(number) for number in table.frame.index]
    labels = {name: _tidied(table.frame[name].tolist()) for name in columns.labels}
    for at, cell in enumerate(table.frame[columns.text].tolist()):
        (text,), repairs, reason = usable_texts((cell,), limits)
        if table.of_records and is_nested(cell):
            reason = NO_TEXT
        elif not reason and text in position_of:
            reason = AGAIN
            again.append((at, position_of[text]))
        if reason:
            dropped.setdefault(reason, []).append(numbers[at])
            continue
        position_of[text] = at
        for what in repairs:
            fixed.setdefault(what, []).append(numbers[at])
    if not position_of:
        reasons = "; ".join(f"{reason}: {len(rows)}" for reason, rows in dropped.items())
        raise IngestError(f"No usable row is left ({reasons or 'there are none'}).")
    rows = list(position_of.values())
    other = [
        numbers[at]
        for at, first in again
        if any(cells[at] not in ("", cells[first]) for cells in labels.values())
    ]
    report = Report(
        kept=len(position_of),
        fixed={what: tuple(rows) for what, rows in fixed.items()},
        dropped={reason.words: tuple(rows) for reason, rows in dropped.items()},
        codes={reason.words: reason.code for reason in dropped},
        encoding=table.encoding,
        delimiter=table.delimiter,
        notes=(
            *table.notes,
            *table.unread_lists((columns.text, *columns.labels)),
            *_relabelled(other),
        ),
    )
    labels_of_rows = {name: tuple(cells[at] for at in rows) for name, cells in labels.items()}
    where = tuple(numbers[at] for at in rows)
    return Corpus(tuple(position_of), where, labels_of_rows, columns, report)


def _tidied(cells: Iterable[str]) -> list[str]:
    return [tidy(cell)[0] for cell in cells]


def _relabelled(rows: list[int]) -> list[str]:
    """What to say of rows whose text came before with another label."""
    if not rows:
        return []
    listed = ", ".join(f"{row:,}" for row in rows[:ROWS_NAMED])
    more = f" and {len(rows) - ROWS_NAMED:,} more" if len(rows) > ROWS_NAMED else ""
    holds = f"Row {listed} holds" if len(rows) == 1 else f"Rows {listed}{more} hold"
    return [f"{holds} a text again, with another label; the label of its first row counts."]


def corpus_of_pairs(pairs: PairSet) -> Corpus:
    """The distinct texts of pairs, row by row, labelled by the column in which each stood first.

    The report counts texts, not pairs. Raises IngestError when there are no pairs.
    """
    first: dict[str, tuple[int, str]] = {}  # text → row number, side
    for number, row in zip(pairs.row_numbers, pairs.texts, strict=True):
        for side, text in zip(TEXTS[pairs.kind], row, strict=True):
            first.setdefault(text, (number, side))
    note = f"{count(len(first), 'distinct text')} of {count(len(pairs), 'pair')}."
    report = Report(
        kept=len(first),
        encoding=pairs.report.encoding,
        delimiter=pairs.report.delimiter,
        notes=(*pairs.report.notes, note),
    )
    return Corpus(
        texts=tuple(first),
        row_numbers=tuple(number for number, _ in first.values()),
        labels={SIDE: tuple(side for _, side in first.values())},
        columns=CorpusColumns("text", (SIDE,)),
        report=report,
    )
