"""How much may be sent: looked at before anything is read or parsed."""

import json
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ingest.limits import size
from ui.serving.address import address_of_scope
from ui.settings import Settings
from ui.state.uploads import Upload, Uploads, UploadsFull

UPLOAD = "/gradio_api/upload"
FRAME = 64 * 1024  # what a form puts around its files
HEAD = 16 * 1024  # within which the name of its first file stands
BAD, LENGTH_REQUIRED, TOO_LARGE, TOO_MANY = 400, 411, 413, 429
LONGEST_ANSWER = 2**16  # of an upload: the paths of its files
ARCHIVE = re.compile(rb'filename="[^"]*\.zip"', re.IGNORECASE)


class _Refused(Exception):
    """A request that is answered here."""

    def __init__(self, status: int, words: str) -> None:
        super().__init__(words)
        self.status = status


class Bodies:
    """ASGI middleware: bodies have a bound by kind, for each address, and for all together."""

    def __init__(self, app: ASGIApp, settings: Settings, uploads: Uploads) -> None:
        self.app, self._settings, self._uploads = app, settings, uploads
        self._under_way: Counter[str] = Counter()  # bytes of bodies by address

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer what is too large with words, and let all else through."""
        if scope["type"] != "http" or scope["method"] in ("GET", "HEAD", "OPTIONS"):
            await self.app(scope, receive, send)
            return
        address = address_of_scope(scope, self._settings.proxies)
        try:
            if scope["path"].rstrip("/") == UPLOAD:
                await self._upload(address, scope, receive, send)
            else:
                await self._values(address, scope, receive, send)
        except _Refused as refused:
            # The rest of the body is not read: the connection cannot be used again.
            answer = PlainTextResponse(str(refused), refused.status, {"Connection": "close"})
            await answer(scope, receive, send)

    # --- values of events and calls ---------------------------------------------------------

    async def _values(self, address: str, scope: Scope, receive: Receive, send: Send) -> None:
        most = self._settings.body_bytes
        length = _length(scope)
        if length is None:
            body = await _whole(receive, most)
            length, receive = len(body), _replay([_chunk(body, more=False)], receive)
            scope = {**scope, "headers": [*scope["headers"], _content_length(length)]}
        if length > most:
            raise _Refused(TOO_LARGE, _too_large(length, most))
        with self._counted(address, length):
            await self.app(scope, receive, send)

    @contextmanager
    def _counted(self, address: str, length: int) -> Iterator[None]:
        most = self._settings.address_body_bytes
        if self._under_way[address] + length > most:
            raise _Refused(
                TOO_MANY,
                f"Your address is sending {size(self._under_way[address])} already; at most "
                f"{size(most)} at a time. Try again in a moment.",
            )
        self._under_way[address] += length
        try:
            yield
        finally:
            self._under_way[address] -= length
            if not self._under_way[address]:
                del self._under_way[address]

    # --- files ------------------------------------------------------------------------------

    async def _upload(self, address: str, scope: Scope, receive: Receive, send: Send) -> None:
        length = _length(scope)
        if length is None:
            raise _Refused(LENGTH_REQUIRED, "A file must be sent with its Content-Length.")
        most = self._settings.upload.file_bytes
        if length > most + FRAME:
            head = await _head(receive)
            receive = _replay(head, receive)
            if ARCHIVE.search(b"".join(message["body"] for message in head)):
                most = self._settings.max_archive_bytes
        if length > most + FRAME:
            raise _Refused(TOO_LARGE, _too_large(length, most))
        try:
            upload = self._uploads.begin(address, length)
        except UploadsFull as error:
            raise _Refused(TOO_MANY, str(error)) from error
        answer = _Answer(send)
        try:
            await self.app(scope, receive, answer)
        finally:
            self._settle(upload, answer.paths)

    def _settle(self, upload: Upload, paths: list[str]) -> None:
        if paths:
            self._uploads.arrive(upload, paths)
        else:
            self._uploads.break_off(upload)


class _Answer:
    """Sends on what Gradio answers to an upload, and remembers the paths in it."""

    def __init__(self, send: Send) -> None:
        self._send, self._body = send, b""

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.body" and len(self._body) < LONGEST_ANSWER:
            self._body += message.get("body", b"")
        await self._send(message)

    @property
    def paths(self) -> list[str]:
        """Where the files lie; none where it was refused."""
        try:
            paths = json.loads(self._body)
        except ValueError:
            return []
        return [path for path in paths if isinstance(path, str)] if isinstance(paths, list) else []


def _too_large(length: int, most: int) -> str:
    return (
        f"This request has {size(length)}; at most {size(most)} are taken. Send less at a time, "
        "or use the Python package, which has no such limit."
    )


def _length(scope: Scope) -> int | None:
    """Content-Length, None where there is none."""
    text = Headers(scope=scope).get("content-length")
    if text is not None and not (text.isascii() and text.isdigit()):
        raise _Refused(BAD, f"Content-Length is {text[:20]!r}; it must be a number of bytes.")
    return None if text is None else int(text)


def _content_length(length: int) -> tuple[bytes, bytes]:
    return b"content-length", str(length).encode()


def _chunk(body: bytes, more: bool) -> Message:
    return {"type": "http.request", "body": body, "more_body": more}


async def _whole(receive: Receive, most: int) -> bytes:
    """A body of unknown length, no longer than that. Raises _Refused."""
    body = b""
    while True:
        message = await receive()
        if message["type"] != "http.request":
            raise _Refused(BAD, "The connection ended within the body.")
        body += message.get("body", b"")
        if len(body) > most:
            raise _Refused(TOO_LARGE, _too_large(len(body), most))
        if not message.get("more_body"):
            return body


async def _head(receive: Receive) -> list[Message]:
    """The first messages of a form, until the name of its first file stands in them."""
    head: list[Message] = []
    read = b""
    while len(read) < HEAD and b"\r\n\r\n" not in read:
        message = await receive()
        if message["type"] != "http.request":
            raise _Refused(BAD, "The connection ended within the body.")
        head.append(_chunk(message.get("body", b""), message.get("more_body", False)))
        read += message.get("body", b"")
        if not message.get("more_body"):
            break
    return head


def _replay(messages: list[Message], receive: Receive) -> Receive:
    """These first, then what comes."""
    waiting = list(messages)

    async def next_message() -> Message:
        return waiting.pop(0) if waiting else await receive()

    return next_message
