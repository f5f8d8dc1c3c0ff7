"""A folder of this process's own for all that lies on the disk for a while: gone with the process.

Free of gradio: it is entered before a page is built, which reads GRADIO_TEMP_DIR.
"""

import atexit
import os
import shutil
import sys
import tempfile
import time
from collections.abc import MutableMapping
from contextlib import suppress
from pathlib import Path

PREFIX = "sentence-lab-"
LOCK = "in-use"  # held locked by the process whose folder it is; the system lets it go
SENT = "sent"  # where Gradio puts what visitors send
YOUNG_S = 60.0  # a folder that has no lock yet is being made


def enter_scratch(env: MutableMapping[str, str] = os.environ) -> Path:
    """Make the folder, let all temporary files go there, and return it.

    It lies in GRADIO_TEMP_DIR, or where the system has such; only this user can look into it. Those
    that processes left there which were killed are deleted.
    """
    base = Path(env.get("GRADIO_TEMP_DIR") or tempfile.gettempdir())
    base.mkdir(parents=True, exist_ok=True)
    for left in base.glob(f"{PREFIX}*"):
        if _is_abandoned(left):
            shutil.rmtree(left, ignore_errors=True)
    folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=base))
    _lock(folder / LOCK)
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    tempfile.tempdir = str(folder)
    env["GRADIO_TEMP_DIR"] = str(folder / SENT)
    return folder


def _lock(path: Path) -> bool:
    """Lock a file until this process ends; False where another has it locked."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    if sys.platform == "win32":  # where no file that is open can be deleted
        return True
    import fcntl

    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(handle)
        return False
    return True  # the handle stays open: closing it would let go


def _is_abandoned(folder: Path) -> bool:
    """Whether the process has ended whose folder this was."""
    if sys.platform == "win32":
        return False
    with suppress(OSError):
        mine = not folder.is_symlink() and folder.stat().st_uid == os.getuid()
        if (folder / LOCK).exists():
            return mine and _lock(folder / LOCK)
        return mine and time.time() - folder.stat().st_mtime > YOUNG_S
    return False
