"""The query lab: hits to like or dislike, and what a changed query does to the ranks."""

from html import escape

from explore.query_lab import RankChange
from ui.markup.map_facts import cut
from ui.markup.pieces import message, notes
from ui.markup.scores import number
from ui.search_answer import Answer
from ui.steering import DEEP, Choice, Shift

SIDES = {"more": "more like this", "less": "less like this"}


def choices_list(answer: Answer, choice: Choice) -> str:
    """The hits of the last query, each with both buttons."""
    items = "".join(
        f'<li><span class="num">{number(float(cosine), 3)}</span> '
        f"<span>{escape(cut(answer.index.corpus.texts[row]))}</span> "
        f'<span class="lab-pair-buttons">{_buttons(row, rank, choice)}</span></li>'
        for rank, (row, cosine) in enumerate(zip(answer.rows, answer.cosines, strict=True), 1)
    )
    if not answer.rows:
        return message(f"“{cut(answer.query, 90)}” has no hits to choose from.")
    return f'{notes([f"Hits of “{cut(answer.query, 90)}”:"])}<ol class="lab-near">{items}</ol>'


def _buttons(row: int, rank: int, choice: Choice) -> str:
    return " ".join(
        f'<button type="button" class="lab-button" data-pick="{side}:{row}" '
        f'aria-pressed="{str(row in getattr(choice, side)).lower()}" '
        f'aria-label="{title}: hit {rank}">{title}</button>'
        for side, title in SIDES.items()
    )


def shift_table(shift: Shift, said: str) -> str:
    """The new hits with their change in rank, then those that fell out."""
    rows = "".join(
        f'<tr class="{"" if _inside(moved.change.after, shift.k) else "gone"}">'
        f'<td class="num">{moved.change.after or f"&gt;{DEEP:,}"}</td>'
        f"<td>{change_word(moved.change, shift.k)}</td>"
        f'<td class="num">{number(moved.cosine, 3)}</td>'
        f"<td>{escape(cut(shift.index.corpus.texts[moved.change.row]))}</td></tr>"
        for moved in shift.moved
    )
    facts = f"{said} Cosine of the new query with the old one: {number(shift.between, 3)}."
    return (
        notes([facts])
        + '<div class="lab-frame" role="region" tabindex="0" aria-label="Changed hits">'
        '<table class="lab-table lab-shift" aria-label="Hits of the changed query"><thead><tr>'
        '<th scope="col" class="num">rank</th><th scope="col">change</th>'
        '<th scope="col" class="num">cosine</th><th scope="col">text</th></tr></thead>'
        f"<tbody>{rows}</tbody></table></div>"
    )


def _inside(rank: int | None, k: int) -> bool:
    return rank is not None and rank <= k


def change_word(change: RankChange, k: int) -> str:
    """'▲ 3', '▼ 2', '=', 'new, was 14', 'out, was 2': never by colour alone."""
    before, after, moved = change.before, change.after, change.moved
    if not _inside(after, k):
        return f'<span class="down">out, was {before}</span>'
    if not _inside(before, k):
        return f'<span class="up">new, was {before or f"beyond {DEEP:,}"}</span>'
    if not moved:
        return '<span class="same">=</span>'
    return (
        f'<span class="up">▲ {moved}</span>'
        if moved > 0
        else f'<span class="down">▼ {-moved}</span>'
    )
