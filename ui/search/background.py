"""Questions that have nothing to do with a corpus: what the best hit of a query is held against."""

import csv
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from encoder.background import FOLDER, background_sentences
from explore import search
from explore.language import ENGLISH, language_of, language_of_texts, name_of
from explore.verdict import LANGUAGE, UNREAD, BestHits, Verdict
from ingest import Corpus
from ui.search.index import Index
from ui.state.pairs import SAMPLES_FOLDER
from ui.state.stages import Tell

MOST = 440  # as many as there are background sentences
ANSWERED = 60  # questions with answers that tell how well a model does; more say no more
MOST_UNKNOWN = 0.34  # share of a query's tokens
QUESTIONS = "question_answer.csv"  # of general knowledge, in English, each with its answer
TRANSLATED = "questions.csv"  # the same forty in several languages, each with its answer

Pair = tuple[str, str]  # a question and its answer, "" where it has none


@cache
def _english() -> tuple[Pair, ...]:
    """Real questions first, then sentences."""
    with (SAMPLES_FOLDER / QUESTIONS).open(encoding="utf-8", newline="") as file:
        asked = [(row["question"], row["answer"]) for row in csv.DictReader(file)]
    sentences = sorted(background_sentences(), key=lambda text: not text.endswith("?"))
    return (*asked, *((text, "") for text in sentences))


@cache
def _translated() -> dict[str, tuple[Pair, ...]]:
    """Questions and answers by language, in each the same ones at the same places."""
    pairs: dict[str, list[Pair]] = {}
    with (FOLDER / TRANSLATED).open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            pairs.setdefault(row["language"], []).append((row["question"], row["answer"]))
    return {language: tuple(rows) for language, rows in pairs.items()}


def background_pairs(corpus: Corpus, asked: str = ENGLISH, read: str = ENGLISH) -> list[Pair]:
    """At most MOST unrelated questions in one language, answered in another; all our own writing.

    In English questions come before statements, which have no answer; in another language there are
    some forty, and none where nobody has written any. Those that stand in the corpus, or whose
    answer does, are left out.
    """
    if asked == read == ENGLISH:
        pairs: Sequence[Pair] = _english()
    else:
        questions, answers = (_translated().get(language, ()) for language in (asked, read))
        pairs = [(q, a) for (q, _), (_, a) in zip(questions, answers, strict=False)]
    there = set(corpus.texts)
    return [(q, a) for q, a in pairs if q not in there and (not a or a not in there)][:MOST]


def background_queries(corpus: Corpus) -> list[str]:
    """The English questions of `background_pairs`, and the statements."""
    return [question for question, _ in background_pairs(corpus)]


@dataclass(frozen=True)
class Languages:
    """Of a query, and of most texts of a corpus; ISO 639-1, "" where it cannot be told."""

    asked: str
    read: str


def languages(index: Index, query: str) -> Languages:
    """The language of the query, and that of the corpus, which is told once.

    A corpus of which it cannot be told is taken to be in that of the query.
    """
    read = index.texts.stages.get(
        "language", index.source[:2], lambda: language_of_texts(index.corpus.texts)
    )
    asked = language_of(query, read)
    return Languages(asked, read or asked)


def no_background(index: Index, query: str) -> Verdict | None:
    """Why no verdict can be given on a query, whatever it finds; None where one can."""
    ids = _ids(index, query)
    unknown = sum(token == index.encoder.backbone.unknown_id for token in ids)
    if unknown > MOST_UNKNOWN * len(ids):
        words = f"to this model {unknown} of the {len(ids)} tokens of the question are unknown"
        return Verdict.withheld(UNREAD, words)
    spoken = languages(index, query)
    if not spoken.asked:
        words = "the language of the question cannot be told, so there is nothing to compare with"
        return Verdict.withheld(LANGUAGE, words)
    for what, language in (("the question seems", spoken.asked), ("the texts seem", spoken.read)):
        if language not in _translated():
            words = (
                f"{what} to be {name_of(language)}, and there are no unrelated questions with "
                "answers in that language to compare with"
            )
            return Verdict.withheld(LANGUAGE, words)
    return None


def _ids(index: Index, query: str) -> list[int]:
    """Token ids of a query without special ones and without its prompt."""
    tokens = index.encoder.backbone.tokenizer(query, add_special_tokens=False)
    return list(tokens["input_ids"])


def _key(index: Index, spoken: Languages) -> tuple[object, ...]:
    return (*index.source, spoken)


def has_background(index: Index, query: str) -> bool:
    """Whether `background` answers at once."""
    return index.texts.stages.known("background", _key(index, languages(index, query)))


def background(index: Index, query: str, tell: Tell, stop: threading.Event) -> BestHits:
    """What unrelated queries in the language of this one find here at best.

    Measured once for a language. Raises Stopped, and ExploreError where `no_background` says so.
    """
    spoken = languages(index, query)

    def make() -> BestHits:
        pairs = background_pairs(index.corpus, spoken.asked, spoken.read)
        vectors = index.encode_queries([question for question, _ in pairs], tell, stop)
        best = search(vectors, index.vectors, 1)
        rows = [at for at, (_, answer) in enumerate(pairs) if answer][:ANSWERED]
        answers = index.encode_texts([pairs[at][1] for at in rows], tell, stop)
        return BestHits.of(best, np.einsum("nd,nd->n", vectors[rows], answers))

    return index.texts.stages.get("background", _key(index, spoken), make)
