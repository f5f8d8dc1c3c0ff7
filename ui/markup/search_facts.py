"""How texts and queries were encoded, in one line: it stands beside every number of a section."""

from encoder.layers import canonical_layer
from ui.search_index import Index, prompts
from ui.verdict import layer_phrase


def settings_line(index: Index, model: str = "") -> str:
    """Texts, model, pooling, layer, prompts. `model` is the title of the index's model."""
    depth = index.encoder.backbone.depth
    layer = layer_phrase(canonical_layer(index.settings.layer, depth), depth)
    said = [f"{index.atlas.name}: {len(index.corpus):,} texts", model or index.settings.model,
            f"{index.pooling} pooling", layer]  # fmt: skip
    before = [f"“{prompt}”" for prompt in prompts(index.encoder) if prompt]
    return " · ".join([*said, *(["prompts " + " and ".join(before)] if before else [])])
