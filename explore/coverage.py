"""Is a hit by keywords worth anything? It is, if it holds the words that carry the query."""

from dataclasses import dataclass

from explore.language import carries_meaning
from explore.lexical import Bm25Index, tokens, unspaced
from explore.verdict import NONE, Verdict

LEVELS = {"strong": 0.8, "likely": 0.5, "weak": 0.25}  # least share of each


@dataclass(frozen=True)
class Coverage:
    """Which of the words that carry a query stand in a text, and their share of its idf.

    share: Σ idf of the present ones over Σ idf of all, each word once; 1 where all are there. A
    long query gathers a large BM25 score of common words, a short one cannot: the share knows
    neither of length nor of how many texts there are.
    """

    present: tuple[str, ...]
    missing: tuple[str, ...]
    share: float

    def verdict(self) -> Verdict:
        """What the share says, in words. It is no p-value, and compares with no other query."""
        level = next((name for name, least in LEVELS.items() if self.share >= least), NONE)
        there, words = len(self.present), len(self.present) + len(self.missing)
        spaced = not any(map(unspaced, (*self.present, *self.missing)))
        terms = "words" if spaced else "letters and pairs of letters"
        has = f"the first hit has {there} of the {words} {terms} that carry the question"
        if words == 1:
            has = f"the first hit {'has' if there else 'lacks'} the word that carries the question"
        has += f" ({self.share:.0%} of the weight)"
        sentence = {
            "strong": has,
            "likely": f"{has}: probably relevant",
            "weak": f"{has}: perhaps related",
            NONE: f"{has}: no better than chance",
        }[level]
        return Verdict(level, sentence)


def coverage(index: Bm25Index, query: str, row: int, language: str = "") -> Coverage:
    """The words of a query, in its order, that a text of the index holds and that it lacks.

    language: the function words of this one carry nothing; of a query that has no others, all do.
    Raises ExploreError for a row that there is not.
    """
    distinct = tuple(dict.fromkeys(tokens(query)))
    carrying = tuple(term for term in distinct if carries_meaning(term, language)) or distinct
    held = {part.term for part in index.why(query, row)}
    weights = {term: index.idf(term) for term in carrying}
    total = sum(weights.values())
    present = tuple(term for term in carrying if term in held)
    missing = tuple(term for term in carrying if term not in held)
    share = sum(weights[term] for term in present) / total if total else 0.0
    return Coverage(present, missing, share)
