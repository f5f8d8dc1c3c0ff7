"""Texts of a cell made tidy, and the keys and words by which texts are compared."""

import re
import unicodedata
from collections.abc import Sequence

from ingest.limits import Limits
from ingest.report import Reason

EMPTY = Reason("empty text", "empty_text")

INVISIBLE = re.compile("[\u200b\u2060\ufeff\u00ad]")  # joiners stay: emoji and scripts need them
CONTROL = re.compile(r"[\x08\x7f]")  # they take a character away
BREAK = re.compile("[\x00-\x07\x0b\x0c\x0e-\x1f\x85]")  # control characters: words end there
SURROGATE = re.compile("[\ud800-\udfff]")
GUARDED = re.compile(r"'(?=[=+\-@])")
EAST_ASIAN = "\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af"  # written without spaces: a sign is a word
# Thai and Lao, Burmese, Khmer have no spaces either, and signs that carry vowels and tones.
UNSPACED = re.compile(rf"[{EAST_ASIAN}\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff]")
ONE_FORM = {**dict.fromkeys(map(ord, "\u2018\u2019\u02bc"), "'"), ord("\u2212"): "-"}
QUOTES = "\"'`\u201a\u201b\u201c\u201d\u201e\u201f\u2039\u203a«»\u300c\u300d\u300e\u300f"
ENDS = ".,;:!?\u2025\u3001\u3002\u060c\u061b\u061f\u06d4\u0964\u0965\u1362\u17d4\u104b"
# Punctuation that quotes or ends, at the edge of a word; what stands inside one may carry meaning.
EDGES = re.compile(rf"(?<!\S)[¿¡{QUOTES}]+|[{ENDS}{QUOTES}]+(?!\S)")
# Behind a digit or a lone letter these mean something: 5', 5", x', n!
MEANT = {"'": "'", '"': '"', "\u201d": '"', "!": "!"}
MOJIBAKE = re.compile(
    "\u00c3[\u0080-\u00bf\u0152-\u0178\u2018-\u203a]|\u00e2\u20ac|\u00c2[\u0080-\u00bf]|\ufffd"
)
TAGS = "br|p|b|i|a|em|strong|div|span|li|ul"
MARKUP = re.compile(rf"<\s*/?\s*(?:{TAGS})\b[^<>]*>|&(?:\w{{2,8}}|#\d+);", re.IGNORECASE)


def characters(text: str) -> tuple[str, int]:
    """Without control characters and lone surrogates, and how many there were.

    Tab and line breaks stay; other control characters that separate words become a space.
    """
    text, spaces = BREAK.subn(" ", text)
    text, removed = CONTROL.subn("", text)
    text, replaced = SURROGATE.subn("\ufffd", text)
    return text, spaces + removed + replaced


def tidy(cell: str) -> tuple[str, tuple[str, ...]]:
    """A cell as one line without stray or invisible characters, and what was done to it."""
    repairs = []
    text = characters(cell)[0]
    if INVISIBLE.search(text):
        text = INVISIBLE.sub("", text)
        repairs.append("invisible characters removed")
    spaced = " ".join(text.split())
    if spaced != text:
        repairs.append("spaces and line breaks tidied")
    if GUARDED.match(spaced):
        spaced = spaced[1:].strip()
        repairs.append("apostrophe before a formula sign removed")
    return spaced, tuple(repairs)


def usable_texts(
    cells: Sequence[str], limits: Limits
) -> tuple[tuple[str, ...], tuple[str, ...], Reason | None]:
    """The texts of a row made tidy, what was done to them, and why the row is unusable, if so."""
    tidied = [tidy(cell) for cell in cells]
    texts = tuple(text for text, _ in tidied)
    repairs = tuple(dict.fromkeys(what for _, repairs in tidied for what in repairs))
    if not all(texts):
        return texts, repairs, EMPTY
    if max(map(len, texts)) > limits.cell_chars:
        words = f"text longer than {limits.cell_chars:,} characters"
        return texts, repairs, Reason(words, "too_long")
    return texts, repairs, None


def text_key(text: str) -> str:
    """Equal for texts that differ only in case, spaces, width, or punctuation that ends or quotes.

    Marks of vowels and tones, symbols and signs stay: C is not C++, −5 is not 5, 5' is not 5".
    """
    folded = unicodedata.normalize("NFKC", text).casefold().translate(ONE_FORM)
    return " ".join(_without_edges(folded).split()) or " ".join(folded.split())


def _without_edges(text: str) -> str:
    """Without punctuation that ends or quotes; a quote closes where one is open."""
    is_open = False

    def shortened(match: re.Match[str]) -> str:
        nonlocal is_open
        signs, start = match[0], match.start()
        quotes = any(sign in QUOTES for sign in signs)
        if start == 0 or text[start - 1].isspace():
            is_open = is_open or (quotes and match.end() < len(text))
            return ""
        before, last = text[max(0, start - 2) : start - 1], text[start - 1]
        lone_letter = last.isalpha() and not UNSPACED.match(last) and not before.strip(QUOTES + " ")
        bare = last.isdecimal() or lone_letter
        kept = "".join(MEANT[sign] for sign in signs if sign in MEANT) if bare else ""
        if is_open and quotes:
            is_open, kept = False, "!" * kept.count("!")
        return kept

    return EDGES.sub(shortened, text)


def words(text: str) -> list[str]:
    """The words of `text_key`; in scripts without spaces, its characters with their marks."""
    tokens = text_key(text).split()
    return [
        word for token in tokens for word in (_signs(token) if UNSPACED.search(token) else [token])
    ]


def _signs(token: str) -> list[str]:
    """The token; of scripts without spaces each sign with its marks, and what stands between."""
    if not UNSPACED.search(token):
        return [token]
    signs: list[str] = []
    apart = True
    for sign in token:
        category = unicodedata.category(sign)
        if category.startswith("M") and signs:
            signs[-1] += sign
        elif category.startswith("P"):
            apart = True
        elif apart or UNSPACED.match(sign):
            signs.append(sign)
            apart = bool(UNSPACED.match(sign))
        else:
            signs[-1] += sign
    return signs
