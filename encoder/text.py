"""Texts as people send them, made safe for a tokenizer."""

import reprlib
from collections.abc import Iterable, Sequence

from encoder.errors import BadText


def clean_texts(texts: Sequence[str]) -> list[str]:
    """Texts a tokenizer can take; lone surrogates, which are no characters, become U+FFFD.

    Everything else stays as it is: NUL bytes, emoji, right-to-left, empty texts.
    Raises BadText for a bare string, or for anything in the list that is no string.
    """
    if isinstance(texts, str | bytes) or not isinstance(texts, Iterable):
        shown = "one string" if isinstance(texts, str) else reprlib.repr(texts)
        raise BadText(f"Give a list of texts, e.g. encode([text]), not {shown}.")
    texts = list(texts)
    for index, text in enumerate(texts):
        if not isinstance(text, str):
            what = f"{reprlib.repr(text)} of type {type(text).__name__}"
            raise BadText(f"Text {index} is {what}, not a string.")
    return [_without_surrogates(text) for text in texts]


def _without_surrogates(text: str) -> str:
    try:
        text.encode("utf-8")
        return text
    except UnicodeEncodeError:  # UTF-16 joins the pairs that do make a character
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
