"""The end of the process: whoever ends it waits seconds at most, and nothing is left behind."""

import logging
import os
import shutil
import signal
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import NoReturn

from ui.state.workbench import Workbench

log = logging.getLogger(__name__)

WAIT_S = 3.0  # for work under way to notice


def end_in_order_on_sigterm() -> None:
    """Let SIGTERM, which is how hosts stop an app, end the main thread like Ctrl+C does."""

    def end(number: int, frame: FrameType | None) -> NoReturn:
        raise SystemExit(128 + number)

    signal.signal(signal.SIGTERM, end)


@contextmanager
def ended_in_order(workbench: Workbench, scratch: Path) -> Iterator[None]:
    """The app runs within; then all work is given up, the scratch folder is gone, the process ends.

    At once: a thread that is still inside torch or numba would hold up, or abort, what Python does
    at its own end.
    """
    code = 0
    try:
        yield
    except SystemExit:
        pass
    except BaseException:
        traceback.print_exc()
        code = 1
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        try:
            workbench.close(WAIT_S)
        except Exception:  # the end comes all the same
            log.exception("Closing failed")
        shutil.rmtree(scratch, ignore_errors=True)
        logging.shutdown()
        sys.stdout.flush()
        os._exit(code)
