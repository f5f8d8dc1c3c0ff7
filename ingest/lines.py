"""One text a line, or a table? A comma inside a sentence is no separator."""

import re
from collections.abc import Callable, Sequence
from dataclasses import replace

from ingest.contents import has_few_values, is_number, is_wordless
from ingest.delimited import ALONE, SNIFFED_CHARS, Dialect, csv_rows, find_dialect
from ingest.header import LIKE_A_NAME, is_header
from ingest.names import KNOWN_BESIDE_TEXTS, SINGLE_TEXTS, plain

ONE_A_LINE = Dialect(ALONE, quoted=False, lines=True)
QUOTED_COLUMN = Dialect(ALONE)
REGULAR = 0.6  # the share of rows with the same number of cells that makes a table with a header
VERY_REGULAR = 0.9  # the same for a table of which nothing else is known
NEARLY_ALL = 0.9
MOST_ROWS = 2_000  # looked at
YEAR = re.compile(r"1[5-9]\d\d|20\d\d")

Rows = Sequence[Sequence[str]]


def find_layout(text: str, hint: str = "") -> Dialect:
    """The dialect of a table, of one column of quoted cells, or of mere lines.

    `hint` is the separator that the file's name or first line names: then it is a table, unless its
    rows are too irregular. Without one, several columns are believed when the first row names them,
    when a tab or a bar separates them, or when the cells look like columns: quoted, numbers, few
    values, or sentences that end at a separator. No space behind a separator speaks for a table.
    """
    table = find_table(text, hint)
    if table.separator == ALONE:
        return table if hint else replace(table, lines=True)
    return table if _has_columns(_sample(text), table, hint) else ONE_A_LINE


def find_table(text: str, hint: str = "") -> Dialect:
    """The dialect of a table; one column of quoted cells is never split inside its quotes."""
    table = find_dialect(text, hint)
    sample = _sample(text)
    rows = csv_rows(sample, table)
    regular = [row for row in rows if len(row) == table.width > 1]
    clean = table.quoted and len(regular) >= VERY_REGULAR * len(rows)
    return QUOTED_COLUMN if not clean and _is_quoted_column(sample) else table


def _sample(text: str) -> str:
    """The beginning, up to the end of a line."""
    sample = text[:SNIFFED_CHARS]
    return sample if len(text) <= SNIFFED_CHARS else sample[: sample.rfind("\n") + 1] or sample


def is_lone_name(lines: Sequence[str]) -> bool:
    """The first of several lines is what a column of texts is usually called."""
    return len(lines) > 1 and plain(lines[0]) in SINGLE_TEXTS


def _is_quoted_column(text: str) -> bool:
    """Every row is one cell, and commas stand between quotes.

    A quote that opens on one line and closes on another is believed where most rows have quotes.
    """
    opening = len(re.findall(r'^ *"', text, re.MULTILINE))
    rows = csv_rows(text, Dialect(","), strict=True) if opening else []
    if not rows or any(len(row) > 1 for row in rows):
        return False
    return 2 * opening >= len(rows) - 1 or not any("\n" in row[0].strip() for row in rows)


def _has_columns(text: str, table: Dialect, hint: str) -> bool:
    rows = csv_rows(text, table)[:MOST_ROWS]
    loose = csv_rows(text, table, spaces=True)[:MOST_ROWS]
    if _are_names(rows[0], _is_glued(loose[:1])):
        return True
    lone = len(rows[0]) == 1 and is_lone_name([row[0] for row in rows])
    glued = _is_glued(loose[lone:])
    hinted = table.separator == hint or (hint == "," and glued)  # .csv may have any separator
    regular = [row for row in rows[lone:] if len(row) == table.width]
    agreement = len(regular) / len(rows[lone:])
    header = not lone and _is_glued(loose[:1]) and is_header(rows[0], rows[1:200])
    if table.separator in "\t|" or header or (hinted and not lone):
        return agreement >= REGULAR
    if agreement < VERY_REGULAR or len(regular) < 2:
        return False
    quoted = table.quoted and any(f'"{table.separator}' in line or f'{table.separator}"' in line
                                  for line in text.split("\n"))  # fmt: skip
    return (glued and quoted) or _are_columns(list(zip(*regular, strict=True)), glued)


def _is_glued(loose: Rows) -> bool:
    """Nearly all separators have a cell right behind them, without a space."""
    behind = [cell for row in loose for cell in row[1:] if cell.strip()]
    glued = sum(not cell[0].isspace() for cell in behind)
    return glued > 0 and glued >= NEARLY_ALL * len(behind)


def _are_names(cells: Sequence[str], glued: bool) -> bool:
    """Short cells of which half are known names of columns; all, with spaces in between."""
    names = [cell.strip() for cell in cells if cell.strip()]
    if len(names) < 2 or not all(LIKE_A_NAME.fullmatch(n) and n[-1] not in ".!?" for n in names):
        return False
    if len({plain(name) for name in names}) < len(names):
        return False
    familiar = sum(plain(name) in KNOWN_BESIDE_TEXTS for name in names)
    short = all(len(name.split()) <= 3 for name in names)
    return short and familiar >= len(names) * (0.5 if glued else 1)


def _are_columns(columns: Sequence[Sequence[str]], glued: bool) -> bool:
    """A column of texts stands beside one that is something else, or two are sentences."""
    texts = [_most(column, lambda cell: not is_wordless(cell)) for column in columns]
    if not any(texts):
        return False
    if any(_is_valued(columns, at, glued) for at in range(len(columns))):
        return True
    if not glued:
        return False
    words = [_middle([len(cell.split()) for cell in column]) for column in columns]
    short = [_most(column, lambda cell: len(cell.split()) <= 3) for column in columns]
    if max(words) >= 4 and any(few and n <= 2 for few, n in zip(short, words, strict=True)):
        return True
    if max(words) >= 4 and any(has_few_values(column) for column in columns):
        return True
    return any(
        2 * sum(cell.rstrip().endswith((".", "!", "?", "…")) for cell in column) >= len(column)
        for column in columns[:-1]
    )


def _is_valued(columns: Sequence[Sequence[str]], at: int, glued: bool) -> bool:
    """A column of numbers, ids, links or dates; no decimals behind a comma.

    With spaces behind the separators it may be prose, which has years, and names of months.
    """
    column = columns[at]
    if not any(cell.strip() for cell in column) or not _most(column, is_wordless):
        return False
    if at and not _most(columns[at - 1], is_number):
        pairs = list(zip(columns[at - 1], column, strict=True))
        decimals = sum(before[-1:].isdigit() and cell[:1].isdigit() for before, cell in pairs)
        if 2 * decimals >= len(pairs):
            return False
    if glued:
        return True
    years = sum(bool(YEAR.fullmatch(cell.strip(" ."))) for cell in column)
    numeric = is_number if at else lambda cell: not re.search("[a-z]{3}", cell, re.IGNORECASE)
    return 2 * years < len(column) and _most(column, numeric)


def _most(column: Sequence[str], is_so: Callable[[str], bool]) -> bool:
    present = [cell for cell in column if cell.strip()]
    return sum(map(is_so, present)) >= NEARLY_ALL * len(present)


def _middle(numbers: list[int]) -> int:
    return sorted(numbers)[len(numbers) // 2]
