"""How texts and queries were encoded, in one line: it stands beside every number of a section."""

from encoder.layers import canonical_layer
from ui.search_index import Index, prompts
from ui.verdict import layer_phrase


def settings_line(index: Index) -> str:
    """Texts, model, pooling, layer, prompts."""
    depth = index.encoder.backbone.depth
    layer = layer_phrase(canonical_layer(index.settings.layer, depth), depth)
    said = [f"{index.atlas.name}: {len(index.corpus):,} texts", index.encoder.name,
            f"{index.pooling} pooling", layer]  # fmt: skip
    before = [f"“{prompt}”" for prompt in prompts(index.encoder) if prompt]
    return " · ".join([*said, *(["prompts " + " and ".join(before)] if before else [])])
