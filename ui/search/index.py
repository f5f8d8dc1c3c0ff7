"""What a search runs on: the texts, how they are encoded, and where their vectors are kept."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from encoder import Encoder, Options
from explore.store import sample_collection, visitor_collection
from ingest import Corpus
from ui.state.stages import Key, Tell
from ui.state.texts import OpenTexts, encode, in_pieces, source_key, unreadable

# The names by which sentence-transformers' encode_query and encode_document look for a prompt.
FOR_QUERIES = ("query",)
FOR_TEXTS = ("document", "passage", "corpus")
ENCODING = "Turning texts into vectors"


@dataclass(frozen=True)
class SearchSettings:
    """How texts and queries are encoded; `pooling` None is the model's own."""

    model: str
    pooling: str | None = None
    layer: int | str = -1


@dataclass(frozen=True, eq=False)
class Index:
    """A corpus that can be searched. Vectors are unit rows, float32 (N, D), one a text."""

    texts: OpenTexts
    corpus: Corpus  # those of the texts that are searched
    encoder: Encoder
    settings: SearchSettings
    vectors: np.ndarray
    collection: str  # their name in the store
    cut: int = 0  # texts that are longer than the model reads
    unreadable: str = ""  # what is to be said of texts that it cannot read

    @cached_property
    def source(self) -> Key:
        """Names the vectors: what everything that is computed from them depends on."""
        return index_key(self.texts, self.corpus, self.encoder, self.settings)

    @property
    def pooling(self) -> str:
        """What the texts are pooled with."""
        return self.settings.pooling or self.encoder.pooling

    def encode_queries(
        self,
        texts: Sequence[str],
        tell: Tell | None = None,
        stop: threading.Event | None = None,
        on_batch: Callable[[int, int], None] | None = None,
    ) -> np.ndarray:
        """At least one query as this index takes it, with its model's prompt for queries: (Q, D).

        `on_batch` hears of those whose vectors were not known, as in `Encoder.encode`.
        """
        settings, options = self.settings, query_options(self.encoder)
        return np.concatenate([
            self.encoder.encode(
                piece, settings.pooling, settings.layer, options=options, on_batch=on_batch
            )
            for piece in in_pieces(texts, "queries", tell, stop)
        ])  # fmt: skip

    def encode_texts(self, texts: Sequence[str], tell: Tell, stop: threading.Event) -> np.ndarray:
        """Other texts as those of this index: (N, D), with none of them (0, D)."""
        settings, options = self.settings, text_options(self.encoder)
        return np.concatenate([
            self.vectors[:0],
            *(
                self.encoder.encode(piece, settings.pooling, settings.layer, options=options)
                for piece in in_pieces(texts, "queries", tell, stop)
            ),
        ])  # fmt: skip


def query_options(encoder: Encoder) -> Options:
    """The prompt that this model wants before a query; its default one where it names none."""
    return _prompted(encoder, FOR_QUERIES)


def text_options(encoder: Encoder) -> Options:
    """The prompt that this model wants before a text that is searched."""
    return _prompted(encoder, FOR_TEXTS)


def _prompted(encoder: Encoder, names: tuple[str, ...]) -> Options:
    return Options(prompt=next((n for n in names if n in encoder.recipe.prompts), None))


def prompts(encoder: Encoder) -> tuple[str, str]:
    """What is put before each query and before each text; "" where nothing is."""
    return encoder.prompt(query_options(encoder)), encoder.prompt(text_options(encoder))


def index_key(texts: OpenTexts, corpus: Corpus, encoder: Encoder, settings: SearchSettings) -> Key:
    """What the vectors of an index depend on."""
    return source_key(texts, corpus, encoder, settings, text_options(encoder))


def is_encoded(
    texts: OpenTexts, corpus: Corpus, encoder: Encoder, settings: SearchSettings
) -> bool:
    """Whether `build_index` has nothing to encode."""
    return texts.stages.known("encode", index_key(texts, corpus, encoder, settings))


def keep_vectors(index: Index) -> None:
    """Make the vectors of an index the last that would have to go from what is kept."""
    index.texts.stages.get("encode", index.source, lambda: index.vectors)


def build_index(
    texts: OpenTexts,
    corpus: Corpus,
    encoder: Encoder,
    settings: SearchSettings,
    owner: str,
    tell: Tell,
    stop: threading.Event,
) -> Index:
    """Encode the texts, unless that is known. `owner` is the visitor's key, "" for a sample's.

    Raises EncoderError, Stopped.
    """
    vectors = encode(texts, corpus, encoder, settings, tell, stop, text_options(encoder))
    parts = tuple(map(repr, index_key(texts, corpus, encoder, settings)))
    name = visitor_collection(owner, *parts) if owner else sample_collection(*parts)
    # Counted once for a model: neither pooling nor layer has a part in it.
    read = (texts.identity, len(corpus), encoder.identity, prompts(encoder)[1])
    cut = texts.stages.get(
        "cut", read,
        lambda: int(np.count_nonzero(encoder.cut(corpus.texts, text_options(encoder)))),
    )  # fmt: skip
    strange = unreadable(texts, corpus, encoder, stop).words
    return Index(texts, corpus, encoder, settings, vectors, name, cut, strange)
