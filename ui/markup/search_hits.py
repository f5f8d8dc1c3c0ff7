"""The hits of a query, what the best of them is worth, and how they were found."""

from html import escape

from encoder.layers import canonical_layer
from explore.verdict import Verdict
from ingest.findings import count
from ui.markup.map_facts import cut
from ui.markup.pieces import message, notes
from ui.markup.scores import number
from ui.markup.search_facts import cut_lines
from ui.search_answer import Answer
from ui.search_index import Index, prompts
from ui.verdict import layer_phrase

LABEL_CHARS = 40
DOUBT = " A hit may be right all the same: this score alone just does not show it."
CAVEAT = (
    "They are everyday English of our own writing: for texts in another language or in the terms "
    "of a trade, take the verdict as a hint."
)
BEST = {
    "dense": "Best cosine",
    "bm25": "Best BM25 score",
    "fusion": "Best cosine, by the vectors alone",
}
SAME = {
    "dense": "with the same model and pooling",
    "bm25": "by BM25 too",
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
        + notes(cut_lines(answer.index, answer.cut))
        + (message(f"{problem} The search goes on in memory.") if problem else "")
    )


def _compared(verdict: Verdict | None, method: str) -> str:
    if verdict is None:
        return ""
    doubt = "" if verdict.level in ("strong", "likely") else DOUBT
    said = (
        f"Held against the best hits of {verdict.queries:,} unrelated questions and sentences in "
        f"these same texts, {SAME[method]}. One of these finds a hit at least as good with "
        f"p = {verdict.p_value:.3f}.{doubt} {CAVEAT}"
    )
    return f'<p class="more">{escape(said)}</p>'


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
        more = f"<details><summary>the whole text</summary>{escape(text)}</details>"
        labels = "".join(
            f'<td class="label" data-of="{escape(name)}">'
            f"{escape(cut(corpus.labels[name][row], LABEL_CHARS))}</td>"
            for name in names
        )
        own = f'<td class="num own">{number(float(scores[rank - 1]), 3)}</td>' if second else ""
        body += (
            f'<tr><td class="num rank">{rank}</td><th scope="row"><button type="button" '
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
