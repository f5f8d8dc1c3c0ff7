"""Judgements as training data: triplets of the queries that are sent, the others held out."""

import csv
import hashlib
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from encoder import EncoderError
from ui.desk import Desk, open_data
from ui.judging import Grades, irrelevant, relevant

NAME = "judged_queries.csv"
COLUMNS = ("anchor", "positive", "negative", "negative is")
JUDGED, ASSUMED = "judged irrelevant", "assumed: a good hit that nobody judged relevant"
SHARE = 0.7  # of the queries, for training


@dataclass(frozen=True)
class Triplet:
    """A query, a text that is relevant for it, and one that is not, or is assumed not to be."""

    query: str
    relevant: str
    irrelevant: str
    assumed: bool


@dataclass(frozen=True)
class Sent:
    """What goes to training, and what is held out of it."""

    triplets: tuple[Triplet, ...]
    trained: tuple[str, ...]  # queries
    held_out: tuple[str, ...]
    shared: int  # held-out queries with a relevant text that is trained on for another query
    left_out: int  # queries without a relevant text, or without any other text to set against it

    @property
    def assumed(self) -> int:
        """Triplets whose negative nobody judged."""
        return sum(triplet.assumed for triplet in self.triplets)


def split_queries(
    queries: Sequence[str], share: float, seed: int = 0
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """(trained, held out), each in the order given; drawn by query and seed alone.

    So a query hardly ever changes sides when others are judged. Of two and more, both sides get one
    unless all are wanted. Raises EncoderError for a share outside 0 … 1.
    """
    if not 0 < share <= 1:
        raise EncoderError(
            f"The share for training is {share:.0%}; it must be above 0 and at most 100%."
        )

    def drawn(query: str) -> bytes:
        return hashlib.blake2b(f"{seed}\0{query}".encode("utf-8", "surrogatepass")).digest()

    most = len(queries) if share == 1 else max(len(queries) - 1, 1)
    taken = set(sorted(queries, key=drawn)[: min(max(round(share * len(queries)), 1), most)])
    return (
        tuple(query for query in queries if query in taken),
        tuple(query for query in queries if query not in taken),
    )


def to_triplets(
    grades: Grades, best_hits: Mapping[str, Sequence[str]], share: float = SHARE, seed: int = 0
) -> Sent:
    """Triplets of a share of the queries.

    `best_hits` are the texts found for each query, the best first. Where nothing was judged
    irrelevant, the first of them that was not judged relevant is the negative, and marked as
    assumed. Every judged text is used: the shorter list starts over. Raises EncoderError where
    nothing is left.
    """
    usable: dict[str, tuple[list[str], list[str], bool]] = {}
    for query, texts in grades.items():
        good, bad = relevant(texts), irrelevant(texts)
        hard = [text for text in best_hits.get(query, ()) if text not in texts][:1]
        if good and (bad or hard):
            usable[query] = (good, bad or hard, not bad)
    if not usable:
        raise EncoderError(
            "No judged query can be trained on: each needs a text judged relevant. Judge some "
            "hits, or load the sample's judged queries."
        )
    trained, held_out = split_queries(list(usable), share, seed)
    triplets = []
    for query in trained:
        good, bad, assumed = usable[query]
        triplets += [
            Triplet(query, good[at % len(good)], bad[at % len(bad)], assumed)
            for at in range(max(len(good), len(bad)))
        ]
    positives = {triplet.relevant for triplet in triplets}
    shared = sum(not positives.isdisjoint(usable[query][0]) for query in held_out)
    return Sent(tuple(triplets), trained, held_out, shared, len(grades) - len(usable))


def to_csv(sent: Sent) -> str:
    """The triplets as a file that the Fine-tune tab reads: texts as they are, with no guard
    against spreadsheets, which would be trained on.
    """
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(COLUMNS)
    writer.writerows(
        [t.query, t.relevant, t.irrelevant, ASSUMED if t.assumed else JUDGED] for t in sent.triplets
    )
    return buffer.getvalue()


def to_desk(sent: Sent) -> Desk:
    """The same file, read as any that is uploaded. Raises EncoderError."""
    return open_data(to_csv(sent).encode("utf-8", "replace"), NAME)
