"""Links, handles and the like in texts: they name a sender or a page, not what a text is about."""

import re

ADDRESS = re.compile(
    r"(?:https?://|www\.)\S+"
    r"|\b[\w.+-]+@[\w-]+\.[\w.-]+"  # e-mail
    r"|(?<![\w@])@\w+"  # a handle
    r"|\b(?:[\w-]+\.)+[a-z]{2,}/\S+"  # a link without its beginning
    r"|&(?:[a-z]{2,8}|#\d+);",  # what a page writes for a sign
    re.IGNORECASE,
)


def without_addresses(text: str) -> str:
    """The text without links, e-mail addresses, handles and HTML entities, tidied.

    A text that is nothing else stays as it is. A hashtag stays: it is a word.
    """
    rest = " ".join(ADDRESS.sub(" ", text).split())
    return rest if any(c.isalnum() for c in rest) else text
