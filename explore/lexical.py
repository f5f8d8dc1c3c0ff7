"""The keyword baseline: BM25 over a corpus, and which words of the query made a hit."""

import math
import re
import threading
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

import numpy as np

from explore.errors import ExploreError
from explore.neighbours import Hits
from explore.topk import top_k
from explore.vectors import OnProgress, tell

K1 = 1.5
B = 0.75
NOTHING = -1  # index of a hit that is not there, as in faiss; its score is 0
TOLD_EVERY = 1_000  # texts
TERM_BYTES = 200  # of a term in a set and in a dictionary, about
# Han, kana, Thai, Lao, Burmese and Khmer put no space between words.
UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff"
    "\U00020000-\U0003ffff"
)
LAST_MARK = 0x20000  # no combining mark of a script stands behind it


@dataclass(frozen=True)
class TermScore:
    """What one distinct term of a query adds to the score of a text."""

    term: str
    score: float


class Bm25Index:
    """BM25 of N texts, which may be empty, or hold no word at all.

    Lucene's variant as bm25s computes it (Kamphuis et al., ECIR 2020): the sum over the terms t of
    the query, as often as they stand there, of idf(t) · f / (f + k1 (1 - b + b l / l̄)) with
    idf(t) = ln(1 + (N - n + 0.5) / (n + 0.5)); f counts t in the text of l terms, l̄ is the mean
    length, n counts the texts with t. k1 is 1.5, b 0.75. Raises Stopped.
    """

    def __init__(
        self,
        texts: Sequence[str],
        on_progress: OnProgress | None = None,
        stop: threading.Event | None = None,
    ) -> None:
        import bm25s

        _listed("texts", texts)
        self.size = len(texts)
        terms = []
        for at, text in enumerate(texts):
            if at % TOLD_EVERY == 0:
                tell(on_progress, stop, "keywords", at / self.size)
            terms.append(tokens(text))
        self._model = bm25s.BM25(k1=K1, b=B, method="lucene", dtype="float64")
        self._holders = Counter(term for one in terms for term in set(one))  # texts with each
        if self._holders:
            self._model.index(terms, create_empty_token=False, show_progress=False)
        tell(on_progress, stop, "keywords", 1.0)

    @property
    def nbytes(self) -> int:
        """Bytes of the scores, and about those of the vocabulary."""
        arrays = self._model.scores.values() if self._holders else ()
        return sum(np.asarray(a).nbytes for a in arrays) + TERM_BYTES * len(self._holders)

    def scores(self, query: str) -> np.ndarray:
        """Float64 (N,) of one query; 0 for a text that shares no term with it."""
        return self._scores([term for term in tokens(query) if term in self._holders])

    def _scores(self, terms: list[str]) -> np.ndarray:
        return self._model.get_scores(terms) if terms else np.zeros(self.size)

    def idf(self, term: str) -> float:
        """How rare a term is in these texts, as above: largest for one that stands in none.

        It goes by how many texts hold it, not by how often it stands in one.
        """
        holders = self._holders[term]
        return math.log(1 + (self.size - holders + 0.5) / (holders + 0.5))

    def search(self, queries: Sequence[str], k: int) -> Hits:
        """The k texts with the largest score for each query; k is cut to N.

        Only a text that shares a term with the query is a hit. Behind those stand places with index
        -1 and score 0. Among equal scores the earlier text comes first.
        """
        _listed("queries", queries)
        if k < 1:
            raise ExploreError(f"k is {k}; ask for at least one hit.")
        k = min(k, self.size)
        indices = np.full((len(queries), k), NOTHING, np.int64)
        scores = np.zeros((len(queries), k), np.float32)
        for at, query in enumerate(queries):
            if k:
                rows, best = top_k(self.scores(query).astype(np.float32)[None], k)
                indices[at], scores[at] = np.where(best[0] > 0, rows[0], NOTHING), best[0]
        return Hits(indices, scores)

    def why(self, query: str, row: int) -> tuple[TermScore, ...]:
        """The terms that the query shares with a text, the largest part of its score first.

        The parts sum to the score: a term that stands twice in the query counts twice in its part.
        """
        if not 0 <= row < self.size:
            raise ExploreError(f"There is no text {row}: the index holds {self.size:,}, from 0.")
        counts = Counter(term for term in tokens(query) if term in self._holders)
        parts = {term: n * float(self._scores([term])[row]) for term, n in counts.items()}
        scores = [TermScore(term, part) for term, part in parts.items() if part > 0]
        return tuple(sorted(scores, key=lambda part: -part.score))


def _listed(name: str, texts: Sequence[str]) -> None:
    """A text is a sequence of texts too, of its letters."""
    if isinstance(texts, str):
        raise ExploreError(f"{name} is one text, {texts[:40]!r}; give a list of texts.")


def tokens(text: str) -> list[str]:
    """Words and numbers, lower-cased, in one spelling of Unicode (NFKC); none of emoji or signs.

    Of a run in a script without spaces its letters, and then its pairs of letters.
    """
    word, run, letter = _patterns()
    terms: list[str] = []
    for match in word.finditer(unicodedata.normalize("NFKC", text).lower()):
        if run.match(match[0]):
            letters = letter.findall(match[0])
            terms += letters
            terms += [a + b for a, b in pairwise(letters)]
        else:
            terms.append(match[0])
    return terms


def unspaced(term: str) -> bool:
    """Whether a term is of a script that puts no space between words: a letter, or a pair."""
    return bool(_patterns()[1].match(term))


def letters(term: str) -> list[str]:
    """The letters of a term of such a script, each with its marks; none of another term."""
    return [match[0] for match in _patterns()[2].finditer(term)]


def runs_of_letters(text: str) -> list[list[str]]:
    """The runs of such letters that stand in a text with nothing between them."""
    word, run, _ = _patterns()
    plain = unicodedata.normalize("NFKC", text).lower()
    return [letters(match[0]) for match in word.finditer(plain) if run.match(match[0])]


@cache
def _patterns() -> tuple[re.Pattern[str], re.Pattern[str], re.Pattern[str]]:
    r"""Of a word, of a run without spaces, of one letter; \w alone cuts Hindi at its vowels."""
    marks = _class(
        code
        for code in range(0x300, LAST_MARK)
        if not 0xFE00 <= code <= 0xFE0F  # these choose between two looks of a sign
        and unicodedata.category(chr(code)) in ("Mn", "Mc")
    )
    letter = rf"(?=[{UNSPACED}])\w[{marks}]*"
    spaced = rf"(?![{UNSPACED}])\w(?:(?![{UNSPACED}])[\w{marks}])*"
    run = rf"(?:{letter})+"
    return re.compile(f"{run}|{spaced}"), re.compile(run), re.compile(letter)


def _class(codes: Iterable[int]) -> str:
    """Ranges of a character class."""
    ranges: list[list[int]] = []
    for code in codes:
        if ranges and ranges[-1][1] == code - 1:
            ranges[-1][1] = code
        else:
            ranges.append([code, code])
    return "".join(f"{chr(first)}-{chr(last)}" for first, last in ranges)
