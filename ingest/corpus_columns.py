"""Which column holds the single texts, and which ones say to what group a text belongs."""

from dataclasses import dataclass

from ingest.contents import has_few_values, wordiness
from ingest.errors import IngestError
from ingest.names import SINGLE_TEXTS, plain
from ingest.table import Table
from ingest.text_columns import text_scores

LOOKED_AT = 2_000  # rows
ENOUGH = 0.05  # how much like texts a column must look to be taken by its name, beside the best


@dataclass(frozen=True)
class CorpusColumns:
    """The column of the texts, and the columns of labels by which the texts may be coloured."""

    text: str
    labels: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        names = [self.text, *self.labels]
        twice = {name for name in names if names.count(name) > 1}
        problems = [f"Column {name!r} is chosen twice." for name in sorted(twice)]
        if problems:
            raise IngestError(*problems)


def guess_text_column(table: Table) -> CorpusColumns:
    """The likeliest columns: a start for dropdowns, not a verdict.

    The texts: a usual name, else the longest and most distinct cells; never numbers, ids, links or
    dates. The labels: every column of few and short values (`has_few_values`).
    Raises IngestError when no column holds texts.
    """
    if table.frame.empty:
        raise IngestError(
            f"There is no row of texts below the columns' names: {', '.join(table.columns)}."
        )
    cells = table.sampled_cells(LOOKED_AT)
    wordy = {name: wordiness(column) for name, column in cells.items()}
    scores = dict.fromkeys(table.columns, 0.0) | (text_scores(cells) or wordy)
    best = max(scores, key=scores.__getitem__)
    if not scores[best]:
        examples = "; ".join(f"{name}: {_example(cells[name])}" for name in table.columns)
        raise IngestError(
            f"No column holds texts. Seen are {examples}. Expected are sentences or words, one a "
            "line or in a column such as 'text'; numbers, ids, links and dates are no texts."
        )
    usable = [name for name in table.columns if scores[name] >= ENOUGH * scores[best]]
    named = {plain(name): name for name in reversed(usable)}
    text = next((named[name] for name in SINGLE_TEXTS if name in named), best)
    others = [name for name in table.columns if name != text]
    return CorpusColumns(
        text, tuple(name for name in others if has_few_values(table.frame[name].tolist()))
    )


def _example(cells: list[str]) -> str:
    return next((repr(cell[:30]) for cell in cells if cell.strip()), "nothing")
