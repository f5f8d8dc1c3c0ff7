"""Judging hits: thumbs, what was judged, and strategies measured on it."""

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape

from explore.relevance import MEASURES, Estimate
from ingest.findings import count
from ui.search.answer import Answer
from ui.search.scores import FEW, HELD_OUT, TRAINED, K, QueryGroup, StrategyScores
from ui.state.judgements import Grades, count_of, irrelevant, queries, relevant
from ui.state.stages import Key
from ui.words import NONE, cut, message, notes, number

LISTED = 40  # queries in the list; the CSV has all
THUMBS = {"good": ("relevant", 1.0), "bad": ("not relevant", 0.0)}
UNJUDGED = (
    "Texts that nobody judged count as not relevant. Who judges only what one strategy showed "
    "favours that strategy: its own finds are judged, those of the others are not. Judge what "
    "several of them find, or bring judgements made without any."
)
UNSURE = (
    "A model that was brought back from a download is among them. What it was trained on is not "
    "known here: if these very queries were, its score proves nothing."
)
GROUP_WORDS = {
    HELD_OUT: "No model of yours here was trained on these: the fair comparison.",
    TRAINED: "A model of yours has seen the answers of these: its score here proves nothing.",
}


@dataclass(frozen=True, eq=False)
class StrategyComparison:
    """Strategies on judged queries, and the settings of the first."""

    source: Key
    settings: str
    judgements: int
    groups: tuple[QueryGroup, ...]
    unsure: bool = False  # whether it is not known of one of the models what it was trained on


def thumbs_list(answer: Answer, judged: Mapping[str, float]) -> str:
    """The hits of the last query, each with both thumbs; `judged` are grades by text."""
    if not answer.rows:
        return message(f"“{cut(answer.query, 90)}” has no hits to judge.")
    items = ""
    for rank, (row, cosine) in enumerate(zip(answer.rows, answer.cosines, strict=True), 1):
        text = answer.index.corpus.texts[row]
        items += (
            f'<li><span class="num">{number(float(cosine), 3)}</span> '
            f'<span dir="auto">{escape(cut(text))}</span> '
            f'<span class="lab-pair-buttons">{_thumbs(row, rank, judged.get(text))}</span></li>'
        )
    asked = f"Do these answer “{cut(answer.query, 90)}”? A second click takes it back."
    return f'{notes([asked])}<ol class="lab-near">{items}</ol>'


def _thumbs(row: int, rank: int, grade: float | None) -> str:
    given = None if grade is None else ("good" if grade > 0 else "bad")
    return " ".join(
        f'<button type="button" class="lab-button" data-pick="{name}:{row}" '
        f'aria-pressed="{str(name == given).lower()}" aria-label="{title}: hit {rank}">'
        f"{title}</button>"
        for name, (title, _) in THUMBS.items()
    )


def judged_list(grades: Grades, sent: frozenset[str] | set[str], left: Grades | None = None) -> str:
    """What was judged so far, the latest query first; `left` was judged on earlier texts."""
    before = notes([
        f"{count(count_of(left), 'judgement')} of {queries(len(left))} on the texts that were open "
        "before count no more here. “Judgements as CSV” has them still: save them, and upload them "
        "when those texts are open again."
    ]) if left else ""  # fmt: skip
    if not grades:
        remark = "Nothing is judged yet. Judge hits above, or load judged queries."
        return before + message(remark)
    rows = ""
    for query in list(grades)[: -LISTED - 1 : -1]:
        good, bad = relevant(grades[query]), irrelevant(grades[query])
        first = escape(cut(good[0], 90)) if good else NONE
        trained = "<small>sent to training</small>" if query in sent else ""
        rows += (
            f'<tr><th scope="row" dir="auto">{escape(cut(query, 90))}{trained}</th>'
            f'<td class="num" data-of="relevant">{len(good):,}</td>'
            f'<td class="num" data-of="not">{len(bad):,}</td><td dir="auto">{first}</td></tr>'
        )
    remark = f"{count(count_of(grades), 'judgement')} of {queries(len(grades))}."
    if len(grades) > LISTED:
        remark += f" The latest {LISTED} queries are listed; the CSV has all."
    return (
        before
        + notes([remark])
        + '<div class="lab-frame lab-tall" role="region" tabindex="0" aria-label="Judged queries">'
        '<table class="lab-table lab-judged" aria-label="Judged queries"><thead><tr>'
        '<th scope="col">query</th><th scope="col" class="num">relevant</th>'
        '<th scope="col" class="num">not</th><th scope="col">a relevant text</th></tr></thead>'
        f"<tbody>{rows}</tbody></table></div>"
    )


# --- scores -------------------------------------------------------------------------------------


def scores_panel(comparison: StrategyComparison) -> str:
    """A table for each group of queries, and how far they can be trusted."""
    measured_on = count(comparison.judgements, "judgement")
    facts = [f"Measured on {measured_on}. First: {comparison.settings}."]
    if comparison.unsure:
        facts.append(UNSURE)
    return (
        notes(facts)
        + "".join(_group(group) for group in comparison.groups)
        + notes([
            f"nDCG, MRR and recall of the first {K} hits, × 100, with 95% bootstrap intervals over "
            "queries; the gain in nDCG is paired, query by query, against the first strategy. "
            + UNJUDGED
        ])
    )  # fmt: skip


def _group(group: QueryGroup) -> str:
    heads = "".join(f'<th scope="col" class="num">{name}@{K}</th>' for name in MEASURES)
    rows = "".join(map(_row, group.strategies))
    remarks = [GROUP_WORDS[group.title]] if group.title in GROUP_WORDS else []
    if group.shared:
        remarks.append(
            f"A relevant text of {group.shared:,} of these was trained on for another query: that "
            "is somewhat too kind to the trained model."
        )
    if group.few:
        remarks.append(f"With fewer than {FEW} queries these intervals are too narrow.")
    return (
        f'<p class="lab-sub">{escape(group.title)}: {queries(group.queries)}</p>'
        + (notes([" ".join(remarks)]) if remarks else "")
        + f'<div class="lab-frame" role="region" tabindex="0" aria-label="{escape(group.title)}">'
        f'<table class="lab-table lab-measured" aria-label="{escape(group.title)}"><thead><tr>'
        f'<th scope="col">strategy</th>{heads}'
        '<th scope="col" class="num">gain in nDCG</th></tr></thead>'
        f"<tbody>{rows}</tbody></table></div>"
    )  # fmt: skip


def _row(scores: StrategyScores) -> str:
    cells = "".join(
        f'<td class="num" data-of="{name}">{_estimate(scores.scores[name])}</td>'
        for name in MEASURES
    )
    return (
        f'<tr><th scope="row">{escape(scores.name)}<small>{escape(scores.settings)}</small></th>'
        f'{cells}<td class="num" data-of="gain">{_gain(scores.gain)}</td></tr>'
    )


def _estimate(estimate: Estimate, sign: bool = False) -> str:
    if estimate.value != estimate.value:
        return NONE
    value = number(100 * estimate.value, 1, sign)
    if estimate.low != estimate.low:
        return value
    low, high = number(100 * estimate.low, 1, sign), number(100 * estimate.high, 1, sign)
    return f"{value}<small>{low} … {high}</small>"


def _gain(gain: Estimate | None) -> str:
    if gain is None:
        return "<small>the first</small>"
    if gain.low != gain.low:
        return f'{_estimate(gain, True)}<small class="word">too few to say</small>'
    word = "beyond chance" if gain.is_clear else "could be chance"
    return f'{_estimate(gain, True)}<small class="word">{word}</small>'
