"""Which rows may share a batch whose rows are each other's negatives, and how often two do."""

from collections.abc import Sequence
from dataclasses import dataclass

from ingest.neighbours import NEAR, earlier_twins
from ingest.text import text_key, words

NEAR_ROWS = 5_000  # half a second; of more rows only equal texts are kept apart


@dataclass(frozen=True)
class Company:
    """Keys of the texts of a row, and of those that no other row of its batch may hold."""

    own: frozenset[str]
    avoids: frozenset[str]


def companies(rows: Sequence[Sequence[str]]) -> list[Company]:
    """For each row what keeps it apart from others: the same text, or nearly the same words.

    Such a text would be the negative of its twin, and a right answer be pushed away. Of texts with
    many near twins, each is kept apart from one earlier one at least (see `earlier_twins`); of more
    than NEAR_ROWS rows nearly equal texts are not looked for.
    """
    keys = [tuple(map(text_key, row)) for row in rows]
    spelling = {key: text for row, text_of in zip(keys, rows, strict=True)
                for key, text in zip(row, text_of, strict=True)}  # fmt: skip
    distinct = list(spelling)
    near: dict[str, set[str]] = {key: {key} for key in distinct}
    compared = distinct if len(rows) <= NEAR_ROWS else []
    twins = earlier_twins([frozenset(words(spelling[key])) for key in compared], NEAR)
    for key, twin in zip(compared, twins, strict=True):
        if twin is not None:
            near[key].add(distinct[twin])
            near[distinct[twin]].add(key)
    return [
        Company(frozenset(row), frozenset[str]().union(*(near[key] for key in row))) for row in keys
    ]


def meeting_chance(rows: int, batch_size: int) -> float:
    """The chance that two given rows share a batch in an epoch, if nothing keeps them apart.

    Batches are drawn at random: of the rows - 1 others, batch_size - 1 are a row's company.
    """
    return min(1.0, (batch_size - 1) / max(1, rows - 1))
