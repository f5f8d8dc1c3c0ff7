"""Which columns hold the texts and which the label: by what they are called, then by content."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import product

from ingest.contents import has_few_values, is_nested, wordiness
from ingest.errors import IngestError
from ingest.kinds import LABELLED, TEXTS, Kind, check_kind
from ingest.label_column import LabelChoice, choose_label
from ingest.labels import is_label, looks_binary
from ingest.left_over import is_blank, unused_columns
from ingest.names import (
    ANCHORS,
    BESIDE,
    NEGATIVES,
    NEGATIVES_TOO,
    PAIRS,
    POSITIVES,
    plain,
    says_label,
)
from ingest.report import LeftOver
from ingest.scales import check_scale, without_scale
from ingest.table import Table
from ingest.text_columns import likeliest_pair, text_scores, without_copies

LOOKED_AT = 2_000  # rows in which texts are looked for
A_SENTENCE = 3  # words on average
ALIKE_THIRD = 0.4  # how long a text of a triplet must be, beside the longest


@dataclass(frozen=True)
class ColumnMapping:
    """The kind of pairs, their text columns in order, and the label's column for labelled kinds.

    scale: (lowest, highest) label, where it should not be recognised from the column's name and
    values; for "binary", the two that mean no and yes. meanings: (word, 0 … 1) of labels that are
    words, "" for blank cells. ignored: columns that look like a label and are none. only: (column,
    value) of the rows that are meant, () for all. left_over: what a guess left aside.
    """

    kind: Kind
    texts: tuple[str, ...]
    label: str | None = None
    scale: tuple[float, float] | None = None
    meanings: tuple[tuple[str, float], ...] = ()
    ignored: tuple[str, ...] = ()
    only: tuple[str, str] | tuple[()] = ()
    left_over: LeftOver = field(default=LeftOver(), compare=False)

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
            if self.kind not in LABELLED and (self.scale or self.meanings):
                problems.append(f"Kind {self.kind!r} has no labels, so it takes no scale.")
        problems += check_scale(self.scale)
        names = [*self.texts, *([self.label] if self.label else [])]
        twice = {name for name in names if names.count(name) > 1}
        problems += [f"Column {name!r} is chosen twice." for name in sorted(twice)]
        if problems:
            raise IngestError(*problems)


def guess_columns(table: Table) -> ColumnMapping:
    """The likeliest mapping: a start for dropdowns, not a verdict.

    Every column of words that it leaves aside is named in `left_over`.
    Raises IngestError when there are not two columns of texts.
    """
    mapping = _likeliest(table)
    left = mapping.left_over
    cells = {name: table.frame[name].tolist() for name in table.columns}
    used = [*mapping.texts, *filter(None, (mapping.label,))]
    used += [*left.labels, *left.counts, *left.texts, *table.lists_and_objects(used)]
    empty = [n for n in cells if is_blank(cells[n]) and says_label(without_scale(n))]
    others = unused_columns(table.sampled_cells(LOOKED_AT), used)
    return replace(mapping, left_over=replace(left, others=others, empty=tuple(empty)))


def _likeliest(table: Table) -> ColumnMapping:
    cells = table.sampled_cells(LOOKED_AT)
    flat = [name for name in table.columns if not _most(cells[name], is_nested)]
    names: dict[str, str] = {}
    for name in flat:
        names.setdefault(plain(name), name)
    for name in flat:
        names.setdefault(plain(without_scale(name)), name)
    scores = text_scores({n: cells[n] for n in flat if plain(n) not in BESIDE})
    triplet = _first_named(product(ANCHORS, POSITIVES, (*NEGATIVES, *NEGATIVES_TOO)), names)
    if triplet and not any(_most(cells[name], is_label) for name in triplet):
        return ColumnMapping("triplet", triplet, left_over=_left_over(scores, triplet))
    anchored = _of_positives(names, cells)
    if len(anchored) == 3:
        return ColumnMapping("triplet", anchored, left_over=_left_over(scores, anchored))
    named = _first_named(PAIRS, names) or anchored
    texts = named if named and all(_is_wordy(cells[name]) for name in named) else None
    if texts is None:
        remarks = _with_remarks(cells, flat)
        graded = _with_repeated(table, cells, scores)
        choices = (without_copies(scores, cells), without_copies(remarks, cells), scores, graded)
        texts = next(filter(None, map(likeliest_pair, choices)), None)
    label = choose_label(_free(table, flat, texts or named or tuple(scores)))
    if texts is None and named and label.name not in named:
        texts = named  # strange texts, but by their names the texts
    if texts is None:
        raise _no_pair(table, flat, scores)
    left_over = _left_over(scores, texts, label)
    if label.name:
        kind = _labelled_kind(table, label.name, texts)
        return ColumnMapping(kind, texts, label.name, left_over=left_over)
    originals = tuple(without_copies(scores, cells))
    if len(originals) == 3 and texts != named and _are_triplets(scores, originals):
        guessed = LeftOver(counts=label.counts, negative=originals[2])
        return ColumnMapping("triplet", originals, left_over=guessed)
    return ColumnMapping("positive", texts, left_over=left_over)


def _of_positives(names: Mapping[str, str], cells: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """What stands beside columns called positive and negative is the anchor; () without them."""
    places = (POSITIVES, (*NEGATIVES, *NEGATIVES_TOO))
    named = [next((names[n] for n in some if n in names and len(n) > 1), "") for some in places]
    if not named[0] or not all(_is_wordy(cells[name]) for name in named if name):
        return ()
    others = [n for n in names.values() if n not in named and plain(n) not in BESIDE]
    anchors = [name for name in others if _is_wordy(cells[name])]
    best = max(anchors, key=lambda name: wordiness(cells[name]), default="")
    return (best, *filter(None, named)) if best else ()


def _free(table: Table, flat: Iterable[str], texts: tuple[str, ...]) -> dict[str, list[str]]:
    """All cells of the columns that are no texts: the last row may hold the one high grade."""
    return {name: table.frame[name].tolist() for name in flat if name not in texts}


def _is_wordy(cells: Sequence[str]) -> bool:
    return wordiness(cells) > 0 and not _most(cells, is_label)


def _with_remarks(cells: Mapping[str, Sequence[str]], flat: Iterable[str]) -> dict[str, float]:
    """Scores that count columns such as 'comment', too, where they hold sentences."""
    return text_scores(
        {
            name: cells[name]
            for name in flat
            if plain(name) not in BESIDE or _are_sentences(cells[name])
        }
    )


def _with_repeated(
    table: Table, cells: Mapping[str, Sequence[str]], scores: Mapping[str, float]
) -> dict[str, float]:
    """Scores that count sentences which recur, such as a few queries; only beside a label."""
    others = [name for name in table.columns if name not in scores and plain(name) not in BESIDE]
    repeated = [name for name in others if _is_wordy(cells[name]) and _are_sentences(cells[name])]
    free = {name: table.frame[name].tolist() for name in others if name not in repeated}
    if not choose_label(free).name:
        return {}
    used = (name for name in table.columns if name in scores or name in repeated)
    return {name: wordiness(cells[name]) for name in used}


def _are_sentences(cells: Sequence[str]) -> bool:
    return sum(len(cell.split()) for cell in cells) >= A_SENTENCE * len(cells)


def _left_over(
    scores: Mapping[str, float], texts: tuple[str, ...], label: LabelChoice | None = None
) -> LeftOver:
    unused = tuple(name for name in scores if name not in texts)
    if label is None:
        return LeftOver(texts=unused)
    return LeftOver(label.others, label.counts, unused, label.name if label.by_content else "")


def _are_triplets(scores: Mapping[str, float], names: Sequence[str]) -> bool:
    """Three alike in length; or two, behind a shorter one, as passages behind their query."""
    first, second, third = (scores[name] for name in names)
    if min(second, third) <= ALIKE_THIRD * max(second, third):
        return False
    return first <= max(second, third) or min(second, third) > ALIKE_THIRD * first


def _no_pair(table: Table, flat: Sequence[str], scores: Mapping[str, float]) -> IngestError:
    """Why there are no two columns of texts, and what the file looks like instead."""
    few = [name for name in flat if name not in scores
           and has_few_values(table.frame[name].tolist())]  # fmt: skip
    if len(scores) == 1 and few:
        [text] = scores
        return IngestError(
            f"These look like single texts with a class, not like pairs: the texts are in "
            f"{text!r}, and {', '.join(map(repr, few[:3]))} {'has' if len(few) == 1 else 'have'} "
            "only a few values. Open the file in Map or Search, which take such texts. A pair "
            "needs two columns of texts."
        )
    nested = ", ".join(sorted(set(table.columns) - set(flat)))
    return IngestError(
        f"A pair needs two columns of texts; found {len(scores)} among: "
        f"{', '.join(table.columns)}. A text alone on its line is no pair; single texts"
        f"{''.join(f', as in {name!r},' for name in scores)} belong in Map or Search."
        f"{f' Lists and objects are no texts: {nested}.' if nested else ''}"
    )


def _first_named(
    choices: Iterable[tuple[str, ...]], names: dict[str, str]
) -> tuple[str, ...] | None:
    return next((tuple(names[n] for n in row) for row in choices if all(n in names for n in row)),
                None)  # fmt: skip


def has_entailment_codes(texts: Iterable[str]) -> bool:
    """Premise and hypothesis bring the codes of SNLI and MNLI as labels."""
    return {"premise", "hypothesis"} <= {plain(name) for name in texts}


def _labelled_kind(table: Table, name: str, texts: Iterable[str]) -> Kind:
    cells = table.frame[name].tolist()
    return "binary" if looks_binary(cells, name, has_entailment_codes(texts)) else "score"


def _most(cells: Sequence[str], is_so: Callable[[str], bool]) -> bool:
    present = [cell for cell in cells if cell.strip()]
    return 2 * sum(map(is_so, present)) > len(present)
