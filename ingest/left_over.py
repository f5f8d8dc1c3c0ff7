"""What the columns hold that a choice of columns does not use, each in a word."""

from collections.abc import Iterable, Mapping, Sequence

from ingest.contents import (
    FILLED,
    has_few_values,
    is_identifier,
    is_link,
    is_nested,
    is_path,
    is_reference,
    wordiness,
)
from ingest.labels import is_label, is_missing
from ingest.text_columns import are_tags

LOOKED_AT = 200  # cells


def unused_columns(
    cells: Mapping[str, Sequence[str]], used: Iterable[str]
) -> tuple[tuple[str, str], ...]:
    """(name, what it holds) of each column that is not used; none of numbers, ids and blanks."""
    names = set(used)
    unused = (name for name in cells if name not in names)
    return tuple((name, holds) for name in unused if (holds := _holds(cells[name])))


def is_blank(cells: Sequence[str]) -> bool:
    """Nothing stands in the column, whatever it is called."""
    return all(map(is_missing, cells))


def _holds(cells: Sequence[str]) -> str:
    present = [cell for cell in cells if not is_missing(cell)]
    if not present:
        return ""
    some = present[:LOOKED_AT]
    for is_so, what in (
        (is_nested, "lists or objects"),
        (is_link, "links"),
        (is_path, "paths"),
        (is_reference, "dates"),
    ):
        if 2 * sum(map(is_so, some)) > len(some):
            return what
    if 2 * sum(is_label(cell) or is_identifier(cell) for cell in some) > len(some):
        return ""
    if len(present) < FILLED * len(cells):
        return "mostly empty"
    if len(set(present)) == 1:
        return "one value"
    if are_tags(present):
        return "tags"
    if has_few_values(cells):
        return "few values"
    return "texts" if wordiness(cells) > 0 else "codes"
