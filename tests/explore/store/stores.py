"""What the tests of stores share: unit vectors, and a Milvus server on this machine."""

import signal
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np

from explore.vectors import unit
from tests.explore.points import cloud


def points(n: int, d: int = 16, seed: int = 0) -> np.ndarray:
    """Unit float32 (n, d) without any structure."""
    return unit(cloud(n, d, seed))


def free_port() -> int:
    """A port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class MilvusServer:
    """Milvus Lite in a process of its own, ready when made; `start` again finds what was stored."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._port = free_port()
        self.uri = f"http://127.0.0.1:{self._port}"
        self.start()

    def start(self) -> None:
        command = [sys.executable, "-u", "-m", "milvus_lite", "server", "--host", "127.0.0.1"]
        self._process = subprocess.Popen(
            [*command, "--port", str(self._port), "--data-dir", str(self.folder)],
            stdout=subprocess.PIPE,
            text=True,
        )
        line = self._process.stdout.readline()
        assert "listening" in line, line

    def freeze(self) -> None:
        """It keeps its connections and answers nothing."""
        self._process.send_signal(signal.SIGSTOP)

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()
        self._process.stdout.close()
