"""Is the best hit worth anything? It is held against the best hits of unrelated queries."""

from dataclasses import dataclass

import numpy as np

from explore.errors import ExploreError
from explore.neighbours import Hits

ENOUGH = 300  # background queries: 1 in 301 can be told from chance
LEVELS = {"strong": 0.01, "likely": 0.05, "weak": 0.2}  # largest p-value of each
NONE, UNKNOWN = "none", "unknown"


@dataclass(frozen=True)
class Verdict:
    """What a best score says. level: "strong", "likely", "weak", "none" or "unknown".

    percentile: 100 (1 - p); p_value: how often an unrelated query finds a hit at least as good;
    queries: how many unrelated queries say so.
    """

    level: str
    words: str
    percentile: float
    p_value: float
    queries: int


class BestHits:
    """The scores (n,) of the best hits that n unrelated queries found in one corpus.

    The best of many scores is high by chance alone, and the higher the larger the corpus: so a best
    hit is compared with other best hits of the same corpus, model, pooling and prompts, and never
    with a fixed threshold or with the scores of random pairs. Raises ExploreError.
    """

    def __init__(self, scores: np.ndarray) -> None:
        values = np.asarray(scores, np.float64).ravel()
        if not len(values):
            raise ExploreError("There are no scores of unrelated queries to compare with.")
        if not np.isfinite(values).all():
            bad = int((~np.isfinite(values)).sum())
            raise ExploreError(f"{bad:,} of {len(values):,} background scores are not finite.")
        self.scores = np.sort(values)  # (n,)

    @classmethod
    def of(cls, hits: Hits) -> "BestHits":
        """Of the first of each background query's hits; 0 where there is none."""
        queries, k = hits.indices.shape
        if not k:
            return cls(np.zeros(queries))
        return cls(np.where(hits.indices[:, 0] >= 0, hits.scores[:, 0], 0))

    @property
    def queries(self) -> int:
        """n, the number of background queries."""
        return len(self.scores)

    def p_value(self, score: float) -> float:
        """(1 + how many unrelated queries found as good a hit) / (n + 1).

        Never below 1 / (n + 1), since the query itself could be one more unrelated one (Phipson &
        Smyth, Stat. Appl. Genet. Mol. Biol. 9, 2010, eq. 2).
        """
        if np.isnan(score):
            raise ExploreError("The score is NaN; the query's vector is not finite.")
        at_least = self.queries - int(np.searchsorted(self.scores, score, side="left"))
        return (1 + at_least) / (self.queries + 1)

    def percentile(self, score: float) -> float:
        """100 (1 - p): at most 100 n / (n + 1), and 0 for what every unrelated query finds."""
        return 100 * (1 - self.p_value(score))

    def verdict(self, score: float, conclusive: bool = True) -> Verdict:
        """How good a best score is, in words.

        conclusive: the scores rank every text by meaning, so that a bad one says that nothing here
        is relevant; of keywords or a fusion it only says that these hits are no better than chance.
        """
        p = self.p_value(score)
        percentile = self.percentile(score)
        level = next((name for name, most in LEVELS.items() if p <= most), NONE)
        # Above all of them, and still nothing can be said with any confidence.
        if level != "strong" and score > self.scores[-1] and 1 / (self.queries + 1) > 0.05:
            level = UNKNOWN
        words = _words(level, percentile, self.queries, conclusive)
        return Verdict(level, words, percentile, p, self.queries)


def _words(level: str, percentile: float, queries: int, conclusive: bool) -> str:
    share = f"{int(percentile + 1e-9)} %"  # cut, not rounded: 99.6 is not "better than 100 %"
    better = f"better than {share} of unrelated queries"
    nothing = (
        "nothing relevant here" if conclusive else "no better than what unrelated queries find"
    )
    words = {
        "strong": better,
        "likely": f"{better}: probably relevant",
        "weak": f"{better}: perhaps related, more likely chance",
        NONE: f"{nothing}: only better than {share} of unrelated queries",
        UNKNOWN: "better than every unrelated query, but these are too few to say",
    }[level]
    few = f" ({queries:,} quer{'y' if queries == 1 else 'ies'}; {ENOUGH} say more)"
    return words + (few if queries < ENOUGH else "")
