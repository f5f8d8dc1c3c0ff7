"""What is sent in place of the data: a pointer to it, or a page that leads there."""

import json
import re

from ingest.errors import IngestError

BEGINNING = 2_000  # characters
SHOWN_CHARS = 100
COMMENTS = r"(?:\s|<!--.*?-->)*"
DOWNLOAD = "It may be a page to sign in, or one that shows the file. Download the file itself."
NOT_THERE = "The address was wrong, or asks to sign in. Download the file itself."
PAGE_TAGS = "title|meta|script|style|link|table|nav|header|main|section|iframe|form|noscript"
REFUSALS = (
    r"not found|forbidden|unauthori[sz]ed|access denied|permission denied|bad gateway|bad request"
    r"|internal server error|service unavailable|gateway time-?out|too many requests|gone"
    r"|method not allowed|(?:entry|file|page|repository) not found|invalid username or password"
)
# Fields of a server's message; the first ones say that it is one.
FAULTS = frozenset(("error", "errors", "error_code", "errorcode", "exception", "fault"))
MESSAGES = frozenset(("message", "detail", "details", "msg", "reason", "title", "description"))
MARKS = frozenset(
    (
        *("code", "status", "statuscode", "status_code", "documentation_url", "path", "timestamp"),
        *("type", "requestid", "request_id", "instance", "success", "ok", "url"),
    )
)
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
        DOWNLOAD,
    ),
    (
        re.compile(rf"{COMMENTS}<(?:{PAGE_TAGS})\b[^<>]*>", re.IGNORECASE | re.DOTALL),
        "a part of a web page, not the data",
        DOWNLOAD,
    ),
    (  # one element over several lines, or nothing but one element
        re.compile(r"\s*<(div|center|body|article|ul|span)\b[^<>]*>(?:[^\n]*\Z|(?![^\n]*</\1>))",
                   re.IGNORECASE),
        "a part of a web page, not the data",
        DOWNLOAD,
    ),
    (
        re.compile(rf"\s*(?:HTTP/\S+\s+)?(?:error:?\s+)?(?:[45]\d\d\b\W*)?(?:{REFUSALS})[.!]?\s*\Z",
                   re.IGNORECASE),
        "a server's refusal, not the data",
        NOT_THERE,
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
    if len(text) <= BEGINNING and (message := _message_of_a_server(text)):
        raise IngestError(f"This is a server's refusal, not the data: {message}. {NOT_THERE}")


def _message_of_a_server(text: str) -> str:
    """What a JSON object says that is an error, not a record; "" for anything else."""
    if not text.lstrip().startswith("{"):
        return ""
    try:
        answer = json.loads(text)
    except (ValueError, RecursionError):
        return ""
    fields = {str(name).casefold(): value for name, value in answer.items()}
    names = set(fields)
    known = names <= FAULTS | MESSAGES | MARKS
    if not known or not (names & FAULTS or names in ({"message"}, {"detail"})
                         or (names & MESSAGES and names & MARKS)):  # fmt: skip
        return ""
    words = [str(fields[name]) for name in (*sorted(MESSAGES & names), *sorted(FAULTS & names))]
    return repr((" ".join(words) or "error")[:SHOWN_CHARS])
