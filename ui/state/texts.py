"""The texts that a visitor has open on the Map and Search tabs, and how they become vectors."""

import hashlib
import secrets
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from io import StringIO
from pathlib import Path
from typing import Protocol, TypeVar

import numpy as np
import pandas as pd

from encoder import Encoder, Layer, Options
from encoder.readability import Unreadable, reading
from encoder.runner import DEFAULTS
from explore import Stopped
from ingest import (
    LIMITS,
    Corpus,
    CorpusColumns,
    IngestError,
    Limits,
    OverLimit,
    PairSet,
    Table,
    corpus_of_pairs,
    guess_text_column,
    read_table,
    to_corpus,
)
from ui.checks import as_text
from ui.state.jobs import Tasks
from ui.state.samples import TextSample, text_sample
from ui.state.stages import Key, Stages, Tell


@dataclass(frozen=True, eq=False)
class OpenTexts:
    """Texts that lie open: what they are called, where they came from, and what names them.

    `stages` keeps what is computed of them. `identity` stands for the texts in keys; `token` is
    new whenever texts are opened, so that a tab can compare it with what it shows.
    """

    name: str
    corpus: Corpus
    stages: Stages = field(repr=False)
    table: Table | None = None  # where other columns can still be chosen
    sample: TextSample | None = None  # where they come with the app, and are nobody's own
    identity: str = field(init=False)
    token: str = field(default_factory=lambda: secrets.token_hex(8), init=False)

    def __post_init__(self) -> None:
        digest = hashlib.blake2b(digest_size=12)
        for text in self.corpus.texts:
            digest.update(text.encode("utf-8", "surrogatepass") + b"\0")
        object.__setattr__(self, "identity", digest.hexdigest())

    @property
    def bundled(self) -> bool:
        """Whether they are a sample of the app's."""
        return self.sample is not None


class TabState:
    """What one tab keeps for one visitor while texts are open; each tab has a kind of its own."""

    @property
    def at_work(self) -> bool:
        """Whether something is under way that the visitor waits for."""
        return False

    @property
    def made_something(self) -> bool:
        """Whether the visitor has made something here that nobody could bring back."""
        return False

    def reopen(self, texts: OpenTexts | None) -> None:
        """Forget what was of other texts, and give up work on them; None: the visitor has left."""


StateT = TypeVar("StateT", bound=TabState)


class VisitorTexts:
    """The texts that a visitor has open on the Map and Search tabs, and what belongs to them.

    Freed when the visitor leaves.
    """

    def __init__(self, max_bytes: int = 0, shared: Stages | None = None) -> None:
        self.stages = Stages(max_bytes, shared)
        self.opened: OpenTexts | None = None
        self.tasks = Tasks()
        self._states: dict[type[TabState], TabState] = {}

    def open(self, texts: OpenTexts) -> OpenTexts:
        """Take other texts; what was computed of the old ones is forgotten. Returns them."""
        self._forget(texts)
        self.opened = texts
        if texts.bundled:
            self.stages.share(texts.identity)
        return texts

    def close(self) -> None:
        """Forget everything: the visitor has left."""
        self._forget(None)
        self.opened = None

    def _forget(self, texts: OpenTexts | None) -> None:
        self.tasks.close()
        for state in list(self._states.values()):
            state.reopen(texts)
        self.stages.clear()

    def state(self, kind: type[StateT]) -> StateT:
        """What a tab keeps, by its kind; made at need."""
        state = self._states.get(kind)
        if state is None:
            state = self._states.setdefault(kind, kind())
            state.reopen(self.opened)
        assert isinstance(state, kind)
        return state

    @property
    def made_something(self) -> bool:
        """Whether something was judged or named."""
        return any(state.made_something for state in list(self._states.values()))

    @property
    def at_work(self) -> bool:
        """Whether a map, a search or other long work is under way."""
        return self.tasks.running or any(state.at_work for state in list(self._states.values()))


# --- Opening texts: samples, files, pasted lines, or the pairs of a visitor ----------------------


def open_sample(name: str, stages: Stages) -> OpenTexts:
    """One of the bundled corpora. Raises EncoderError for an unknown one."""
    sample = text_sample(name)
    return open_data(sample.folder / sample.file, sample.file, stages, sample=sample)


def open_data(
    source: Path | bytes | str,
    name: str,
    stages: Stages,
    *,
    sample: TextSample | None = None,
    limits: Limits = LIMITS,
) -> OpenTexts:
    """A file, its bytes, or pasted text; of one over the limits a sample, as its report says.

    Raises IngestError for what cannot be read.
    """
    if isinstance(source, str) and not source.strip():
        raise IngestError("Nothing was pasted. Paste sentences, one a line.")
    pasted = StringIO(source) if isinstance(source, str) else source  # a str would be a path
    try:
        table = read_table(pasted, name, limits, singles=True)
    except OverLimit:
        table = read_table(pasted, name, limits, sample=True, singles=True)
    return _of_table(name, table, guess_text_column(table), stages, sample, limits)


def sample_of(texts: OpenTexts) -> str:
    """The name of the sample whose usual texts these are, "" for any others."""
    if texts.sample is None or texts.table is None:
        return ""
    usual = guess_text_column(texts.table).text == texts.corpus.columns.text
    return texts.sample.name if usual else ""


def choose_columns(
    texts: OpenTexts | None, column: object, labels: Sequence[object], limits: Limits = LIMITS
) -> OpenTexts:
    """Other columns of the same file. Raises IngestError."""
    if texts is None or texts.table is None:
        raise IngestError("These texts came without columns to choose from.")
    columns = CorpusColumns(str(column), tuple(str(name) for name in labels or ()))
    return _of_table(texts.name, texts.table, columns, texts.stages, texts.sample, limits)


def open_pairs(pairs: PairSet | None, name: str, stages: Stages) -> OpenTexts:
    """The distinct texts of the pairs on the Fine-tune tab. Raises IngestError without any."""
    if pairs is None:
        raise IngestError("There are no pairs yet. Choose or send some on the Fine-tune tab first.")
    return OpenTexts(f"texts of {name}", corpus_of_pairs(pairs), stages)


def open_texts(texts: Sequence[str], name: str, stages: Stages) -> OpenTexts:
    """Texts as a list, from the web API. Raises IngestError."""
    # No reader comes between: a list needs no guess at separators, quotes or a header.
    frame = pd.DataFrame({"text": list(map(as_text, texts))}, index=range(1, len(texts) + 1))
    table = Table(frame, "the web API", "", True, len(texts))
    return _of_table(name, table, CorpusColumns("text"), stages)


def _of_table(
    name: str,
    table: Table,
    columns: CorpusColumns,
    stages: Stages,
    sample: TextSample | None = None,
    limits: Limits = LIMITS,
) -> OpenTexts:
    return OpenTexts(name, to_corpus(table, columns, limits=limits), stages, table, sample)


def on_map(corpus: Corpus, most: int) -> Corpus:
    """At most so many texts, the same ones each time; the report says so."""
    return corpus.sampled(most, why="is on the map: more cannot be told apart on it")


def for_search(corpus: Corpus, most: int) -> Corpus:
    """At most so many texts, the same ones each time; the report says so."""
    return corpus.sampled(most, why="is searched here; the Python package has no such limit")


def left_out(corpus: Corpus) -> list[str]:
    """Which rows of a list are no texts of the corpus, in sentences; positions as in the list."""
    lines = []
    for why, rows in corpus.report.dropped.items():
        if rows:
            listed = ", ".join(f"{row - 1:,}" for row in rows[:ROWS_NAMED])
            more = f" and {len(rows) - ROWS_NAMED:,} more" if len(rows) > ROWS_NAMED else ""
            noun = "row" if len(rows) == 1 else "rows"
            lines.append(f"Left out, {why}: {len(rows):,} ({noun} {listed}{more}, counted from 0).")
    return lines


ROWS_NAMED = 20
ENCODED_AT_ONCE = 128  # texts between two looks at whether to go on
ItemT = TypeVar("ItemT")


def in_pieces(
    items: Sequence[ItemT], stage: str, tell: Tell | None, stop: threading.Event | None
) -> Iterator[Sequence[ItemT]]:
    """All items, some at a time: before each piece it tells how far it is. Raises Stopped."""
    for at in range(0, len(items), ENCODED_AT_ONCE):
        if stop is not None and stop.is_set():
            raise Stopped
        if tell is not None:
            tell(stage, at / len(items))
        yield items[at : at + ENCODED_AT_ONCE]


class Encoding(Protocol):
    """How texts become vectors: the settings of a map, or of a search."""

    @property
    def pooling(self) -> str | None:
        """None: the model as it was saved."""

    @property
    def layer(self) -> Layer:
        """-1: the last one."""


def source_key(
    texts: OpenTexts,
    corpus: Corpus,
    encoder: Encoder,
    settings: Encoding,
    options: Options = DEFAULTS,
) -> Key:
    """What vectors depend on. Of a large corpus the Map has a sample, the Search tab more."""
    model = (encoder.identity, encoder.prompt(options))
    return (texts.identity, len(corpus), *model, settings.pooling, settings.layer)


def unreadable(
    texts: OpenTexts, corpus: Corpus, encoder: Encoder, stop: threading.Event
) -> Unreadable:
    """How many of the texts a model cannot read; looked at once for each model. Raises Stopped."""

    def on_text() -> None:
        if stop.is_set():
            raise Stopped

    model = (encoder.identity, encoder.name)  # whose name is told
    key = (texts.identity, len(corpus), *model)
    read = partial(reading, encoder, corpus.texts, on_text)
    return texts.stages.get("unreadable", key, lambda: read().unreadable)


def encode(
    texts: OpenTexts,
    corpus: Corpus,
    encoder: Encoder,
    settings: Encoding,
    tell: Tell,
    stop: threading.Event,
    options: Options = DEFAULTS,
    read: Sequence[str] | None = None,
) -> np.ndarray:
    """Unit vectors (N, D) of the corpus, float32. Raises EncoderError, Stopped.

    read: what the model is given in the place of each text; it must hang on the text alone, and in
    one way only.
    """
    given = corpus.texts if read is None else read

    def on_batch(done: int, total: int) -> None:
        if stop.is_set():  # a piece of long texts takes many seconds
            raise Stopped

    def make() -> np.ndarray:
        # The longest last: batches of like lengths, and a first share that is not too hopeful.
        order = sorted(range(len(corpus)), key=lambda i: len(given[i]))
        vectors = np.concatenate([
            encoder.encode(
                [given[i] for i in piece], settings.pooling, settings.layer, options=options,
                on_batch=on_batch,
            )
            for piece in in_pieces(order, "encode", tell, stop)
        ])  # fmt: skip
        back = np.empty_like(vectors)
        back[order] = vectors
        return back

    key = source_key(texts, corpus, encoder, settings, options)
    key = key if read is None else (*key, "read")
    return texts.stages.get("encode", key, make)
