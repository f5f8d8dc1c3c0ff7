"""How texts become vectors on the Map and the Search tab: a pooling and a layer, checked."""

from encoder import POOLINGS, Encoder, EncoderError, Layer
from ui.tuning_form import OWN_POOLING
from ui.view import parse_layer


def parse_pooling_and_layer(pooling: object, layer: object) -> tuple[str | None, Layer]:
    """None is the model's own pooling. Raises EncoderError."""
    chosen = None if pooling in (OWN_POOLING, None, "") else str(pooling)
    if chosen is not None and chosen not in POOLINGS:
        raise EncoderError(
            f"Unknown pooling {chosen[:40]!r}. Choose one of: {', '.join(POOLINGS)}."
        )
    return chosen, parse_layer(layer)


def pooling_at(layer: Layer, pooling: str | None, encoder: Encoder) -> str | None:
    """The pooling, by name where the model's own is asked for on another layer than the last.

    What a model was saved with behind its pooling (a linear map, say) belongs to the last layer.
    """
    return encoder.pooling if pooling is None and layer != -1 else pooling
