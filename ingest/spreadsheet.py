"""Excel workbooks (.xlsx) → the text of a table: the first sheet that holds rows."""

import csv
import io
import zipfile
from collections.abc import Iterable

from ingest.amounts import count
from ingest.errors import IngestError
from ingest.limits import SAMPLED_TIMES, Limits, size

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


def csv_of_workbook(data: bytes, limits: Limits, sample: bool) -> tuple[str, Notes]:
    """The rows of the first sheet that has any, as CSV, and a note on the other sheets.

    Raises IngestError for what is broken. No more rows and columns are read than can be used.
    """
    import openpyxl

    try:
        book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True)
        for sheet in book.worksheets:
            text = _csv(sheet.iter_rows(
                max_row=limits.rows * (SAMPLED_TIMES if sample else 1) + 2,
                max_col=limits.columns + 1,
                values_only=True,
            ))  # fmt: skip
            if text:
                others = [name for name in book.sheetnames if name != sheet.title]
                return text, _notes(sheet.title, others)
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
