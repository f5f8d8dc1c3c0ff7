"""CSV in all its dialects: which one a text is written in, and its cells. pandas parses."""

import csv
import io
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

from ingest.errors import IngestError
from ingest.limits import Limits

if TYPE_CHECKING:
    import _csv

    import pandas as pd

SEPARATORS = {"\t": "tab", ";": "semicolon", "|": "vertical bar", ",": "comma"}  # rarest in prose
ALONE = "\x1f"  # a separator that occurs in no text: one column
SNIFFED_CHARS = 2**20


@dataclass(frozen=True)
class Dialect:
    """How cells are told apart; `width` is how many columns most rows have."""

    separator: str
    quoted: bool = True
    escaped: bool = False
    width: int = 1
    widest: int = 1
    lines: bool = False  # a text a line, on top perhaps what it is called

    @property
    def name(self) -> str:
        """For people: 'comma', 'tab', ... ('' with one column)."""
        return SEPARATORS.get(self.separator, "")


def find_dialect(text: str, hint: str = "") -> Dialect:
    """The dialect in which the most rows have the same number of cells, two or more.

    Ties go to a separator named by the file (`hint`, "" if none), then to one that is rarer in
    prose; and to quotes that enclose cells, if they do so cleanly, over quotes as mere characters.
    """
    sample = text[:SNIFFED_CHARS]
    if len(text) > SNIFFED_CHARS:
        sample = sample[: sample.rfind("\n") + 1] or sample
    ways = [(True, False)]
    if '"' in text:
        ways += [(True, True)] if '\\"' in text else []
        ways += [(False, False)]
    candidates = []
    for separator, (quoted, escaped) in product(SEPARATORS, ways):
        if separator not in sample:
            continue
        way = Dialect(separator, quoted, escaped)
        widths = [len(row) for row in csv_rows(sample, way)]
        wide = Counter(width for width in widths if width > 1)
        if not wide:
            continue
        width, rows = wide.most_common(1)[0]
        agreement = rows / len(widths)
        if agreement > 0.3:
            clean = bool(csv_rows(sample, way, strict=True))
            rank = (round(agreement + 0.02 * (separator == hint), 2), clean)
            candidates.append((rank, Dialect(separator, quoted, escaped, width, max(widths))))
    return (
        max(candidates, key=lambda pair: pair[0])[1] if candidates else Dialect(ALONE, quoted=False)
    )


def csv_rows(
    text: str, dialect: Dialect, *, strict: bool = False, spaces: bool = False
) -> list[list[str]]:
    """The rows that are not empty, as Python's csv module sees them; none if it cannot.

    strict: nothing may stand between a closing quote and the separator; spaces: the ones behind a
    separator are kept.
    """
    lines = io.StringIO(text, newline="")
    reader = _reader(lines, dialect, strict=strict, spaces=spaces)
    try:
        return [row for row in reader if any(cell.strip() for cell in row)]
    except csv.Error:
        return []


def _reader(
    lines: Iterable[str], dialect: Dialect, *, strict: bool = False, spaces: bool = False
) -> "_csv.Reader":
    return csv.reader(
        lines,
        delimiter=dialect.separator,
        quoting=csv.QUOTE_MINIMAL if dialect.quoted else csv.QUOTE_NONE,
        escapechar="\\" if dialect.escaped else None,
        skipinitialspace=not spaces,
        strict=strict,
    )


def read_cells(
    text: str, dialect: Dialect, limits: Limits, sample: bool
) -> "tuple[pd.DataFrame, Dialect]":
    """All cells as text, also those of the header and of rows that are too long; short rows padded.

    Returns the dialect it could be read in: when a quote is never closed, quotes are taken as mere
    characters. Reads no more rows and columns than can be used. Raises IngestError if it cannot be
    parsed, or has too many columns.
    """
    most = limits.rows_looked_at(sample)
    if dialect.width > limits.columns:
        raise too_many_columns(dialect.width, limits)
    if dialect.widest <= limits.columns:
        try:
            return _parse(text, dialect, dialect.widest + 1, most), dialect
        except ValueError:  # a longer row further down, or a quote that is never closed
            pass
    plain = Dialect(dialect.separator, False, False, dialect.width, dialect.widest)
    problem = ""
    for attempt in (dialect, plain):
        try:
            narrow = _without_wide_rows(text, attempt, limits)
            return _parse(narrow, attempt, limits.columns + 1, most), attempt
        except IngestError:
            raise
        except (ValueError, csv.Error) as error:
            problem = problem or str(error).strip().removeprefix("Error tokenizing data. C error: ")
    raise IngestError(
        f"The rows do not form a table with the separator {dialect.name!r}: {problem}. Put texts "
        'that contain the separator or line breaks between double quotes ("), doubled inside.'
    )


def too_many_columns(width: int, limits: Limits) -> IngestError:
    """What is wrong with a file of `width` columns."""
    return IngestError(
        f"The file has {width:,} columns; at most {limits.columns} are read. Leave out the others."
    )


def _without_wide_rows(text: str, dialect: Dialect, limits: Limits) -> str:
    """With a row of one cell too many in place of each that is wider, so that it is left out still.

    pandas fills all rows behind a wide one up to its width: a line of 20,000 cells in a file of
    100 kB took 2.8 GB. Raises IngestError where the first row is one, csv.Error for a cell of more
    than 131,072 characters.
    """
    lines = list(io.StringIO(text, newline=""))
    stand_in = dialect.separator.join("x" * (limits.columns + 1)) + "\n"
    reader = _reader(lines, dialect)
    begin = 0
    for row in reader:  # a quoted cell may run over several lines
        if len(row) > limits.columns + 1:
            if begin == 0:
                raise too_many_columns(len(row), limits)
            lines[begin : reader.line_num] = [stand_in] + [""] * (reader.line_num - begin - 1)
        begin = reader.line_num
    return "".join(lines)


def _parse(text: str, dialect: Dialect, width: int, rows: int) -> "pd.DataFrame":
    import pandas as pd

    return pd.read_csv(
        io.StringIO(text, newline=""),
        sep=dialect.separator,
        quoting=csv.QUOTE_MINIMAL if dialect.quoted else csv.QUOTE_NONE,
        escapechar="\\" if dialect.escaped else None,
        header=None,
        names=list(range(width)),
        index_col=False,
        dtype=str,
        keep_default_na=False,
        na_filter=False,
        skip_blank_lines=False,
        skipinitialspace=True,
        nrows=rows,
        engine="c",
    )
