"""Does the first row name the columns, or is it data already?"""

import re
import unicodedata
from collections.abc import Container, Sequence

from ingest.contents import is_number
from ingest.labels import QUESTION_MARKS, is_label, is_missing, label_value
from ingest.names import KNOWN, plain
from ingest.scales import without_scale
from ingest.text import EAST_ASIAN

LONGEST_NAME = 40
MOST_ABOVE = 5  # rows of a title above the names
# Letters first; an apostrophe as in "d'origine", not as in "it's".
LIKE_A_NAME = re.compile(
    r"[¿(\[]?[^\W\d_](?:[\w .:/()\[\]?#%&\uff08\uff09\uff1a\uff1f\u061f-]|['’](?=[^\W\d_]{3}))*"
)
SIGN = re.compile(rf"[{EAST_ASIAN}]")
SENTENCE_ENDS = (".", "!", "\u3002", "\uff01", "…")
MOSTLY = 0.6
# What a cell of the first row and those below it say: it is a name in any case, a name, nothing, a
# text unless another is a name in any case, a text.
CERTAIN, NAME, SILENT, QUESTION, TEXT = range(5)


def is_header(
    first: Sequence[str], rows: Sequence[Sequence[str]], known_names: Container[str] = KNOWN
) -> bool:
    """True when `first` names columns: known names, or short names unlike the cells below them.

    A row with a number, or with two equal cells that are no known names, is data; so is one that
    reads like sentences. A question above labels is a name, one above texts is data.
    """
    names = [cell.strip() for cell in first if cell.strip()]
    if not names:
        return False
    if any(_is_number(name) for name in names) or max(map(len, names)) > LONGEST_NAME:
        return False
    others = [row for row in rows if list(row[: len(first)]) != list(first)]
    columns = [{row[at].strip().casefold() for row in others if at < len(row)}
               for at, cell in enumerate(first) if cell.strip()]  # fmt: skip
    familiar = [
        name
        for name, column in zip(names, columns, strict=True)
        if plain(without_scale(name)) in known_names
        and not (label_value(name) is not None and name.casefold() in column)
    ]
    if len({name.casefold() for name in names}) < len(names) > len(familiar):
        return False
    wordy = [name for name in names if name not in familiar and len(name.split()) > 3]
    if familiar and len(familiar) >= len(wordy):
        return True
    signs = [
        _sign(cell.strip(), [row[at] for row in others if at < len(row)])
        for at, cell in enumerate(first)
        if cell.strip()
    ]
    if TEXT in signs:
        return False
    return CERTAIN in signs or (NAME in signs and QUESTION not in signs)


def rows_above_header(rows: Sequence[Sequence[str]], known_names: Container[str] = KNOWN) -> int:
    """How many rows stand above the names of the columns: a title in one cell, and blank rows."""
    if is_header(rows[0], rows[1:], known_names) and _filled(rows[0]) > 1:
        return 0
    above = next((at for at, row in enumerate(rows) if _filled(row) > 1), 0)
    if not 0 < above <= MOST_ABOVE or not any(map(_filled, rows[:above])):
        return 0
    header = rows[above]
    complete = _filled(header) == max(map(_filled, rows[above:]))
    return above if complete and is_header(header, rows[above + 1 :], known_names) else 0


def _filled(row: Sequence[str]) -> int:
    return sum(bool(cell.strip()) for cell in row)


def _sign(name: str, below: Sequence[str]) -> int:
    cells = [cell.strip() for cell in below if not is_missing(cell)]
    labels = _most([is_label(cell) for cell in cells])
    numbers = _most([is_number(cell) for cell in cells])
    bare = without_scale(name)
    if not bare:  # "0–100" above numbers
        return NAME if numbers else TEXT
    letters = "".join(sign for sign in bare if not unicodedata.category(sign).startswith("M"))
    abbreviated = numbers and bare.endswith(".")  # "No."
    if not LIKE_A_NAME.fullmatch(letters) or (bare.endswith(SENTENCE_ENDS) and not abbreviated):
        return TEXT
    if name.casefold() in {cell.casefold() for cell in cells}:
        return TEXT  # a value that recurs
    if bare.endswith(QUESTION_MARKS):
        has_questions = any(cell.endswith(QUESTION_MARKS) for cell in cells)
        return CERTAIN if labels and not has_questions else QUESTION
    if label_value(name) is not None or is_missing(name):
        return SILENT
    return NAME if labels or _are_longer(cells, bare) else SILENT


def _are_longer(cells: Sequence[str], name: str) -> bool:
    """Sentences below one or two words; or texts below four signs at most, all twice as long."""
    lengths = sorted(map(_length, cells))
    if not lengths:
        return False
    words = _length(name)
    if words <= 2:
        return lengths[len(lengths) // 2] >= 4
    return words > len(name.split()) and words <= 4 and lengths[0] >= 2 * words


def _length(text: str) -> int:
    """Words; signs where scripts have no spaces."""
    return max(len(text.split()), len(SIGN.findall(text)))


def _most(are_so: Sequence[bool]) -> bool:
    return sum(are_so) > MOSTLY * len(are_so)


def _is_number(text: str) -> bool:
    return bool(re.fullmatch(r"[-+]?[\d.,]*\d[\d.,]*%?", text))
