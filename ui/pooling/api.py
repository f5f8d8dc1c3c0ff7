"""The web API: plain JSON in, plain JSON out, the same checks as the page."""

import gradio as gr

from encoder import DEFAULT_MODEL, EncoderError
from encoder.layers import canonical_layer
from ui.checks import parse_layer, parse_pooling, parse_text
from ui.page.events import Lane, worded
from ui.pooling.form import View
from ui.pooling.handlers import PoolingHandlers
from ui.pooling.sections import compare_texts
from ui.settings import Settings
from ui.state.workbench import Workbench


def build_api(workbench: Workbench) -> None:
    """Add the endpoints to the current Blocks."""
    settings = workbench.settings
    handlers = PoolingHandlers(workbench)

    def compare_pair(
        request: gr.Request, a: str, b: str, model: str = DEFAULT_MODEL, layer: str = "-1"
    ) -> dict[str, object]:
        """Compare two sentences under every pooling strategy.

        a, b: the sentences. model: a key of the model list. layer: 0 to the last, "-1" for the
        last, "first_last" or "last2". Answers {"model", "layer", "scores": {strategy: cosine},
        "percentiles": {strategy: {"random", "paraphrase"}}, "tokens_a", "tokens_b"}; percentiles
        are null until they have been measured for this model.
        """
        view = View(
            a=parse_text(a, "A", settings),
            b=parse_text(b, "B", settings),
            model=handlers.picker.parse(model, request.session_hash),
            layer=parse_layer(layer),
        )
        return handlers.compare(view, request.session_hash)[0].as_json()

    def compare_set(
        request: gr.Request,
        texts: list[str],
        model: str = DEFAULT_MODEL,
        layer: str = "-1",
        pooling: str = "mean",
    ) -> dict[str, object]:
        """Cosine of every sentence with every other under one strategy.

        texts: two to ten sentences. Answers {"model", "layer", "pooling", "matrix": [[cosine]]}.
        """
        checked = parse_texts(texts, settings)
        view = View(
            model=handlers.picker.parse(model, request.session_hash),
            layer=parse_layer(layer),
            pooling=parse_pooling(pooling),
        )
        encoder = workbench.encoder(view.model, request.session_hash)
        vectors = compare_texts(encoder, checked, view)
        return {
            "model": view.model,
            "layer": canonical_layer(view.layer, encoder.backbone.depth),
            "pooling": view.pooling,
            "matrix": (vectors @ vectors.T).clip(-1, 1).astype(float).round(6).tolist(),
        }

    # Lanes of their own: a call that loads a large model must not hold up the page.
    limits: Lane = {"concurrency_id": "api", "concurrency_limit": 2}
    gr.api(worded(compare_pair), api_name="compare_pair", **limits)
    gr.api(worded(compare_set), api_name="compare_set", **limits)


def parse_texts(texts: object, settings: Settings) -> tuple[str, ...]:
    """Two to `max_texts` sentences. Raises EncoderError."""
    if not isinstance(texts, list) or not 2 <= len(texts) <= settings.max_texts:
        count = len(texts) if isinstance(texts, list) else type(texts).__name__
        raise EncoderError(f"Give a list of 2 to {settings.max_texts} sentences; this was {count}.")
    return tuple(parse_text(text, str(i), settings) for i, text in enumerate(texts, 1))
