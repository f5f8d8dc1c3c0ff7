"""The check of a file, for people: the worst first, each with what can be done about it."""

from collections.abc import Sequence
from html import escape

from ingest import Finding
from ingest.check import SEVERITIES
from ingest.findings import count

ROWS_NAMED = 12
ICONS = {"error": "✕", "warning": "!", "note": "i"}


def findings(found: Sequence[Finding]) -> str:
    """Grouped by severity; a remedy's button picks "remedy:", index and name."""
    if not found:
        return '<p class="lab-fine">✓ Nothing to complain about in these pairs.</p>'
    groups = ""
    for severity in SEVERITIES:
        items = "".join(
            _item(index, finding)
            for index, finding in enumerate(found)
            if finding.severity == severity
        )
        if items:
            groups += (
                f'<section class="{severity}"><h4><span class="icon" aria-hidden="true">'
                f"{ICONS[severity]}</span>{severity.capitalize()}s</h4><ul>{items}</ul></section>"
            )
    return f'<div class="lab-findings"><p class="label">{label(found)}</p>{groups}</div>'


def label(found: Sequence[Finding]) -> str:
    """'2 errors, 1 warning, 4 notes'; severities that do not occur are left out."""
    severities = [str(finding.severity) for finding in found]
    counts = {severity: severities.count(severity) for severity in SEVERITIES}
    return ", ".join(count(n, severity) for severity, n in counts.items() if n) or "no findings"


def _item(index: int, finding: Finding) -> str:
    where = f'<p class="rows">{rows_named(finding.rows)}</p>' if finding.rows else ""
    button = ""
    if finding.remedy:
        picks = escape(f"remedy:{index}:{finding.name}")
        button = (
            f'<button type="button" class="lab-button" data-pick="{picks}">'
            f"{escape(finding.remedy.label)}</button>"
        )
    return (
        f'<li><p class="what">{escape(finding.what)}</p>{where}'
        f'<p class="effect"><b>In training:</b> {escape(finding.effect)}</p>{button}</li>'
    )


def rows_named(rows: Sequence[int]) -> str:
    """'Row 3', 'Rows 3, 7, 9 and 120 more'."""
    named = ", ".join(f"{row:,}" for row in rows[:ROWS_NAMED])
    more = f" and {len(rows) - ROWS_NAMED:,} more" if len(rows) > ROWS_NAMED else ""
    return f"Row{'' if len(rows) == 1 else 's'} {named}{more}"
