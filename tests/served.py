"""The lab as a host starts it: a process of its own, with an environment of its own."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
KEPT = ("PATH", "HOME", "LANG", "NUMBA_CACHE_DIR", "HF_HOME", "HF_ENDPOINT", "GRADIO_NODE_PATH")


class Served:
    """A running lab: its address, and what it logs."""

    def __init__(self, process: "subprocess.Popen[str]", port: int) -> None:
        self.process, self.port = process, port
        self.url = f"http://127.0.0.1:{port}"
        self.log: list[dict] = []
        self.unparsed: list[str] = []  # of the error stream
        self.output: list[str] = []
        self._news = threading.Condition()
        self._threads = [
            threading.Thread(target=self._read, daemon=True),
            threading.Thread(target=lambda: self.output.extend(process.stdout), daemon=True),
        ]
        for thread in self._threads:
            thread.start()

    def _read(self) -> None:
        for line in self.process.stderr:
            with self._news:
                try:
                    self.log.append(json.loads(line))
                except ValueError:
                    self.unparsed.append(line)
                self._news.notify_all()
        with self._news:
            self._news.notify_all()

    def events(self, name: str) -> list[dict]:
        return [line for line in self.log if line["event"] == name]

    def wait_for(self, name: str, timeout_s: float = 120) -> dict:
        """The first event of a name, as soon as it is logged."""
        with self._news:
            came = self._news.wait_for(
                lambda: self.events(name) or self.process.poll() is not None, timeout_s
            )
        assert came, f"no {name!r} in {timeout_s} s: {self.log[-3:]} {self.unparsed[-20:]}"
        assert self.events(name), f"it ended: {self.log[-3:]} {self.unparsed[-20:]}"
        return self.events(name)[0]

    def ended(self, timeout_s: float) -> int:
        """Its exit status; all that it wrote has been read by then."""
        status = self.process.wait(timeout_s)
        for thread in self._threads:
            thread.join(timeout_s)
        return status


@contextmanager
def serve(folder: Path = ROOT, **env: str) -> Iterator[Served]:
    """`python app.py` in `folder`, with these variables and next to none of this process.

    The whole process group ends with it: a Node in front would outlive its parent.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    own = {name: os.environ[name] for name in KEPT if name in os.environ}
    address = {"GRADIO_SERVER_NAME": "127.0.0.1", "GRADIO_SERVER_PORT": str(port)}
    process = subprocess.Popen(
        [sys.executable, "-E", "-s", "app.py"],  # no PYTHONPATH, no packages of the user's
        cwd=folder, env=own | address | env, text=True, start_new_session=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    served = Served(process, port)
    try:
        served.wait_for("listening")
        yield served
    finally:
        with suppress(ProcessLookupError):  # all of it has ended
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
