"""The end of the process: within seconds of being told to, also in the middle of long work."""

import logging
import os
import shutil
import signal
import threading
from pathlib import Path
from types import FrameType
from typing import Any

from ui.serving.log import event
from ui.state.workbench import Workbench

GRACE_S = 4.0  # hosts kill after 5 or 10


def serve_until_told(demo: Any, workbench: Workbench, scratch: Path) -> None:
    """End the process after SIGTERM or SIGINT, with the server closed and long work given up.

    `scratch`, the folder of what is on the disk for a while, goes with it.

    What is inside torch or numba even then ends with the process, GRACE_S after the signal; nothing
    it writes is taken for whole, since files come to their place by being renamed. Never returns:
    Python would take seconds more to free what the system frees at once, and abort where torch or
    numba are still at work.
    """
    told = threading.Event()

    def tell(number: int, frame: FrameType | None) -> None:
        told.set()

    # Also in place of Gradio's, which waits for the Node process of server-side rendering first.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, tell)
    told.wait()
    node = getattr(demo, "node_process", None)
    last = threading.Timer(GRACE_S, _end, ("cut off", node, scratch))
    last.daemon = True
    last.start()
    event("ending", training=workbench.training_queue.busy, drawing=workbench.work_queue.busy)
    if node is not None:
        node.terminate()
    closing = threading.Thread(target=demo.close, kwargs={"verbose": False}, daemon=True)
    closing.start()
    workbench.close()
    closing.join()
    _end("ended", node, scratch)


def _end(how: str, node: Any, scratch: Path) -> None:
    if node is not None:
        node.kill()
    shutil.rmtree(scratch, ignore_errors=True)
    event(how)
    logging.shutdown()
    os._exit(0)
