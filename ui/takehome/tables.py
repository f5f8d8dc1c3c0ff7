"""The pairs of a run as CSV: what the held-out ones score before and after, and all of them."""

import csv
import io

from ingest import TEXTS, write_csv
from ingest.kinds import LABELLED
from ingest.templates import cell
from ui.runs import Run
from ui.takehome.facts import all_pairs

VALUES = {  # what `Predictions.values` are, by kind
    "score": "cosine",
    "binary": "cosine",
    "positive": "rank",  # of the own positive among all of the held-out part, 1 is best
    "triplet": "margin",  # cos(anchor, positive) - cos(anchor, negative)
}


def scores_csv(run: Run) -> str:
    """One row a held-out pair: its row in the file, texts, label, and what it scores."""
    held_out = run.done.held_out
    kind, labels = held_out.kind, held_out.labels
    names = [f"{VALUES[kind]}_{when}" for when in ("before", "after", "change")]
    label = [LABELLED[kind]] if labels is not None else []
    rows = [["row", *TEXTS[kind], *label, *names]]
    before, after = (predictions.values for predictions in run.done.predictions)
    for at, texts in enumerate(held_out.texts):
        shown = [] if labels is None else [f"{labels[at]:.6g}"]
        values = (before[at], after[at], after[at] - before[at])
        rows.append(
            [
                str(held_out.row_numbers[at]),
                *map(cell, texts),
                *shown,
                *(f"{value:.6g}" for value in values),
            ]
        )
    buffer = io.StringIO()
    csv.writer(buffer).writerows(rows)
    return buffer.getvalue()


def pairs_csv(run: Run) -> str:
    """All pairs that were kept, with the part that each was in: what `train.py` reads."""
    return write_csv(*all_pairs(run))
