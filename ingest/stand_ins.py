"""What is sent in place of the data: a pointer to it, or a page that leads there."""

import re

from ingest.errors import IngestError

BEGINNING = 2_000  # characters
COMMENTS = r"(?:\s|<!--.*?-->)*"
STAND_INS = (
    (
        re.compile(r"version https://git-lfs\S*\s"),
        "a Git LFS pointer, a few lines that stand for the file",
        "Fetch the file itself with 'git lfs pull', or with the host's download button.",
    ),
    (
        re.compile(r"\S*/annex/objects/\S+\s*\Z"),
        "a git-annex pointer, a line that stands for the file",
        "Fetch the file itself with 'git annex get'.",
    ),
    (
        re.compile(rf"{COMMENTS}(?:<\?xml.*?\?>{COMMENTS})?<(?:!doctype\s+html|html|head|body)\b",
                   re.IGNORECASE | re.DOTALL),
        "a web page, not the data",
        "It may be a page to sign in, or one that shows the file. Download the file itself.",
    ),
    (
        re.compile(rf"{COMMENTS}<\?xml\b", re.DOTALL),
        "an XML document, not a table",
        "It may be a server's message of an error. Download the file itself, or save it as CSV.",
    ),
)  # fmt: skip


def refuse_stand_in(text: str) -> None:
    """Raises IngestError where the text is none of a visitor's, but stands for a file or hides it.

    Sources: the pointer file of the Git LFS specification; the pointer files of git-annex.
    """
    beginning = text[:BEGINNING]
    for pattern, what, remedy in STAND_INS:
        if pattern.match(beginning):
            raise IngestError(f"This is {what}. {remedy}")
