"""The page as it is served, over tiny models, with a clock that is wound by hand."""

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest

from app import build
from encoder import Encoder
from tests.ui.clock import Clock
from ui.serving import connections
from ui.settings import Settings
from ui.state.jobs import Job
from ui.state.workbench import Workbench

TIMEOUT_S = 30


def wait_for(condition: Callable[[], Any]) -> Any:
    """What it gives, as soon as that is true; False where it is not in time."""
    pause, end = threading.Event(), time.monotonic() + TIMEOUT_S
    while not (found := condition()) and time.monotonic() < end:
        pause.wait(0.01)
    return found


class Served:
    """An app on a port of its own, and what strangers do with it."""

    def __init__(self, workbench: Workbench, clock: Clock) -> None:
        self.workbench, self.clock = workbench, clock
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.demo, settings = build(workbench)
        self.demo.launch(server_name="127.0.0.1", server_port=self.port, quiet=True,
                         prevent_thread_lock=True, **settings)  # fmt: skip
        self.web = httpx.Client(base_url=f"http://127.0.0.1:{self.port}", timeout=TIMEOUT_S)

    def call(self, name: str, *values: object, address: str = "9.9.9.9") -> httpx.Response:
        """A call of the web API; who does not listen to its answer is nobody's concern."""
        endpoint = next(f for f in self.demo.fns.values() if f.api_name == name)
        defaults = [box.value for box in endpoint.inputs]
        data = [*values, *defaults[len(values) :]]
        return self.web.post(f"/gradio_api/call/{name}", json={"data": data},
                             headers={"X-Forwarded-For": address})  # fmt: skip

    def join(
        self, fn: Any, session: str, *values: object, address: str = "9.9.9.9", **more: object
    ) -> httpx.Response:
        """Any event by its number, as the page of that session sends it."""
        body = {"fn_index": fn._id, "data": list(values), "session_hash": session, **more}
        return self.web.post("/gradio_api/queue/join", json=body,
                             headers={"X-Forwarded-For": address})  # fmt: skip

    def upload(self, name: str, content: bytes, address: str = "9.9.9.9") -> httpx.Response:
        """Send a file."""
        return self.web.post("/gradio_api/upload", files={"files": (name, content)},
                             headers={"X-Forwarded-For": address})  # fmt: skip

    def load_event(self) -> Any:
        """An event of the page itself: what it asks for when it opens."""
        return next(fn for fn in self.demo.fns.values() if any(e == "load" for _, e in fn.targets))

    def event(self, elem_id: str, name: str) -> Any:
        """The dependency of a component's event."""
        [box] = [b for b in self.demo.blocks.values() if getattr(b, "elem_id", None) == elem_id]
        return next(fn for fn in self.demo.fns.values() if (box._id, name) in fn.targets)

    @contextmanager
    def page(self, session: str, address: str = "9.9.9.9") -> Iterator[None]:
        """While it is open, its heart beats."""
        headers = {"X-Forwarded-For": address}
        with self.web.stream("GET", f"/gradio_api/heartbeat/{session}", headers=headers) as beat:
            lines = beat.iter_lines()  # held: without it the connection would be closed
            assert "ALIVE" in next(lines)
            yield
        assert wait_for(lambda: not self.beats(session))

    def beats(self, session: str) -> bool:
        """Whether a heartbeat of this session is connected."""
        known = self.workbench.presence._sessions.get(session)
        return known is not None and known.pages > 0

    def answer(self, session: str) -> dict:
        """What the next event of a session ends with."""
        url = f"/gradio_api/queue/data?session_hash={session}"
        with self.web.stream("GET", url) as stream:
            for line in stream.iter_lines():
                if line.startswith("data:"):
                    message = json.loads(line[5:])
                    if message["msg"] == "process_completed":
                        return message
        raise AssertionError("no answer")

    @contextmanager
    def full_line(self) -> Iterator[None]:
        """All slots for maps and searches are taken by others."""
        go, line = threading.Event(), self.workbench.work_queue

        def work(job: Job) -> Iterator[str]:
            while not go.wait(0.01):
                job.tell("waiting", 0)
            yield "done"

        jobs = [Job(work) for _ in range(self.workbench.settings.map_slots)]
        for job in jobs:
            line.join(job)
        try:
            yield
        finally:
            go.set()
            assert all(job.ended.wait(TIMEOUT_S) for job in jobs)

    def clear(self, line: bool = True) -> None:
        """Everybody has gone, and nothing waits; `line`: nor is work under way."""

        def all_gone() -> bool:
            self.clock.now += 10**6  # again: a connection may have ended since
            return not (self.workbench.presence._sessions or self.workbench.uploads.bytes)

        assert wait_for(all_gone)
        assert wait_for(lambda: not (self.waiting or (line and self.workbench.work_queue.busy)))

    @property
    def waiting(self) -> int:
        """Events in Gradio's queue, and those that run."""
        return len(self.demo._queue) + sum(map(bool, self.demo._queue.active_jobs))

    def close(self) -> None:
        """Nothing of it goes on."""
        self.web.close()
        self.demo.close()


@pytest.fixture(scope="session")
def serve(
    _tiny: Callable[[str], Encoder], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[..., Served]]:
    """`serve(caller_places=2)`: an app with these settings, on a port of its own."""
    apps: list[Served] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(connections, "SWEEP_S", 0.05)
        patch.setenv("GRADIO_TEMP_DIR", str(tmp_path_factory.mktemp("scratch") / "gradio"))

        def start(**settings: Any) -> Served:
            clock = Clock()
            load = lambda spec, **limits: _tiny("bert")  # noqa: E731
            apps.append(Served(Workbench(Settings(**settings), load, clock), clock))
            return apps[-1]

        yield start
        for app in apps:
            app.close()
