"""What a model reads of texts: how many tokens, how many unknown, and which texts look alike to it.

A vocabulary that does not know a script makes one unknown token of each word, or of a whole Thai
sentence. Texts of the same tokens have the same vector, whatever they say.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from encoder.batching import pieces
from encoder.catalog import MULTILINGUAL
from encoder.encoder import Encoder
from encoder.text import clean_texts
from encoder.tokens import TokenizedText

MOSTLY = 0.5  # share of unknown tokens, special ones not counted
# Marks behind Latin or Greek letters. Elsewhere a mark may be the vowel, the tone or the letter.
ACCENTS = re.compile("(?<=[a-z\u0370-\u03ff])[\u0300-\u036f]+")


@dataclass(frozen=True)
class Unreadable:
    """How many of some texts a model cannot read; `name` is what the model is called."""

    name: str
    texts: int
    unknown: int  # of mostly unknown tokens
    alike: int  # of the same tokens as another text that says something else

    @property
    def advice(self) -> str:
        """What to do, for visitors."""
        if self.name == MULTILINGUAL:
            return "Choose a model that was trained on this script."
        return f"Choose {MULTILINGUAL}, which reads fifty languages."

    @property
    def words(self) -> str:
        """One line for visitors, "" where all can be read."""
        parts = []
        if self.unknown:
            verb = "consists" if self.unknown == 1 else "consist"
            parts.append(f"{self.unknown:,} {verb} mostly of tokens unknown to {self.name}")
        if self.alike:
            parts.append(f"{self.alike:,} look the same to it as another text")
        if not parts:
            return ""
        texts = "1 text" if self.texts == 1 else f"{self.texts:,} texts"
        return f"Of {texts}, {', and '.join(parts)}: no vector tells what these say. {self.advice}"


@dataclass(frozen=True)
class Reading:
    """What a model reads of N texts. Rows are places in their list."""

    name: str  # of the model
    lengths: tuple[int, ...]  # (N,) tokens before any cut, special ones included
    unknown: tuple[int, ...]  # rows of texts of which at least half the tokens are unknown
    alike: tuple[tuple[int, ...], ...]  # groups of rows: other texts, the same tokens

    @property
    def unreadable(self) -> Unreadable:
        """How many there are of each."""
        alike = sum(map(len, self.alike))
        return Unreadable(self.name, len(self.lengths), len(self.unknown), alike)

    @property
    def advice(self) -> str:
        """What to do about texts that cannot be read."""
        return self.unreadable.advice


def reading(
    encoder: Encoder, texts: Sequence[str], on_text: Callable[[], None] = lambda: None
) -> Reading:
    """What a model reads of texts, without running it. Raises BadText, and what `on_text` raises.

    A text with no token at all, of characters that the tokenizer drops, counts as unknown. Texts
    are alike where different ones have the same ids, as of unknown tokens, or of signs that the
    tokenizer drops. Capitals, spaces, and the accents of Latin and Greek letters, which many models
    leave out on purpose, make no difference here.
    """
    texts = clean_texts(texts)
    unknown_id, unknown = encoder.backbone.unknown_id, []
    lengths = [0] * len(texts)
    rows_by_ids: dict[tuple[int, ...], list[int]] = {}
    for row, text in _tokenized(encoder, texts):
        on_text()
        lengths[row] = len(text.ids) + text.cut
        words = len(text.ids) - sum(text.special)
        strange = text.ids.count(unknown_id) if unknown_id is not None else 0
        if (not words and texts[row].strip()) or (words and strange >= MOSTLY * words):
            unknown.append(row)
        rows_by_ids.setdefault(text.ids, []).append(row)
    alike = [
        tuple(sorted(rows))
        for rows in rows_by_ids.values()
        if len(rows) > 1 and len({_plain(texts[row]) for row in rows}) > 1
    ]
    return Reading(encoder.name, tuple(lengths), tuple(sorted(unknown)), tuple(sorted(alike)))


def _plain(text: str) -> str:
    """Without what many tokenizers leave out on purpose: capitals, widths, spaces, accents."""
    apart = unicodedata.normalize("NFKD", text).casefold()
    return "".join(ACCENTS.sub("", apart).split())


def _tokenized(encoder: Encoder, texts: Sequence[str]) -> Iterator[tuple[int, TokenizedText]]:
    """Each row with its tokens; those of one piece are held at a time."""
    for piece in pieces(texts):
        yield from zip(piece, encoder.backbone.tokenize([texts[i] for i in piece]), strict=True)
