"""Findings about rows that reading mended or left out: they are already dealt with."""

from collections.abc import Iterator

from ingest.findings import Context, Finding, Severity, count
from ingest.report import Report, Rows

# {finding, as the code of a reason: what the rows would have done}
DROPPED: dict[str, str] = {
    "empty_text": "An empty text has no tokens to pool over: it gives a zero or NaN vector and a "
    "NaN loss.",
    "label_missing": "A pair without a label teaches nothing; as NaN it spoils the loss of its "
    "whole batch.",
    "label_unrecognised": "A guessed label would pull the vectors the wrong way, so these rows "
    "are left out.",
    "label_outside_scale": "One label far off the scale would outweigh all others in the loss, or "
    "squeeze them together when scaled.",
    "unreadable_rows": "A separator inside a text without quotes shifts the cells: a label would "
    "be read as text. A line that is no record holds nothing to learn from, and a list is no one "
    "text.",
    "too_long": "Most of such a text is cut off before the model sees it. Often a quote that is "
    "never closed joined many rows into one.",
}
BLANK_LINES = "blank_lines"
MANY = 0.1  # rows with a label that is not recognised, of those with one that is: a word of its own
# {kind: (why labels are scaled, what to do when the scale is another one)}
SCALED: dict[str, tuple[str, str]] = {
    "score": (
        "Cosine losses expect labels from 0 to 1. On another scale every pair would be pulled "
        "together, and the loss could never reach zero.",
        "If this scaling is wrong, choose the lowest and highest label yourself.",
    ),
    "binary": (
        "A loss for labels wants 1 where two texts mean the same, and 0 where they do not.",
        "If these are grades, choose the kind 'graded'.",
    ),
}


def mostly_dropped(context: Context) -> Iterator[Finding]:
    """More rows left out by reading than kept: one finding for all reasons, on top."""
    report = context.pairs.report
    lost = _lost(report)
    if not _is_most(lost, report):
        return
    rows = tuple(sorted(row for numbers in lost.values() for row in numbers))
    reasons = sorted(lost, key=lambda why: -len(lost[why]))
    named = "; ".join(f"{why} ({len(lost[why]):,})" for why in reasons)
    yield Finding(
        "mostly_dropped",
        "error",
        rows,
        f"{len(rows):,} of {count(report.kept + len(rows), 'row')} are left out: {named}. "
        f"{report.unrecognised}".strip(),
        f"{DROPPED[report.codes[reasons[0]]]} Only the small rest would be trained on: are these "
        "the columns that you mean?",
    )


def dropped_rows(context: Context) -> Iterator[Finding]:
    """One finding for each reason for which reading dropped rows, where it dropped few."""
    report = context.pairs.report
    lost = _lost(report)
    for why, rows in ({} if _is_most(lost, report) else lost).items():
        name = report.codes[why]
        what = f"{count(len(rows), 'row')} left out: {why}."
        severity: Severity = "warning"
        if name == "label_unrecognised":
            what = f"{what} {report.unrecognised}"
            severity = "error" if len(rows) > MANY * report.kept else severity
        if name == "label_outside_scale":
            what = f"{what} {report.outside}".strip()
        yield Finding(name, severity, rows, what, DROPPED[name])
    for why, rows in report.dropped.items():
        if report.codes.get(why) == BLANK_LINES:
            what = f"{count(len(rows), 'row')} left out: {why}."
            yield Finding(BLANK_LINES, "note", rows, what, "None: they are skipped.")


def _lost(report: Report) -> dict[str, tuple[int, ...]]:
    """Rows that reading dropped, by the reason's words, in the order of DROPPED; no blank lines."""
    codes = list(DROPPED)
    reasons = [why for why in report.dropped if report.codes.get(why) in DROPPED]
    reasons.sort(key=lambda why: codes.index(report.codes[why]))
    return {why: report.dropped[why] for why in reasons}


def _is_most(lost: Rows, report: Report) -> bool:
    return sum(map(len, lost.values())) > report.kept


def fixed_text(context: Context) -> Iterator[Finding]:
    """Rows that were mended while reading."""
    fixed = context.pairs.report.fixed
    rows = tuple(sorted({number for numbers in fixed.values() for number in numbers}))
    if rows:
        repairs = "; ".join(f"{what} ({len(numbers)})" for what, numbers in fixed.items())
        effect = "Left as they were, equal texts would count as different, and labels as missing."
        yield Finding("fixed_cells", "note", rows, f"Mended while reading: {repairs}.", effect)


def scaled_labels(context: Context) -> Iterator[Finding]:
    """How labels became numbers from 0 to 1."""
    report, kind = context.pairs.report, context.pairs.kind
    if kind in SCALED and report.scaled:
        effect, other = SCALED[kind]
        what = f"Labels were scaled: {report.scaling}. {report.scaling_note}".strip()
        effect = f"{effect} {other}" if report.scale else effect
        yield Finding("scaled_labels", "note", (), what, effect)


def assumptions(context: Context) -> Iterator[Finding]:
    """What was assumed about the file: its encoding, its header, a sample of its rows."""
    report = context.pairs.report
    notes = [note for note in report.notes if note != report.unrecognised]
    if notes:
        effect = "If one is wrong, texts or labels are not what you meant: look at the preview."
        yield Finding("assumptions", "note", (), " ".join(notes), effect)
