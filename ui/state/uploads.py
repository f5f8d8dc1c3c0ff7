"""Files that visitors have sent: bounded, read once, then gone from the disk."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from ingest import LabError
from ingest.limits import size


class UploadsFull(LabError):
    """There is no room on the disk for a file that is to be sent."""


class FileGone(LabError):
    """A file that was sent is not on the disk any more."""


@dataclass(eq=False)
class Upload:
    """One that is under way, or lies on the disk until it is read."""

    address: str
    bytes: int
    begun: float
    paths: tuple[Path, ...] = field(default=())  # none while it is under way


class Uploads:
    """Safe from several threads. `each_bytes` bounds one address, `all_bytes` the whole.

    What nobody has read after `keep_s` seconds goes, and so does whatever else is older in
    `folder`, where that is the app's own: Gradio leaves pieces of what broke off there.
    """

    def __init__(
        self,
        each_bytes: int,
        all_bytes: int,
        keep_s: float,
        folder: Path | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._each_bytes, self._all_bytes, self._keep_s = each_bytes, all_bytes, keep_s
        self._folder, self._clock = folder, clock
        self._uploads: list[Upload] = []
        self._lock = threading.Lock()

    @property
    def bytes(self) -> int:
        """Of everything that is under way or waits to be read."""
        return sum(upload.bytes for upload in list(self._uploads))

    def begin(self, address: str, count: int) -> Upload:
        """Make room for so many bytes, before they come. Raises UploadsFull."""
        with self._lock:
            own = sum(upload.bytes for upload in self._uploads if upload.address == address)
            for there, most, whose in (
                (own, self._each_bytes, "from your address"),
                (self.bytes, self._all_bytes, "from all visitors"),
            ):
                if there + count > most:
                    raise UploadsFull(
                        f"This file has {size(count)}, and files {whose} that were not read yet "
                        f"have {size(there)}; together at most {size(most)} are kept. Send it "
                        "again in a few minutes."
                    )
            upload = Upload(address, count, self._clock())
            self._uploads.append(upload)
            return upload

    def arrive(self, upload: Upload, paths: list[str]) -> None:
        """It is on the disk."""
        upload.paths = tuple(Path(path) for path in paths)

    def break_off(self, upload: Upload) -> None:
        """It will not come."""
        with self._lock, suppress(ValueError):
            self._uploads.remove(upload)

    @contextmanager
    def read_once(self, path: str, unless: type[Exception] | None = None) -> Iterator[Path]:
        """The file, which is gone afterwards if it was sent here; not where `unless` is raised.

        Two who send the same file share its place: it stays for the second. Raises FileGone.
        """
        file = Path(path)
        if not file.is_file():
            raise FileGone(f"{file.name[:80]} is not on this host any more. Send it again.")
        stays = False
        try:
            yield file
        except Exception as error:
            stays = unless is not None and isinstance(error, unless)
            raise
        finally:
            if not stays:
                self._drop(file)

    def sweep(self) -> None:
        """Delete what has lain there too long; to be called now and then."""
        now = self._clock()
        with self._lock:
            old = [upload for upload in self._uploads if now - upload.begun > self._keep_s]
        for upload in old:
            for path in upload.paths:
                self._drop(path)
            self.break_off(upload)
        if self._folder is not None and self._folder.is_dir():
            self._sweep_folder(self._folder, time.time() - self._keep_s)

    def _drop(self, path: Path) -> None:
        with self._lock:
            upload = next((one for one in self._uploads if path in one.paths), None)
            if upload is None:
                return  # it is no upload: a file of a test, or of a Python program
            upload.paths = tuple(other for other in upload.paths if other != path)
            if not upload.paths:
                self._uploads.remove(upload)
            if any(path in other.paths for other in self._uploads):
                return
            with suppress(OSError):
                path.unlink()
                path.parent.rmdir()  # named after the content; another name may still be in it

    def _sweep_folder(self, folder: Path, before: float) -> None:
        known = {path for upload in list(self._uploads) for path in upload.paths}
        for path in folder.rglob("*"):
            with suppress(OSError):
                if path not in known and path.is_file() and path.stat().st_mtime < before:
                    path.unlink()
