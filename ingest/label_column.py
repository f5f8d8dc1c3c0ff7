"""Which column is the label: by what it is called, then by what it holds; never by its place."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ingest.labels import (
    asks_yes_or_no,
    is_label,
    is_missing,
    label_number,
    label_word,
    words_of,
)
from ingest.names import (
    LABELS,
    MARKS,
    MEAN_WORDS,
    PEOPLE,
    describes_rows,
    name_words,
    plain,
    says_computed,
    says_label,
)
from ingest.scales import named_scale, without_scale
from ingest.unread import unread_labels
from ingest.votes import vote_shares

READABLE = 0.5  # the share of cells that must be labels
BOTH_SIDES = 0.9  # the same where all that is understood means the same
HIGHEST_MARK = 20  # at school
LARGEST = 100  # of labels in a column whose name does not say that it holds them


@dataclass(frozen=True)
class LabelChoice:
    """name: the label's column, "" without one; by_content: its name does not say so.

    others: further columns that may be the label; counts: columns of numbers that count or
    describe.
    """

    name: str = ""
    by_content: bool = False
    others: tuple[str, ...] = ()
    counts: tuple[str, ...] = ()


def choose_label(cells: Mapping[str, Sequence[str]]) -> LabelChoice:
    """The label among the columns that hold no texts, {name: all of its cells}.

    A name that says label or score wins; else no column that counts or describes is taken. A mean
    comes before its parts, what people said before what a model did, fractions before whole
    numbers. A column that is called a label and is not understood is never replaced by another.
    """
    readable = [name for name, column in cells.items() if _is_readable(column)]
    named = [name for name in readable if _is_named(name, cells[name])]
    numbers = [n for n in readable if n not in named and not counts_rows(cells[n])]
    plausible = [n for n in numbers if not describes_rows(n) or _overrules(n, cells[n])]
    counts = tuple(name for name in numbers if name not in plausible)
    unread = _unread({name: cells[name] for name in cells if name not in readable})
    if unread and not named and says_label(without_scale(unread)):
        return LabelChoice(others=tuple(plausible), counts=counts)
    ranked = sorted(named or plausible, key=lambda name: _rank(name, cells[name]))
    if not ranked:
        return LabelChoice(counts=counts)
    label = ranked[0]
    doubtful = [unread] if unread and not named else []
    others = tuple(name for name in (*named, *plausible, *doubtful) if name != label)
    return LabelChoice(label, not named, others, counts)


def counts_rows(cells: Sequence[str]) -> bool:
    """Whole numbers that only go up, such as row numbers and ids; or too large for a label."""
    values = _values(cells)
    numbers = {cell: number for cell in values if (number := label_number(cell)) is not None}
    if not numbers:
        return False
    present = [numbers[cell] for cell in cells if cell in numbers]
    rising = len(present) > 5 and len(numbers) == len(present) and _are_whole(numbers.values())
    rising = rising and bool(np.all(np.diff(present) > 0))
    return rising or max(present) > LARGEST


def _unread(cells: Mapping[str, Sequence[str]]) -> str:
    """The column that is most probably a label in words that are not known, "" without one."""
    return next((name for name, severity in unread_labels(cells) if severity == "error"), "")


def _rank(name: str, cells: Sequence[str]) -> tuple[bool | int, ...]:
    """Smaller for what is more likely the label."""
    bare = without_scale(name)
    words = set(name_words(bare))
    numbers = (number for cell in _values(cells) if (number := label_number(cell)) is not None)
    return (
        says_computed(bare),
        not says_label(bare),
        describes_rows(name),
        not MEAN_WORDS & words,
        not PEOPLE & words,
        LABELS.index(plain(bare)) if plain(bare) in LABELS else len(LABELS),
        _are_whole(numbers),
        bare[-1:].isdigit(),  # one of several raters
    )


def _is_named(name: str, cells: Sequence[str]) -> bool:
    """The name says label, asks a question or gives a scale; or the cells are votes.

    What a program computed is called a score, too, and is no label where there is another.
    """
    if says_computed(without_scale(name)):
        return False
    says = says_label(without_scale(name)) or asks_yes_or_no(name) or named_scale(name)
    return bool(says) or vote_shares(list(_values(cells))) is not None


def _is_readable(cells: Sequence[str]) -> bool:
    """Mostly labels; of words, not only one side of two, or the others would be lost."""
    values = _values(cells)
    if words_of(list(values)):
        return True
    labels = [cell for cell in values if is_label(cell)]
    meanings = {label_word(cell) for cell in labels}
    one_sided = len(meanings) == 1 and None not in meanings
    readable = sum(values[cell] for cell in labels)
    return readable > 0 and readable >= (BOTH_SIDES if one_sided else READABLE) * values.total()


def _values(cells: Sequence[str]) -> Counter[str]:
    """How often each of the cells occurs that are not missing: each is read once."""
    return Counter({cell: n for cell, n in Counter(cells).items() if not is_missing(cell)})


def _overrules(name: str, cells: Sequence[str]) -> bool:
    """Words that say yes and no are labels, whatever their column is called; so are marks."""
    values = _values(cells)
    worded = sum(n for cell, n in values.items() if label_word(cell) is not None)
    if 2 * worded > values.total():
        return True
    numbers = [label_number(cell) or 0 for cell in values]
    return plain(name) in MARKS and all(0 <= number <= HIGHEST_MARK for number in numbers)


def _are_whole(numbers: Iterable[float]) -> bool:
    return all(number == round(number) for number in numbers)
