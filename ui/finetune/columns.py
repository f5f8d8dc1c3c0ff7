"""A choice of columns as plain JSON: what the web API takes, and what it gives with a remedy."""

from typing import cast

from ingest import ColumnMapping, IngestError, Kind, Table
from ui.checks import in_range, one_of
from ui.state.pairs import KINDS, parse_scale

FIELDS = ("kind", "texts", "label", "scale", "meanings", "ignored", "only")
MOST_NAMES = 100  # words of a label, or columns


def columns_as_json(mapping: ColumnMapping) -> dict[str, object]:
    """The fields that say something; `parse_columns` reads them."""
    fields = {
        "kind": mapping.kind,
        "texts": list(mapping.texts),
        "label": mapping.label,
        "scale": list(mapping.scale) if mapping.scale else None,
        "meanings": dict(mapping.meanings),
        "ignored": list(mapping.ignored),
        "only": list(mapping.only),
    }
    return {name: value for name, value in fields.items() if value}


def parse_columns(sent: object, table: Table) -> ColumnMapping:
    """The choice of columns that somebody sent, each of them in the table.

    Raises LabError naming what is wrong.
    """
    if not isinstance(sent, dict) or not {"kind", "texts"} <= sent.keys() <= set(FIELDS):
        raise IngestError(
            "The columns are an object with kind and texts, and what it needs of: "
            f"{', '.join(FIELDS[2:])}. For example: "
            '{"kind": "positive", "texts": ["question", "answer"]}.'
        )
    kind = one_of(sent["kind"], "kind", KINDS)
    label = sent.get("label")
    texts, ignored = (_names(sent.get(name), name) for name in ("texts", "ignored"))
    only = _names(sent.get("only"), "only")
    if only and len(only) != 2:
        raise IngestError(f"only is a column and a value, not {len(only)} of them.")
    labels = _names([label], "label") if label else ()
    table.check_has([*texts, *labels, *ignored, *only[:1]])
    return ColumnMapping(
        cast(Kind, kind),
        texts,
        labels[0] if labels else None,
        _scale(sent.get("scale")),
        _meanings(sent.get("meanings")),
        ignored,
        (only[0], only[1]) if only else (),
    )


def _names(sent: object, field: str) -> tuple[str, ...]:
    names = [] if sent is None else sent
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise IngestError(f"{field} is a list of names, not {str(sent)[:40]!r}.")
    if len(names) > MOST_NAMES:
        raise IngestError(f"{field} has {len(names):,} names; at most {MOST_NAMES} are read.")
    return tuple(names)


def _scale(sent: object) -> tuple[float, float] | None:
    if not sent:
        return None
    if not isinstance(sent, list) or len(sent) != 2:
        raise IngestError(f"scale is the lowest and the highest label, not {str(sent)[:40]!r}.")
    return parse_scale(*sent)


def _meanings(sent: object) -> tuple[tuple[str, float], ...]:
    words = {} if sent is None else sent
    if not isinstance(words, dict):
        raise IngestError(f"meanings is an object of words, not {str(sent)[:40]!r}.")
    if len(words) > MOST_NAMES:
        raise IngestError(f"meanings has {len(words):,} words; at most {MOST_NAMES} are read.")
    named = ((str(word), f"The meaning of {str(word)[:40]!r}") for word in words)
    return tuple((word, in_range(words[word], name, 0, 1)) for word, name in named)
