"""What every engine keeps to: collections of unit vectors under names that this app made."""

import hashlib
import json
import re
import threading
from abc import ABC, abstractmethod

import numpy as np

from explore.errors import ExploreError
from explore.neighbours import Hits
from explore.vectors import OnProgress, checked

SETTING = "VECTOR_STORE"  # the environment variable that a host sets
MOST_STORED = 1_000_000  # rows in one collection
MOST_DIMENSIONS = 32_768  # of one vector; Milvus takes no more, and no fewer than 2
MOST_HITS = 1_000  # for one query; Milvus answers with no more than 16,384 rows
FORMAT = "1"  # part of every name: raise it when what is stored under a name changes

SAMPLE = "sample_"  # these stay
VISITOR = "visitor_"  # these go with the visitor
NAME = re.compile(r"sample_[0-9a-f]{32}|visitor_[0-9a-f]{32}_[0-9a-f]{32}")


class StoreUnavailable(ExploreError):
    """The engine does not answer or cannot be opened; the caller can go on in memory."""


class NotStored(ExploreError):
    """A collection that is not there (any more); its vectors must be put there again."""


def sample_collection(*key: str) -> str:
    """The name for a sample: what tells it apart (content, model, pooling, …) as a digest."""
    return SAMPLE + _digest(*key)


def visitor_collection(visitor: str, *key: str) -> str:
    """The name for vectors of one visitor, who is known by a key that only this visitor has."""
    return f"{visitor_prefix(visitor)}{_digest(*key)}"


def visitor_prefix(visitor: str) -> str:
    """What the names of all collections of one visitor begin with."""
    return f"{VISITOR}{_digest(visitor)}_"


def owner(collection: str) -> str:
    """Whose a collection is: "" for a sample, else what stands for the visitor in its name."""
    name = checked_name(collection)
    return "" if name.startswith(SAMPLE) else name.removeprefix(VISITOR).partition("_")[0]


def _digest(*key: str) -> str:
    """32 hex digits that differ wherever the parts of the key do: ("ab", "c") or ("a", "bc")."""
    if not key or not all(isinstance(part, str) and part for part in key):
        raise ExploreError(f"A collection is named after one or more texts, none empty: not {key}.")
    return hashlib.sha256(json.dumps([FORMAT, *key]).encode()).hexdigest()[:32]


class VectorStore(ABC):
    """Collections of unit vectors, each under a name that `sample_collection` or its like made.

    Rows are numbered 0 … N-1 in the order they were put. Every method may be called from any
    thread and raises ExploreError for what cannot be, NotStored or StoreUnavailable among them.
    What is common to all engines is checked here; an engine implements the abstract methods.
    """

    engine: str  # what keeps the vectors, by its name
    place: str  # where they are, in words: "in memory"
    persists = True  # whether they are written somewhere, else they take this process's memory

    def put(
        self,
        collection: str,
        vectors: np.ndarray,
        on_progress: OnProgress | None = None,
        stop: threading.Event | None = None,
    ) -> None:
        """Keep vectors, float32 (N, D), unit or zero rows, in place of what stood there.

        A collection is there whole or not at all: until the last row has been written the old one
        answers, and it stays where `stop` is set (Stopped) or the writing fails.
        """
        name = checked_name(collection)
        rows = _unit_rows(checked(vectors, most=MOST_STORED))
        d = rows.shape[1]
        if not 2 <= d <= MOST_DIMENSIONS:
            raise ExploreError(
                f"Vectors have {d:,} dimensions; a store takes 2 to {MOST_DIMENSIONS:,}."
            )
        self._put(name, rows, on_progress, stop)

    def search(self, collection: str, queries: np.ndarray, k: int) -> Hits:
        """The k rows with the largest cosine for each query (Q, D), exact; k is cut to N.

        Among equal scores the earlier row comes first (in Milvus, among 16,384 of them).
        """
        name = checked_name(collection)
        rows = np.atleast_2d(np.asarray(queries, dtype=np.float32))
        if not 1 <= k <= MOST_HITS:
            raise ExploreError(f"k is {k:,}; ask for 1 to {MOST_HITS:,} hits.")
        n, d = self.shape(name)
        if rows.ndim != 2 or rows.shape[1] != d:
            raise ExploreError(
                f"Queries are {rows.shape}, the collection has {d} dimensions: both must come "
                "from the same model and pooling."
            )
        k = min(k, n)
        if not len(rows):
            return Hits(np.empty((0, k), np.int64), np.empty((0, k), np.float32))
        return self._search(name, _unit_rows(rows), k)

    def shape(self, collection: str) -> tuple[int, int]:
        """(N, D) of a collection."""
        shape = self._shape(checked_name(collection))
        if shape is None:
            raise NotStored(
                f"The collection {collection} is not in the store; put its vectors there (again)."
            )
        return shape

    def size(self, collection: str) -> int:
        """N, the number of rows of a collection."""
        return self.shape(collection)[0]

    def has(self, collection: str) -> bool:
        """Whether a collection is there, with all its rows."""
        return self._shape(checked_name(collection)) is not None

    def drop(self, collection: str) -> None:
        """Forget a collection, whether it is there or not."""
        self._drop(checked_name(collection))

    def drop_visitor(self, visitor: str) -> list[str]:
        """Forget all that belongs to one visitor, once their last job has ended."""
        mine = [name for name in self.names() if name.startswith(visitor_prefix(visitor))]
        for name in mine:
            self.drop(name)
        return mine

    def sweep(self, keep: tuple[str, ...] = (SAMPLE,)) -> list[str]:
        """Drop what no name in `keep` begins, at start: what visitors of an earlier run left.

        Only names of this app are touched, and of those all: two running labs must not share one
        store (on a server, give each a database of its own).
        """
        self._clear_unfinished()
        orphans = [name for name in self.names() if not name.startswith(keep)]
        for name in orphans:
            self.drop(name)
        return orphans

    def names(self) -> list[str]:
        """The collections of this app that are there, sorted."""
        return sorted(name for name in self._names() if NAME.fullmatch(name))

    def _clear_unfinished(self) -> None:  # noqa: B027 - most engines leave nothing unfinished
        """Drop what an earlier run began to write and never finished."""

    @abstractmethod
    def _put(
        self,
        name: str,
        rows: np.ndarray,
        on_progress: OnProgress | None,
        stop: threading.Event | None,
    ) -> None: ...

    @abstractmethod
    def _search(self, name: str, queries: np.ndarray, k: int) -> Hits: ...

    @abstractmethod
    def _shape(self, name: str) -> tuple[int, int] | None: ...

    @abstractmethod
    def _drop(self, name: str) -> None: ...

    @abstractmethod
    def _names(self) -> list[str]: ...

    @abstractmethod
    def close(self) -> None:
        """Let go of files and connections; what persists stays. A second call does nothing."""


def checked_name(collection: str) -> str:
    """The name, if this app made it. Raises ExploreError for any other."""
    if not (isinstance(collection, str) and NAME.fullmatch(collection)):
        raise ExploreError(
            f"{collection!r:.80} is no name of a collection; sample_collection and "
            "visitor_collection make them."
        )
    return collection


def _unit_rows(rows: np.ndarray) -> np.ndarray:
    """The rows, if each has length 1 or is zero, so that products are cosines."""
    squares = np.einsum("nd,nd->n", rows, rows)
    wrong = np.flatnonzero(~((np.abs(squares - 1) < 1e-3) | (squares == 0)))  # NaN is wrong too
    if len(wrong):
        at = int(wrong[0])
        raise ExploreError(
            f"{len(wrong):,} of {len(rows):,} vectors are not of length 1, the first in row {at} "
            f"(length {np.sqrt(squares[at]):.4g}); normalise them."
        )
    return rows
