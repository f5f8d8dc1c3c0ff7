"""Short pieces of HTML around the pictures: verdict, facts, notes."""

from collections.abc import Sequence
from html import escape

from encoder import CATALOG, POOLINGS, Encoder, ModelSpec
from encoder.calibration import Calibration
from encoder.trace import Trace
from ui.comparison import Comparison
from ui.examples import what_to_look_for
from ui.markup.scores import percent_cell
from ui.verdict import disagreement, layer_phrase, verdict


def message(text: str) -> str:
    """One line in place of an answer."""
    return f'<p class="lab-message" role="status">{escape(text)}</p>'


def notes(lines: Sequence[str]) -> str:
    """Remarks below an input."""
    return "".join(f'<p class="lab-note">{escape(line)}</p>' for line in lines)


def sentence_list(texts: Sequence[str]) -> str:
    """The numbered sentences, each with buttons that put it into a box: the keyboard's way."""
    rows = "".join(
        f'<li><span>{escape(text)}</span> <button type="button" data-pick="a{i}" '
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
        encoder.name,
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


def model_line(spec: ModelSpec, depth: int, hidden_size: int, pooling: str) -> str:
    """One line on the model in use."""
    size = f"{spec.megabytes} MB, " if spec.megabytes else ""
    origin = "comes with the app" if spec.bundled else f"from the Hub: {spec.hub_id}"
    licence = f", {spec.licence}" if spec.key in CATALOG else ""
    return (
        f'<p class="lab-note">{escape(spec.why)} <span class="dim">{size}{depth} layers of '
        f"{hidden_size}, own pooling {escape(pooling)}, {escape(origin + licence)}.</span></p>"
    )


def model_table(specs: Sequence[ModelSpec]) -> str:
    """Every model on offer: its size, where it comes from, and why it is here."""
    rows = "".join(
        f'<tr><th scope="row">{escape(spec.key)}</th><td class="num">{spec.megabytes} MB</td>'
        f"<td>{'comes with the app' if spec.bundled else 'from the Hub'}, "
        f"{escape(spec.licence)}</td><td>{escape(spec.why)}</td></tr>"
        for spec in specs
    )
    return (
        '<table class="lab-plain lab-models"><thead><tr><th>model</th><th class="num">size</th>'
        f"<th>origin, licence</th><th>what it shows</th></tr></thead><tbody>{rows}</tbody></table>"
    )


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
        rows += (
            f'<tr><th scope="row">{name}</th><td class="num">{scale.separation:.3f}</td>'
            f'<td class="num">{low:.2f} … {high:.2f}</td>'
            f'<td class="num">{p_low:.2f} … {p_high:.2f}</td>'
            f'<td class="num">{percent_cell(scale.random_percentile(p_low), False, "")}</td></tr>'
        )
    return (
        '<table class="lab-plain"><thead><tr><th>strategy</th><th class="num">ROC-AUC</th>'
        '<th class="num">unrelated, 90%</th><th class="num">paraphrases, 90%</th>'
        '<th class="num">unrelated below<br>the 5% lowest paraphrases</th></tr></thead>'
        f"<tbody>{rows}</tbody></table>"
        f'<p class="lab-note">Measured for this model, layer and mask on '
        f"{calibration.random_pairs:,} pairs of {calibration.sentences} unrelated sentences and "
        f"{calibration.paraphrase_pairs} pairs of paraphrases, in English, of everyday subjects. "
        "ROC-AUC is the chance that a paraphrase scores above an unrelated pair: 1 is perfect, 0.5 "
        "a coin toss. With "
        f"{calibration.paraphrase_pairs} paraphrases, a percentile among them is good to about "
        "± 6 points; on another language or subject all of this can shift.</p>"
    )
