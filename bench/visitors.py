"""Thirty visitors edit their sentences at once: how long does each wait for the answer?

Starts the app in a process of its own and talks to it as the page does: one event stream a visitor,
one edit after the other with a pause between, as people type. Prints the time from sending an edit
to having its whole answer.

    python bench/visitors.py --visitors 30 --edits 8 --pause 2
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

ROOT = Path(__file__).parent.parent
SENTENCES = (ROOT / "assets/background/sentences.txt").read_text(encoding="utf-8").splitlines()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--visitors", type=int, default=30)
    parser.add_argument("--edits", type=int, default=8)
    parser.add_argument(
        "--pause", type=float, default=2.0, help="seconds between edits, on average"
    )
    options = parser.parse_args()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = os.environ | {"GRADIO_SERVER_PORT": str(port)}
    app = subprocess.Popen([sys.executable, str(ROOT / "app.py")], env=environment, cwd=ROOT)
    try:
        index, size = wait_for_refresh(port)
        alone = visit(port, index, size, edits=5, pause=0)
        together: list[float] = []
        threads = [
            threading.Thread(
                target=lambda: together.extend(
                    visit(port, index, size, options.edits, options.pause)
                )
            )
            for _ in range(options.visitors)
        ]
        start = time.perf_counter()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        seconds = time.perf_counter() - start
        print(f"one visitor: {describe(alone)}")
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


def wait_for_refresh(port: int) -> tuple[int, int]:
    """The index of the event that draws the page, and how many inputs it takes."""
    for _ in range(120):
        try:
            config = json.loads(call(port, "GET", "/config"))
            break
        except OSError:
            time.sleep(0.5)
    refresh = max(config["dependencies"], key=lambda event: len(event["outputs"]))
    return refresh["id"], len(refresh["inputs"])


def visit(port: int, index: int, inputs: int, edits: int, pause: float) -> list[float]:
    """Seconds each of a visitor's edits took."""
    session, seconds, chance = uuid.uuid4().hex[:11], [], random.Random(uuid.uuid4().int)
    for _ in range(edits):
        time.sleep(pause * chance.uniform(0.5, 1.5))
        a, b = chance.sample(SENTENCES, 2)
        data = [a, b, "6", "mean", True, "cosine", ""]
        data += [None] * (inputs - len(data))  # states, which the server keeps
        start = time.perf_counter()
        body = {"data": data, "fn_index": index, "session_hash": session, "trigger_id": 0}
        call(port, "POST", "/gradio_api/queue/join", body)
        stream = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
        stream.request("GET", f"/gradio_api/queue/data?session_hash={session}")
        for line in stream.getresponse():
            if b'"process_completed"' in line:
                assert b'"success":true' in line, line[:300]
                break
        stream.close()
        seconds.append(time.perf_counter() - start)
    return seconds


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
