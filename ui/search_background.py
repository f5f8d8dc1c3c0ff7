"""Queries that have nothing to do with a corpus, as far as anybody can know beforehand."""

import csv
from functools import cache

from encoder.background import background_sentences
from ingest import Corpus
from ui.desk import SAMPLES_FOLDER

MOST = 440  # as many as there are background sentences
QUESTIONS = "question_answer.csv"  # of general knowledge, each with its answer


@cache
def _queries() -> tuple[tuple[str, str], ...]:
    """Each with its answer, "" where it has none: real questions first, then sentences."""
    with (SAMPLES_FOLDER / QUESTIONS).open(encoding="utf-8", newline="") as file:
        asked = [(row["question"], row["answer"]) for row in csv.DictReader(file)]
    sentences = sorted(background_sentences(), key=lambda text: not text.endswith("?"))
    return (*asked, *((text, "") for text in sentences))


def background_queries(corpus: Corpus) -> list[str]:
    """At most MOST queries, questions before statements: everyday English, of our own writing.

    Those that stand in the corpus, or whose answer does, are left out.
    """
    there = set(corpus.texts)
    apart = [
        query
        for query, answer in _queries()
        if query not in there and (not answer or answer not in there)
    ]
    return apart[:MOST]
