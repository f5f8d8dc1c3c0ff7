"""Why a text was found: the cosine with the query token by token, and the words both share."""

import threading
from dataclasses import dataclass

from encoder import Encoder
from encoder.trace import PairExplanation
from explore.lexical import TermScore
from ui.search_answer import Answer, keywords
from ui.search_index import Index, SearchSettings, prompts, query_options, text_options


@dataclass(frozen=True, eq=False)
class Why:
    """One text, held against a query and taken apart: the query is A, the text is B."""

    title: str  # "Hit 3"
    explained: PairExplanation
    readable: tuple[list[str], list[str]]  # the tokens of both sides
    prompts: tuple[str, str]  # put before query and text, "" where nothing is
    terms: tuple[TermScore, ...] | None  # None where keywords had no part in it
    cut: tuple[int, int] = (0, 0)  # tokens of query and text that the model has not read


def explain_hit(answer: Answer, row: int) -> Why:
    """The exact parts of a hit's score."""
    index = answer.index
    terms = None if answer.method == "dense" else shared_terms(index, answer.query, row)
    text = index.corpus.texts[row]
    title = f"Hit {answer.rows.index(row) + 1}"
    return explain(title, answer.query, text, index.encoder, index.settings, terms)


def explain(
    title: str,
    query: str,
    text: str,
    encoder: Encoder,
    settings: SearchSettings,
    terms: tuple[TermScore, ...] | None = None,
) -> Why:
    """The exact parts of a cosine, with the prompt that each side is encoded with."""
    explained = encoder.explain_pair(
        query,
        text,
        settings.pooling,
        settings.layer,
        query_options(encoder),
        text_options(encoder),
    )
    readable = encoder.backbone.readable
    shown = readable(explained.tokens_a), readable(explained.tokens_b)
    [cut_a], [cut_b] = (
        encoder.cut([side], options(encoder))
        for side, options in ((query, query_options), (text, text_options))
    )
    return Why(title, explained, shown, prompts(encoder), terms, (cut_a, cut_b))


def shared_terms(index: Index, query: str, row: int) -> tuple[TermScore, ...]:
    """What each word that query and text share adds to the BM25 score."""
    words = keywords(index, lambda *_: None, threading.Event())
    return words.why(query, row)
