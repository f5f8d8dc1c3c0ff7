"""A search as the page or an API client sends it, and checked."""

from dataclasses import dataclass
from urllib.parse import quote_plus

from encoder import DEFAULT_MODEL, EncoderError
from ui.checks import (
    OWN_POOLING,
    as_text,
    link_query,
    one_of,
    parse_pooling_and_layer,
    settings_from_json,
    whole_in_range,
)
from ui.search.index import SearchSettings
from ui.settings import Settings

METHODS = {"Vectors": "dense", "Keywords (BM25)": "bm25", "Both, fused": "fusion"}
LEAST_K, MOST_K, USUAL_K = 1, 50, 10


@dataclass(frozen=True)
class SearchForm:
    """What the page holds; every field may be anything until `parse` has seen it."""

    query: object = ""
    model: object = DEFAULT_MODEL
    pooling: object = OWN_POOLING
    layer: object = "-1"
    method: object = "Vectors"
    k: object = USUAL_K


@dataclass(frozen=True)
class Search:
    """A checked form: how texts are encoded, the query, and what is asked of the ranking."""

    settings: SearchSettings
    query: str
    method: str  # "dense", "bm25" or "fusion"
    k: int


def parse(form: SearchForm, settings: Settings) -> Search:
    """The search, the model's name aside, which a picker checks. Raises EncoderError."""
    return Search(
        parse_encoding(form.model, form.pooling, form.layer),
        parse_query(form.query, settings),
        parse_method(form.method),
        parse_k(form.k),
    )


def parse_encoding(model: object, pooling: object, layer: object) -> SearchSettings:
    """How texts and queries become vectors. Raises EncoderError."""
    return SearchSettings(str(model), *parse_pooling_and_layer(pooling, layer))


def parse_query(query: object, settings: Settings) -> str:
    """What is looked for. Raises EncoderError."""
    text = as_text(query).strip()
    if not text:
        raise EncoderError("The query is empty. Type a question, or pick one of the examples.")
    if len(text) > settings.max_chars:
        raise EncoderError(
            f"The query has {len(text):,} characters; at most {settings.max_chars:,} are taken. "
            "Shorten it."
        )
    return text


def parse_method(method: object) -> str:
    """One of METHODS, in the page's words or the API's. Raises EncoderError."""
    if isinstance(method, str) and method in METHODS:
        return METHODS[method]
    return one_of(method, "method", METHODS.values())


def parse_k(k: object) -> int:
    """How many hits. Raises EncoderError."""
    return whole_in_range(k, "k", LEAST_K, MOST_K)


def on_page(form: SearchForm) -> SearchForm:
    """A form in the words of the page's controls, which take no others. Raises EncoderError."""
    encoding = parse_encoding(form.model, form.pooling, form.layer)
    method, query = parse_method(form.method), as_text(form.query)
    return SearchForm(
        query, encoding.model, encoding.pooling or OWN_POOLING, str(encoding.layer),
        next(words for words, name in METHODS.items() if name == method), parse_k(form.k),
    )  # fmt: skip


def to_query(form: SearchForm, corpus: str = "") -> str:
    """The form as a URL query; `corpus` names a sample."""
    return link_query("search", form, corpus)


def asks_again(query: str) -> bool:
    """Whether a link that `to_query` gave holds the question: a very long one is left out."""
    return quote_plus('"query":') in query


def what_link_holds(query: str) -> str:
    """What a link does, for whoever copies it."""
    if asks_again(query):
        return "Link copied: it asks this question again."
    return "Link copied: it holds these settings. The question is too long for a link."


def from_json(text: object) -> tuple[SearchForm, list[str]]:
    """A form from a link, and what in it was not usable. Nothing in it is trusted."""
    return settings_from_json(text, "search", SearchForm(), on_page, longest=Settings.max_chars)
