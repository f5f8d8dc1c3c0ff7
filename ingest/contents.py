"""What the cells of one column hold: texts, a few labels, or numbers, ids, links and dates."""

import json
import re
from collections.abc import Sequence

from ingest.labels import is_missing
from ingest.votes import VOTE

MOST_LABELS = 60
LONGEST_LABEL, LABEL_WORDS = 40, 5  # characters, words
LONGEST_VALUE = 200  # characters of a number, a link, ...
LONGEST_PARSED = 5_000  # characters of a list or an object; longer ones would take long
LONG_ENOUGH = 200  # characters: longer texts are no better
FILLED = 0.5  # the share of rows that must have a label

NUMBER = re.compile(r"[-+−]?[€$£¥]?\s?\d[\d.,'\s]*(?:[eE][+-]?\d+)?\s?[%€$£¥]?")
LINK = re.compile(r"(?:[a-z]+://|www\.)\S+|\S+@\S+\.\w+", re.IGNORECASE)
IDENTIFIER = re.compile(r"(?=\S*\d)[!-~]+")  # one ASCII token with a digit: p001, 3f2a-77, 12:30
MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?"
DAY = r"\d{1,2}(?:st|nd|rd|th|\.)?"
TIME = r"(?:[ ,T]+\d{1,2}:\d{2}\S*(?: ?[ap]\.?m\.?)?(?: [A-Z]{2,4}| ?[+-]\d{2}:?\d{2})?)?"
DATE = re.compile(
    rf"(?:[a-z]+,? )?(?:\d{{1,4}}([-/. ])\d{{1,2}}\1\d{{1,4}}"
    rf"|{DAY}[ -]{MONTH}(?:[ ,-]+\d{{2,4}})?|{MONTH} {DAY}(?:,? \d{{4}})?|{MONTH} \d{{4}}){TIME}",
    re.IGNORECASE,
)
# Of a file, with a letter or two for the drive: /data/May 3/notes.txt, C:\\data\\notes.txt.
PATH = re.compile(r"(?:[a-z]:)?[\w.~-]*(?:[/\\][^/\\\n]+){2,}\.\w{1,5}", re.IGNORECASE)
WORDLESS = (NUMBER, LINK, IDENTIFIER, DATE, VOTE, PATH)


def is_nested(cell: str) -> bool:
    """The JSON of a list or an object: what a record holds beside single values."""
    text = cell.strip()
    if not (text.startswith(("[", "{")) and text.endswith(("]", "}"))):
        return False
    try:
        return len(text) > LONGEST_PARSED or isinstance(json.loads(text), list | dict)
    except (ValueError, RecursionError):
        return False


def nested_value(cell: str) -> list[object] | dict[str, object] | None:
    """The list or object whose JSON a cell is, None for anything else."""
    if not is_nested(cell):
        return None
    try:
        value = json.loads(cell)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, list | dict) else None


def joined_list(cell: str) -> str | None:
    """The text that a JSON list of sentences makes, None for lists of words and anything else."""
    items = nested_value(cell)
    if not isinstance(items, list):
        return None
    texts = [item for item in items if isinstance(item, str)]
    sentences = sum(len(text.split()) > 1 for text in texts)
    return " ".join(texts) if len(texts) == len(items) and 2 * sentences > len(items) else None


def is_wordless(cell: str) -> bool:
    """A number, an id, a link, a date, a list, or a way to say that nothing is there."""
    text = cell.strip()
    if is_nested(text):
        return True
    if len(text) > LONGEST_VALUE:  # the patterns take long on long cells
        beginning = text[:LONGEST_VALUE]
        return beginning.isascii() and len(beginning.split()) == 1
    return is_missing(text) or any(pattern.fullmatch(text) for pattern in WORDLESS)


def is_number(cell: str) -> bool:
    """A number, perhaps with a currency, a percent sign or separators of thousands."""
    text = cell.strip()
    return len(text) <= LONGEST_VALUE and bool(NUMBER.fullmatch(text))


def is_reference(cell: str) -> bool:
    """A link, a path or a date."""
    return is_link(cell) or is_path(cell) or _is(DATE, cell)


def is_link(cell: str) -> bool:
    """An address on the web, or of mail."""
    return _is(LINK, cell)


def is_path(cell: str) -> bool:
    """Where a file lies."""
    return _is(PATH, cell)


def _is(pattern: re.Pattern[str], cell: str) -> bool:
    text = cell.strip()
    return len(text) <= LONGEST_VALUE and bool(pattern.fullmatch(text))


def is_identifier(cell: str) -> bool:
    """A number or one token with a digit in it."""
    return is_number(cell) or bool(IDENTIFIER.fullmatch(cell.strip()[:LONGEST_VALUE]))


def wordiness(cells: Sequence[str]) -> float:
    """How much a column looks like texts: mean length × share of distinct cells × share filled.

    0 when half of the filled cells or more are numbers, ids, links, dates or lists.
    """
    present = [" ".join(cell.split()) for cell in cells if cell.strip()]
    wordless = sum(is_wordless(cell) for cell in present)
    if 2 * wordless >= len(present):
        return 0.0
    length = sum(min(len(cell), LONG_ENOUGH) for cell in present) / len(present)
    return length * len(set(present)) / len(cells)


def has_few_values(cells: Sequence[str]) -> bool:
    """Short values, 2 to MOST_LABELS distinct ones, each for two rows on average or more."""
    present = [" ".join(cell.split()) for cell in cells if not is_missing(cell)]
    values = set(present)
    return (
        2 <= len(values) <= min(MOST_LABELS, len(present) / 2)
        and len(present) >= FILLED * len(cells)
        and all(len(v) <= LONGEST_LABEL and len(v.split()) <= LABEL_WORDS for v in values)
    )
