"""Does the first row name the columns, or is it data already?"""

import re
from collections.abc import Sequence

from ingest.labels import label_value
from ingest.names import KNOWN, plain

LONGEST_NAME = 40
LIKE_A_NAME = re.compile(r"[^\W\d_][\w .:/()?#-]*")


def is_header(first: Sequence[str], rows: Sequence[Sequence[str]]) -> bool:
    """True when `first` names columns: known names, or short names unlike the cells below them.

    A row with a number, or with two equal cells that are no known names, is data; so is one that
    reads like sentences.
    """
    names = [cell.strip() for cell in first if cell.strip()]
    if not names:
        return False
    if any(_is_number(name) for name in names) or max(map(len, names)) > LONGEST_NAME:
        return False
    known = [name for name in names if plain(name) in KNOWN]
    if len({name.casefold() for name in names}) < len(names) > len(known):
        return False
    wordy = [name for name in names if name not in known and len(name.split()) > 3]
    if known and len(known) >= len(wordy):
        return True
    if not rows or not all(LIKE_A_NAME.fullmatch(n) and n[-1] not in ".!?" for n in names):
        return False
    return any(_unlike(cell, [row[i] for row in rows if i < len(row)]) for i, cell in
               enumerate(first) if cell.strip())  # fmt: skip


def _unlike(name: str, below: list[str]) -> bool:
    """One word above sentences, or above labels."""
    cells = [cell for cell in below if cell.strip()]
    if not cells or label_value(name) is not None:
        return False
    labels = sum(label_value(cell) is not None for cell in cells)
    words = sorted(len(cell.split()) for cell in cells)[len(cells) // 2]
    return labels > len(cells) * 0.6 or (len(name.split()) <= 2 and words >= 4)


def _is_number(text: str) -> bool:
    return bool(re.fullmatch(r"[-+]?[\d.,]*\d[\d.,]*%?", text))
