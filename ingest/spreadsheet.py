"""Excel workbooks (.xlsx) → the text of a table: the first sheet that holds rows."""

import csv
import io
import zipfile
from collections.abc import Iterable
from typing import IO
from xml.parsers import expat

from ingest.amounts import count
from ingest.errors import IngestError
from ingest.limits import Limits, size
from ingest.sheets import is_table, without_result

WORKBOOK = "xl/workbook.xml"
PIECE = 2**16
# XML elements, each of which costs openpyxl some hundred bytes, or in a list of strings 20 µs. Of a
# part that is read whole: styles, names, relations; and of a row, made whole before it is cut.
MOST_ELEMENTS, MOST_IN_A_ROW = 100_000, 16_384
ELEMENTS_OF_A_CELL = 3  # <c>, <v> or <is><t>
SHEETS, STRINGS = "xl/worksheets/", "xl/sharedstrings"
Notes = tuple[str, ...]


def is_workbook(archive: zipfile.ZipFile) -> bool:
    """Whether a zip is an Excel workbook."""
    return WORKBOOK in archive.namelist()


def check_workbook(archive: zipfile.ZipFile, limits: Limits) -> None:
    """Raises IngestError for one over the limits, and for entities, which could grow without end.

    No part is read beyond the size that the zip declares for it.
    """
    if sum(info.file_size for info in archive.infolist()) > limits.unpacked_bytes:
        raise IngestError(
            f"Unpacked, the workbook is larger than {size(limits.unpacked_bytes)}, the most that "
            "is read. Save the sheet as CSV, or shorten it."
        )
    room = {
        SHEETS: MOST_ELEMENTS + ELEMENTS_OF_A_CELL * limits.cells,
        STRINGS: MOST_ELEMENTS + limits.cells // 2,  # many cells share one
        "": MOST_ELEMENTS,
    }
    for info in archive.infolist():
        kind = next(kind for kind in room if info.filename.lower().startswith(kind))
        elements = _Elements(room[kind])
        with archive.open(info) as part:
            elements.count(part)
        room[kind] -= elements.seen


class _Elements:
    """The XML elements of a part, counted before openpyxl makes an object of each."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.seen = 0
        self.row_began_at: int | None = None  # none in a part that is no sheet

    def count(self, part: IO[bytes]) -> None:
        """Raises IngestError for too many, and for a document type, in whatever encoding."""
        parser = expat.ParserCreate()
        parser.StartElementHandler = self.start
        parser.StartDoctypeDeclHandler = self.refuse_type
        try:
            while piece := part.read(PIECE):
                parser.Parse(piece)
        except expat.ExpatError:  # no XML, or not from here on: nobody reads it further either
            return

    def start(self, name: str, _: dict[str, str]) -> None:
        """An element begins."""
        self.seen += 1
        if name.rpartition(":")[2] == "row":
            self.row_began_at = self.seen
        in_row = 0 if self.row_began_at is None else self.seen - self.row_began_at
        if self.seen > self.most or in_row > MOST_IN_A_ROW * ELEMENTS_OF_A_CELL:
            raise IngestError(
                "The workbook holds more cells or styles than are read. Save the sheet as CSV, "
                "with the columns that you need."
            )

    def refuse_type(self, *_: object) -> None:
        """A document type is declared."""
        raise IngestError("The workbook holds a document type, which none needs.")


def csv_of_workbook(
    data: bytes, limits: Limits, sample: bool, singles: bool = False
) -> tuple[str, Notes]:
    """The rows of the first sheet with two columns, as CSV, and notes on it and the other sheets.

    Where no sheet has two, or of `singles`, the first one that has any.

    Raises IngestError for what is broken. No more rows and columns are read than can be used.
    """
    import openpyxl

    try:
        book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True)
        first = ""
        rows_of = {}
        for sheet in book.worksheets:
            rows = list(sheet.iter_rows(
                max_row=limits.rows_looked_at(sample),
                max_col=limits.columns + 1,
                values_only=True,
            ))  # fmt: skip
            if not _csv(rows):
                continue
            rows_of[sheet.title] = rows
            first = first or sheet.title
            if singles or is_table(rows):
                first = sheet.title
                break
        if first:
            others = [name for name in book.sheetnames if name != first]
            formulas = without_result(rows_of[first], data, first)
            return _csv(rows_of[first]), (*_notes(first, others), *filter(None, (formulas,)))
    except (KeyError, ValueError, TypeError, AttributeError, OSError, SyntaxError,
            zipfile.BadZipFile) as error:  # fmt: skip
        raise IngestError(
            f"The Excel file is broken or of an odd kind: {str(error)[:200]}. Save it as CSV."
        ) from None
    return "", ()


def _csv(rows: Iterable[tuple[object, ...]]) -> str:
    """Up to the last row and the last column that hold something; "" without any."""
    cells = [["" if value is None else str(value) for value in row] for row in rows]
    while cells and not any(cells[-1]):
        cells.pop()
    width = max((at for row in cells for at, cell in enumerate(row, start=1) if cell), default=0)
    buffer = io.StringIO()
    csv.writer(buffer, quoting=csv.QUOTE_ALL).writerows(row[:width] for row in cells)
    return buffer.getvalue()


def _notes(title: str, others: list[str]) -> Notes:
    if not others:
        return ()
    return (
        f"Read was the sheet {title!r}; {count(len(others), 'other sheet')} not read: "
        f"{', '.join(map(repr, others[:5]))}.",
    )
