"""The background set is large, varied, and its sentences have nothing to do with one another."""

import itertools
import random
import re
from collections import Counter

from encoder.background import background_pairs, background_sentences, background_texts

SENTENCES, PAIRS = background_sentences(), background_pairs()


def words(text: str) -> set[str]:
    """Its content words, roughly: short ones are mostly grammar."""
    return {word for word in re.findall(r"\w+", text.lower()) if len(word) > 3}


def overlap(a: str, b: str) -> float:
    """Shared content words by all content words (Jaccard)."""
    together = words(a) | words(b)
    return len(words(a) & words(b)) / len(together) if together else 0.0


def start(text: str) -> str:
    return " ".join(text.lower().split()[:3])


def test_there_is_enough_of_it():
    assert len(SENTENCES) >= 400
    assert len(PAIRS) >= 200
    assert len(background_texts()) == len(SENTENCES) + 2 * len(PAIRS)


def test_nothing_is_there_twice():
    same = Counter(" ".join(re.findall(r"\w+", text.lower())) for text in background_texts())
    assert [text for text, count in same.items() if count > 1] == []


def test_no_text_is_empty_or_padded():
    for text in background_texts():
        assert text == text.strip()
        assert len(text.split()) >= 2
        assert len(text) <= 600
        assert text.isprintable()


def test_sentences_do_not_begin_alike():
    for texts in (SENTENCES, [a for a, _ in PAIRS]):
        starts = Counter(map(start, texts))
        assert sum(n for n in starts.values() if n > 1) <= 0.02 * len(texts)


def test_sentences_are_of_many_lengths_and_kinds():
    lengths = sorted(len(text.split()) for text in SENTENCES)
    assert lengths[len(lengths) // 10] <= 8
    assert lengths[-len(lengths) // 10] >= 16
    assert sum(text.endswith("?") for text in SENTENCES) >= 20
    assert sum(any(c.isdigit() for c in text) for text in SENTENCES) >= 20


def test_two_random_sentences_share_hardly_a_word():
    pairs = random.Random(0).sample(list(itertools.combinations(SENTENCES, 2)), 5000)
    overlaps = [overlap(a, b) for a, b in pairs]
    assert sum(overlaps) / len(overlaps) < 0.01
    assert sum(o >= 0.25 for o in overlaps) / len(overlaps) < 0.002


def test_paraphrases_share_words_but_are_said_in_others():
    overlaps = [overlap(a, b) for a, b in PAIRS]
    assert sum(overlaps) / len(overlaps) > 0.05  # far above the random pairs
    assert sum(o < 0.5 for o in overlaps) / len(overlaps) > 0.75  # not by copying


def test_no_text_of_a_pair_is_one_of_the_unrelated_sentences():
    assert not set(SENTENCES) & {text for pair in PAIRS for text in pair}
