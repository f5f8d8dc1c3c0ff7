"""The check of a file, for people: the worst first, each with what can be done about it."""

from collections.abc import Mapping, Sequence
from html import escape

import numpy as np

from ingest import TEXTS, ColumnMapping, Finding, PairSet, Report, Table
from ingest.check import SEVERITIES
from ingest.findings import count
from ingest.scales import span
from ui.finetune.metrics import KINDS
from ui.words import cut

ROWS_NAMED, ROWS_READ = 12, 20
ICONS = {"error": "✕", "warning": "!", "note": "i"}


def findings(all_findings: Sequence[Finding], pairs: PairSet | None = None) -> str:
    """Grouped by severity; a remedy's button picks "remedy:" and the name of its finding.

    With the pairs, the rows of a finding can be read below it. The button of another remedy of the
    same finding adds ":" and its place: "remedy:unread_label:1".
    """
    if not all_findings:
        return '<p class="lab-fine">✓ Nothing to complain about in these pairs.</p>'
    groups = ""
    for severity in SEVERITIES:
        items = "".join(_item(f, pairs) for f in all_findings if f.severity == severity)
        if items:
            groups += (
                f'<section class="{severity}"><h4><span class="icon" aria-hidden="true">'
                f"{ICONS[severity]}</span>{severity.capitalize()}s</h4><ul>{items}</ul></section>"
            )
    return f'<div class="lab-findings"><p class="label">{label(all_findings)}</p>{groups}</div>'


def label(all_findings: Sequence[Finding]) -> str:
    """'2 errors, 1 warning, 4 notes'; severities that do not occur are left out."""
    severities = [str(finding.severity) for finding in all_findings]
    counts = {severity: severities.count(severity) for severity in SEVERITIES}
    return ", ".join(count(n, severity) for severity, n in counts.items() if n) or "no findings"


def _item(finding: Finding, pairs: PairSet | None) -> str:
    where = f'<p class="rows">{rows_named(finding.rows)}</p>' if finding.rows else ""
    where += rows_to_read(finding.rows, pairs) if pairs else ""
    buttons = ""
    for place, remedy in enumerate(finding.remedies):
        picks = escape(f"remedy:{finding.name}" + (f":{place}" if place else ""))
        buttons += (
            f'<button type="button" class="lab-button" data-pick="{picks}">'
            f"{escape(remedy.label)}</button>"
        )
    return (
        f'<li><p class="what">{escape(finding.what)}</p>{where}'
        f'<p class="effect"><b>In training:</b> {escape(finding.effect)}</p>{buttons}</li>'
    )


def rows_named(rows: Sequence[int]) -> str:
    """'Row 3', 'Rows 3, 7, 9 and 120 more'."""
    named = ", ".join(f"{row:,}" for row in rows[:ROWS_NAMED])
    more = f" and {len(rows) - ROWS_NAMED:,} more" if len(rows) > ROWS_NAMED else ""
    return f"Row{'' if len(rows) == 1 else 's'} {named}{more}"


def rows_to_read(rows: Sequence[int], pairs: PairSet) -> str:
    """The first ROWS_READ of these rows with their texts and labels, folded; "" without any."""
    places = {number: at for at, number in enumerate(pairs.row_numbers)}
    there = [row for row in rows if row in places]
    items = ""
    for row in there[:ROWS_READ]:
        at = places[row]
        texts = " / ".join(f"“{text_html(text)}”" for text in pairs.texts[at])
        label = "" if pairs.labels is None else f" <b>{pairs.labels[at]:.2g}</b>"
        items += f'<li value="{row}">{texts}{label}</li>'
    if not items:
        return ""
    more = f"the first {ROWS_READ} of {len(there):,}" if len(there) > ROWS_READ else "them"
    return f"<details><summary>Read {more}</summary><ol>{items}</ol></details>"


# --- What is in a file, before anything is made of it: its first rows, and how it was read --------


CELL_CHARS = 80
ROLES = {"sentence1": "sentence 1", "sentence2": "sentence 2"}


def preview(table: Table, mapping: ColumnMapping, rows: int = 6) -> str:
    """The first rows as a table; the header says what each column is used for."""
    roles = roles_of(mapping)
    head = "".join(_head(name, roles.get(name)) for name in table.columns)
    body = ""
    for row, cells in zip(table.frame.index[:rows], table.frame.to_numpy()[:rows], strict=True):
        marked = zip(table.columns, cells, strict=True)
        body += f'<tr><th scope="row" class="num">{row}</th>' + "".join(
            f'<td{"" if name in roles else _UNUSED} dir="auto">{text_html(str(cell))}</td>'
            for name, cell in marked
        )
        body += "</tr>"
    shown = min(rows, len(table.frame))
    caption = f"The first {count(shown, 'row')} of {len(table.frame):,} and what each column is"
    return (
        '<div class="lab-frame" role="region" tabindex="0" aria-label="Preview of the file">'
        f'<table class="lab-table lab-preview"><caption class="lab-unseen">{caption}</caption>'
        f'<thead><tr><th scope="col" class="num">row</th>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>"
    )


def roles_of(mapping: ColumnMapping) -> dict[str, str]:
    """{column: what it is used for}."""
    texts = zip(mapping.texts, TEXTS[mapping.kind], strict=True)
    roles = {column: ROLES.get(role, role) for column, role in texts}
    return roles | ({mapping.label: "label"} if mapping.label else {})


_UNUSED = ' class="unused"'


def _head(name: str, role: str | None) -> str:
    if role is None:
        return f'<th scope="col"{_UNUSED}><small>not used</small>{text_html(name)}</th>'
    return f'<th scope="col"><small class="role">{escape(role)}</small>{text_html(name)}</th>'


def text_html(text: str, limit: int = CELL_CHARS) -> str:
    """A visitor's text in its own direction; of a long one the beginning, all in a tooltip."""
    if len(text) <= limit:
        return f'<span dir="auto">{escape(text)}</span>'
    return f'<span dir="auto" title="{escape(text)}">{escape(cut(text, limit))}</span>'


def facts(report: Report, pairs: PairSet) -> str:
    """How the file was read: rows kept and dropped by reason, encoding, separator, labels."""
    lines = {
        "kind": f"{KINDS[pairs.kind]}: {_contents(pairs)}",
        "rows": f"{report.read:,} read, {report.kept:,} kept",
        "left out": _by_reason(report.dropped),
        "mended": _by_reason(report.fixed),
        "encoding": report.encoding,
        "separator": report.delimiter,
        "scale": _scale(report, pairs),
        "labels": "; ".join(part for part in (report.scaling, _spread(pairs)) if part),
    }
    items = "".join(
        f"<div><dt>{name}</dt><dd>{escape(line)}</dd></div>" for name, line in lines.items() if line
    )
    return f'<dl class="lab-reading">{items}</dl>'


def _scale(report: Report, pairs: PairSet) -> str:
    """The lowest and the highest grade that labels are read on."""
    return span(*report.scale) if pairs.kind == "score" and report.scale else ""


def _contents(pairs: PairSet) -> str:
    if pairs.kind == "score":
        return "two sentences, and a score of how alike they are"
    if pairs.kind == "binary":
        return "two sentences, and whether they mean the same"
    return ", ".join(TEXTS[pairs.kind])


def _by_reason(rows: Mapping[str, tuple[int, ...]]) -> str:
    return "; ".join(f"{count(len(numbers), 'row')}: {why}" for why, numbers in rows.items())


def _spread(pairs: PairSet) -> str:
    """What the labels are, after scaling."""
    if pairs.labels is None or not len(pairs):
        return ""
    if pairs.kind == "binary":
        ones = int(np.sum(pairs.labels > 0.5))
        return f"{ones:,} × 1, {len(pairs) - ones:,} × 0"
    low, middle, high = np.quantile(pairs.labels, (0, 0.5, 1))
    return f"from {low:.2g} to {high:.2g}, median {middle:.2g}"
