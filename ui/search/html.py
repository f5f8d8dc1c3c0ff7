"""The hits of a query, what the best of them is worth, and how they were found."""

from collections.abc import Sequence
from html import escape

from encoder.layers import canonical_layer
from explore.lexical import TermScore
from explore.verdict import Verdict
from ingest.findings import count
from ui.page.matrix import shaded_tokens
from ui.page.models import ModelPicker
from ui.search.answer import Answer, HitExplanation
from ui.search.index import Index, prompts
from ui.words import cut, layer_phrase, message, notes, number

# --- How texts and queries were encoded, in one line: it stands beside every number of a sect


def settings_line(index: Index, model: str = "") -> str:
    """Texts, model, pooling, layer, prompts. `model` is the title of the index's model."""
    depth = index.encoder.backbone.depth
    layer = layer_phrase(canonical_layer(index.settings.layer, depth), depth)
    texts = f"{index.texts.name}: {count(len(index.corpus), 'text')}"
    parts = [texts, model or index.settings.model, f"{index.pooling} pooling", layer]
    before = [f"“{prompt}”" for prompt in prompts(index.encoder) if prompt]
    return " · ".join([*parts, *(["prompts " + " and ".join(before)] if before else [])])


def index_title(index: Index, picker: ModelPicker, visitor: str | None) -> str:
    """`settings_line` with the model by the name that its owner gave it."""
    return settings_line(index, picker.title(index.settings.model, visitor))


def unread_lines(index: Index, answers: Sequence[Answer]) -> list[str]:
    """What the model has not read of texts and questions, and who has."""
    limit, lines = f"the {index.encoder.max_tokens} tokens that {index.encoder.name} reads", []
    if index.unreadable:
        lines.append(f"{index.unreadable} BM25 reads every word.")
    if any(answer.unreadable for answer in answers):
        lines.append(
            "The question is made up mostly of tokens unknown to this model: its vector does not "
            "tell what it asks."
        )
    if index.cut:
        lines.append(
            f"{index.cut:,} of {count(len(index.corpus), 'text')} "
            f"{'is' if index.cut == 1 else 'are'} longer than {limit}: what stands behind is in no "
            "vector and cannot be found by vectors. BM25 reads every word."
        )
    if query_cut := max(answer.cut for answer in answers):
        lines.append(f"The question is longer than {limit}: {query_cut:,} were cut off.")
    return lines


LABEL_CHARS = 40
DOUBT = " A hit may be right all the same: this score alone just does not show it."
CAVEAT = (
    "They are everyday language of our own writing: for texts in the terms of a trade, take the "
    "verdict as a hint."
)
BY_WORDS = (
    "Of the words of the question, common ones such as “the” aside, those that the first hit holds "
    "count by how rare they are in these texts. A text may hold a word and mean another thing."
)
BEST = {
    "dense": "Best cosine",
    "bm25": "Best BM25 score",
    "fusion": "Best cosine, by the vectors alone",
}
SAME = {
    "dense": "with the same model and pooling",
    "fusion": "by the vectors alone, with the same model and pooling",
}
RANKED_BY = {
    "dense": "ranked by the cosine of the vectors",
    "bm25": "ranked by BM25, the words they share with the query",
    "fusion": "ranked by both: reciprocal-rank fusion of the vectors and BM25",
}
SCORES = {"bm25": "BM25", "fusion": "fused"}
UNMEASURED = "What the best hit is worth was not measured to its end. Ask again to have it."
WAITING = (
    "What the best hit is worth is being measured: unrelated questions are asked of these texts."
)


def how(index: Index) -> str:
    """Texts, model, pooling, layer and prompts: what every number of a search hangs on."""
    depth = index.encoder.backbone.depth
    before_query, before_text = prompts(index.encoder)
    facts = [
        count(len(index.corpus), "text"),
        index.encoder.name,
        f"{index.pooling} pooling",
        layer_phrase(canonical_layer(index.settings.layer, depth), depth),
    ]
    if before_query or before_text:
        facts.append(f"“{before_query}” before the query, “{before_text}” before each text")
    return " · ".join(facts)


def answer_panel(answer: Answer, verdict: Verdict | None, waiting: bool, place: str,
                 problem: str) -> str:  # fmt: skip
    """The verdict in words, the settings it holds for, latency, and where the vectors are."""
    if not answer.rows:
        words = "No text shares a word with this query. Search by vectors, or type other words."
    elif verdict is not None:
        words = f"{BEST[answer.method]} {number(answer.best, 3)}: {verdict.words}."
    else:
        words = WAITING if waiting else UNMEASURED
    encoded = "query encoded before"
    if answer.encode_ms is not None:
        encoded = f"query encoded in {answer.encode_ms:.0f} ms"
    level = verdict.level if verdict else "waiting" if waiting else "none"
    facts = [
        how(answer.index),
        RANKED_BY[answer.method],
        f"{encoded}, searched in {answer.search_ms:.1f} ms",
        f"vectors kept {place}",
    ]
    return (
        f'<div class="lab-answer lab-search-{level}" role="status">'
        f'<p class="verdict">{escape(words)}</p>'
        f"{_compared(verdict, answer.method)}"
        f'<p class="facts">{escape(" · ".join(facts))}</p></div>'
        + notes(unread_lines(answer.index, [answer]))
        + (message(f"{problem} The search goes on in memory.") if problem else "")
    )


def _compared(verdict: Verdict | None, method: str) -> str:
    """What the verdict rests on; nothing where the verdict says itself why there is none."""
    if verdict is None or (verdict.reason and verdict.p_value is None):
        return ""
    doubt = "" if verdict.level in ("strong", "likely") else DOUBT
    remark = BY_WORDS + doubt
    if verdict.p_value is not None:
        remark = (
            f"Held against the best hits of {verdict.queries:,} unrelated questions and sentences "
            f"in these same texts, {SAME[method]}. One of these finds a hit at least as good with "
            f"p = {verdict.p_value:.3f}.{doubt} {CAVEAT}"
        )
    return f'<p class="more">{escape(remark)}</p>'


def hits_table(answer: Answer) -> str:
    """Rank, text, scores and labels of each hit; a text picks "why:" and its row."""
    if not answer.rows:
        return ""
    corpus = answer.index.corpus
    names = list(corpus.labels)
    second = SCORES.get(answer.method)
    scores = answer.hits.scores[0]
    body = ""
    for rank, row in enumerate(answer.rows, 1):
        text = corpus.texts[row]
        more = f'<details dir="auto"><summary>the whole text</summary>{escape(text)}</details>'
        labels = "".join(
            f'<td class="label" dir="auto" data-of="{escape(name)}">'
            f"{escape(cut(corpus.labels[name][row], LABEL_CHARS))}</td>"
            for name in names
        )
        own = f'<td class="num own">{number(float(scores[rank - 1]), 3)}</td>' if second else ""
        body += (
            f'<tr><td class="num rank">{rank}</td><th scope="row" dir="auto"><button type="button" '
            f'class="lab-link" data-pick="why:{row}" aria-label="Why hit {rank}: '
            f'{escape(cut(text))}">{escape(cut(text))}</button>'
            f"{more if cut(text) != text else ''}</th>"
            f'<td class="num">{number(float(answer.cosines[rank - 1]), 3)}</td>{own}{labels}</tr>'
        )
    heads = "".join(f'<th scope="col">{escape(cut(name, LABEL_CHARS))}</th>' for name in names)
    own = f'<th scope="col" class="num">{second}</th>' if second else ""
    return (
        '<div class="lab-frame" role="region" tabindex="0" aria-label="Hits">'
        '<table class="lab-table lab-hits" aria-label="Hits"><thead><tr>'
        '<th scope="col" class="num">rank</th><th scope="col">text</th>'
        f'<th scope="col" class="num">cosine</th>{own}{heads}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>" + notes(["Click a text to see why it was found."])
    )


# --- Why a text was found: both texts with their tokens shaded, and the words that they share -----


def why_panel(why: HitExplanation, matrix: bool = False) -> str:
    """The tokens of query (A) and text (B), each side summing to the cosine; terms of BM25.

    `matrix`: whether every token of one with every token of the other is drawn below.
    """
    pair, (before_query, before_text) = why.pair, why.prompts
    explained = pair.explained
    facts = (
        f"{why.title}: cosine {number(explained.cosine, 4)} is the sum of what each token of the "
        "query (A) and of the text (B) adds."
    )
    if matrix:
        facts += " Every token of one meets every token of the other in the table below."
    for side, cut_off in zip("AB", why.cut, strict=True):
        if cut_off:
            facts += (
                f" Not in it: the last {count(cut_off, 'token')} of {side}, which were cut off."
            )
    if before_query or before_text:
        facts += f" Prompts are part of it: “{before_query}” in A, “{before_text}” in B."
    return (
        notes([facts])
        + shaded_tokens(explained, (pair.tokens_a, pair.tokens_b), pool_special=True)
        + (terms_list(why.terms) if why.terms is not None else "")
    )


def terms_list(terms: tuple[TermScore, ...]) -> str:
    """What each shared word adds to the BM25 score."""
    if not terms:
        return notes(["BM25 gives it nothing: it shares no word with the query."])
    total = sum(term.score for term in terms)
    rows = "".join(
        f'<li><span class="num">{number(term.score, 3)}</span> '
        f'<span dir="auto">{escape(cut(term.term, 60))}</span></li>'
        for term in terms
    )
    return (
        notes([f"BM25 {number(total, 3)} is the sum of what each shared word adds, a rare word "
               "more:"])
        + f'<ol class="lab-near">{rows}</ol>'
    )  # fmt: skip
