"""The table of scores: one bar a strategy on a common axis, and what each number is worth."""

from collections.abc import Sequence
from html import escape

from encoder import POOLINGS, Encoder
from encoder.calibration import Calibration, Scale
from encoder.trace import Trace
from ui.page.strategies import look
from ui.pooling.comparison import Comparison, Pinned, Score
from ui.pooling.examples import what_to_look_for
from ui.pooling.verdict import disagreement, verdict
from ui.state.workbench import Measuring
from ui.words import Axis, all_or_none, cut, layer_phrase, message, number

FINE = 1_000  # pairs from which a tenth of a percent can be told


def scores_table(comparison: Comparison, pinned: Pinned | None, status: str = "") -> str:
    """All strategies, the chosen one marked. `status` stands where percentiles are missing."""
    measure = comparison.view.measure
    values = [score.value(measure) for score in comparison.scores.values()]
    ghosts = [score.value(measure) for score in pinned.scores] if pinned else []
    axis = Axis.for_values(measure, [*values, *ghosts])
    rows = "".join(
        _row(comparison, score, axis, pinned, status) for score in comparison.scores.values()
    )
    worth = _worth_headers(comparison.calibration) if measure == "cosine" else ""
    return (
        f'<table class="lab-scores"><thead><tr><th>strategy</th><th class="axis">{axis.ticks()}'
        f'</th><th class="num">{escape(measure)}</th>{worth}</tr></thead><tbody>{rows}</tbody>'
        f"</table>{_legend(comparison, axis, pinned)}"
    )


def _row(
    comparison: Comparison, score: Score, axis: Axis, pinned: Pinned | None, status: str
) -> str:
    name, measure = score.pooling, comparison.view.measure
    value = score.value(measure)
    chosen = name == comparison.view.pooling
    scale = comparison.calibration and comparison.calibration.scale(name, comparison.view.layer)
    bands = _bands(scale, axis) if scale and measure == "cosine" else ""
    ghost = delta = ""
    if pinned:
        before = next(s.value(measure) for s in pinned.scores if s.pooling == name)
        ghost = f'<i class="ghost" style="left:{axis.at(before):.2f}%"></i>'
        delta = f'<small class="delta">{number(value - before, 4, sign=True)}</small>'
    start, end = sorted((axis.at(0), axis.at(value)))
    worth = ""
    if measure == "cosine":
        calibration = comparison.calibration
        counts = calibration.counts if calibration else (0, 0)
        shares = score.random_percentile, score.paraphrase_percentile
        worth = "".join(
            f'<td class="num worth" data-of="{of}">'
            f"{percent_cell(percentile, pairs, why_no_percentile(score, status))}</td>"
            for of, percentile, pairs in zip(OF, shares, counts, strict=True)
        )
    classes = ("chosen" if chosen else "", "mistake" if POOLINGS[name].is_mistake else "")
    mark = f"<small>{MISTAKE}</small>" if POOLINGS[name].is_mistake else ""
    return (
        f'<tr class="{" ".join(filter(None, classes))}" data-pick="{name}"><th scope="row">'
        f'<button type="button" data-pick="{name}" aria-pressed="{str(chosen).lower()}" '
        f'title="{escape(POOLINGS[name].title)}"><i class="dot" style="background:'
        f'{look(name).colour}"></i><span>{name}{mark}</span></button></th>'
        f'<td class="bar">{bands}<i class="fill" style="left:{start:.2f}%;width:{end - start:.2f}%;'
        f'background:{look(name).colour}"></i>{ghost}</td>'
        f'<td class="num value">{number(value, 4)}{delta}</td>{worth}</tr>'
    )


OF = ("unrelated", "paraphrases")  # what a score is held against
MISTAKE = "a mistake, on purpose"


def _worth_headers(calibration: Calibration | None) -> str:
    counts = [f"of {n:,} " for n in calibration.counts] if calibration else ["", ""]
    return "".join(
        f'<th class="num">beats<small>{n}{of}</small></th>'
        for of, n in zip(OF, counts, strict=True)
    )


def _bands(scale: Scale, axis: Axis) -> str:
    """Where 90 % of unrelated pairs and of paraphrases lie, behind the bar."""
    out = ""
    for kind in ("random", "paraphrase"):
        low, high = (axis.at(value) for value in scale.band(kind, 5, 95))
        out += f'<i class="band {kind}" style="left:{low:.2f}%;width:{high - low:.2f}%"></i>'
    return out


def _legend(comparison: Comparison, axis: Axis, pinned: Pinned | None) -> str:
    measure, calibration = comparison.view.measure, comparison.calibration
    parts = [f"<span>bars from {axis.label(axis.low)} to {axis.label(axis.high)}</span>"]
    if measure == "cosine" and calibration:
        parts += [
            f'<span><i class="key random"></i>90% of unrelated pairs '
            f"(n = {calibration.random_pairs:,})</span>",
            f'<span><i class="key paraphrase"></i>90% of paraphrases '
            f"(n = {calibration.paraphrase_pairs})</span>",
        ]
    if measure == "dot product":
        parts.append("<span>of the vectors as pooled, not normalised: longer ones give more</span>")
    if measure == "Euclidean distance":
        parts.append("<span>of the vectors as pooled, not normalised: smaller is closer</span>")
    if pinned:
        parts.append(
            f'<span><i class="key ghost"></i>pinned: “<bdi>{escape(cut(pinned.a, 40))}</bdi>” / '
            f"“<bdi>{escape(cut(pinned.b, 40))}</bdi>”, {escape(pinned.setting)}</span>"
        )
    return f'<div class="lab-legend">{"".join(parts)}</div>'


def measuring_status(measuring: Measuring | None) -> str:
    """Why there are no percentiles (yet); "" where nothing is being measured."""
    if measuring is None:
        return ""
    if measuring.failed:
        return "not measured"
    done = f" {measuring.done / measuring.total:.0%}" if measuring.total else ""
    return f"measuring{done} …"


def why_no_percentile(score: Score, status: str) -> str:
    """What stands in place of a percentile that there is not."""
    if score.empty:
        return "zero vector"
    return "all tie" if score.tied else status


def percent_cell(percentile: float | None, pairs: int, why_not: str = "") -> str:
    """A percentile among so many pairs, as fine as their number allows, or why there is none."""
    if percentile is None:
        return f'<span class="none">{escape(why_not) or "–"}</span>'
    whole = all_or_none(percentile, pairs)
    if whole:
        return whole
    if percentile > 99.9:
        return "&gt;99.9%"
    if percentile < 0.1:
        return "&lt;0.1%"
    fine = pairs >= FINE or not 0.5 <= percentile < 99.5  # never "0%" or "100%"
    return f"{percentile:.1f}%" if fine else f"{percentile:.0f}%"


# --- Short pieces of HTML around the pictures: verdict, facts, notes ------------------------------


def sentence_list(texts: Sequence[str]) -> str:
    """The numbered sentences, each with buttons that put it into a box: the keyboard's way."""
    rows = "".join(
        f'<li><span dir="auto">{escape(text)}</span> <button type="button" data-pick="a{i}" '
        f'aria-label="Sentence {i + 1} as A">as A</button> <button type="button" '
        f'data-pick="b{i}" aria-label="Sentence {i + 1} as B">as B</button></li>'
        for i, text in enumerate(texts)
    )
    return f'<ol class="lab-sentences">{rows}</ol>'


def answer(comparison: Comparison) -> str:
    """The verdict in words, with the settings it holds for."""
    view, encoder = comparison.view, comparison.encoder
    prompt = encoder.prompt()
    look = what_to_look_for(view.a, view.b)
    facts = [
        comparison.model,
        layer_phrase(view.layer, encoder.backbone.depth),
        "special tokens pooled" if view.pool_special else "special tokens not pooled",
        *([f"prompt “{prompt}”"] if prompt else []),
        f"score {comparison.chosen.cosine:.4f} with {view.pooling}",
    ]
    headline, explained = verdict(comparison)
    more = " ".join(part for part in (explained, disagreement(comparison)) if part)
    return (
        f'<div class="lab-answer" role="status"><p class="verdict">{escape(headline)}</p>'
        + f'<p class="more">{escape(more)}</p>'
        + (f'<p class="look">{escape(look)}</p>' if look else "")
        + f'<p class="facts">{escape(" · ".join(facts))}</p></div>'
    )


def token_counts(encoder: Encoder, traces: Sequence[Trace]) -> str:
    """How long each sentence is for the model, what did not fit, and what it cannot read."""
    parts = []
    for name, trace in zip("AB", traces, strict=True):
        words = [i for i, special in zip(trace.ids, trace.special, strict=True) if not special]
        unknown = sum(i == encoder.backbone.unknown_id for i in words)
        warnings = [
            *([f"the last {trace.cut} were cut off"] if trace.cut else []),
            *([f"{unknown} unknown: all unknown words look alike"] if unknown else []),
            *([] if words else ["nothing in it that the model can read"]),
        ]
        warned = f' <strong class="cut">{escape("; ".join(warnings))}</strong>' if warnings else ""
        counted = f"{len(trace.tokens)} of {encoder.max_tokens} tokens"
        parts.append(f"<span><b>{name}</b> {counted}{warned}</span>")
    return f'<div class="lab-facts">{"".join(parts)}</div>'


def special_tokens_note(comparison: Comparison) -> str:
    """What taking the special tokens out of the pooling mask means, for these sentences."""
    if comparison.view.pool_special:
        return (
            '<p class="lab-note">Special tokens such as [CLS] and [SEP] are pooled like any other '
            "token. Take them out and watch the score move; attention still sees them.</p>"
        )
    firsts = [
        next((t for t, s in zip(trace.tokens, trace.special, strict=True) if not s), "nothing")
        for trace in comparison.traces
    ]
    return (
        '<p class="lab-note">Attention still sees the special tokens, but pooling does not. '
        "<code>cls</code> now means the first word piece: "
        f"“{escape(firsts[0])}” in A, “{escape(firsts[1])}” in B; <code>last_token</code> is the "
        "last word piece.</p>"
    )


def trust(comparison: Comparison, calibration: Calibration | None) -> str:
    """How well each strategy tells paraphrases from unrelated pairs, at this layer."""
    if calibration is None:
        return message("The background set has not been measured for this model yet.")
    rows = ""
    for name in POOLINGS:
        scale = calibration.scale(name, comparison.view.layer)
        if scale is None:
            continue
        low, high = scale.band("random", 5, 95)
        p_low, p_high = scale.band("paraphrase", 5, 95)
        beaten = percent_cell(scale.random_percentile(p_low), calibration.random_pairs)
        rows += (
            f'<tr><th scope="row">{name}</th><td class="num">{scale.separation:.3f}</td>'
            f'<td class="num">{low:.2f} … {high:.2f}</td>'
            f'<td class="num">{p_low:.2f} … {p_high:.2f}</td>'
            f'<td class="num">{beaten}</td></tr>'
        )
    return (
        '<table class="lab-plain"><thead><tr><th>strategy</th><th class="num">ROC-AUC</th>'
        '<th class="num">unrelated, 90%</th><th class="num">paraphrases, 90%</th>'
        '<th class="num">unrelated pairs that<br>95% of paraphrases beat</th></tr></thead>'
        f"<tbody>{rows}</tbody></table>"
        f'<p class="lab-note">Measured for this model, layer and mask on '
        f"{calibration.random_pairs:,} pairs of {calibration.sentences} unrelated sentences and "
        f"{calibration.paraphrase_pairs} pairs of paraphrases, in English, of everyday subjects. "
        "ROC-AUC is the chance that a paraphrase scores above an unrelated pair: 1 is perfect, 0.5 "
        "a coin toss. With "
        f"{calibration.paraphrase_pairs} paraphrases, a percentile among them is good to about "
        "± 6 points; on another language or subject all of this can shift.</p>"
    )
