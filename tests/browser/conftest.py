"""The real app in a real browser. Every page must stay silent and never look beyond this machine.

A test asks for `page`, a playwright Page whose base URL is the running lab:

    def test_x(page):
        page.goto("/")

    @pytest.mark.parametrize("page", [View(390, 844, "dark")], indirect=True)
    def test_y(page): ...
"""

import os
import shutil
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import torch
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    WebSocket,
    expect,
    sync_playwright,
)

from tests.browser.visit import View
from ui.settings import Settings
from ui.state.workbench import Workbench

NAMES = ("chromium", "chromium-browser", "google-chrome")
HOW = (
    "Install Chromium or Chrome (Debian: apt-get install chromium), or set CHROMIUM to the path of "
    "its program."
)
ARGS = [
    "--no-sandbox",  # build machines run as root
    "--disable-gpu",
    "--use-gl=angle",  # WebGL in software, so that plots are drawn on any machine
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--disable-background-networking",  # only the page's own requests shall be seen
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
# What Gradio's script says of its event stream when the visitor leaves in the middle of it is no
# fault of the page. It says so in `beforeunload`, where our own word comes first.
LEAVING = "the visitor leaves"
TELL_LEAVING = f"addEventListener('beforeunload', () => console.debug('{LEAVING}'))"
CUT_SHORT = (
    "AbortError: signal is aborted",
    "Unexpected error Connection errored out",
    "Unexpected client exception TypeError",  # news that came while the browser asked
    "Unexpected error 404: Not Found",  # its stream, asked for as it was left
)
TIMEOUT_MS = 30_000
HERE = Path(__file__).parent
expect.set_options(timeout=TIMEOUT_MS)  # the first page waits for the model to load


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Browser tests run last: an open browser keeps an event loop, which others may want to run."""
    items.sort(key=lambda item: HERE in item.path.parents)


@dataclass
class Watch:
    """What the browser complained about and asked for, over all tabs of one context."""

    errors: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    leaving: bool = False  # the visitor is on the way from one document to the next

    def follow(self, context: BrowserContext) -> None:
        context.on("page", self._page)
        context.on("console", self._console)
        context.on("weberror", lambda error: self.errors.append(f"uncaught: {error.error}"))
        context.on("request", lambda request: self.requests.append(request.url))
        context.add_init_script(TELL_LEAVING)

    def _page(self, page: Page) -> None:
        page.on("websocket", self._socket)
        page.on("domcontentloaded", self._arrived)

    def _socket(self, socket: WebSocket) -> None:
        self.requests.append(socket.url)

    def _arrived(self, _: Page) -> None:
        self.leaving = False

    def _console(self, message: ConsoleMessage) -> None:
        self.leaving |= message.text == LEAVING
        cut_short = self.leaving and message.text.startswith(CUT_SHORT)
        if message.type == "error" and not cut_short:
            self.errors.append(f"console: {message.text} ({message.location.get('url', '')})")

    @property
    def foreign(self) -> list[str]:
        return [url for url in self.requests if is_foreign(url)]


def is_foreign(url: str) -> bool:
    """True for a request that leaves this machine."""
    parts = urlsplit(url)
    return parts.scheme not in ("data", "blob", "about") and parts.hostname != "127.0.0.1"


@pytest.fixture(scope="session")
def chromium_path() -> str:
    """The browser's program; skips without one, or fails where REQUIRE_BROWSER=1 says so."""
    found = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
    if found and (path := shutil.which(found)):
        return path
    why = f"No browser: {found} cannot be run. {HOW}" if found else f"No browser found. {HOW}"
    if os.environ.get("REQUIRE_BROWSER") == "1":
        pytest.fail(why)
    pytest.skip(why)


@pytest.fixture(scope="session")
def workbench() -> Workbench:
    """What the running app shares between visitors, to look at from outside."""
    return Workbench(Settings(grace_s=5))  # else each test waits minutes for who has left


@pytest.fixture(scope="session")
def lab_url(chromium_path: str, workbench: Workbench) -> Iterator[str]:
    """The URL of the real app; asks for the browser first, since without one it is not needed."""
    from app import build

    torch.set_num_threads(os.cpu_count() or 1)  # as it is served, not as tiny models like it
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    blocks, settings = build(workbench)
    ours = {"server_name": "127.0.0.1", "server_port": port}
    calm = {"prevent_thread_lock": True, "quiet": True, "inbrowser": False, "share": False}
    blocks.launch(**settings | ours | calm)
    yield f"http://127.0.0.1:{port}"
    # The last page is within its grace. Python would abort over a thread that is inside torch.
    for visitor in list(workbench._visitors):
        workbench.forget(visitor)
    workbench.close()
    latest = time.monotonic() + TIMEOUT_MS / 1000
    while any(blocks._queue.active_jobs) and time.monotonic() < latest:
        threading.Event().wait(0.1)
    blocks.close()


@pytest.fixture(scope="session")
def browser(chromium_path: str, lab_url: str) -> Iterator[Browser]:
    """One headless browser; started after the lab, whose launch wants no event loop running."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path, args=ARGS)
        yield browser
        browser.close()


@pytest.fixture
def watch() -> Watch:
    """What was recorded of this test's page so far."""
    return Watch()


@pytest.fixture
def page(
    request: pytest.FixtureRequest, browser: Browser, lab_url: str, watch: Watch
) -> Iterator[Page]:
    """A fresh visitor; afterwards nothing may have been complained about or sent elsewhere."""
    view = View(*getattr(request, "param", ()))
    context = browser.new_context(
        base_url=lab_url,
        viewport={"width": view.width, "height": view.height},
        color_scheme=view.scheme,
        accept_downloads=True,
    )
    watch.follow(context)
    context.set_default_timeout(TIMEOUT_MS)
    page = context.new_page()
    yield page
    context.close()
    assert not watch.errors, "the page complained"
    assert not watch.foreign, "the page asked another host"
