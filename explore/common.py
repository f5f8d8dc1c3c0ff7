"""What the texts of one large cluster have in common, before anything is made of it."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from explore.addresses import ADDRESS
from explore.errors import same_rows
from explore.language import language_of, language_of_texts
from explore.naming import naming_terms

HALF = 0.5  # of all texts: more in one cluster, and the map hides what is in it
WORDS = 3  # told of what the texts share
FEWEST = 20  # texts, for that to mean something
TELLING = 0.2  # share of a cluster's texts that a word must stand in to say anything of it


@dataclass(frozen=True)
class Common:
    """What most texts of the cluster that holds more than half of all share.

    share: of all texts, in the cluster. words: (word or handle, share of the cluster's texts that
    hold it), the commonest first, of those that a fifth holds. addressed: share of its texts with
    a link, a handle or the like.
    """

    cluster: int
    share: float
    words: tuple[tuple[str, float], ...]
    addressed: float


def giant(texts: Sequence[str], labels: np.ndarray) -> Common | None:
    """What the one cluster with more than half of all texts has in common; None without such."""
    same_rows(texts=texts, labels=labels)
    sizes = np.bincount(labels[labels >= 0]) if (labels >= 0).any() else np.zeros(0, np.int64)
    if len(texts) < FEWEST or not len(sizes) or sizes.max() <= HALF * len(texts):
        return None
    cluster = int(sizes.argmax())
    members = [texts[int(row)] for row in np.flatnonzero(labels == cluster)]
    usual = language_of_texts(members)
    counts: Counter[str] = Counter()
    addressed = 0
    for text in members:
        addresses = {match[0].lower() for match in ADDRESS.finditer(text)}
        addressed += bool(addresses)
        counts.update(addresses | set(naming_terms(text, language_of(text, usual))))
    shares = tuple(
        (word, n / len(members))
        for word, n in counts.most_common(WORDS)
        if n >= TELLING * len(members)
    )
    return Common(cluster, sizes.max() / len(texts), shares, addressed / len(members))
