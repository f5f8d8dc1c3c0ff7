"""Findings about what the model makes of the texts: words that its vocabulary does not know."""

from collections.abc import Iterator

from ingest.findings import Context, Finding, Remedy, Severity, count, leave_out


def unknown_tokens(context: Context) -> Iterator[Finding]:
    """Texts that are mostly unknown tokens to the model, or the same tokens as other texts."""
    if context.read is None:
        return
    texts = list(dict.fromkeys(text for row in context.pairs.texts for text in row))
    reading = context.read(texts)
    unknown = {texts[at] for at in reading.unknown}
    alike = {texts[at] for group in reading.alike for at in group}
    matches = [
        at for at, row in enumerate(context.pairs.texts) if not (unknown | alike).isdisjoint(row)
    ]
    if not matches:
        return
    rows, everything = context.rows(matches), len(matches) == len(context.pairs)
    parts = []
    if unknown:
        are = "is" if len(unknown) == 1 else "are"
        parts.append(f" {count(len(unknown), 'text')} {are} mostly unknown tokens to it.")
    if alike:  # at least two
        parts.append(f" {count(len(alike), 'text')} look the same to it as another text.")
    severity: Severity = "error" if len(matches) > 0.5 * len(context.pairs) else "warning"
    trained = set(context.of_training.numbers)
    if trained.isdisjoint(rows):
        severity = "note"
        parts.append(" They are held out, and judge as they are.")
    yield Finding(
        "unknown_tokens",
        severity,
        rows,
        f"{count(len(matches), 'row')} with text that the model cannot read.{''.join(parts)}",
        "Texts of the same tokens have the same vector, whatever they say: training on them "
        f"teaches nothing, and no score tells anything of them. {reading.advice}",
        None if everything else _leave_out(context, rows),
    )


def _leave_out(context: Context, rows: tuple[int, ...]) -> Remedy | None:
    """What is held out stays: it judges."""
    trained = set(context.of_training.numbers)
    leaving = tuple(row for row in rows if row in trained)
    return leave_out(leaving, "text that the model cannot read") if leaving else None
