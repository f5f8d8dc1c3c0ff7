"""Records whose texts stand inside objects → columns: {"translation": {"de": "…", "en": "…"}}."""

from collections.abc import Mapping, Sequence

from ingest.contents import is_nested, nested_value, wordiness
from ingest.text_columns import holds_texts

ENOUGH_TEXTS = 2  # columns of texts, with which no object has to be opened
MOSTLY = 0.5  # the share of cells that must be such objects
TEXT_FIELDS = ("text", "content", "contents", "passage", "sentence", "body")
Columns = dict[str, list[str]]


def with_flat_objects(columns: Mapping[str, Sequence[str]], most: int) -> tuple[Columns, str]:
    """The fields of objects as columns of their own, and a note on it, "" where none were opened.

    Of objects with several texts every field; of those that describe one text, that text. Only
    where there are not two columns of texts without them, and no object has more than `most`.
    """
    unchanged = {name: list(cells) for name, cells in columns.items()}
    if sum(holds_texts(cells) for cells in columns.values()) >= ENOUGH_TEXTS:
        return unchanged, ""
    opened = {name: fields for name, cells in columns.items() if (fields := _fields(cells, most))}
    if not opened:
        return unchanged, ""
    flat: Columns = {}
    names = []
    for name, cells in columns.items():
        fields = opened.get(name)
        if fields is None:
            flat[name] = list(cells)
            continue
        texts = [field for field, values in fields.items() if wordiness(values) > 0]
        if len(texts) == 1:
            flat[name] = fields[texts[0]]
            names.append(name)
            continue
        for field, values in fields.items():
            own = field if field and field not in columns and field not in flat else ""
            flat[own or f"{name}.{field}"] = values
            names.append(own or f"{name}.{field}")
    objects, read = (", ".join(map(repr, some)) for some in (opened, names))
    return flat, f"The objects in {objects} are read as {read}."


def _fields(cells: Sequence[str], most: int) -> Columns | None:
    """{field: its cells} of a column of objects of strings that hold texts, else None."""
    present = [cell for cell in cells if cell.strip()]
    if not present or sum(map(is_nested, present)) <= MOSTLY * len(present):
        return None
    objects = [nested_value(cell) for cell in cells]
    mappings = [value if isinstance(value, dict) else {} for value in objects]
    if sum(map(bool, mappings)) <= MOSTLY * len(present):
        return None
    if any(isinstance(v, list | dict) for mapping in mappings for v in mapping.values()):
        return None
    fields = dict.fromkeys(field for mapping in mappings for field in mapping)
    if len(fields) > most:
        return None
    columns = {field: [_cell(mapping.get(field)) for mapping in mappings] for field in fields}
    texts = [field for field, values in columns.items() if wordiness(values) > 0]
    described = len(texts) == 1 and texts[0].casefold() in TEXT_FIELDS
    return columns if len(texts) >= ENOUGH_TEXTS or described else None


def _cell(value: object) -> str:
    return "" if value is None else str(value)
