"""Connections as they open and close: pages by their heartbeats, and who listens to an answer."""

import asyncio
import logging
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from urllib.parse import parse_qs

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from ui.serving.address import address_of_scope
from ui.serving.places import TOO_MANY, Places
from ui.state.workbench import Workbench

log = logging.getLogger(__name__)

HEARTBEAT = re.compile(r"/gradio_api/heartbeat/([^/]{1,100})")
STREAM = "/gradio_api/queue/data"  # ?session_hash=
ANSWER = re.compile(r"/gradio_api/call/(?:v2/)?[^/]+/([^/]{1,100})")
FILE = re.compile(r"/gradio_api/file[=/]")
SWEEP_S = 1.0


class Connections:
    """ASGI middleware: tells the workbench who is there, and sweeps up after those who are not."""

    def __init__(self, app: ASGIApp, workbench: Workbench) -> None:
        self.app, self._workbench = app, workbench

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Watch heartbeats and listeners; sweep while the app runs."""
        if scope["type"] == "lifespan":
            async with self._sweeping(scope):
                await self.app(scope, receive, send)
            return
        if scope["type"] != "http" or scope["method"] not in ("GET", "HEAD"):
            await self.app(scope, receive, send)
            return
        if FILE.match(scope["path"]):
            # What visitors send is for the handlers alone, and nothing else is served from there.
            await PlainTextResponse("No file is served here.", 404)(scope, receive, send)
            return
        session, page = self._session(scope)
        if not session:
            await self.app(scope, receive, send)
            return
        presence, settings = self._workbench.presence, self._workbench.settings
        address = address_of_scope(scope, settings.proxies)
        if page and presence.pages_of(address) >= settings.address_pages:
            words = (
                f"At most {settings.address_pages} pages may be open from one address. Close one."
            )
            await PlainTextResponse(words, TOO_MANY)(scope, receive, send)
            return
        presence.open(session, address, page)
        try:
            await self.app(scope, receive, send)
        finally:
            presence.close(session, page)

    def _session(self, scope: Scope) -> tuple[str, bool]:
        """Whose connection this is, "" for nobody's, and whether it is a page's heartbeat."""
        path = scope["path"]
        if heartbeat := HEARTBEAT.fullmatch(path):
            return heartbeat[1], True
        if path == STREAM:
            query = parse_qs(scope["query_string"].decode("latin-1"))
            return query.get("session_hash", [""])[0][:100], False
        if answer := ANSWER.fullmatch(path):
            return self._places(scope).session_of(answer[1]), False
        return "", False

    def _places(self, scope: Scope) -> Places:
        return Places(scope["app"].get_blocks(), self._workbench)

    @asynccontextmanager
    async def _sweeping(self, scope: Scope) -> AsyncIterator[None]:
        task = asyncio.create_task(self._sweep(scope))
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    async def _sweep(self, scope: Scope) -> None:
        while True:
            await asyncio.sleep(SWEEP_S)
            try:
                places = self._places(scope)
                gone = await asyncio.to_thread(self._workbench.sweep)
                await places.drop_unheard()
                for session in gone:
                    places.forget(session)
            except Exception:  # the next look may go well
                log.exception("Sweeping failed")
