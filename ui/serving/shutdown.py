"""The end of the process: within seconds of being told to, also in the middle of long work."""

import os
import signal
import threading
from types import FrameType
from typing import Any

from ui.serving.log import event
from ui.state.workbench import Workbench

GRACE_S = 4.0  # hosts kill after 5 or 10


def wait_for_the_end(demo: Any, workbench: Workbench) -> None:
    """Return after SIGTERM or SIGINT, with the server closed and long work given up.

    What is inside torch or numba even then ends with the process, GRACE_S after the signal; nothing
    it writes is taken for whole, since files come to their place by being renamed.
    """
    told = threading.Event()

    def tell(number: int, frame: FrameType | None) -> None:
        told.set()

    # Also in place of Gradio's, which waits for the Node process of server-side rendering first.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, tell)
    told.wait()
    node = getattr(demo, "node_process", None)
    last = threading.Timer(GRACE_S, _end, (node,))
    last.daemon = True
    last.start()
    event("ending", training=workbench.training_queue.busy, drawing=workbench.work_queue.busy)
    if node is not None:
        node.terminate()
    closing = threading.Thread(target=demo.close, kwargs={"verbose": False}, daemon=True)
    closing.start()
    workbench.training_queue.close()
    workbench.work_queue.close()
    closing.join()
    if node is not None:
        node.kill()
    event("ended")


def _end(node: Any) -> None:
    """What has not noticed in time is cut off: inside torch, Python's own exit would abort."""
    if node is not None:
        node.kill()
    event("cut off")
    os._exit(0)
