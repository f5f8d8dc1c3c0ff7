"""Records that hold several texts for one place → a row for each: lists, and numbered columns.

As sets of pairs are often kept: {"query": "…", "pos": ["…"], "neg": ["…", "…"]}, columns negative_1
to negative_5, {"set": ["…", "…"]}, {"texts": ["…", "…"], "label": 1}.
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from ingest.amounts import count
from ingest.contents import nested_value
from ingest.limits import LIMITS, Limits
from ingest.names import ANCHORS, plain
from ingest.report import Reason
from ingest.table import Table

NEGATIVE = re.compile(
    r"(?:hard)?neg(?:ative)?s?(?:passage|document|doc|context|sentence|text|example|answer)?s?\d*"
)
POSITIVE = re.compile(
    r"pos(?:itive)?s?(?:passage|document|doc|context|sentence|text|example|answer)?s?\d*"
)
SETS, TUPLES = ("set", "paraphrases", "duplicates"), ("texts", "sentences", "pair", "textpair")
TUPLE_NAMES = {2: ("sentence1", "sentence2"), 3: ("anchor", "positive", "negative")}
TEXT_FIELDS = ("text", "content", "contents", "passage", "sentence", "body")
Texts = list[str]


def with_rows_of_lists(table: Table, limits: Limits = LIMITS) -> Table:
    """A row for each negative (or positive) of a record, where records hold several; noted.

    Rows are counted anew then. Over `limits.rows`, the first ones of each record are taken. A table
    without such lists and columns is returned as it is.
    """
    return _unfolded(_of_sets(_of_tuples(table)), limits)


def _unfolded(table: Table, limits: Limits) -> Table:
    """Every negative and every positive stands in a row; the shorter list starts over."""
    places = {"positive": _columns(table, POSITIVE), "negative": _columns(table, NEGATIVE)}
    anchored = any(plain(name) in ANCHORS for name in table.columns)
    numbered = any(len(names) > 1 for names in places.values())
    if not places["positive"] or not (anchored or (table.of_records and not numbered)):
        return table
    lists = {place: _lists(table, names) for place, names in places.items() if names}
    longest = [max(1, *map(len, row)) for row in zip(*lists.values(), strict=True)]
    if max(longest, default=1) == 1 and not numbered:
        return table
    most = _most_that_fit(longest, limits.rows)
    times = [min(number, most) for number in longest]
    place_of = {name: place for place, names in places.items() for name in names}
    columns: dict[str, list[str]] = {}
    for name in table.columns:
        place = place_of.get(name)
        if place is None:
            columns[name] = _repeated([[cell] for cell in table.frame[name].tolist()], times)
        elif place not in columns:
            columns[place] = _repeated(lists[place], times)
    several = [name for name, place in place_of.items()
               if len(places[place]) > 1 or max(map(len, lists[place])) > 1]  # fmt: skip
    note = (
        f"Each text in {', '.join(map(repr, several))} has a row of its own: "
        f"{count(len(times), 'record')} gave {count(sum(times), 'row')}, and rows are counted so."
    )
    if most < max(longest):
        note += (
            f" Of up to {max(longest):,} for a record, only the first {most:,} were taken: at most "
            f"{limits.rows:,} rows are read."
        )
    return _rebuilt(table, columns, times, note)


def _lists(table: Table, names: Sequence[str]) -> list[Texts]:
    """For each row, all texts of these columns."""
    cells = (table.frame[name].tolist() for name in names)
    return [_texts(row) for row in zip(*cells, strict=True)]


def _columns(table: Table, pattern: re.Pattern[str]) -> list[str]:
    return [name for name in table.columns if pattern.fullmatch(plain(name))]


def _most_that_fit(longest: Sequence[int], rows: int) -> int:
    """The most rows a record may give, so that all together are no more than `rows`; 1 or more."""
    if sum(longest) <= rows:
        return max(longest, default=1)
    # Raising it by one adds a row for each record that has more; shorter ones are used up first.
    room, left, most = rows, len(longest), 0
    for length in sorted(longest):
        if room < left * (length - most):
            return max(1, most + room // left)
        room -= left * (length - most)
        left, most = left - 1, length
    return most


def _rebuilt(
    table: Table, columns: Mapping[str, Sequence[str]], times: Iterable[int], note: str
) -> Table:
    """With rows counted anew: each row of the table as often as `times` says, each dropped once."""
    import pandas as pd

    number_of = dict(zip(map(int, table.frame.index), times, strict=True))
    reason_of = {number: why for why, numbers in table.dropped.items() for number in numbers}
    index: list[int] = []
    dropped: dict[Reason, list[int]] = {}
    last = 0
    for number in sorted((*number_of, *reason_of)):
        if number in reason_of:
            last += 1
            dropped.setdefault(reason_of[number], []).append(last)
        else:
            index += range(last + 1, last + number_of[number] + 1)
            last += number_of[number]
    return replace(
        table,
        frame=pd.DataFrame(columns, index=index, dtype=str),
        rows_read=last,
        dropped={why: tuple(numbers) for why, numbers in dropped.items()},
        notes=(*table.notes, note),
    )


def _of_tuples(table: Table) -> Table:
    """{"texts": [a, b], "label": 1} as two columns, or three."""
    name = next((name for name in table.columns if plain(name) in TUPLES), "")
    if not table.of_records or not name:
        return table
    rows = [_texts([cell]) for cell in table.frame[name].tolist()]
    lengths = {len(row) for row in rows}
    names = TUPLE_NAMES.get(max(lengths, default=0), ())
    if len(lengths) != 1 or not names or set(names) & set(table.columns):
        return table
    columns = dict(zip(names, map(list, zip(*rows, strict=True)), strict=True))
    columns |= {other: table.frame[other].tolist() for other in table.columns if other != name}
    frame = table.frame.__class__(columns, index=table.frame.index, dtype=str)
    note = f"The texts in {name!r} are read as {', '.join(map(repr, names))}."
    return replace(table, frame=frame, notes=(*table.notes, note))


def _of_sets(table: Table) -> Table:
    """{"set": [a, b, c]}, texts that mean the same: the first is the anchor of all others."""
    name = next((name for name in table.columns if plain(name) in SETS), "")
    if not table.of_records or not name or len(table.columns) > 1:
        return table
    rows = [_texts([cell]) for cell in table.frame[name].tolist()]
    if any(len(row) < 2 for row in rows):
        return table
    positives = [json.dumps(row[1:], ensure_ascii=False) for row in rows]
    columns = {"anchor": [row[0] for row in rows], "positive": positives}
    frame = table.frame.__class__(columns, index=table.frame.index, dtype=str)
    note = f"The first text of each {name!r} is the anchor of the others."
    return replace(table, frame=frame, notes=(*table.notes, note))


def _repeated(lists: Sequence[Texts], times: Sequence[int]) -> Texts:
    """As many of each list as `times` says, over and over; "" for an empty one."""
    return [
        texts[at % len(texts)] if texts else ""
        for texts, number in zip(lists, times, strict=True)
        for at in range(number)
    ]


def _texts(cells: Sequence[str]) -> Texts:
    """All texts in cells, of which each is a text, or the JSON of a list of texts or of objects."""
    return [text for cell in cells for text in _listed(cell) if text.strip()]


def _listed(cell: str) -> Texts:
    value = nested_value(cell)
    values = value if isinstance(value, list) else [cell if value is None else value]
    texts = [_text(item) for item in values]
    known = [text for text in texts if text is not None]
    return known if len(known) == len(texts) else [cell]


def _text(value: object) -> str | None:
    """A text, or that of an object which describes one; None for anything else."""
    if isinstance(value, dict):
        value = next((value[field] for field in TEXT_FIELDS if field in value), None)
    return value if isinstance(value, str) else None
