"""What the host reads: a line of JSON for each request and event, with nothing of a visitor in it.

No texts, no bodies, no queries (links hold sentences), no addresses with a token or a session; of
an exception its kind and where it was raised, since its message may quote what was sent.
"""

import json
import logging
import sys
import threading
import time
import traceback
import warnings
from collections.abc import Sequence
from typing import TextIO

from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

log = logging.getLogger("lab")
STATIC = ("/assets/", "/static/", "/svelte/")  # Gradio's own files: dozens for each page
OURS = ("lab", "ui", "encoder", "explore", "ingest")  # loggers whose words hold no texts
FRAMES = 6  # of a traceback, the innermost


class JsonLines(logging.Formatter):
    """Records as JSON; what is passed as `extra={"fields": {...}}` stands in the line as it is.

    Events are records of the logger "lab", and of those below it. Of libraries' records only the
    place is told: asyncio's, for one, hold what was raised in words.
    """

    def format(self, record: logging.LogRecord) -> str:
        """One line."""
        moment = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(record.created))
        line: dict[str, object] = {"time": moment, "level": record.levelname.lower()}
        if record.name.partition(".")[0] in OURS:
            line["event"] = record.getMessage()
        else:
            line |= {"event": "a library reports", "library": record.name}
            line["at"] = f"{record.filename}:{record.lineno} {record.funcName}"
        line |= getattr(record, "fields", {})
        if record.exc_info and record.exc_info[0] is not None:
            kind, _, trace = record.exc_info
            frames = traceback.extract_tb(trace)[-FRAMES:]
            line["error"] = kind.__name__
            line["at"] = [f"{f.filename.rsplit('/', 1)[-1]}:{f.lineno} {f.name}" for f in frames]
        return json.dumps(line, ensure_ascii=False, default=str)


def log_as_json() -> None:
    """Send the lab's records, and warnings of all others, to the error stream as lines of JSON.

    Gradio prints what a handler raised, with the values that it was called with, and warns of what
    a visitor is told; both become records, too, without their words.
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    log.setLevel(logging.INFO)
    traceback.print_exc = _record_exception
    warnings.showwarning = _record_warning
    threading.excepthook = _record_thread


def adopt_server_log() -> None:
    """The same for the records of uvicorn, which gets handlers of its own with every launch."""
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logging.getLogger(name).handlers.clear()
        logging.getLogger(name).propagate = True


def _record_exception(*_: object, **__: object) -> None:
    """Stands in for `traceback.print_exc`."""
    log.exception("A library caught an error")


def _record_thread(args: threading.ExceptHookArgs) -> None:
    """Stands in for `threading.excepthook`."""
    exc_info = (args.exc_type, args.exc_value or args.exc_type(), args.exc_traceback)
    log.error("A thread ended by an error", exc_info=exc_info)


def _record_warning(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    """Stands in for `warnings.showwarning`."""
    place = f"{filename.rsplit('/', 1)[-1]}:{lineno}"
    log.warning("A library warned", extra={"fields": {"kind": category.__name__, "at": place}})


def event(name: str, **fields: object) -> None:
    """Log that something happened, with facts of ours: numbers, settings, names of models."""
    log.info(name, extra={"fields": fields})


class RequestLog:
    """ASGI middleware: method, route, status and milliseconds of every request but static files.

    `routes` are ours: Gradio's say themselves how they are written.
    """

    def __init__(self, app: ASGIApp, routes: Sequence[Route] = ()) -> None:
        self.app = app
        self.written: dict[object, str] = {route.endpoint: route.path for route in routes}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Log when the answer has been sent."""
        path = scope.get("path", "").removeprefix(scope.get("root_path", ""))
        if scope["type"] != "http" or path.startswith(STATIC):
            await self.app(scope, receive, send)
            return
        began, status = time.monotonic(), 0

        async def with_status(message: Message) -> None:
            nonlocal status
            status = message.get("status", status)
            await send(message)

        try:
            await self.app(scope, receive, with_status)
        finally:
            milliseconds = round(1000 * (time.monotonic() - began))
            event(
                "request",
                method=scope["method"],
                route=self._route(scope),
                status=status,
                ms=milliseconds,
            )

    def _route(self, scope: Scope) -> str:
        """As it is written, "/map/{token}/{name}": never what was filled in."""
        if "route" in scope:
            return str(scope["route"].path)
        return self.written.get(scope.get("endpoint"), "none")
