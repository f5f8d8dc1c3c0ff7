"""What each part of the Pooling tab shows for a comparison. Plain values, no gradio."""

from collections.abc import Callable

import numpy as np

from encoder import CATALOG, POOLINGS, Encoder, Options
from encoder.catalog import UNTRAINED
from encoder.encoder import unit_rows
from ui.page.matrix import Figure, figure_json, pipeline, shaded_tokens
from ui.page.models import layer_label
from ui.page.strategies import look
from ui.pooling.comparison import Comparison
from ui.pooling.figures import layer_map, left_out, sentence_matrix, strips
from ui.pooling.form import View, split_texts
from ui.pooling.html import sentence_list, special_tokens_note, trust
from ui.pooling.snippet import (
    SnippetRequest,
    pair_idf,
    sentence_transformers_snippet,
    transformers_snippet,
    why_no_sentence_transformers,
)
from ui.pooling.verdict import verdict
from ui.settings import Settings
from ui.words import layer_phrase, message, notes, number


def apart(comparison: Comparison) -> tuple[str, str, Figure, str]:
    """Taken apart: note, shaded tokens, matrix, what it sums to."""
    pair = comparison.explanation
    explained = pair.explained
    shown = pair.tokens_a, pair.tokens_b
    tokens = shaded_tokens(explained, shown, comparison.view.pool_special)
    rows, columns = explained.contributions.shape
    total = number(explained.contributions.sum(), 4)
    text = explained.note or (
        f"The {rows} × {columns} = {rows * columns:,} numbers of the matrix sum to {total}, the "
        f"cosine shown for {comparison.view.pooling}."
    )
    if explained.a.owned is not None:
        text += " “dim.” counts the dimensions that a token owns: there its value is the one taken."
    return special_tokens_note(comparison), tokens, pair.matrix, message(text)


def layers(comparison: Comparison) -> tuple[Figure, str]:
    """Through the layers: the clickable map, and what the chosen cell says."""
    view, encoder = comparison.view, comparison.encoder
    figure = layer_map(
        comparison.layer_map,
        list(POOLINGS),
        encoder.layers,
        [layer_label(layer, encoder.backbone.depth) for layer in encoder.layers],
        (view.pooling, view.layer),
        comparison.layer_map_worth,
    )
    where = layer_label(view.layer, encoder.backbone.depth)
    chosen = f"Chosen: {view.pooling}, layer {where}. {verdict(comparison)[0]}"
    return figure_json(figure), message(chosen)


def making(comparison: Comparison) -> tuple[str, str, Figure, str]:
    """How a vector is made: characters and tokens, formula, strips, the cosine."""
    view, encoder = comparison.view, comparison.encoder
    readable, hidden = encoder.backbone.readable, encoder.backbone.hidden_size
    steps = "".join(
        pipeline(name, trace, readable(trace.tokens), hidden)
        for name, trace in zip("AB", comparison.traces, strict=True)
    )
    strategy = POOLINGS[view.pooling]
    pooled = "" if view.pool_special else ", special ones left out"
    symbols = f"; {row.symbols}" if (row := look(view.pooling)).symbols else ""
    formula = (
        f"**{view.pooling}**: {strategy.title}. Source: {strategy.source}.\n\n"
        f"$$ {strategy.latex} $$\n\nHere $h_t$ is the vector of token $t$ at "
        f"{layer_phrase(view.layer, encoder.backbone.depth)}, and $n$ the number of tokens"
        f"{pooled}{f'; {symbols}' if symbols else ''}."
    )
    (tokens_a, states_a), (tokens_b, states_b) = (
        encoder.token_states(text, view.pooling, view.layer, comparison.options)
        for text in (view.a, view.b)
    )
    a, b = comparison.vectors[view.pooling]
    figure = strips((readable(tokens_a), readable(tokens_b)), (states_a, states_b), (a, b))
    lengths = np.linalg.norm(a), np.linalg.norm(b)
    cosine = (
        f"cos(A, B) = A · B / (|A| |B|) = {number(a @ b, 4)} / ({lengths[0]:.4f} × "
        f"{lengths[1]:.4f}) = {number(comparison.chosen.cosine, 4)}. "
        f"{left_out((states_a, states_b))}"
    )
    padding = max(len(states_a) - len(comparison.traces[0].ids), 0)
    if padding:
        cosine += (
            f" {view.pooling} averages padding, too: {padding} [PAD] vectors stand behind A's own."
        )
    return steps, formula, figure_json(figure), message(cosine)


def python(comparison: Comparison) -> tuple[str, str]:
    """Show the Python: with transformers, with sentence-transformers or why not."""
    view, encoder = comparison.view, comparison.encoder
    hub_id = CATALOG[view.model].hub_id if view.model in CATALOG else view.model
    # What has no owner is no Hub id, but a folder of this host's.
    address = hub_id if "/" in hub_id else f"./{hub_id}"
    request = SnippetRequest(
        a=view.a,
        b=view.b,
        model=comparison.own_model or address,
        pooling=view.pooling,
        layer=view.layer,
        depth=encoder.backbone.depth,
        max_tokens=encoder.max_tokens,
        pool_special=view.pool_special,
        prompt=encoder.prompt(),
        idf=pair_idf(encoder, view.a, view.b) if POOLINGS[view.pooling].needs_idf else {},
        seed=0 if view.model == UNTRAINED else None,
        own=bool(comparison.own_model),
    )
    short = sentence_transformers_snippet(request)
    return transformers_snippet(request), short or f"# {why_no_sentence_transformers(request)}"


def honesty(comparison: Comparison) -> tuple[str]:
    """How far can I trust it?"""
    return (trust(comparison, comparison.calibration),)


SECTIONS: dict[str, Callable[[Comparison], tuple[object, ...]]] = {
    "apart": apart,
    "layers": layers,
    "making": making,
    "python": python,
    "honesty": honesty,
}


def several(encoder: Encoder, view: View, lines: object, settings: Settings) -> tuple[Figure, str]:
    """Up to ten sentences: the matrix, and a numbered list with notes."""
    texts, left_out = split_texts(lines, settings)
    if len(texts) < 2:
        return None, message("Give at least two sentences, one on each line.")
    left_out += truncated(encoder, texts)
    vectors = compare_texts(encoder, texts, view)
    figure = figure_json(sentence_matrix(vectors @ vectors.T, texts))
    return figure, notes(left_out) + sentence_list(texts)


def truncated(encoder: Encoder, texts: tuple[str, ...]) -> list[str]:
    """Which sentences of the list did not fit into the model."""
    cut = [f"S{i}" for i, text in enumerate(texts, 1) if encoder.tokenize(text).cut]
    if not cut:
        return []
    return [f"{', '.join(cut)} cut to the first {encoder.max_tokens} tokens, all this model reads."]


def compare_texts(encoder: Encoder, texts: tuple[str, ...], view: View) -> np.ndarray:
    """Unit vectors (N, D) under the view's strategy and layer."""
    options = Options(pool_special=view.pool_special)
    return unit_rows(encoder.encode(texts, view.pooling, view.layer, options=options))
