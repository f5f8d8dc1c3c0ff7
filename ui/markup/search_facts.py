"""How texts and queries were encoded, in one line: it stands beside every number of a section."""

from encoder.layers import canonical_layer
from ingest.findings import count
from ui.search_index import Index, prompts
from ui.tabs.models import ModelPicker
from ui.verdict import layer_phrase


def settings_line(index: Index, model: str = "") -> str:
    """Texts, model, pooling, layer, prompts. `model` is the title of the index's model."""
    depth = index.encoder.backbone.depth
    layer = layer_phrase(canonical_layer(index.settings.layer, depth), depth)
    said = [f"{index.file}: {count(len(index.corpus), 'text')}", model or index.settings.model,
            f"{index.pooling} pooling", layer]  # fmt: skip
    before = [f"“{prompt}”" for prompt in prompts(index.encoder) if prompt]
    return " · ".join([*said, *(["prompts " + " and ".join(before)] if before else [])])


def index_title(index: Index, picker: ModelPicker, visitor: str | None) -> str:
    """`settings_line` with the model by the name that its owner gave it."""
    return settings_line(index, picker.title(index.settings.model, visitor))


def cut_lines(index: Index, query_cut: int = 0) -> list[str]:
    """What the model has not read of texts and question, and who has."""
    limit, lines = f"the {index.encoder.max_tokens} tokens that {index.encoder.name} reads", []
    if index.cut:
        lines.append(
            f"{index.cut:,} of {count(len(index.corpus), 'text')} "
            f"{'is' if index.cut == 1 else 'are'} longer than {limit}: what stands behind is in no "
            "vector and cannot be found by vectors. BM25 reads every word."
        )
    if query_cut:
        lines.append(f"The question is longer than {limit}: {query_cut:,} were cut off.")
    return lines
