"""Two runs of a visitor against each other, on the held-out pairs that both have."""

from dataclasses import dataclass
from html import escape

import numpy as np

from encoder.errors import EncoderError
from encoder.evaluation import (
    FEWEST_GROUPS,
    METRICS,
    PRIMARY,
    Metric,
    Predictions,
    difference,
    measure,
)
from encoder.metrics import TITLES
from encoder.training.scoring import predictions
from ingest import PairSet, connected_groups
from ingest.findings import count
from ui.finetune.metrics import KINDS, change_cell, direction_of
from ui.state.models import Run
from ui.words import hundred, interval


class NotComparable(EncoderError):
    """Why two runs cannot be held against each other, in a sentence."""


@dataclass(frozen=True)
class Comparison:
    """Both tuned models on the same rows, by every metric of their kind."""

    kind: str
    rows: int
    groups: int  # of linked texts
    of_all: tuple[int, int]  # held-out rows of either run
    one: dict[str, float]
    other: dict[str, float]
    lead: Metric  # what the one has over the other in the primary metric, paired


def compare_runs(one: Run, other: Run) -> Comparison:
    """Every metric of both, and the paired bootstrap of the difference in the primary one.

    Only pairs that neither run was trained on count. Raises NotComparable.
    """
    shared = _shared(one, other)
    pairs = one.done.held_out.take(here for here, _ in shared)
    groups = connected_groups(pairs)
    scored = (
        _on(one, pairs, [here for here, _ in shared], groups),
        _on(other, pairs, [there for _, there in shared], groups),
    )
    _refuse_what_says_nothing(scored[0])
    ours, others = ({name: measure(each, name) for name in METRICS[pairs.kind]} for each in scored)
    return Comparison(
        pairs.kind,
        len(pairs),
        len(np.unique(groups)),
        (len(one.done.held_out), len(other.done.held_out)),
        ours,
        others,
        difference(scored[1], scored[0], seed=one.done.config.seed),
    )


def can_compare(one: Run, other: Run) -> bool:
    """Whether the two share held-out pairs to be compared on."""
    try:
        return bool(_shared(one, other))
    except NotComparable:
        return False


def _shared(one: Run, other: Run) -> list[tuple[int, int]]:
    """Places of each shared held-out pair in either run. Raises NotComparable where there is none.

    Pairs are the same where their texts are and they stood in the same row.
    """
    mine, theirs = one.done.held_out, other.done.held_out
    if mine.kind != theirs.kind:
        raise NotComparable(
            f"One was judged on {KINDS[mine.kind]}, the other on {KINDS[theirs.kind]}: they have "
            "no measure in common."
        )
    if not len(mine) or not len(theirs):
        raise NotComparable("In one of them nothing was held out to compare them on.")
    places = {key: place for place, key in enumerate(_keys(theirs))}
    shared = [(here, places[key]) for here, key in enumerate(_keys(mine)) if key in places]
    if not shared and one.data != other.data:
        raise NotComparable(
            f"They were judged on different files, {one.data} and {other.data}: no held-out pair "
            "is in both."
        )
    if not shared:
        raise NotComparable(
            "They were judged on different splits of the file: no pair was held out in both. Train "
            "with the same seed and the same share of rows held out."
        )
    if mine.labels is not None and theirs.labels is not None:
        here, there = (list(places) for places in zip(*shared, strict=True))
        if not np.allclose(mine.labels[here], theirs.labels[there]):
            raise NotComparable("The labels were read on different scales or changed in between.")
    return shared


def _keys(pairs: PairSet) -> list[tuple[int, tuple[str, ...]]]:
    return list(zip(pairs.row_numbers, pairs.texts, strict=True))


def _on(run: Run, pairs: PairSet, places: list[int], groups: np.ndarray) -> Predictions:
    """What the tuned model says of the shared pairs."""
    all_of_it = run.done.predictions[1]
    if pairs.kind == "positive" and len(places) < len(all_of_it.values):
        return predictions(run.tuned, pairs)  # a rank depends on who else is ranked
    labels = None if all_of_it.labels is None else all_of_it.labels[places]
    return Predictions(pairs.kind, all_of_it.values[places], labels, groups)


def _refuse_what_says_nothing(shared: Predictions) -> None:
    rows = count(len(shared.values), "held-out pair")
    groups = len(np.unique(shared.groups))
    if groups < FEWEST_GROUPS:
        linked = "one group" if groups == 1 else f"{groups} groups"
        raise NotComparable(
            f"They share {rows} in {linked} of linked texts: what chance can do cannot be told."
        )
    if shared.labels is not None:
        labels = shared.labels > 0.5 if shared.kind == "binary" else shared.labels
        if len(np.unique(labels)) < 2:
            raise NotComparable(f"They share {rows}, all with one label: that compares nothing.")


# --- Two runs against each other: a sentence, and every metric beside it --------------------------


HEADLINES = {
    "better": "“{one}” does better than “{other}”",
    "worse": "“{one}” does worse than “{other}”",
    "unclear": "“{one}” and “{other}” cannot be told apart",
    "unknown": "“{one}” and “{other}” have too little in common to say which does better",
}


def comparison_html(comparison: Comparison, one: str, other: str) -> str:
    """`one` and `other` are what the visitor calls them."""
    metric = PRIMARY[comparison.kind]
    lead = comparison.lead
    headline = HEADLINES[direction_of(lead)].format(one=one, other=other)
    where = f"{count(comparison.rows, 'held-out pair')} in {count(comparison.groups, 'group')}"
    few = "" if set(comparison.of_all) == {comparison.rows} else (
        f" ({comparison.of_all[0]:,} and {comparison.of_all[1]:,} were held out)"
    )  # fmt: skip
    bounds = interval(lead, sign=True) or "unknown"
    points = f"{hundred(lead.value, sign=True)} points of {TITLES[metric]}"
    rows = ""
    for name, value in comparison.one.items():
        ahead = value - comparison.other[name]
        cell = change_cell(lead) if name == metric else hundred(ahead, sign=True)
        rows += (
            f'<tr><th scope="row">{TITLES[name]}</th><td class="num">{hundred(value)}</td>'
            f'<td class="num">{hundred(comparison.other[name])}</td>'
            f'<td class="num">{cell}</td></tr>'
        )
    return (
        f'<p class="lab-message">{escape(headline)}: {points}, 95% interval '
        f"{bounds}, on the {where} of linked texts that both have{few}.</p>"
        '<div class="lab-frame" role="region" tabindex="0" aria-label="Two runs">'
        '<table class="lab-table" aria-label="Two runs, on the same held-out pairs"><thead><tr>'
        '<th scope="col">metric × 100</th>'
        f'<th scope="col" class="num" dir="auto">{escape(one)}</th>'
        f'<th scope="col" class="num" dir="auto">{escape(other)}</th>'
        '<th scope="col" class="num">lead</th>'
        f"</tr></thead><tbody>{rows}</tbody></table></div>"
    )
