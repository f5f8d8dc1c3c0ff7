"""What was sent, checked: texts, numbers in a range, poolings, layers, models, links."""

import json
import math
from collections.abc import Callable, Collection, Mapping
from dataclasses import asdict, fields, replace
from typing import Any, ClassVar, Protocol, TypeVar
from urllib.parse import urlencode

from encoder import CATALOG, POOLINGS, Encoder, EncoderError, Layer, ModelSpec, UnknownName
from encoder.hub import valid_repo_id
from encoder.layers import NAMED
from encoder.text import clean_texts
from ingest import LabError
from ui.settings import Settings

# --- Settings of a tab as a link carries them, and read back. Nothing in a link is trusted --------


class Form(Protocol):
    """Settings of a tab: a dataclass."""

    __dataclass_fields__: ClassVar[dict[str, Any]]


FormT = TypeVar("FormT", bound=Form)
LONGEST = 200  # characters of a setting
LONGEST_LINK = 7_500  # characters of a query; the address of the host stands before it


def link_query(name: str, form: FormT, corpus: str = "") -> str:
    """A form as a URL query under a name; settings at their default are left out.

    `corpus` names a sample; a visitor's own texts are never part of a link. Where it would be too
    long, what was typed is left out: see `fits_link`.
    """
    changed = {k: v for k, v in asdict(form).items() if v != getattr(type(form)(), k)}
    named = {"corpus": corpus} if corpus else {}
    for settings in (changed, {k: v for k, v in changed.items() if len(str(v)) <= LONGEST}):
        query = "?" + urlencode({name: json.dumps(settings, separators=(",", ":"))} | named)
        if fits_link(query):
            return query
    return "?" + urlencode(named)


def fits_link(query: str) -> bool:
    """Whether servers read a link with this query: many read 8 kB of a request's first line."""
    return len(query) <= LONGEST_LINK


def settings_from_json(
    text: object, name: str, form: FormT, checked: Callable[[FormT], FormT], longest: int = LONGEST
) -> tuple[FormT, list[str]]:
    """The form with what a link or a file says, and what in it was not usable.

    `checked` gives a form in the words of the page, or raises EncoderError.
    """
    notes: list[str] = []
    try:
        found = json.loads(str(text)[:20_000])
        found = found.get("settings", found)
        items = list(found.items())
    except (ValueError, AttributeError, RecursionError):
        return form, [f"The {name} settings cannot be read as JSON; the usual ones are used."]
    known = {field.name for field in fields(form)}
    for key, value in items:
        try:
            if key not in known:
                raise EncoderError(f"There is no {name} setting {str(key)[:40]!r}.")
            if isinstance(value, (list, dict)) or len(str(value)) > longest:
                raise EncoderError(f"The {name} setting {key!r} must be a word or a number.")
            form = checked(replace(form, **{key: value}))
        except LabError as error:
            notes.append(str(error))
    return form, notes


OWN_POOLING = "the model's own"
EXACT = 2.0**53  # whole numbers beyond are not told apart as floats


def as_number(sent: object, name: str) -> float:
    """A number. Raises EncoderError for what is none, NaN too."""
    try:
        value = float(sent)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        value = math.nan
    if math.isnan(value):
        raise EncoderError(f"{name} is {str(sent)[:40]!r}; it must be a number.")
    return value


def as_whole(sent: object, name: str) -> int:
    """A whole number. Raises EncoderError."""
    value = as_number(sent, name)
    if abs(value) > EXACT or value != int(value):
        raise EncoderError(f"{name} is {str(sent)[:40]!r}; it must be a whole number.")
    return int(value)


def in_range(sent: object, name: str, low: float, high: float) -> float:
    """A number from low to high. Raises EncoderError with both."""
    value = as_number(sent, name)
    if not low <= value <= high:
        raise EncoderError(f"{name} is {str(sent)[:40]}; it must be from {low:g} to {high:g}.")
    return value


def whole_in_range(sent: object, name: str, low: int, high: int) -> int:
    """A whole number from low to high. Raises EncoderError with both."""
    return as_whole(in_range(sent, name, low, high), name)


def row_number(sent: object, rows: Collection[int] | int, gone: str) -> int:
    """One of the rows, or from 0 to a number of them. Raises EncoderError: `gone`; click again."""
    word = str(sent)
    row = int(word) if word.isascii() and word.isdecimal() and len(word) < 9 else -1
    if row not in (range(rows) if isinstance(rows, int) else rows):
        raise EncoderError(f"{gone}; click again.")
    return row


def one_of(sent: object, what: str, choices: Collection[str]) -> str:
    """One of the names on offer. Raises UnknownName, which lists them."""
    if not isinstance(sent, str) or sent not in choices:
        raise UnknownName(what, sent, choices)
    return sent


def parse_name(sent: object) -> str:
    """A name for a run, on one line. Raises EncoderError for none."""
    name = " ".join(str(sent or "").split())[:60]
    if not name:
        raise EncoderError("The name is empty. Type one.")
    return name


def as_text(sent: object) -> str:
    """What was sent for a text; half a surrogate pair, which no page can show, becomes U+FFFD."""
    [text] = clean_texts([sent if isinstance(sent, str) else ""])
    return text


def problem_with(text: str, name: str, settings: Settings) -> str:
    """Why this sentence cannot be encoded, for the visitor, or ""."""
    if not isinstance(text, str) or not text.strip():
        return f"Sentence {name} is empty. Type something, or pick one of the examples."
    if len(text) > settings.max_chars:
        return (
            f"Sentence {name} has {len(text):,} characters; this page takes up to "
            f"{settings.max_chars:,}. Shorten it, or use the Python package, which has no limit."
        )
    return ""


def parse_text(text: str, name: str, settings: Settings) -> str:
    """The sentence itself, if it can be encoded."""
    problem = problem_with(text, name, settings)
    if problem:
        raise EncoderError(problem)
    return as_text(text)


def parse_layer(layer: object) -> Layer:
    """A layer as a picker, a URL or an API client sends it: 3, "3", "-1" or "first_last"."""
    text = str(layer).strip()
    if text in NAMED:
        return text
    try:
        return int(text)
    except ValueError:
        raise EncoderError(
            f"Unknown layer {text[:40]!r}. Choose a number from 0 to the model's last layer, -1 "
            f"for the last, or one of: {', '.join(NAMED)}."
        ) from None


def parse_pooling(pooling: object) -> str:
    """One of the strategies on screen."""
    return one_of(pooling, "pooling", POOLINGS)


def parse_model(
    model: object, settings: Settings, catalog: Mapping[str, ModelSpec] = CATALOG
) -> str:
    """A model a visitor may ask for: a catalog key, or a Hub id where the host allows it."""
    key = str(model or "").strip()
    offered = [spec.key for spec in catalog.values() if spec.here or settings.allow_hub]
    if key in offered:
        return key
    if not settings.takes_hub_ids:
        raise EncoderError(f"Unknown model {key[:80]!r}. This host offers: {', '.join(offered)}.")
    if "/" not in key:
        raise EncoderError(
            f"Unknown model {key[:80]!r}. Choose one of: {', '.join(offered)}; or a Hub id such as "
            "org/name."
        )
    return valid_repo_id(key[:200])  # no id is that long, and the error repeats it


# --- How texts become vectors on the Map and the Search tab: a pooling and a layer, checked -------


def parse_pooling_and_layer(pooling: object, layer: object) -> tuple[str | None, Layer]:
    """None is the model's own pooling. Raises EncoderError."""
    own = pooling in (OWN_POOLING, None, "")
    return None if own else parse_pooling(pooling), parse_layer(layer)


def pooling_at(layer: Layer, pooling: str | None, encoder: Encoder) -> str | None:
    """The pooling, by name where the model's own is asked for on another layer than the last.

    What a model was saved with behind its pooling (a linear map, say) belongs to the last layer.
    """
    return encoder.pooling if pooling is None and layer != -1 else pooling
