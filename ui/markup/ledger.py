"""Every held-out pair before and after, what got worse first."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape

import numpy as np

from encoder.errors import UnknownName
from encoder.training import Done
from ui.markup.pieces import message
from ui.markup.preview import cut
from ui.markup.scores import number

TEXT_CHARS = 240
NEGATIVE = 2  # its place among the texts of a triplet
COUNTS = {  # what before and after count, and when a change is for the better
    "score": ("cosine", "closer to the label"),
    "binary": ("cosine", "towards the side of the label: up for 1, down for 0"),
    "positive": ("rank", "the own positive found earlier"),
    "triplet": ("margin", "the positive further ahead of the negative"),
}


@dataclass(frozen=True)
class LedgerRow:
    """One held-out pair. `before` and `after` are what `Predictions.values` counts."""

    index: int  # in `done.held_out`
    number: int  # of the row in the file
    kind: str
    texts: tuple[str, ...]
    label: float | None  # 0 … 1
    before: float
    after: float
    change: float  # above 0 for the better


def ledger_rows(done: Done) -> list[LedgerRow]:
    """All held-out pairs, in the order of the file."""
    pairs, (before, after) = done.held_out, done.predictions
    changes = _change(before.kind, before.values, after.values, pairs.labels)
    return [
        LedgerRow(
            index,
            pairs.row_numbers[index],
            before.kind,
            pairs.texts[index],
            None if pairs.labels is None else float(pairs.labels[index]),
            float(before.values[index]),
            float(after.values[index]),
            float(changes[index]),
        )
        for index in range(len(pairs))
    ]


def _change(
    kind: str, before: np.ndarray, after: np.ndarray, labels: np.ndarray | None
) -> np.ndarray:
    """(N,) what got better, in the unit of the values."""
    if labels is None:
        return before - after if kind == "positive" else after - before
    if kind == "binary":
        return (after - before) * np.where(labels > 0.5, 1, -1)
    return np.abs(before - labels) - np.abs(after - labels)


# Ties stay in the order of the file.
ORDERS: dict[str, Callable[[LedgerRow], float]] = {
    "worst first": lambda row: row.change,
    "best first": lambda row: -row.change,
    "label": lambda row: -1.0 if row.label is None else -row.label,
    "file order": lambda row: row.number,
}


def sort_rows(rows: Sequence[LedgerRow], by: str) -> list[LedgerRow]:
    """Sorted by one of ORDERS; "label" puts the highest first. Raises UnknownName."""
    if by not in ORDERS:
        raise UnknownName("order", by, ORDERS)
    return sorted(rows, key=ORDERS[by])


def ledger(rows: Sequence[LedgerRow], sort: str = "worst first", limit: int = 50) -> str:
    """The first `limit` rows of that order; a row's button picks "pair:" and its index.

    That of a triplet's negative picks the same and ":2".
    """
    if not rows:
        return message("No pairs were held out.")
    counted, better = COUNTS[rows[0].kind]
    labelled = rows[0].label is not None
    body = "".join(_pair_row(row) for row in sort_rows(rows, sort)[:limit])
    shown = f"The first {limit:,} of {len(rows):,}" if len(rows) > limit else f"All {len(rows):,}"
    worse = sum(word(row) == "worse" for row in rows)
    label = '<th scope="col" class="num">label</th>' if labelled else ""
    return (
        f'<p class="lab-note">{shown} held-out pairs, {escape(sort)}; {worse:,} of {len(rows):,} '
        f"got worse. Better means {better}.</p>"
        '<div class="lab-frame lab-tall" role="region" tabindex="0" aria-label="Held-out pairs">'
        '<table class="lab-table lab-ledger"><caption class="lab-unseen">'
        f"Held-out pairs, {escape(sort)}</caption>"
        f'<thead><tr><th scope="col">row</th><th scope="col">texts</th>{label}'
        f'<th scope="col" class="num">{counted} before</th><th scope="col" class="num">after</th>'
        f'<th scope="col" class="num">change</th></tr></thead><tbody>{body}</tbody></table></div>'
    )


def _pair_row(row: LedgerRow) -> str:
    sides = ("A", "B") if row.label is not None else ("anchor", "positive", "negative")
    shown = [f'<span class="side">{side}</span>' for side in sides[: len(row.texts)]]
    if len(shown) > NEGATIVE:  # what decides a margin is taken apart, too
        shown[NEGATIVE] = (
            f'<button type="button" class="lab-button" data-pick="pair:{row.index}:{NEGATIVE}" '
            f'aria-label="Row {row.number:,}: open the matrices of its negative">negative</button>'
        )
    texts = "".join(
        f"<p>{side} {cut(text, TEXT_CHARS)}</p>"
        for side, text in zip(shown, row.texts, strict=True)
    )
    label, decimals = "", 0 if row.kind == "binary" else 2
    if row.label is not None:
        label = f'<td class="num" data-of="label">{number(row.label, decimals)}</td>'
    return (
        f'<tr><th scope="row"><button type="button" class="lab-button" '
        f'data-pick="pair:{row.index}" aria-label="Row {row.number:,}: open its matrices">'
        f'{row.number:,}</button></th><td class="texts">{texts}</td>{label}'
        f'<td class="num before" data-of="before">{value(row, row.before)}</td>'
        f'<td class="num after" data-of="after">{value(row, row.after)}</td>'
        f'<td class="num" data-of="change">{change(row)}</td></tr>'
    )


def value(row: LedgerRow, amount: float) -> str:
    """A cosine or margin with two decimals; a rank whole, or a half where it is shared."""
    if row.kind != "positive":
        return number(amount, 2)
    return f"{amount:,.0f}" if amount == int(amount) else f"{amount:,.1f}"


def word(row: LedgerRow) -> str:
    """Better, worse, or the same where the change is too small for the digits shown."""
    if abs(row.change) < 0.005:
        return "same"
    return "better" if row.change > 0 else "worse"


def change(row: LedgerRow) -> str:
    """The change with a sign and a word, so that colour is not needed."""
    said = word(row)
    if said == "same":
        return said
    sign = "+" if row.change > 0 else "−"
    amount = value(row, abs(row.change))
    return f'<span class="{said}">{sign}{amount}<small>{said}</small></span>'
