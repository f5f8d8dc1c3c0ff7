"""Texts of a cell made tidy, and the keys and words by which texts are compared."""

import re
import unicodedata
from collections.abc import Sequence

from ingest.limits import Limits
from ingest.report import Reason

EMPTY = Reason("empty text", "empty_text")

INVISIBLE = re.compile("[\u200b\u2060\ufeff\u00ad]")  # joiners stay: emoji and scripts need them
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
SURROGATE = re.compile("[\ud800-\udfff]")
GUARDED = re.compile(r"'(?=[=+\-@])")
EAST_ASIAN = "\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af"  # written without spaces: a sign is a word
WORD = re.compile(rf"[{EAST_ASIAN}]|(?:(?![{EAST_ASIAN}])\w)+")
MOJIBAKE = re.compile(
    "\u00c3[\u0080-\u00bf\u0152-\u0178\u2018-\u203a]|\u00e2\u20ac|\u00c2[\u0080-\u00bf]|\ufffd"
)
TAGS = "br|p|b|i|a|em|strong|div|span|li|ul"
MARKUP = re.compile(rf"<\s*/?\s*(?:{TAGS})\b[^<>]*>|&(?:\w{{2,8}}|#\d+);", re.IGNORECASE)


def characters(text: str) -> tuple[str, int]:
    """Without control characters (tab and line breaks stay) and lone surrogates, and how many."""
    text, removed = CONTROL.subn("", text)
    text, replaced = SURROGATE.subn("\ufffd", text)
    return text, removed + replaced


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
    """Equal for texts that differ only in case, spaces, punctuation or width of characters."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return " ".join(re.findall(r"\w+", folded)) or folded.strip()


def words(text: str) -> list[str]:
    """The words of a text, lower case; in scripts without spaces, its characters."""
    return WORD.findall(unicodedata.normalize("NFKC", text).casefold())
