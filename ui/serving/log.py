"""What the host reads: a line of JSON for each request and event, with nothing of a visitor in it.

No texts, no bodies, no queries (links hold sentences), no addresses with a token or a session; of
an exception its kind and where it was raised, since its message may quote what was sent.
"""

import json
import logging
import sys
import time
import traceback
from collections.abc import Sequence

from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

log = logging.getLogger("lab")
STATIC = ("/assets/", "/static/", "/svelte/")  # Gradio's own files: dozens for each page
FRAMES = 6  # of a traceback, the innermost


class JsonLines(logging.Formatter):
    """Records as JSON; what is passed as `extra={"fields": {...}}` stands in the line as it is."""

    def format(self, record: logging.LogRecord) -> str:
        """One line."""
        moment = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(record.created))
        line: dict[str, object] = {"time": moment, "level": record.levelname.lower()}
        line["event"] = record.getMessage()
        line |= getattr(record, "fields", {})
        if record.exc_info and record.exc_info[0] is not None:
            kind, _, trace = record.exc_info
            frames = traceback.extract_tb(trace)[-FRAMES:]
            line["error"] = kind.__name__
            line["at"] = [f"{f.filename.rsplit('/', 1)[-1]}:{f.lineno} {f.name}" for f in frames]
        return json.dumps(line, ensure_ascii=False, default=str)


def log_as_json() -> None:
    """Send the lab's records, and warnings of all others, to the error stream as lines of JSON.

    Gradio prints what a handler raised, with the values that it was called with; that becomes a
    record, too.
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    logging.captureWarnings(True)
    log.setLevel(logging.INFO)
    traceback.print_exc = _record_exception


def adopt_server_log() -> None:
    """The same for the records of uvicorn, which gets handlers of its own with every launch."""
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logging.getLogger(name).handlers.clear()
        logging.getLogger(name).propagate = True


def _record_exception(*_: object, **__: object) -> None:
    """Stands in for `traceback.print_exc`."""
    log.exception("A library caught an error")


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
