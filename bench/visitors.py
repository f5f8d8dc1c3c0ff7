"""Thirty visitors edit their sentences, or ask questions, at once: how long does each wait?

Starts the app in a process of its own and talks to it as the page does: one event stream a visitor,
one edit after the other with a pause between, as people type. Prints the time from sending an edit
to having its whole answer. With --search each opens the sample of the Search tab and asks it
something; the first question of each, for which the sample may have to be encoded, counts apart.

    python bench/visitors.py --visitors 30 --edits 8 --pause 2
    python bench/visitors.py --visitors 30 --edits 8 --pause 2 --search
"""

import argparse
import http.client
import json
import os
import random
import socket
import subprocess
import sys
import threading
import time
import uuid
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
SENTENCES = (ROOT / "assets/background/sentences.txt").read_text(encoding="utf-8").splitlines()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--visitors", type=int, default=30)
    parser.add_argument("--edits", type=int, default=8)
    parser.add_argument(
        "--pause", type=float, default=2.0, help="seconds between edits, on average"
    )
    parser.add_argument("--search", action="store_true", help="ask questions on the Search tab")
    options = parser.parse_args()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = os.environ | {"GRADIO_SERVER_PORT": str(port)}
    app = subprocess.Popen([sys.executable, str(ROOT / "app.py")], env=environment, cwd=ROOT)
    try:
        visitor = (Searcher if options.search else Editor)(port, wait_for_page(port))
        alone = visit(visitor, edits=6, pause=0)
        visits: list[list[float]] = []
        threads = [
            threading.Thread(
                target=lambda: visits.append(visit(visitor, options.edits, options.pause))
            )
            for _ in range(options.visitors)
        ]
        start = time.perf_counter()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        seconds = time.perf_counter() - start
        together = [took for each in visits for took in each[1:]]
        print(f"one visitor: first {alone[0] * 1000:.0f} ms, then {describe(alone[1:])}")
        print(f"{options.visitors} visitors, the first of each: {describe([v[0] for v in visits])}")
        print(
            f"{options.visitors} visitors, an edit every {options.pause:g} s each, "
            f"{seconds:.0f} s: {describe(together)}, {len(together) / seconds:.1f} answers/s"
        )
        status = Path(f"/proc/{app.pid}/status")
        if status.exists():
            peak = next(line for line in status.read_text().splitlines() if "VmHWM" in line)
            print(f"memory of the app, peak: {int(peak.split()[1]) / 1024:.0f} MB")
    finally:
        app.terminate()
        app.wait()


def wait_for_page(port: int) -> dict[str, Any]:
    """The page as Gradio describes it to the browser, once the app answers."""
    for _ in range(120):
        try:
            return json.loads(call(port, "GET", "/config"))
        except OSError:
            time.sleep(0.5)
    sys.exit("The app did not start within a minute.")


class Editor:
    """Writes pairs of sentences on the Pooling tab."""

    def __init__(self, port: int, page: dict[str, Any]) -> None:
        self.port = port
        # The event that draws the page fills the most.
        refresh = max(page["dependencies"], key=lambda event: len(event["outputs"]))
        self.index, self.inputs = refresh["id"], len(refresh["inputs"])

    def arrive(self, session: str) -> None:
        """Nothing to open."""

    def edit(self, session: str, chance: random.Random) -> None:
        """Two other sentences."""
        a, b = chance.sample(SENTENCES, 2)
        data = [a, b, "6", "mean", True, "cosine", ""]
        data += [None] * (self.inputs - len(data))  # states, which the server keeps
        send(self.port, session, self.index, data)


class Searcher:
    """Opens the sample of the Search tab and asks it something."""

    def __init__(self, port: int, page: dict[str, Any]) -> None:
        self.port = port
        ids = {c["props"].get("elem_id"): c["id"] for c in page["components"]}
        events = page["dependencies"]
        self.opening = next(e["id"] for e in events if [ids["tab-search"], "select"] in e["targets"]
                            and ids["search-corpus-facts"] in e["outputs"])  # fmt: skip
        self.asking = next(e["id"] for e in events if ids["search-query"] in e["inputs"]
                           and ids["search-answer"] in e["outputs"]
                           and ids["search-progress"] in e["outputs"])  # fmt: skip

    def arrive(self, session: str) -> None:
        """Open the tab."""
        send(self.port, session, self.opening, [None])

    def edit(self, session: str, chance: random.Random) -> None:
        """Another question."""
        data = [chance.choice(SENTENCES), None, "the model's own", "-1", "Vectors", 10]
        send(self.port, session, self.asking, data)


def visit(visitor: Editor | Searcher, edits: int, pause: float) -> list[float]:
    """Seconds each of a visitor's edits took."""
    session, seconds, chance = uuid.uuid4().hex[:11], [], random.Random(uuid.uuid4().int)
    visitor.arrive(session)
    for _ in range(edits):
        time.sleep(pause * chance.uniform(0.5, 1.5))
        start = time.perf_counter()
        visitor.edit(session, chance)
        seconds.append(time.perf_counter() - start)
    return seconds


def send(port: int, session: str, index: int, data: list[Any]) -> None:
    """One event, until its last answer is there."""
    body = {"data": data, "fn_index": index, "session_hash": session, "trigger_id": 0}
    call(port, "POST", "/gradio_api/queue/join", body)
    stream = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    stream.request("GET", f"/gradio_api/queue/data?session_hash={session}")
    for line in stream.getresponse():
        if b'"process_completed"' in line:
            assert b'"success":true' in line, line[:300]
            break
    stream.close()


def call(port: int, method: str, path: str, body: object = None) -> bytes:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    payload = None if body is None else json.dumps(body)
    connection.request(method, path, payload, {"Content-Type": "application/json"})
    answer = connection.getresponse().read()
    connection.close()
    return answer


def describe(seconds: list[float]) -> str:
    ordered = sorted(seconds)
    middle, late = ordered[len(ordered) // 2], ordered[int(len(ordered) * 0.95)]
    return f"median {middle * 1000:.0f} ms, 95 % within {late * 1000:.0f} ms (n = {len(ordered)})"


if __name__ == "__main__":
    main()
