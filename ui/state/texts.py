"""One visitor's corpus and all that was computed of it: each stage once, kept within bytes."""

import hashlib
import secrets
import threading
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pandas as pd

from encoder import Encoder, EncoderError, Layer, Options
from encoder.runner import DEFAULTS
from explore import Stopped
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
from ui.checks import as_text
from ui.state.judgements import Grades, Judgements, left_over, split_by_texts
from ui.state.pairs import SAMPLES_FOLDER
from ui.state.stages import Key, Stages, Tell

TRUST, SIDES = "trust", "sides"  # long work on a finished map


class Atlas:
    """What the Map and Search tabs keep for one visitor. Freed when the visitor leaves."""

    def __init__(self, max_bytes: int, shared: Stages | None = None) -> None:
        self.stages = Stages(max_bytes, shared)
        self._shared = shared
        self.name = ""
        self.table: Table | None = None  # where other columns can still be chosen
        self.corpus: Corpus | None = None
        self.identity = ""  # of the texts, in keys
        self.opened = ""  # new whenever texts are opened: a tab compares it with what it shows
        self.bundled = False  # whether they are a sample of the app's, and nobody's own
        self.titles: dict[Key, dict[int, str]] = {}  # what the visitor calls clusters
        self.picture: Any = None  # the last map drawn
        self.finished: Any = None  # the last one with all that belongs to it, for its files
        self.running: threading.Event | None = None  # set it, and the map under way is given up
        self.drawing = False  # whether one is under way
        self.shown: Any = None  # colours, selection and lines over it
        self.compared: Any = None  # the other side of the comparison
        self.judged = Judgements()  # of these texts, under whatever model
        self.left: Grades = {}  # what was judged on the texts before
        # Queries that went to training: the models made of them outlive this corpus.
        self.sent: set[str] = set()
        self.tasks: dict[str, threading.Event] = {}  # long work by name: set it to give it up
        self.made: dict[str, Any] = {}  # what came of each
        self.index: Any = None  # what was searched last
        self.answer: Any = None  # the last query and what it found
        self.searching: threading.Event | None = None  # set it, and that work is given up

    def open(
        self, name: str, corpus: Corpus, table: Table | None = None, bundled: bool = False
    ) -> None:
        """Take another corpus; what was computed of the old one is forgotten."""
        before = left_over(self.left, self.judged.grades)
        self.close()
        # What was judged on these very texts, earlier on, counts again.
        here, self.left = split_by_texts(before, corpus.texts)
        self.judged = Judgements(here)
        digest = hashlib.blake2b(digest_size=12)
        for text in corpus.texts:
            digest.update(text.encode("utf-8", "surrogatepass") + b"\0")
        self.identity = digest.hexdigest()
        self.opened = secrets.token_hex(8)
        self.name, self.corpus, self.table, self.bundled = name, corpus, table, bundled
        if bundled and self._shared is not None:
            self._shared.samples.add(self.identity)

    def begin(self) -> threading.Event:
        """A new map is to be drawn; one under way is given up, and all work on the one before."""
        self.stop()
        for name in (TRUST, SIDES):
            self.stop_task(name)
        self.running = threading.Event()
        self.drawing = True
        return self.running

    def stop(self) -> None:
        """Give up the map under way."""
        self.drawing = False
        if self.running is not None:
            self.running.set()

    def end(self, begun: threading.Event) -> None:
        """That map has ended, if no newer one has begun."""
        if self.running is begun:
            self.drawing = False

    def begin_search(self) -> threading.Event:
        """New work for the Search tab; what is under way there is given up."""
        self.stop_search()
        self.searching = threading.Event()
        return self.searching

    def stop_search(self) -> None:
        """Give up what is under way for the Search tab. A map goes on."""
        if self.searching is not None:
            self.searching.set()

    def begin_task(self, name: str) -> threading.Event:
        """New work of this name; what is under way under it is given up, all else goes on."""
        self.stop_task(name)
        self.tasks[name] = threading.Event()
        return self.tasks[name]

    def stop_task(self, name: str) -> None:
        """Give up the work of this name."""
        if name in self.tasks:
            self.tasks[name].set()

    def end_task(self, name: str, begun: threading.Event) -> None:
        """That work has ended, if no newer work of this name has begun."""
        if self.tasks.get(name) is begun:
            self.tasks.pop(name, None)

    def close(self) -> None:
        """Forget everything: the visitor has left, or has other texts."""
        for name in list(self.tasks):
            self.stop_task(name)
        self.tasks.clear()
        self.made.clear()
        self.stop()
        self.stop_search()
        self.running = self.searching = None
        self.stages.clear()
        self.titles.clear()
        self.judged = Judgements()
        self.corpus = self.table = self.picture = self.finished = None
        self.shown = self.compared = None
        self.index = self.answer = None


# --- The texts of the Map and Search tabs: samples, files, pasted lines, or the pairs of a vi


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
    try:
        try:
            table = read_table(source, name, LIMITS, singles=True)
        except OverLimit:
            table = read_table(source, name, LIMITS, sample=True, singles=True)
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


ENCODED_AT_ONCE = 128  # texts between two looks at whether to go on


class Encoding(Protocol):
    """How texts become vectors: the settings of a map, or of a search."""

    @property
    def pooling(self) -> str | None:
        """None: the model as it was saved."""

    @property
    def layer(self) -> Layer:
        """-1: the last one."""


def source_key(
    atlas: Atlas,
    corpus: Corpus,
    encoder: Encoder,
    settings: Encoding,
    options: Options = DEFAULTS,
) -> Key:
    """What vectors depend on. Of a large corpus the Map has a sample, the Search tab more."""
    own = repr(encoder.recipe) if settings.pooling is None else str(encoder.recipe.include_prompt)
    return (
        *(atlas.identity, len(corpus), encoder.backbone.fingerprint, own, encoder.prompt(options)),
        *(settings.pooling, settings.layer),
    )


def encode(
    atlas: Atlas,
    corpus: Corpus,
    encoder: Encoder,
    settings: Encoding,
    tell: Tell,
    stop: threading.Event,
    options: Options = DEFAULTS,
) -> np.ndarray:
    """Unit vectors (N, D) of the corpus, float32. Raises EncoderError, Stopped."""

    def make() -> np.ndarray:
        # The longest last: batches of like lengths, and a first share that is not too hopeful.
        order = sorted(range(len(corpus)), key=lambda i: len(corpus.texts[i]))
        rows: list[np.ndarray] = []
        for at in range(0, len(order), ENCODED_AT_ONCE):
            if stop.is_set():
                raise Stopped
            tell("encode", at / len(order))
            texts = [corpus.texts[i] for i in order[at : at + ENCODED_AT_ONCE]]
            rows.append(encoder.encode(texts, settings.pooling, settings.layer, options=options))
        vectors = np.concatenate(rows)
        back = np.empty_like(vectors)
        back[order] = vectors
        return back

    key = source_key(atlas, corpus, encoder, settings, options)
    return atlas.stages.get("encode", key, make)
