"""Names for clusters: the words that set one apart, and the text nearest to its middle."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from explore.addresses import ADDRESS
from explore.errors import same_rows
from explore.language import carries_meaning, language_of, language_of_texts
from explore.lexical import letters, runs_of_letters, tokens, unspaced
from explore.vectors import unit

TERMS = 5
TOO_COMMON = 0.3  # a word in more than this share of the texts says nothing, in any language …
ELSEWHERE = 0.1  # … unless half of the clusters have it in no more than this share of theirs
ENOUGH = 20  # texts, for that share to mean something
# Of the places of a pair of letters, those at which one letter stands beside it make a longer word.
BESIDE, FEWEST_PLACES, LONGEST = 0.9, 3, 8


@dataclass(frozen=True)
class ClusterName:
    """terms: best first, possibly none; central: index of the text nearest to the mean vector."""

    cluster: int
    size: int
    terms: tuple[str, ...]
    central: int

    @property
    def title(self) -> str:
        """The first three terms, or the cluster's number where there is no word."""
        return ", ".join(self.terms[:3]) or f"cluster {self.cluster + 1}"


def name_clusters(
    texts: Sequence[str], vectors: np.ndarray, labels: np.ndarray, terms: int = TERMS
) -> tuple[ClusterName, ...]:
    """Terms by class-based TF-IDF and the most central text of each cluster, the largest first.

    c-TF-IDF (Grootendorst, arXiv 2203.05794, eq. 1): f(t, c) · log(1 + A / f(t)), f(t, c) the
    frequency of a term among the words of cluster c, f(t) its count in all of them, A the mean
    number of words of a cluster. See `naming_terms` for what a term is; in any language words of
    more than 30% of the texts that are not special to some of the clusters are left out too.
    """
    same_rows(texts=texts, vectors=vectors, labels=labels)
    labels = np.asarray(labels)
    clusters = range(int(labels.max(initial=-1)) + 1)
    scored, words = _scores(
        [texts[int(i)] for i in np.flatnonzero(labels >= 0)], labels[labels >= 0]
    )
    points = unit(np.asarray(vectors))
    names = []
    for cluster in clusters:
        members = np.flatnonzero(labels == cluster)
        if not len(members):
            continue
        middle = points[members].mean(axis=0)
        best: tuple[str, ...] = ()
        if len(words):
            best = _best(words, scored[cluster], [texts[int(i)] for i in members], terms)
        central = int(members[np.argmax(points[members] @ middle)])
        names.append(ClusterName(cluster, len(members), best, central))
    return tuple(sorted(names, key=lambda name: -name.size))


def top_terms(texts: Sequence[str], selected: np.ndarray, terms: int = TERMS) -> tuple[str, ...]:
    """The terms that set selected texts (bool (N,)) apart from the others, by c-TF-IDF."""
    if not selected.any():
        return ()
    scored, words = _scores(texts, np.where(selected, 0, 1))
    if not len(words):
        return ()
    own = [text for text, is_one in zip(texts, selected, strict=True) if is_one]
    return _best(words, scored[0], own, terms)


def _best(
    words: np.ndarray, scores: np.ndarray, texts: Sequence[str], terms: int
) -> tuple[str, ...]:
    """The terms that score highest, whole where they are parts of a longer word of these texts."""
    best: list[str] = []
    language = language_of_texts(texts)
    for i in np.argsort(-scores, kind="stable"):
        if scores[i] <= 0 or len(best) == terms:
            break
        term = str(words[i])
        word = whole_word(term, texts, language) if unspaced(term) else term
        if not any(unspaced(word) and word in other for other in best):
            best = [other for other in best if not (unspaced(other) and other in word)]
            best.append(word)
    return tuple(best)


def whole_word(term: str, texts: Sequence[str], language: str = "") -> str:
    """A term of a script without spaces, with the letters that nearly always stand beside it.

    Pairs of letters are what is counted; 図書 and 書館 are parts of one word where hardly one of
    them stands without the other. Function words are no part of it.
    """
    word, runs = letters(term), [run for text in texts for run in runs_of_letters(text)]
    while len(word) < LONGEST:
        places = [
            (run[at - 1] if at else "", run[at + len(word)] if at + len(word) < len(run) else "")
            for run in runs
            for at in range(len(run) - len(word) + 1)
            if run[at : at + len(word)] == word
        ]
        longer = [
            [letter, *word] if side == 0 else [*word, letter]
            for side in (0, 1)
            for letter, count in Counter(place[side] for place in places).most_common(1)
            if count >= max(FEWEST_PLACES, BESIDE * len(places))
            and letter
            and carries_meaning(letter, language)
        ]
        if not longer:
            break
        word = longer[0]
    return "".join(word)


def naming_terms(text: str, language: str = "") -> list[str]:
    """The terms of `explore.lexical` in a text that may name a group of texts.

    Not the function words of its language, nor what an apostrophe cuts off ("we'll", "l'eau"), nor
    links, handles, numbers and single letters. In a script without spaces the pairs of letters
    neither of which is a function word, and the letters that stand in no such pair.
    """
    terms = [
        term
        for term in tokens(ADDRESS.sub(" ", text))
        if term[0].isalpha() and carries_meaning(term, language)
    ]
    words = [term for term in terms if len(term) > 1 and len(letters(term)) != 1]
    paired = {letter for pair in words for letter in letters(pair)}
    return [*words, *(t for t in terms if len(letters(t)) == 1 and t not in paired)]


def _scores(texts: Sequence[str], labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Float (clusters, terms) and the terms; both empty where no word is left."""
    from sklearn.feature_extraction.text import CountVectorizer

    if not len(texts):
        return np.zeros((0, 0)), np.array([])
    usual = language_of_texts(texts)
    counter = CountVectorizer(analyzer=lambda text: naming_terms(text, language_of(text, usual)))
    try:
        counts = counter.fit_transform(texts)
    except ValueError:  # nothing but function words
        return np.zeros((0, 0)), np.array([])
    words = counter.get_feature_names_out()
    if len(texts) >= ENOUGH:
        there = counts > 0
        shares = [there[labels == c].mean(axis=0) for c in np.unique(labels)]
        usual = np.sort(np.vstack(shares), axis=0)[(len(shares) - 1) // 2]
        common = np.asarray(there.mean(axis=0)).ravel() > TOO_COMMON
        columns = np.flatnonzero(~common | (usual <= ELSEWHERE))
        counts, words = counts[:, columns], words[columns]
    clusters = int(labels.max()) + 1
    per_cluster = np.vstack(
        [np.asarray(counts[labels == cluster].sum(axis=0)).ravel() for cluster in range(clusters)]
    ).astype(float)
    lengths = per_cluster.sum(axis=1, keepdims=True)
    frequency = np.divide(per_cluster, lengths, out=np.zeros_like(per_cluster), where=lengths > 0)
    everywhere = np.maximum(per_cluster.sum(axis=0), 1)
    return frequency * np.log1p(lengths.mean() / everywhere), words
