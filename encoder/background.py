"""The bundled background set: unrelated sentences, and paraphrase pairs, of our own writing."""

import csv
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent.parent / "assets" / "background"


@cache
def background_sentences() -> tuple[str, ...]:
    """Sentences on every subject under the sun; any two of them are unrelated."""
    lines = (FOLDER / "sentences.txt").read_text(encoding="utf-8").splitlines()
    return tuple(line for line in lines if line)


@cache
def background_pairs() -> tuple[tuple[str, str], ...]:
    """Pairs that say the same in other words."""
    with (FOLDER / "paraphrases.csv").open(encoding="utf-8", newline="") as file:
        return tuple((row["sentence1"], row["sentence2"]) for row in csv.DictReader(file))


@cache
def background_texts() -> tuple[str, ...]:
    """All of it, as one corpus to count tokens in."""
    return (*background_sentences(), *(text for pair in background_pairs() for text in pair))
