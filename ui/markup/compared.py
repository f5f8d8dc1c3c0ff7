"""Two runs against each other: a sentence, and every metric beside it."""

from html import escape

from encoder.evaluation import PRIMARY
from ingest.findings import count
from ui.markup.metrics import TITLES, change_cell, hundred, interval, judged
from ui.runs_compared import Compared

SAID = {
    "better": "“{one}” does better than “{other}”",
    "worse": "“{one}” does worse than “{other}”",
    "unclear": "“{one}” and “{other}” cannot be told apart",
    "unknown": "“{one}” and “{other}” have too little in common to say which does better",
}


def compared(found: Compared, one: str, other: str) -> str:
    """`one` and `other` are what the visitor calls them."""
    metric = PRIMARY[found.kind]
    lead = found.lead
    said = SAID[judged(lead)].format(one=one, other=other)
    where = f"{count(found.rows, 'held-out pair')} in {count(found.groups, 'group')}"
    few = "" if set(found.of_all) == {found.rows} else (
        f" ({found.of_all[0]:,} and {found.of_all[1]:,} were held out)"
    )  # fmt: skip
    bounds = interval(lead, sign=True) or "unknown"
    points = f"{hundred(lead.value, sign=True)} points of {TITLES[metric]}"
    rows = ""
    for name, value in found.one.items():
        ahead = value - found.other[name]
        cell = change_cell(lead) if name == metric else hundred(ahead, sign=True)
        rows += (
            f'<tr><th scope="row">{TITLES[name]}</th><td class="num">{hundred(value)}</td>'
            f'<td class="num">{hundred(found.other[name])}</td><td class="num">{cell}</td></tr>'
        )
    return (
        f'<p class="lab-message">{escape(said)}: {points}, 95% interval '
        f"{bounds}, on the {where} of linked texts that both have{few}.</p>"
        '<div class="lab-frame" role="region" tabindex="0" aria-label="Two runs">'
        '<table class="lab-table" aria-label="Two runs, on the same held-out pairs"><thead><tr>'
        f'<th scope="col">metric × 100</th><th scope="col" class="num">{escape(one)}</th>'
        f'<th scope="col" class="num">{escape(other)}</th><th scope="col" class="num">lead</th>'
        f"</tr></thead><tbody>{rows}</tbody></table></div>"
    )
