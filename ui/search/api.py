"""The web API of search: plain JSON in, plain JSON out, the same checks as the page."""

import threading
from dataclasses import replace

import gradio as gr

from encoder import DEFAULT_MODEL, EncoderError
from explore.verdict import Verdict
from ui.checks import pooling_at
from ui.page.events import worded
from ui.page.models import ModelPicker
from ui.page.tasks import done_for_caller
from ui.search.answer import Answer, InMemory, find, keywords, verdict
from ui.search.form import USUAL_K, parse_encoding, parse_k, parse_method, parse_query
from ui.search.handlers import EXPECTED_S
from ui.search.html import unread_lines
from ui.search.index import build_index, prompts
from ui.state.stages import Stages, Tell
from ui.state.texts import for_search, left_out, open_texts
from ui.state.workbench import Workbench

MOST_QUERIES = 100


def build_search_api(workbench: Workbench) -> None:
    """Add `/search` to the current Blocks."""
    picker, settings = ModelPicker(workbench), workbench.settings

    def search(
        request: gr.Request,
        texts: list[str],
        queries: list[str],
        model: str = DEFAULT_MODEL,
        pooling: str = "",
        layer: str = "-1",
        k: int = USUAL_K,
        method: str = "dense",
        with_verdict: bool = False,
    ) -> dict[str, object]:
        """Find the texts that answer each query best.

        texts: equal ones are taken once, and of more than the limit a sample. queries: one or
        several. method: "dense" (vectors), "bm25" or "fusion". pooling "" means: the model's own.
        with_verdict asks unrelated questions too, which takes some seconds. Answers {"results":
        [{"query", "hits": [{"row": position in texts, "text", "score", "cosine"}], "verdict":
        {"level", "words", "p_value": null without unrelated questions, "queries": how many there
        were, "reason": why the level is "unknown"}, "encode_ms": null where the query was known,
        "search_ms"}], "settings", "notes"}.
        """
        asked = _listed(texts, queries)
        visitor = request.session_hash
        encoding = parse_encoding(picker.parse(model, visitor), pooling, layer)
        how, count = parse_method(method), parse_k(k)
        wanted = [parse_query(query, settings) for query in asked]
        encoder = workbench.encoder(encoding.model, visitor)
        own = pooling_at(encoding.layer, encoding.pooling, encoder)
        encoding = replace(encoding, pooling=own)
        opened = open_texts(texts, "texts", Stages(settings.texts_bytes))
        corpus = for_search(opened.corpus, settings.search_texts)

        unread: list[str] = []

        def work(tell: Tell, stop: threading.Event) -> list[dict[str, object]]:
            index = build_index(opened, corpus, encoder, encoding, "api", tell, stop)
            words = keywords(index, tell, stop) if how != "dense" else None
            answers = [find(index, query, how, count, InMemory(), words) for query in wanted]
            unread.extend(unread_lines(index, answers))
            return [
                _as_json(each, verdict(each, tell, stop) if with_verdict else None)
                for each in answers
            ]

        results = done_for_caller(work, workbench, visitor, EXPECTED_S)
        before_query, before_text = prompts(encoder)
        return {
            "results": results,
            "settings": {
                "model": encoder.name,
                "pooling": encoding.pooling or encoder.pooling,
                "layer": encoding.layer,
                "method": how,
                "k": count,
                "prompt_of_queries": before_query,
                "prompt_of_texts": before_text,
            },
            "notes": [*(note for note in corpus.report.notes if note), *left_out(corpus), *unread],
        }

    gr.api(worded(search), api_name="search", concurrency_id="api-search", concurrency_limit=2)


def _listed(texts: object, queries: object) -> list[str]:
    """The queries, one or several, if both lists are such. Raises EncoderError."""
    if not isinstance(texts, list) or not texts or not all(isinstance(t, str) for t in texts):
        raise EncoderError("Give a list of texts, at least one.")
    asked = [queries] if isinstance(queries, str) else queries
    if not isinstance(asked, list) or not asked or not all(isinstance(q, str) for q in asked):
        raise EncoderError("Give a query, or a list of queries, at least one.")
    if len(asked) > MOST_QUERIES:
        raise EncoderError(
            f"There are {len(asked):,} queries; at most {MOST_QUERIES} are taken at a time."
        )
    return asked


def _as_json(answer: Answer, verdict: Verdict | None) -> dict[str, object]:
    corpus = answer.index.corpus
    scores = answer.hits.scores[0]
    hits = [
        {
            "row": corpus.row_numbers[row] - 1,
            "text": corpus.texts[row],
            "score": round(float(scores[at]), 5),
            "cosine": round(float(answer.cosines[at]), 5),
        }
        for at, row in enumerate(answer.rows)
    ]
    judged = {
        "level": verdict.level,
        "words": verdict.words,
        "p_value": None if verdict.p_value is None else round(verdict.p_value, 5),
        "queries": verdict.queries,
        "reason": verdict.reason,
    } if verdict else None  # fmt: skip
    took = answer.encode_ms
    return {
        "query": answer.query,
        "hits": hits,
        "verdict": judged,
        "encode_ms": None if took is None else round(took, 2),
        "search_ms": round(answer.search_ms, 2),
    }
