"""Which columns of a table hold texts, and which two those of pairs, by what stands in them."""

import re
from collections.abc import Mapping, Sequence

from ingest.contents import FILLED, has_few_values, wordiness
from ingest.labels import is_label
from ingest.text import MARKUP, text_key

ENOUGH = 0.05  # how much like texts a column must look, beside the best
ADJACENT = 0.5  # what standing side by side counts, where being equally long counts 1
SAME = 0.8  # the share of rows in which one column copies the other
COMPARED = 200  # rows
SEVERAL = 5  # rows of one and the same value
TAGS = 100  # different words, at most, of a column of tags


def text_scores(cells: Mapping[str, Sequence[str]]) -> dict[str, float]:
    """How much each column looks like texts, as `wordiness`; only those that do.

    A column of labels, of few or of one value, of tags, or that is empty in most rows holds none.
    """
    scores = {name: wordiness(column) for name, column in cells.items() if holds_texts(column)}
    best = max(scores.values(), default=0.0)
    return {name: score for name, score in scores.items() if score > ENOUGH * best}


def holds_texts(cells: Sequence[str]) -> bool:
    """No labels, no values that recur, no tags, and not empty in most rows."""
    present = [cell for cell in cells if cell.strip()]
    if len(present) < FILLED * len(cells) or not wordiness(cells):
        return False
    if 2 * sum(map(is_label, present)) > len(present) or has_few_values(cells):
        return False
    constant = len(set(present)) == 1 and len(present) >= SEVERAL
    return not constant and not are_tags(present)


def without_copies(
    scores: Mapping[str, float], cells: Mapping[str, Sequence[str]]
) -> dict[str, float]:
    """Without columns that repeat another's texts with markup, tokenised, or in lower case."""
    originals: list[str] = []
    for name in sorted(scores, key=lambda name: _marked_up(cells[name])):
        if not any(_is_copy(cells[name], cells[other]) for other in originals):
            originals.append(name)
    return {name: score for name, score in scores.items() if name in originals}


def likeliest_pair(scores: Mapping[str, float]) -> tuple[str, str] | None:
    """The two that are most alike in length and side by side; None where there are not two.

    Side by side are two with no third column of texts between them; of equals, the first win.
    """
    names = list(scores)
    ranked = [
        (_alike(scores[one], scores[other]) + ADJACENT * (at == 0), -start, one, other)
        for start, one in enumerate(names)
        for at, other in enumerate(names[start + 1 :])
    ]
    if not ranked:
        return None
    _, _, one, other = max(ranked)
    return one, other


def _alike(one: float, other: float) -> float:
    return min(one, other) / max(one, other)


def _marked_up(cells: Sequence[str]) -> int:
    return sum(bool(MARKUP.search(cell)) for cell in cells[:COMPARED])


def _is_copy(one: Sequence[str], other: Sequence[str]) -> bool:
    """The same texts, markup, case and punctuation that ends aside."""
    pairs = [(a, b) for a, b in zip(one, other, strict=True) if a.strip() and b.strip()][:COMPARED]
    same = sum(_bare(a) == _bare(b) for a, b in pairs)
    return same > SAME * len(pairs)


def _bare(text: str) -> str:
    return text_key(re.sub(r"\s+(?=[.,;:!?])", "", MARKUP.sub(" ", text)))


def are_tags(present: Sequence[str]) -> bool:
    """Strings of a few codes in capitals, such as parts of speech."""
    words = [word for cell in present[:COMPARED] for word in cell.split()]
    letters = [word for word in words if any(sign.isalpha() for sign in word)]
    capitals = sum(word.isascii() and word.isupper() for word in letters)
    several = len(words) >= 2 * min(len(present), COMPARED)
    return several and capitals > 0.9 * len(letters) > 0 and len(set(words)) <= TAGS
