"""The check of a set of pairs, before anything is trained on it."""

from collections.abc import Callable, Iterator

from ingest import (
    findings_columns,
    findings_labels,
    findings_reading,
    findings_repeats,
    findings_texts,
    findings_tokens,
)
from ingest.findings import Context, CountTokens, Finding, Read, Similarity
from ingest.pairs import PairSet
from ingest.report import SEVERITIES as SEVERITIES
from ingest.split import Split

# What looks at the pairs, by the names of the findings it may give.
CHECKS: dict[tuple[str, ...], Callable[[Context], Iterator[Finding]]] = {
    ("mostly_dropped",): findings_reading.mostly_dropped,
    ("unread_label",): findings_columns.unread_label,
    (*findings_reading.DROPPED, findings_reading.BLANK_LINES): findings_reading.dropped_rows,
    ("left_over_columns",): findings_columns.left_over_columns,
    ("counts_as_labels",): findings_columns.counts_as_labels,
    ("column_order",): findings_texts.column_order,
    ("labels_reversed",): findings_labels.labels_reversed,
    ("no_words",): findings_texts.no_words,
    ("broken_characters",): findings_texts.broken_characters,
    ("markup",): findings_texts.markup,
    ("same_text_both_sides",): findings_texts.same_text_both_sides,
    ("exact_duplicates",): findings_repeats.exact_duplicates,
    ("conflicting_labels",): findings_repeats.conflicting_labels,
    ("near_duplicates",): findings_repeats.near_duplicates,
    ("shared_texts",): findings_repeats.shared_texts,
    ("false_negatives",): findings_repeats.false_negatives,
    ("label_noise",): findings_labels.label_noise,
    ("class_imbalance",): findings_labels.class_imbalance,
    ("unknown_tokens",): findings_tokens.unknown_tokens,
    ("truncated_texts",): findings_texts.truncated_texts,
    ("few_rows",): findings_labels.few_rows,
    ("split_fallback",): findings_labels.split_notes,
    ("scaled_labels",): findings_reading.scaled_labels,
    ("fixed_cells",): findings_reading.fixed_text,
    ("assumptions",): findings_reading.assumptions,
}
# Their remedies leave rows out. What is held out judges, so they look at the other rows only.
OF_TRAINING = (
    findings_texts.no_words,
    findings_texts.same_text_both_sides,
    findings_repeats.exact_duplicates,
    findings_repeats.conflicting_labels,
    findings_labels.label_noise,
    findings_labels.class_imbalance,
    findings_texts.truncated_texts,
)
FINDINGS = tuple(name for names in CHECKS for name in names)


def check(
    pairs: PairSet,
    *,
    loss_in_batch: bool | None = None,
    batch_size: int = 16,
    similarity: Similarity | None = None,
    count_tokens: CountTokens | None = None,
    max_tokens: int | None = None,
    split: Split | None = None,
    read: Read | None = None,
    compared_rows: int | None = None,
) -> list[Finding]:
    """Everything that would spoil training or its result: errors first, then warnings, then notes.

    A remedy ends the finding that it belongs to; what it cannot mend is a note from then on.

    loss_in_batch: the other rows of a batch are the negatives; None: for positives and triplets.
    similarity: texts, texts → (N,) cosines of the current model; without it, labels are not
        compared with what the model sees.
    count_tokens, max_tokens: the model's own; without them, long texts are not found.
    read: what the model reads of texts; without it, words that it does not know are not found.
    compared_rows: of more rows than these, so many are drawn for what only a model can say; then
        reversed labels and swapped columns are looked for, and no single rows.
    split: of these very pairs; without it, shared texts are named but no leak can be. With it,
        remedies leave no held-out row out, so that models are judged by the same rows before and
        after: what such a remedy belongs to is looked for in the rows to train and choose by.
    """
    context = Context(
        pairs,
        loss_in_batch,
        batch_size,
        similarity,
        count_tokens,
        max_tokens,
        split,
        read,
        compared_rows,
    )
    if not len(pairs):
        return []
    findings = [
        finding.of(context) for look in CHECKS.values() for finding in look(_seen_by(look, context))
    ]
    return sorted(findings, key=lambda finding: SEVERITIES.index(finding.severity))


def _seen_by(look: Callable[[Context], Iterator[Finding]], context: Context) -> Context:
    """The rows that a check looks at."""
    if look in OF_TRAINING:
        return context.of_training
    return context.compared if look is findings_texts.column_order else context
