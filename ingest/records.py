"""JSON Lines and JSON: records with named values → rows of text."""

import io
import json
import re
from collections.abc import Iterator, Sequence

from ingest.amounts import count
from ingest.errors import IngestError
from ingest.limits import Limits

LINE_END = re.compile(r"\r\n|\r|\n")  # of JSON Lines; U+2028 and U+0085 stand inside texts
DEEPEST = 2  # objects inside objects that are looked into
VALUES_TIMES = 4  # values read at once for each cell of the largest table
OBJECT_WEIGHT = 4  # of an object, in values
ENVELOPES = ("row", "_source")  # of the Hub's rows, of Elasticsearch's hits
NESTED = (list, tuple, dict)

Record = dict[str, str] | None  # None: a line that cannot be read


def looks_like_json(text: str, limits: Limits) -> bool:
    """The first line is a JSON object, or the whole a JSON list or object.

    Raises IngestError for a whole of more values than are read at once.
    """
    if text[:1] not in ("{", "["):
        return False
    first = LINE_END.split(text, maxsplit=1)[0]
    if isinstance(_loaded(first, limits), dict | list):
        return True
    most = VALUES_TIMES * limits.cells
    if _weight(text) > most and text.endswith(("]", "}")):
        raise IngestError(
            f"The file holds more than {most:,} values in one piece of JSON, the most that are "
            "read at once. Leave out lists of numbers, or save it as JSON Lines, a record a line."
        )
    return isinstance(_loaded(text, limits), dict | list)


def _weight(text: str) -> int:
    """At least how many values a JSON text holds; an object, which takes most, counts as several.

    Python makes an object of each: 5 MB of "{}," would take 100 MB.
    """
    return text.count(",") + text.count("[") + OBJECT_WEIGHT * text.count("{")


def json_records(
    text: str, limits: Limits, sample: bool, singles: bool = False
) -> tuple[list[Record], tuple[str, ...]]:
    """One record a line; or one list of records; or one object that holds such lists, or columns.

    singles: a list of strings is one of texts, a record each. Also notes on what was read of an
    object that holds several lists.
    """
    whole = _loaded(text, limits)
    notes: tuple[str, ...] = ()
    if isinstance(whole, dict):
        whole, notes = _of_object(whole)
    elif singles and isinstance(whole, list) and all(isinstance(item, str) for item in whole):
        whole = [{"text": item} for item in whole]
    elif not _are_records(whole):  # one line that is one record, or nothing
        whole = None
    items: Iterator[object]
    lines = (line for line in io.StringIO(text, newline=None) if line.strip())
    items = iter(whole) if isinstance(whole, list) else (_loaded(line, limits) for line in lines)
    rows = range(limits.rows_looked_at(sample))
    return [record(item) for item, _ in zip(items, rows, strict=False)], notes


def _of_object(whole: dict[str, object]) -> tuple[list[object] | None, tuple[str, ...]]:
    """The records of an object, and what was read of it; None where it is one record itself.

    Of several lists of records those with the fields of the longest are read, one after another.
    """
    lists = dict(_lists(whole))
    if not lists:
        return _of_columns(whole), ()
    longest = max(lists, key=lambda name: len(lists[name]))
    alike = [name for name, records in lists.items() if _fields(records) & _fields(lists[longest])]
    others = [name for name in lists if name not in alike]
    notes = []
    if len(alike) > 1:
        numbers = ", ".join(f"{name!r} ({count(len(lists[name]), 'record')})" for name in alike)
        notes.append(f"The lists of the file were read one after another: {numbers}.")
    if others:
        numbers = ", ".join(f"{name!r} ({count(len(lists[name]), 'record')})" for name in others)
        notes.append(f"Read was the list {longest!r}; other lists were not: {numbers}.")
    return [_unwrapped(record) for name in alike for record in lists[name]], tuple(notes)


def _lists(value: dict[str, object], path: str = "") -> Iterator[tuple[str, list[object]]]:
    """The lists of records in an object and in the objects it holds, by their path."""
    for key, inner in value.items():
        name = f"{path}{key}"
        if isinstance(inner, list) and _are_records(inner):
            yield name, inner
        elif isinstance(inner, dict) and path.count(".") < DEEPEST:
            yield from _lists(inner, f"{name}.")


def _unwrapped(record: object) -> object:
    """What a server of rows or of documents puts into an envelope."""
    inner = (record[name] for name in ENVELOPES if isinstance(record, dict) and name in record)
    return next((value for value in inner if isinstance(value, dict)), record)


def _fields(records: list[object]) -> set[str]:
    first = next((record for record in records if isinstance(record, dict | list)), {})
    return set(first) if isinstance(first, dict) else {""}


def _of_columns(whole: dict[str, object]) -> list[object] | None:
    """Records of an object that holds a list for each column, or an object for each column or row.

    As pandas writes a table; row numbers inside tell columns from rows.
    """
    values = list(whole.values())
    if len(values) < 2:
        return None
    if all(isinstance(value, dict) for value in values):
        rows = [value for value in values if isinstance(value, dict)]
        if not all(key.isdecimal() for row in rows for key in row):
            return list(rows)
        values = [list(row.values()) for row in rows]
    columns = [value for value in values if isinstance(value, list)]
    lengths = set(map(len, columns))
    if len(columns) < len(values) or len(lengths) != 1 or max(lengths) < 2:
        return None
    return [dict(zip(whole, row, strict=True)) for row in zip(*columns, strict=True)]


def _are_records(value: object) -> bool:
    return isinstance(value, list) and any(isinstance(item, dict | list) for item in value)


def _loaded(text: str, limits: Limits) -> object:
    """None for what is no JSON, or holds more values than are read at once."""
    if _weight(text) > VALUES_TIMES * limits.cells:
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def record(item: object) -> Record:
    """Values as text, None for no record. A list is a record of "column 1", "column 2", ..."""
    if isinstance(item, Sequence) and not isinstance(item, str | bytes):
        item = {f"column {n}": value for n, value in enumerate(item, start=1)}
    if not isinstance(item, dict) or not item:
        return None
    try:
        return {str(key): _cell(value) for key, value in item.items()}
    except (ValueError, TypeError, RecursionError):  # nested too deep, or keys that are no text
        return None


def _cell(value: object) -> str:
    """A list of one value is that value; other lists and objects are their JSON."""
    if value is None:
        return ""
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, list | tuple) and len(value) == 1 and not isinstance(value[0], NESTED):
        return _cell(value[0])
    if isinstance(value, NESTED):
        return json.dumps(value, ensure_ascii=False, default=str)
    return str(value)
