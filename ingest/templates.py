"""CSV out: a template for each kind of pairs, and the cleaned file with its split."""

import csv
import io
import re
from collections.abc import Iterable, Sequence

from ingest.errors import IngestError
from ingest.kinds import LABELLED, TEXTS, check_kind
from ingest.pairs import PairSet
from ingest.report import Report
from ingest.split import Split
from ingest.table import Table

FORMULA_STARTS = ("=", "+", "-", "@", "＝", "＋", "－", "＠", "\t", "\r", "\n")  # or full width
NUMBER = re.compile(r"[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?")
BOM = "\ufeff"  # without it, Excel takes UTF-8 for the encoding of the machine
ROWS: dict[str, list[list[str]]] = {
    "score": [
        ["The ferry leaves at noon.", "The boat departs at twelve.", "0.95"],
        ["The ferry leaves at noon.", "The ferry was painted white last spring.", "0.3"],
        ["She is peeling potatoes.", "The election results come in tonight.", "0"],
    ],
    "binary": [
        ["How do I reset my password?", "I forgot my password, what now?", "1"],
        ["How do I reset my password?", "How do I change my e-mail address?", "0"],
        ["Where is my parcel?", "Can I track my delivery?", "1"],
    ],
    "positive": [
        ["What makes bread rise?", "Yeast turns sugar into gas, which lifts the dough."],
        ["Why is the sea salty?", "Rivers carry minerals from the rocks into the sea."],
        ["How long does a cat sleep?", "Most cats are asleep for twelve hours a day or more."],
    ],
    "triplet": [
        ["A dog runs on the beach.", "A dog is running by the sea.", "A dog sleeps on the sofa."],
        ["The soup is too salty.", "There is too much salt in it.", "The soup is too hot."],
        ["He sold his old car.", "His used car found a buyer.", "He bought an old car."],
    ],
}


def template(kind: str) -> str:
    """A small CSV to start from, which reads as this kind. Raises IngestError for another kind."""
    problems = check_kind(kind)
    if problems:
        raise IngestError(*problems)
    return csv_text([_columns(kind), *ROWS[kind]])


def write_csv(pairs: PairSet, split: Split | None = None) -> str:
    """The cleaned pairs, labels from 0 to 1, with each row's part and its row in the file sent."""
    parts = split.part_names() if split else [""] * len(pairs)
    if len(parts) != len(pairs):
        raise IngestError(f"The split is of {len(parts)} rows, the pairs are {len(pairs)}.")
    labels = [[]] * len(pairs) if pairs.labels is None else [[f"{v:.6g}"] for v in pairs.labels]
    zipped = zip(pairs.texts, labels, parts, pairs.row_numbers, strict=True)
    rows = [[*texts, *label, part, str(row)] for texts, label, part, row in zipped]
    return csv_text([[*_columns(pairs.kind), "part", "row"], *rows])


def write_dropped(report: Report, table: Table | None = None) -> str:
    """The rows that were dropped: row, reason, and with the table what stood in them."""
    columns = table.columns if table else ()
    where = (
        {} if table is None else {int(number): at for at, number in enumerate(table.frame.index)}
    )
    rows = [["row", "reason", *columns]]
    left_out = sorted(
        (number, why) for why, numbers in report.dropped.items() for number in numbers
    )
    for number, why in left_out:
        at = where.get(number)
        cells = [""] * len(columns) if table is None or at is None else table.frame.iloc[at]
        rows.append([str(number), why, *map(str, cells)])
    return csv_text(rows)


def cell(text: str) -> str:
    """A text for a spreadsheet, which would run one that begins like a formula; numbers stay."""
    risky = text.startswith(FORMULA_STARTS) and not NUMBER.fullmatch(text)
    return "'" + text if risky else text


def unguarded(text: str) -> str:
    """A text as it was before `cell` guarded it."""
    return text[1:] if text.startswith("'") and cell(text[1:]) == text else text


def _columns(kind: str) -> list[str]:
    return [*TEXTS[kind], *([LABELLED[kind]] if kind in LABELLED else [])]


def csv_text(rows: Iterable[Sequence[object]]) -> str:
    """Rows as CSV, none of whose texts a spreadsheet takes for a formula."""
    buffer = io.StringIO()
    csv.writer(buffer).writerows([cell(str(value)) for value in row] for row in rows)
    return buffer.getvalue()
