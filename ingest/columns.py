"""Which columns hold the texts and which the label: by what they are called, then by content."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from ingest.contents import is_nested
from ingest.errors import IngestError
from ingest.kinds import LABELLED, TEXTS, Kind, check_kind
from ingest.labels import is_missing, label_number, label_value, looks_binary
from ingest.names import (
    ANCHORS,
    BESIDE,
    LABELS,
    NEGATIVES,
    NEGATIVES_TOO,
    PAIRS,
    POSITIVES,
    plain,
)
from ingest.scales import check_scale, without_scale
from ingest.table import Table

LOOKED_AT = 2_000  # rows


@dataclass(frozen=True)
class ColumnMapping:
    """The kind of pairs, their text columns in order, and the label's column for labelled kinds.

    scale: (lowest, highest) label, where it should not be recognised from the column's name and
    values; for "binary", the two that mean no and yes.
    """

    kind: Kind
    texts: tuple[str, ...]
    label: str | None = None
    scale: tuple[float, float] | None = None

    def __post_init__(self) -> None:
        problems = check_kind(self.kind)
        if not problems:
            number = len(TEXTS[self.kind])
            if len(self.texts) != number:
                problems.append(
                    f"Kind {self.kind!r} needs {number} text columns, not {len(self.texts)}."
                )
            if self.kind in LABELLED and not self.label:
                problems.append(f"Kind {self.kind!r} needs a label column.")
            if self.kind not in LABELLED and self.label:
                problems.append(f"Kind {self.kind!r} takes no label column ({self.label!r} given).")
            if self.kind not in LABELLED and self.scale:
                problems.append(f"Kind {self.kind!r} has no labels, so it takes no scale.")
        problems += check_scale(self.scale)
        names = [*self.texts, *([self.label] if self.label else [])]
        twice = {name for name in names if names.count(name) > 1}
        problems += [f"Column {name!r} is chosen twice." for name in sorted(twice)]
        if problems:
            raise IngestError(*problems)


def guess_columns(table: Table) -> ColumnMapping:
    """The likeliest mapping: a start for dropdowns, not a verdict.

    Raises IngestError when there are not two columns of texts.
    """
    frame = table.frame.head(LOOKED_AT)
    cells = {name: frame[name].tolist() for name in table.columns}
    names: dict[str, str] = {}
    flat = [name for name in table.columns if not _most(cells[name], is_nested)]
    for name in flat:
        names.setdefault(plain(name), name)
    for name in flat:
        names.setdefault(plain(without_scale(name)), name)
    triplet = _first_named(product(ANCHORS, POSITIVES, (*NEGATIVES, *NEGATIVES_TOO)), names)
    if triplet:
        return ColumnMapping("triplet", triplet)
    named_label = next((names[name] for name in LABELS if name in names), None)
    if named_label and not _is_label(cells[named_label]):
        named_label = None
    named = _first_named(PAIRS, names)
    texts = named if named and all(_textness(cells[name]) for name in named) else None
    others = [n for n in flat if n != named_label and (plain(n) not in BESIDE)]
    ranked = sorted((n for n in others if _textness(cells[n])), key=lambda n: -_textness(cells[n]))
    if texts is None:
        if len(ranked) < 2:
            ranked += [n for n in flat if n not in ranked and _textness(cells[n])]
        if len(ranked) < 2 and named and named_label not in named:
            ranked = list(named)  # strange texts, but by their names the texts
        if len(ranked) < 2:
            raise IngestError(
                f"A pair needs two columns of texts; found {len(ranked)} among: "
                f"{', '.join(table.columns)}. A text alone on its line is no pair."
                f"{_no_texts(set(table.columns) - set(flat))}"
            )
        pair = set(ranked[:2])
        texts = tuple(name for name in table.columns if name in pair)
    label = named_label or _label_by_content(table.columns, cells, texts)
    if label:
        return ColumnMapping(_labelled_kind(label, cells[label], texts), texts, label)
    spread = [_textness(cells[name]) for name in ranked]
    if len(ranked) == 3 and set(texts) < set(ranked) and spread[2] > 0.4 * spread[0]:
        return ColumnMapping("triplet", tuple(n for n in table.columns if n in ranked))
    return ColumnMapping("positive", texts)


def _no_texts(nested: Iterable[str]) -> str:
    names = ", ".join(sorted(nested))
    return f" Lists and objects are no texts: {names}." if names else ""


def _first_named(
    choices: Iterable[tuple[str, ...]], names: dict[str, str]
) -> tuple[str, ...] | None:
    return next((tuple(names[n] for n in row) for row in choices if all(n in names for n in row)),
                None)  # fmt: skip


def has_entailment_codes(texts: Iterable[str]) -> bool:
    """Premise and hypothesis bring the codes of SNLI and MNLI as labels."""
    return {"premise", "hypothesis"} <= {plain(name) for name in texts}


def _labelled_kind(name: str, cells: Sequence[str], texts: Iterable[str]) -> Kind:
    return "binary" if looks_binary(cells, name, has_entailment_codes(texts)) else "score"


def _label_by_content(
    columns: Sequence[str], cells: dict[str, list[str]], texts: tuple[str, ...]
) -> str | None:
    """A column without a known name whose cells are labels and do not just count the rows."""
    free = [n for n in columns if n not in texts and plain(n) not in BESIDE]
    labels = [name for name in free if _is_label(cells[name]) and not _counts(cells[name])]
    return labels[-1] if labels else None  # labels stand behind the texts


def _is_label(cells: Sequence[str]) -> bool:
    present = [cell for cell in cells if not is_missing(cell)]
    readable = sum(label_value(cell) is not None for cell in present)
    return bool(present) and readable >= 0.5 * len(present)


def _most(cells: Sequence[str], is_so: Callable[[str], bool]) -> bool:
    present = [cell for cell in cells if cell.strip()]
    return 2 * sum(map(is_so, present)) > len(present)


def _counts(cells: Sequence[str]) -> bool:
    """Whole numbers that only go up, such as row numbers and ids; or too large for a label."""
    numbers = [label_number(cell) for cell in cells if not is_missing(cell)]
    values = np.array([n for n in numbers if n is not None])
    if not values.size:
        return False
    whole = bool(np.all(values == np.round(values)))
    return (values.size > 5 and whole and bool(np.all(np.diff(values) > 0))) or values.max() > 100


def _textness(cells: Sequence[str]) -> float:
    """How much a column looks like texts: length and variety; 0 for numbers and labels."""
    present = [cell for cell in cells if cell.strip()]
    letters = [cell for cell in present if re.search(r"[^\W\d_]", cell)]
    if not present or len(letters) < 0.5 * len(present):
        return 0.0
    if _most(present, lambda cell: label_value(cell) is not None):
        return 0.0
    length = sum(min(len(cell), 200) for cell in present) / len(present)
    return length * len(set(present)) / len(present)
