"""Any file or pasted text → a table of text cells, with what was assumed on the way."""

import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ingest.amounts import count
from ingest.contents import is_nested, joined_list
from ingest.decode import decode
from ingest.delimited import Dialect, read_cells, too_many_columns
from ingest.errors import IngestError, OverLimit
from ingest.header import is_header, rows_above_header
from ingest.limits import LIMITS, SAMPLED_TIMES, Limits
from ingest.lines import find_layout, find_table, is_lone_name
from ingest.names import KNOWN, KNOWN_BESIDE_TEXTS
from ingest.objects import with_flat_objects
from ingest.parquet import parquet_records
from ingest.records import Record, json_records, looks_like_json
from ingest.report import Reason
from ingest.spreadsheet import csv_of_workbook
from ingest.stand_ins import refuse_stand_in
from ingest.text import characters
from ingest.unpack import PARQUET, ZIP, Source, unpack

if TYPE_CHECKING:
    import pandas as pd

Dropped = dict[Reason, tuple[int, ...]]
EMPTY_CELLS = ' \t\r\n,;|"'  # what a table of empty cells is made of
WANTED = {
    False: "Send a table with a row per pair.",
    True: "Send texts, one a line, or a table with a column of texts.",
}
RAGGED = Reason("more cells than columns", "unreadable_rows")
BLANK = Reason("blank line", "blank_lines")
NO_RECORD = Reason("not a readable record", "unreadable_rows")
RECORDS = ("JSON", "Parquet")
LOOKED_AT = 200  # rows in which lists are looked for
HINTS = {".tsv": "\t", ".tab": "\t", ".csv": ","}


@dataclass(frozen=True, eq=False)
class Table:
    """Text cells under distinct column names; the index holds 1-based data rows of the file.

    `dropped` are rows that are no rows of this table, by reason; `rows_read` counts both.
    """

    frame: "pd.DataFrame"
    encoding: str
    delimiter: str
    header: bool
    rows_read: int
    dropped: Dropped = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        """The column names, in the order of the file."""
        return tuple(self.frame.columns)

    @property
    def of_records(self) -> bool:
        """JSON or Parquet, where a value may be a list or an object."""
        return self.delimiter in RECORDS

    def sampled_cells(self, most: int) -> dict[str, list[str]]:
        """{column: its cells} in `most` rows from all over the table, or in all of fewer.

        A sorted file begins like nothing else in it.
        """
        frame = self.frame
        if len(frame) > most:
            frame = frame.iloc[np.linspace(0, len(frame) - 1, most).astype(int)]
        return {name: frame[name].tolist() for name in self.columns}

    def unread_lists(self, used: Iterable[str]) -> tuple[str, ...]:
        """A note on columns of lists and objects that are not used; () without any."""
        nested = self.lists_and_objects(used)
        return (
            (f"Lists and objects are not read: {', '.join(map(repr, nested))}.",) if nested else ()
        )

    def lists_and_objects(self, used: Iterable[str]) -> tuple[str, ...]:
        """The columns of records that hold them, but for those that are used."""
        cells = self.sampled_cells(LOOKED_AT) if self.of_records else {}
        return tuple(n for n, column in cells.items() if n not in used and _are_nested(column))

    def check_has(self, wanted: Iterable[str]) -> None:
        """Raises IngestError for columns that do not exist."""
        absent = [repr(name) for name in wanted if name not in self.columns]
        if absent:
            raise IngestError(
                f"No column {', '.join(absent)}. The file has: {', '.join(self.columns)}."
            )


def _are_nested(cells: Sequence[str]) -> bool:
    present = [cell for cell in cells if cell.strip()]
    return 2 * sum(map(is_nested, present)) > len(present)


def read_table(
    source: Source,
    filename: str = "",
    limits: Limits = LIMITS,
    *,
    sample: bool = False,
    singles: bool = False,
) -> Table:
    """Read a file by its path, the bytes of one, or pasted text in an `io.StringIO`.

    A string is a path, as in pandas: what somebody else has typed never goes in as one.

    CSV with any usual separator, TSV, JSON Lines, JSON, Parquet or Excel (.xlsx), plain or in a .gz
    or .zip; encoding, separator, header are found. Over `limits`, `sample` reads a seeded sample.
    singles: the rows may be single texts, so what does not look like a table is read as one column
    "text", a text a line.

    Raises IngestError for what cannot be read, is empty, or is over a limit.
    """
    data, cut = unpack(source, limits, sample)
    if isinstance(source, str | Path):
        filename = filename or Path(source).name
    notes: tuple[str, ...] = ()
    if data.startswith(PARQUET):
        rows = parquet_records(data, limits, sample)
        table = _from_records(rows, "Parquet", "Parquet", notes, limits)
        return _limited(_with_joined_lists(table) if singles else table, limits, sample)
    suffixes = Path(filename.lower()).suffixes
    if data.startswith(ZIP):
        text, notes = csv_of_workbook(data, limits, sample, singles)
        encoding, suffixes = "Excel", [".csv"]
    else:
        text, encoding, notes = decode(data, cut)
        encoding = "pasted text" if isinstance(source, io.StringIO) else encoding
    if cut:
        text = text[: text.rfind("\n") + 1] or text
        notes += ("Only the beginning of the file was read: it is over the limit.",)
    text, removed = characters(text)
    if removed:
        notes += (f"{count(removed, 'control character')} removed, or read as a space.",)
    refuse_stand_in(text)
    text = text.lstrip("\ufeff\r\n").rstrip()  # a row of empty cells at the end says nothing
    if text and not text.strip(EMPTY_CELLS):
        raise IngestError(f"Every cell is empty. {WANTED[singles]}")
    if not text:
        raise IngestError(f"There is no text in it. {WANTED[singles]}")
    if looks_like_json(text, limits):
        rows, remarks = json_records(text, limits, sample, singles)
        table = _from_records(rows, encoding, "JSON", (*notes, *remarks), limits)
        table = _with_joined_lists(table) if singles else table
    else:
        table = _from_cells(text, encoding, suffixes, notes, limits, sample, singles)
    return _limited(table, limits, sample)


def _from_records(
    records: list[Record], encoding: str, delimiter: str, notes: tuple[str, ...], limits: Limits
) -> Table:
    import pandas as pd

    good = {number: record for number, record in enumerate(records, start=1) if record}
    if not good:
        raise IngestError("No record could be read. Expected is one JSON object a line.")
    # Counted before the table is made, which would have a column for each.
    fields = list(dict.fromkeys(field for record in good.values() for field in record))
    if len(fields) > limits.columns:
        raise IngestError(
            f"The records have {count(len(fields), 'different field')}; at most "
            f"{limits.columns} are read. Leave out the others."
        )
    names = _distinct([field.strip() or "column" for field in fields])
    columns, remark = with_flat_objects(
        {
            name: [record.get(field, "") for record in good.values()]
            for name, field in zip(names, fields, strict=True)
        },
        limits.columns,
    )
    frame = pd.DataFrame(columns, index=list(good), dtype=str)
    notes = (*notes, remark) if remark else notes
    bad = tuple(number for number, record in enumerate(records, start=1) if not record)
    dropped: Dropped = {NO_RECORD: bad} if bad else {}
    return Table(frame, encoding, delimiter, True, len(records), dropped, notes)


def _with_joined_lists(table: Table) -> Table:
    """Lists of sentences read as one text each."""
    columns = {name: [joined_list(cell) for cell in table.frame[name]] for name in table.columns}
    lists = {name: texts for name, texts in columns.items() if any(text for text in texts)}
    if not lists:
        return table
    frame = table.frame.copy()
    for name, texts in lists.items():
        cells = zip(texts, frame[name].tolist(), strict=True)
        frame[name] = [cell if text is None else text for text, cell in cells]
    note = f"Lists of sentences are read as one text each: {', '.join(map(repr, lists))}."
    return replace(table, frame=frame, notes=(*table.notes, note))


def _from_cells(
    text: str,
    encoding: str,
    suffixes: list[str],
    notes: tuple[str, ...],
    limits: Limits,
    sample: bool,
    singles: bool,
) -> Table:
    hint = next((HINTS[suffix] for suffix in suffixes if suffix in HINTS), "")
    first, _, rest = text.partition("\n")
    if first.strip().lower() in ("sep=;", "sep=,", "sep=\t", "sep=|"):  # what Excel writes on top
        hint, text = first.strip()[4:] or "\t", rest
    dialect = find_layout(text, hint) if singles else find_table(text, hint)
    cells, parsed = read_cells(text, dialect, limits, sample)
    if parsed.quoted != dialect.quoted:
        notes += ('A quote (") is never closed, so quotes are read as mere characters.',)
    if dialect.lines:
        lines = cells[0].tolist()
        header = is_lone_name(lines)
        names = [" ".join(lines[0].split()) if header else "text"]
        notes += ("One text a line.",)
    else:
        known = KNOWN_BESIDE_TEXTS if singles else KNOWN
        above = rows_above_header(cells.iloc[:LOOKED_AT].to_numpy().tolist(), known)
        if above:
            title = next(filter(None, cells.iloc[:above].to_numpy().ravel().tolist()))
            notes += (f"Above the names of the columns stands {title[:60]!r}: not read.",)
            cells = cells.iloc[above:]
        header, names = _names(cells, parsed, known)
        if not header:
            notes += ("No header found: the first row is read as data.",)
        elif not parsed.name:
            notes += ("One column: no separator found.",)
    width = len(names)
    named = sum(bool(name) for name in names)
    if header and named < width and not any(names[named:]):
        notes += (
            f"The first row names {count(named, 'column')}, and most rows have "
            f"{count(width, 'cell')}. If a text "
            "holds the separator, put it between double quotes.",
        )
    if width > limits.columns:
        raise too_many_columns(max(width, parsed.widest), limits)
    cells = cells.iloc[int(header) :]
    cells = cells.set_axis(range(1, len(cells) + 1))
    filled = cells != ""
    ragged = filled.loc[:, width:].any(axis=1)
    blank = ~filled.any(axis=1)
    dropped: Dropped = {
        RAGGED: tuple(cells.index[ragged].tolist()),
        BLANK: tuple(cells.index[blank].tolist()),
    }
    frame = cells.loc[~(ragged | blank), : width - 1]
    columns = [n for n in range(width) if names[n] or filled[n].any()]
    frame = frame[columns].set_axis(
        _distinct([names[n] or f"column {n + 1}" for n in columns]), axis=1
    )
    dropped = {reason: rows for reason, rows in dropped.items() if rows}
    return Table(frame, encoding, parsed.name, header, len(cells), dropped, notes)


def _names(
    cells: "pd.DataFrame", dialect: Dialect, known: frozenset[str]
) -> tuple[bool, list[str]]:
    """Whether the first row names the columns, and a name for each, "" where there is none."""
    top = cells.iloc[0].tolist()
    width = max(dialect.width, _width(top))
    if not is_header(top[:width], cells.iloc[1:200].to_numpy().tolist(), known):
        return False, [""] * dialect.width
    names = [" ".join(name.split()) for name in top]
    if _width(top) == width - 1 and dialect.width == width and dialect.separator == "\t":
        names = ["", *names]  # R leaves out the name of the row names
    return True, names[:width]


def _limited(table: Table, limits: Limits, sample: bool) -> Table:
    """Within the limits, or a seeded sample of it; raises IngestError."""
    if table.rows_read <= limits.rows:
        return table
    if not sample:
        raise OverLimit(
            f"There are more than {limits.rows:,} rows, the most that is read. "
            "Shorten the file, or ask for a sample of it."
        )
    numbers = np.random.default_rng(0).choice(table.rows_read, limits.rows, replace=False) + 1
    drawn = set(numbers.tolist())
    dropped = {why: tuple(n for n in rows if n in drawn) for why, rows in table.dropped.items()}
    first = "the first " if table.rows_read > SAMPLED_TIMES * limits.rows else ""
    note = f"A sample of {limits.rows:,} of {first}{table.rows_read:,} rows was read."
    return Table(
        table.frame[table.frame.index.isin(drawn)],
        table.encoding,
        table.delimiter,
        table.header,
        limits.rows,
        {why: rows for why, rows in dropped.items() if rows},
        (*table.notes, note),
    )


def _width(row: list[str]) -> int:
    """Cells up to the last one that is filled."""
    return max((n for n, cell in enumerate(row, start=1) if cell.strip()), default=0)


def _distinct(names: list[str]) -> list[str]:
    """'text', 'text' → 'text', 'text (2)'."""
    times: dict[str, int] = {}
    names_in_use = set(names)
    distinct = []
    for name in names:
        times[name] = times.get(name, 0) + 1
        new = name
        while times[name] > 1 and new in names_in_use:
            new = f"{name} ({times[name]})"
            times[name] += new in names_in_use
        names_in_use.add(new)
        distinct.append(new)
    return distinct
