"""Excel workbooks (.xlsx) → the text of a table: the first sheet that holds rows."""

import csv
import io
import zipfile
from collections.abc import Iterable

from ingest.amounts import count
from ingest.errors import IngestError
from ingest.limits import SAMPLED_TIMES, Limits, size
from ingest.sheets import is_table, without_result

WORKBOOK = "xl/workbook.xml"
BEGINNING = 1_000  # bytes of a part in which a document type would stand
Notes = tuple[str, ...]


def is_workbook(archive: zipfile.ZipFile) -> bool:
    """Whether a zip is an Excel workbook."""
    return WORKBOOK in archive.namelist()


def check_workbook(archive: zipfile.ZipFile, limits: Limits) -> None:
    """Raises IngestError for one over the limit, and for entities, which could grow without end.

    No part is read beyond the size that the zip declares for it.
    """
    if sum(info.file_size for info in archive.infolist()) > limits.unpacked_bytes:
        raise IngestError(
            f"Unpacked, the workbook is larger than {size(limits.unpacked_bytes)}, the most that "
            "is read. Save the sheet as CSV, or shorten it."
        )
    for info in archive.infolist():
        with archive.open(info) as part:
            if b"<!DOCTYPE" in part.read(BEGINNING):
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
                max_row=limits.rows * (SAMPLED_TIMES if sample else 1) + 2,
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
