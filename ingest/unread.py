"""Columns that may be labels, in words that nothing explains: where, and how much to make of it."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence

from ingest.contents import LONGEST_LABEL, MOST_LABELS, is_identifier, is_nested, is_reference
from ingest.labels import blank_or_value, label_number, label_word
from ingest.names import describes_rows, name_words, says_counts, says_label
from ingest.orders import are_judgements
from ingest.report import SEVERITIES, Severity
from ingest.scales import without_scale
from ingest.votes import is_vote

PROBABLE = 10  # values, at most, of a column that is a label unless its name says otherwise
POSSIBLE = 7  # the same of one whose name says that it describes rows
FEWEST_MARKS = 0.02  # the share of rows that must have a value, beside blank cells
MOSTLY_FILLED = 0.5  # the share of rows, below which blank cells say something
LONG_VALUES, LONGEST = 4, 200  # values of more than LONGEST_LABEL characters: how many, how long
ROWS_PER_VALUE, ROWS_PER_LONG_VALUE = 2, 5
LARGEST_NUMBER = 100
LANGUAGES = frozenset(("lang", "language", "locale", "sprache", "langue", "idioma"))
LANGUAGE_CODE = re.compile(r"[a-z]{2,3}(?:[-_][a-z0-9]{2,4})*", re.IGNORECASE)
PARTS = frozenset(
    (
        *("train", "training", "test", "testing", "dev", "val", "valid", "validation", "eval"),
        *("heldout", "held out", "holdout", "held-out"),
    )
)


def unread_labels(cells: Mapping[str, Sequence[str]]) -> list[tuple[str, Severity]]:
    """The columns that may be labels, the likeliest first, and how much must be made of each.

    Any column of few values that recur. An error, but where a name says that it describes the
    rows: two values then, or values that judge, are no less the label for it.
    """
    severities = {name: _severity(name, column) for name, column in cells.items()}
    columns = [(name, severity) for name, severity in severities.items() if severity]
    return sorted(
        columns,
        key=lambda item: (SEVERITIES.index(item[1]), not says_label(without_scale(item[0]))),
    )


def label_values(cells: Sequence[str]) -> tuple[str, ...]:
    """The distinct values of a column, the commonest first; of spellings the first one.

    "" stands for blank cells: they are a value where most are blank, or beside one value only.
    """
    return tuple(_counted(cells))


def _counted(cells: Sequence[str]) -> dict[str, int]:
    spelling: dict[str, str] = {}
    values = [blank_or_value(cell) for cell in cells]
    for value in values:
        spelling.setdefault(value.casefold(), value)
    counts = Counter(value.casefold() for value in values)
    blank, filled = counts[""], counts.total() - counts[""]
    if not (0 < filled < MOSTLY_FILLED * len(cells) or (blank and len(counts) == 2)):
        del counts[""]
    return {spelling[key]: number for key, number in counts.most_common()}


def _severity(name: str, cells: Sequence[str]) -> Severity | None:
    counts = _counted(cells)
    values = [value for value in counts if value]
    if not values:
        return None
    if says_label(without_scale(name)):
        return "error"
    if not _recur(counts, len(cells)) or _say_otherwise(name, values):
        return None
    describes = describes_rows(name)
    if all(label_number(value) is not None for value in values):
        counted = says_counts(name) or max(label_number(v) or 0 for v in values) > LARGEST_NUMBER
        if counted or (describes and len(values) > 2):
            return None
    elif are_judgements(values) or all(label_word(value) is not None for value in values):
        return "error"
    if describes:
        return "warning" if len(counts) <= POSSIBLE else "note"
    return "error" if len(counts) <= PROBABLE else "warning"


def _recur(counts: Mapping[str, int], rows: int) -> bool:
    """Few values, each for several rows; beside blank cells also one that is rare."""
    long = [value for value in counts if len(value) > LONGEST_LABEL]
    if len(long) > LONG_VALUES or any(len(value) > LONGEST for value in long):
        return False
    least = FEWEST_MARKS * rows if "" in counts else 0
    filled = sum(number for value, number in counts.items() if value)
    if len(counts) < 2 or len(counts) > MOST_LABELS or filled < max(2, least):
        return False
    each = ROWS_PER_LONG_VALUE if long else ROWS_PER_VALUE
    return filled >= each * (len(counts) - ("" in counts))


def _say_otherwise(name: str, values: Sequence[str]) -> bool:
    """The parts of a split; languages; links and dates; lists and objects; many ids."""
    if all(value.casefold() in PARTS for value in values):
        return True
    if LANGUAGES & set(name_words(name)) and all(map(LANGUAGE_CODE.fullmatch, values)):
        return True
    other = [is_reference(v) or (is_nested(v) and not is_vote(v)) for v in values]
    ids = len(values) > PROBABLE and 2 * sum(map(is_identifier, values)) > len(values)
    return ids or 2 * sum(other) > len(values)
