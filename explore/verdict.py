"""Is the best hit worth anything? It is held against the best hits of unrelated queries."""

from dataclasses import dataclass, replace

import numpy as np

from explore.errors import ExploreError
from explore.neighbours import Hits

ENOUGH = 300  # background queries: 1 in 301 can be told from chance
LIKELY = 0.05
LEVELS = {"strong": 0.01, "likely": LIKELY, "weak": 0.2}  # largest p-value of each
NONE, UNKNOWN = "none", "unknown"
# Of questions with answers, the share that must stand out: else too little of what is relevant does
# for a bad score to say anything. A model gives 0.8 and more in its language, 0.1 in most others.
LEAST_POWER = 0.5
FEW, BLIND, LANGUAGE, UNREAD = "few", "blind", "language", "unread"  # reasons for no verdict


@dataclass(frozen=True)
class Verdict:
    """What a best hit says. level: "strong", "likely", "weak", "none" or "unknown".

    percentile: 100 (1 - p); p_value: how often an unrelated query finds a hit at least as good,
    None where no such queries were asked; queries: how many say so. reason: why nothing can be
    said, "" where something is: "few" queries, a "blind" model, no queries in that "language", or
    a query that the model has left "unread".
    """

    level: str
    words: str
    percentile: float | None = None
    p_value: float | None = None
    queries: int = 0
    reason: str = ""

    @classmethod
    def withheld(cls, reason: str, words: str) -> "Verdict":
        """None is given; `words` say why."""
        return cls(UNKNOWN, f"no verdict: {words}", reason=reason)


class BestHits:
    """The scores (n,) of the best hits that n unrelated queries found in one corpus.

    The best of many scores is high by chance alone, and the higher the larger the corpus: so a best
    hit is compared with other best hits of the same corpus, model, pooling and prompts, and never
    with a fixed threshold or with the scores of random pairs.

    answered (m,): the scores of other questions with texts that answer them, as if each were in
    the corpus. Where few of them stand out, this model cannot tell what is relevant in these
    languages, and no verdict is given. Raises ExploreError.
    """

    def __init__(self, scores: np.ndarray, answered: np.ndarray | None = None) -> None:
        values = np.asarray(scores, np.float64).ravel()
        if not len(values):
            raise ExploreError("There are no scores of unrelated queries to compare with.")
        if not np.isfinite(values).all():
            bad = int((~np.isfinite(values)).sum())
            raise ExploreError(f"{bad:,} of {len(values):,} background scores are not finite.")
        self.scores = np.sort(values)  # (n,)
        self.answered = np.zeros(0) if answered is None else np.asarray(answered, np.float64)

    @classmethod
    def of(cls, hits: Hits, answered: np.ndarray | None = None) -> "BestHits":
        """Of the first of each background query's hits; 0 where there is none."""
        queries, k = hits.indices.shape
        if not k:
            return cls(np.zeros(queries), answered)
        return cls(np.where(hits.indices[:, 0] >= 0, hits.scores[:, 0], 0), answered)

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

    @property
    def standing_out(self) -> int:
        """How many of the answered questions have p ≤ 0.05."""
        return sum(self.p_value(score) <= LIKELY for score in self.answered)

    def verdict(self, score: float, conclusive: bool = True) -> Verdict:
        """How good a best score is, in words.

        conclusive: the scores rank every text by meaning, so that a bad one says that nothing here
        is relevant; of a fusion it only says that these hits are no better than chance.
        """
        p = self.p_value(score)
        percentile = self.percentile(score)
        if self.standing_out < LEAST_POWER * len(self.answered):
            words = (
                f"this model does not tell what is relevant here from what is not: of "
                f"{len(self.answered)} questions with a known answer, only {self.standing_out} "
                "stand out from unrelated ones"
            )
            withheld = Verdict.withheld(BLIND, words)
            return replace(withheld, percentile=percentile, p_value=p, queries=self.queries)
        level = next((name for name, most in LEVELS.items() if p <= most), NONE)
        # Above all of them, and still nothing can be said with any confidence.
        few = level != "strong" and score > self.scores[-1] and 1 / (self.queries + 1) > LIKELY
        level = UNKNOWN if few else level
        words = _words(level, percentile, self.queries, conclusive)
        return Verdict(level, words, percentile, p, self.queries, FEW if few else "")


def _words(level: str, percentile: float, queries: int, conclusive: bool) -> str:
    share = f"{int(percentile + 1e-9)} %"  # cut, not rounded: 99.6 is not "better than 100 %"
    better = f"better than {share} of unrelated queries"
    nothing = (
        "nothing stands out here" if conclusive else "no better than what unrelated queries find"
    )
    words = {
        "strong": better,
        "likely": f"{better}: probably relevant",
        "weak": f"{better}: perhaps related; unrelated queries do as well now and then",
        NONE: f"{nothing}: only better than {share} of unrelated queries",
        UNKNOWN: "better than every unrelated query, but these are too few to say",
    }[level]
    few = f" ({queries:,} quer{'y' if queries == 1 else 'ies'}; {ENOUGH} say more)"
    return words + (few if queries < ENOUGH else "")
