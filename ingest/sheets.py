"""Which sheet of a workbook is meant, and which of its formulas have no result in the file."""

import io
from collections import Counter
from collections.abc import Sequence

from ingest.amounts import count

Cells = Sequence[tuple[object, ...]]
TABLE = 2  # rows, and columns, at least


def is_table(rows: Cells) -> bool:
    """Two rows or more with two filled cells or more: a sheet of remarks is none."""
    filled = (sum(value not in (None, "") for value in row) for row in rows)
    return sum(cells >= TABLE for cells in filled) >= TABLE


def without_result(rows: Cells, data: bytes, title: str) -> str:
    """A note on formulas in a sheet for which the file holds no result; "" without any.

    rows: the stored results. Programs other than a spreadsheet write formulas without them.
    """
    import openpyxl

    width = max(map(len, rows), default=0)
    if not width or all(value is not None for row in rows for value in row):
        return ""
    book = openpyxl.load_workbook(io.BytesIO(data), read_only=True)
    sheet = book[title]
    absent: Counter[int] = Counter()
    cells = sheet.iter_rows(max_row=len(rows), max_col=width)
    for results, formulas in zip(rows, cells, strict=False):
        for at, (result, cell) in enumerate(zip(results, formulas, strict=False)):
            if result is None and getattr(cell, "data_type", "") == "f":
                absent[at] += 1
    if not absent:
        return ""
    columns = [f"{_name(rows, at)!r} ({count(number, 'cell')})" for at, number in absent.items()]
    return (
        f"Formulas without a stored result are read as blank cells: {', '.join(columns)}. Open the "
        "workbook in a spreadsheet program, save it, and send it again."
    )


def _name(rows: Cells, column: int) -> str:
    """What stands on top of a column, or its letter."""
    from openpyxl.utils import get_column_letter

    names = (row[column] for row in rows if column < len(row))
    return next((n for n in names if isinstance(n, str) and n), get_column_letter(column + 1))
