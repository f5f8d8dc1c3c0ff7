"""What one visitor is looking at: two sentences, a list, and the settings. It fits in a URL."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from encoder import DEFAULT_MODEL, EncoderError, Layer
from ingest import LabError
from ui.checks import as_text, fits_link, one_of, parse_layer, parse_pooling, parse_text
from ui.pooling.examples import FIRST, SENTENCES
from ui.settings import Settings

MEASURES = ("cosine", "dot product", "Euclidean distance")


@dataclass(frozen=True)
class View:
    """The whole state of the Pooling tab that can be shared."""

    a: str = FIRST.a
    b: str = FIRST.b
    model: str = DEFAULT_MODEL
    layer: Layer = -1
    pooling: str = "mean"
    pool_special: bool = True
    measure: str = "cosine"
    texts: tuple[str, ...] = SENTENCES


def split_texts(lines: object, settings: Settings) -> tuple[tuple[str, ...], list[str]]:
    """The sentences of a multi-line box, and what was left out and why."""
    rows = as_text(lines).replace("\r", "\n").split("\n")  # other signs may stand inside a text
    texts = tuple(row.strip() for row in rows if row.strip())
    notes = []
    long = [i for i, text in enumerate(texts, 1) if len(text) > settings.max_chars]
    if long:
        notes.append(
            f"Line {', '.join(map(str, long))} left out: over {settings.max_chars:,} characters."
        )
        texts = tuple(text for text in texts if len(text) <= settings.max_chars)
    if len(texts) > settings.max_texts:
        notes.append(
            f"{len(texts)} sentences given; the first {settings.max_texts} are compared here."
        )
    return texts[: settings.max_texts], notes


def parse_measure(measure: object) -> str:
    """One of MEASURES."""
    return one_of(measure, "measure", MEASURES)


def parse_flag(flag: str) -> bool:
    """On or off, as a URL says it."""
    if flag not in ("0", "1"):
        raise EncoderError(f"pool_special is {flag[:40]!r} in this link; it must be 0 or 1.")
    return flag == "1"


def to_query(view: View) -> str:
    """The view as a URL query; settings at their default are left out.

    Where the sentences would make it too long, the settings stand alone.
    """
    default = View()
    pair = [("a", view.a), ("b", view.b)]
    texts = [("texts", "\n".join(view.texts))] if view.texts != default.texts else []
    settings = [
        (name, str(getattr(view, name)))
        for name in ("model", "layer", "pooling", "measure")
        if getattr(view, name) != getattr(default, name)
    ]
    settings += [] if view.pool_special else [("pool_special", "0")]
    whole = "?" + urlencode([*pair, *settings, *texts])
    return whole if fits_link(whole) else "?" + urlencode(settings)


def what_link_holds(query: str) -> str:
    """What a link does that `to_query` gave, for whoever copies it."""
    opens = "Link copied: it opens this page with"
    if "a=" not in query:
        return f"{opens} these settings. Your sentences are too long for a link."
    return f"{opens} these sentences and settings."


def from_query(
    query: Mapping[str, str], settings: Settings, parse_model: Callable[[object], str]
) -> tuple[View, list[str]]:
    """A view from a shared link, and what in the link was not usable.

    Nothing in a link is trusted: each field is checked by the same functions as typed input, the
    model by `parse_model`.
    """
    view, notes = View(), []

    changes: dict[str, Callable[[str], View]] = {
        "a": lambda sent: replace(view, a=parse_text(sent, "A", settings)),
        "b": lambda sent: replace(view, b=parse_text(sent, "B", settings)),
        "model": lambda sent: replace(view, model=parse_model(sent)),
        "layer": lambda sent: replace(view, layer=parse_layer(sent)),
        "pooling": lambda sent: replace(view, pooling=parse_pooling(sent)),
        "measure": lambda sent: replace(view, measure=parse_measure(sent)),
        "pool_special": lambda sent: replace(view, pool_special=parse_flag(sent)),
    }
    for name in (name for name in changes if name in query):
        try:
            view = changes[name](query[name])
        except LabError as error:
            notes.append(str(error))
    if "texts" in query:
        texts, left_out = split_texts(query["texts"], settings)
        view, notes = replace(view, texts=texts or view.texts), notes + left_out
    return view, notes
