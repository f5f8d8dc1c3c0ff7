"""The texts of the Map and Search tabs: samples, files, pasted lines, or the pairs of a visitor."""

from collections.abc import Sequence
from dataclasses import replace
from io import StringIO
from pathlib import Path

import pandas as pd

from encoder import EncoderError
from ingest import (
    LIMITS,
    Corpus,
    CorpusColumns,
    IngestError,
    OverLimit,
    PairSet,
    Table,
    corpus_of_pairs,
    guess_text_column,
    read_table,
    to_corpus,
)
from ui.atlas import Atlas
from ui.desk import SAMPLES_FOLDER
from ui.view import as_text

SAMPLES = {
    "Twelve everyday topics": "topics.csv",
    "Support questions, fifteen intents": "support_questions.csv",
    "What a small town's offices say": "search_passages.csv",
}
FIRST_SAMPLE = next(iter(SAMPLES))  # on the Map tab
SEARCH_SAMPLE = "What a small town's offices say"


def open_sample(atlas: Atlas, title: str) -> None:
    """One of the bundled corpora."""
    if title not in SAMPLES:
        raise EncoderError(f"Unknown sample {title[:40]!r}. Choose one of: {', '.join(SAMPLES)}.")
    open_data(atlas, SAMPLES_FOLDER / SAMPLES[title], SAMPLES[title], bundled=True)


def open_data(
    atlas: Atlas, source: Path | bytes | str, name: str, *, bundled: bool = False
) -> None:
    """A file, its bytes, or pasted text; of one over the limit a sample is read, and told.

    Raises EncoderError for what cannot be read; the corpus that was there stays.
    """
    if isinstance(source, str) and not source.strip():
        raise EncoderError("Nothing was pasted. Paste sentences, one a line.")
    pasted = StringIO(source) if isinstance(source, str) else source  # a str would be a path
    try:
        try:
            table = read_table(pasted, name, LIMITS, singles=True)
        except OverLimit:
            table = read_table(pasted, name, LIMITS, sample=True, singles=True)
        _open_table(atlas, name, table, guess_text_column(table), bundled)
    except IngestError as error:
        raise EncoderError(str(error)) from error


def sample_of(atlas: Atlas) -> str:
    """The file of the bundled sample whose usual texts these are, "" for any others."""
    if not atlas.bundled or atlas.table is None or atlas.corpus is None:
        return ""
    usual = guess_text_column(atlas.table).text == atlas.corpus.columns.text
    return atlas.name if usual else ""


def choose_columns(atlas: Atlas, text: object, labels: Sequence[object]) -> None:
    """Read other columns of the same file. Raises EncoderError."""
    if atlas.table is None:
        raise EncoderError("These texts came without columns to choose from.")
    try:
        columns = CorpusColumns(str(text), tuple(str(name) for name in labels or ()))
        _open_table(atlas, atlas.name, atlas.table, columns, atlas.bundled)
    except IngestError as error:
        raise EncoderError(str(error)) from error


def open_pairs(atlas: Atlas, pairs: PairSet | None, name: str) -> None:
    """The distinct texts of the pairs on the Fine-tune tab."""
    if pairs is None:
        raise EncoderError(
            "There are no pairs yet. Choose or send some on the Fine-tune tab first."
        )
    atlas.open(f"texts of {name}", corpus_of_pairs(pairs))


def open_texts(atlas: Atlas, texts: Sequence[str], name: str) -> None:
    """Texts as a list, from the web API."""
    # No reader comes between: a list needs no guess at separators, quotes or a header.
    frame = pd.DataFrame({"text": list(map(as_text, texts))}, index=range(1, len(texts) + 1))
    table = Table(frame, "the web API", "", True, len(texts))
    try:
        _open_table(atlas, name, table, CorpusColumns("text"))
    except IngestError as error:
        raise EncoderError(str(error)) from error


def _open_table(
    atlas: Atlas, name: str, table: Table, columns: CorpusColumns, bundled: bool = False
) -> None:
    atlas.open(name, to_corpus(table, columns), table, bundled)


def on_map(corpus: Corpus, most: int) -> Corpus:
    """At most so many texts, the same ones each time; the report says so."""
    return _at_most(corpus, most, "is on the map: more cannot be told apart on it.")


def for_search(corpus: Corpus, most: int) -> Corpus:
    """At most so many texts, the same ones each time; the report says so."""
    return _at_most(corpus, most, "is searched here; the Python package has no such limit.")


def _at_most(corpus: Corpus, most: int, why: str) -> Corpus:
    found = corpus.sampled(most)
    if len(found) == len(corpus):
        return found
    *before, note = found.report.notes
    report = replace(found.report, notes=(*before, f"{note.removesuffix('.')} {why}"))
    return replace(found, report=report)
