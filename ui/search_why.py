"""Why a text was found: the cosine with the query token by token, and the words both share."""

import threading
from dataclasses import dataclass

from encoder.trace import PairExplanation
from explore.lexical import TermScore
from ui.search_answer import Answer, keywords
from ui.search_index import query_options, text_options


@dataclass(frozen=True, eq=False)
class Why:
    """One hit of an answer, taken apart: the query is A, the text is B."""

    answer: Answer
    row: int
    explained: PairExplanation
    readable: tuple[list[str], list[str]]  # the tokens of both sides
    terms: tuple[TermScore, ...] | None  # None where keywords had no part in it


def explain_hit(answer: Answer, row: int) -> Why:
    """The exact parts of a hit's score, with the prompt that each side was encoded with."""
    index = answer.index
    settings, encoder = index.settings, index.encoder
    explained = encoder.explain_pair(
        answer.query,
        index.corpus.texts[row],
        settings.pooling,
        settings.layer,
        query_options(encoder),
        text_options(encoder),
    )
    terms = None
    if answer.method != "dense":
        words = keywords(index, lambda *_: None, threading.Event())
        terms = words.why(answer.query, row)
    readable = encoder.backbone.readable
    shown = readable(explained.tokens_a), readable(explained.tokens_b)
    return Why(answer, row, explained, shown, terms)
