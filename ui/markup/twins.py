"""Texts that say nearly the same: a table of pairs, the groups they form, and both as CSV."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from explore.duplicates import Duplicates
from ingest import Corpus
from ingest.findings import count
from ingest.templates import cell
from ui.atlas import Key
from ui.markup.map_facts import cut
from ui.markup.pieces import message, notes
from ui.markup.scores import number

LISTED = 100  # pairs in the table; the CSV has more
GROUPS = 10
IN_A_GROUP = 3


@dataclass(frozen=True, eq=False)
class Twins:
    """What was found in which texts, how they were encoded, and what was asked."""

    source: Key
    corpus: Corpus
    settings: str
    asked: str
    found: Duplicates
    by_share: bool = False  # whether a percentile was asked for, not a cosine


def twins_panel(twins: Twins) -> str:
    """Facts, pairs, groups."""
    found, texts = twins.found, twins.corpus.texts
    said = (
        f"{count(found.total, 'pair')} of {count(len(texts), 'text')} at cosine "
        f"{number(found.threshold, 4)} and above ({twins.asked})."
    )
    if twins.by_share:
        said += (
            " That share of all pairs is always found, whether they are duplicates or not: look "
            "how far down the list they still are."
        )
    if not found.total:
        return notes([said, twins.settings]) + message(
            "No pair is as near as that. Take a lower percentile or cosine."
        )
    kept = len(found.pairs)
    more = [f"Listed: the nearest {min(kept, LISTED):,}; the CSV has {kept:,}."]
    rows = "".join(
        f'<tr><td class="num">{number(float(score), 4)}</td>'
        f"<td>{_text(twins.corpus, i)}</td><td>{_text(twins.corpus, j)}</td></tr>"
        for (i, j), score in zip(found.pairs[:LISTED].tolist(), found.scores, strict=False)
    )
    return (
        notes([said, twins.settings, *(more if kept > LISTED else [])])
        + '<div class="lab-frame lab-tall" role="region" tabindex="0" aria-label="Pairs">'
        '<table class="lab-table lab-twins" aria-label="Pairs of near texts"><thead><tr>'
        '<th scope="col" class="num">cosine</th><th scope="col">one text</th>'
        f'<th scope="col">the other</th></tr></thead><tbody>{rows}</tbody></table></div>'
        + _groups(twins)
        + notes([CAUTION])
    )


CAUTION = (
    "A high cosine says that the model sees the same meaning, not that both say the same: "
    "opposites, and other numbers or names, often lie this near. Read before you delete."
)


def _text(corpus: Corpus, row: int) -> str:
    return f"{escape(cut(corpus.texts[row]))}<small>row {corpus.row_numbers[row]:,}</small>"


def _groups(twins: Twins) -> str:
    groups, texts = twins.found.groups, twins.corpus.texts
    spare = sum(len(group) - 1 for group in groups)
    said = f"They form {count(len(groups), 'group')}. "
    if not twins.by_share:
        said += f"With one text kept of each, {spare:,} would go. "
    said += "A chain is one group, though its ends may be unlike."
    items = ""
    for group in groups[:GROUPS]:
        shown = "; ".join(f"“{cut(texts[row], 90)}”" for row in group[:IN_A_GROUP].tolist())
        rest = f" and {len(group) - IN_A_GROUP:,} more" if len(group) > IN_A_GROUP else ""
        items += (
            f'<li><span class="num">{len(group):,}</span> <span>{escape(shown)}{rest}</span></li>'
        )
    more = f" The {GROUPS} largest:" if len(groups) > GROUPS else ""
    return f'{notes([said + more])}<ol class="lab-near">{items}</ol>'


def twins_rows(twins: Twins) -> list[list[str]]:
    """The pairs as a table for a CSV, the header first."""
    texts, numbers = twins.corpus.texts, twins.corpus.row_numbers
    group_of = {
        int(row): at for at, group in enumerate(twins.found.groups, 1) for row in group.tolist()
    }
    table: list[list[str]] = [["cosine", "group", "row_1", "text_1", "row_2", "text_2"]]
    pairs: Sequence[Sequence[int]] = twins.found.pairs.tolist()
    for (i, j), score in zip(pairs, twins.found.scores, strict=True):
        table.append([
            f"{float(score):.6f}", str(group_of[i]),
            str(numbers[i]), cell(texts[i]), str(numbers[j]), cell(texts[j]),
        ])  # fmt: skip
    return table
