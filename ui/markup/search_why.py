"""Why a text was found: both texts with their tokens shaded, and the words that they share."""

from html import escape

from explore.lexical import TermScore
from ingest.findings import count
from ui.markup.map_facts import cut
from ui.markup.pieces import notes
from ui.markup.scores import number
from ui.markup.tokens import shaded_tokens
from ui.search_why import Why


def why_panel(why: Why, matrix: bool = False) -> str:
    """The tokens of query (A) and text (B), each side summing to the cosine; terms of BM25.

    `matrix`: whether every token of one with every token of the other is drawn below.
    """
    explained, (before_query, before_text) = why.explained, why.prompts
    said = (
        f"{why.title}: cosine {number(explained.cosine, 4)} is the sum of what each token of the "
        "query (A) and of the text (B) adds."
    )
    if matrix:
        said += " Every token of one meets every token of the other in the table below."
    for side, cut_off in zip("AB", why.cut, strict=True):
        if cut_off:
            said += f" Not in it: the last {count(cut_off, 'token')} of {side}, which were cut off."
    if before_query or before_text:
        said += f" Prompts are part of it: “{before_query}” in A, “{before_text}” in B."
    return (
        notes([said])
        + shaded_tokens(explained, why.readable, pool_special=True)
        + (terms_list(why.terms) if why.terms is not None else "")
    )


def terms_list(terms: tuple[TermScore, ...]) -> str:
    """What each shared word adds to the BM25 score."""
    if not terms:
        return notes(["BM25 gives it nothing: it shares no word with the query."])
    total = sum(term.score for term in terms)
    rows = "".join(
        f'<li><span class="num">{number(term.score, 3)}</span> <span>{escape(cut(term.term, 60))}'
        "</span></li>"
        for term in terms
    )
    return (
        notes([f"BM25 {number(total, 3)} is the sum of what each shared word adds, a rare word "
               "more:"])
        + f'<ol class="lab-near">{rows}</ol>'
    )  # fmt: skip
