"""What was sent → bytes of one plain file, never more than the limits allow.

Compressed files are read only up to the limit, whatever their headers claim, so a small file that
unpacks to gigabytes costs no more than the limit.
"""

import gzip
import io
import zipfile
import zlib
from pathlib import Path, PurePosixPath
from typing import IO, BinaryIO

from ingest.errors import IngestError, OverLimit
from ingest.limits import Limits, size
from ingest.spreadsheet import check_workbook, is_workbook
from ingest.zips import METHODS, entries_at_most

GZIP, ZIP, PARQUET = b"\x1f\x8b", b"PK\x03\x04", b"PAR1"
FOREIGN = {
    b"%PDF": "a PDF",
    b"\x89PNG": "a picture (PNG)",
    b"\xff\xd8\xff": "a picture (JPEG)",
    b"\xd0\xcf\x11\xe0": "an old Excel or Word file",
    b"PK\x05\x06": "an empty zip file",
    b"BZh": "a bzip2 file",
    b"\xfd7zXZ": "an xz file",
    b"7z\xbc\xaf": "a 7-Zip file",
    b"\x28\xb5\x2f\xfd": "a Zstandard file",
    b"SQLite format 3": "an SQLite database",
    b"ARROW1": "an Arrow file",
    b"\x93NUMPY": "a NumPy array",
    b"\x89HDF": "an HDF5 file",
    b"{\\rtf": "a Rich Text document",
}
MOST_ENTRIES = 1_000  # of a zip; a workbook has a dozen
SHOWN_CHARS = 200  # of a path that cannot be read
READABLE = "Readable are CSV, TSV, JSON Lines, Parquet and Excel, plain or in a .gz or .zip."
# A path, a path, the content of a file, a file that is open; an io.StringIO is a pasted text.
Source = str | Path | bytes | IO[bytes] | IO[str]
UNZIP_ERRORS = (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, RuntimeError)


def unpack(source: Source, limits: Limits, sample: bool) -> tuple[bytes, bool]:
    """The plain bytes, and whether they are only the beginning (`sample`) of a larger file.

    An Excel workbook, a zip itself, is returned as it is.
    Raises IngestError for what is missing, over a limit, broken, or of a kind that holds no rows.
    """
    if isinstance(source, io.StringIO):
        data = source.getvalue().encode("utf-8", "replace")
    elif isinstance(source, str | Path):
        data = _file(source, limits.unpacked_bytes if sample else limits.file_bytes)
    else:
        data = _content(source, limits.unpacked_bytes if sample else limits.file_bytes)
    if len(data) > limits.file_bytes and not sample:
        raise OverLimit(
            f"The file is larger than {size(limits.file_bytes)}, the most that is read. "
            "Shorten it, or ask for a sample of it."
        )
    packed = data.startswith((GZIP, ZIP))
    try:
        if data.startswith(GZIP):
            with gzip.GzipFile(fileobj=io.BytesIO(data)) as stream:
                data = _read(stream, limits, sample)
        elif data.startswith(ZIP):
            data = _only_file(data, limits, sample)
            packed = not data.startswith(ZIP)  # a workbook stays as it is
        if packed and data.startswith((GZIP, ZIP)):
            data = _workbook(data, limits)
    except IngestError:
        raise
    except UNZIP_ERRORS as error:
        raise IngestError(f"The compressed file is broken or incomplete ({error}).") from None
    for magic, name in FOREIGN.items():
        if data.startswith(magic):
            raise IngestError(f"This is {name}, not a table. {READABLE}")
    cut = len(data) > limits.unpacked_bytes
    if cut and data.startswith(PARQUET):
        raise IngestError(f"A Parquet file over {size(limits.unpacked_bytes)} cannot be sampled.")
    return data[: limits.unpacked_bytes], cut


def _opened(data: bytes) -> zipfile.ZipFile:
    """A zip of few entries, packed in one of the usual ways."""
    count = entries_at_most(io.BytesIO(data))
    if count > MOST_ENTRIES:
        raise IngestError(
            f"The zip holds {count:,} files; at most {MOST_ENTRIES:,} are looked at. Pack exactly "
            "one."
        )
    archive = zipfile.ZipFile(io.BytesIO(data))
    if odd := [info for info in archive.infolist() if info.compress_type not in METHODS]:
        raise IngestError(
            f"{PurePosixPath(odd[0].filename).name[:SHOWN_CHARS]!r} is packed by a method other "
            "than deflate. Zip it in the usual way."
        )
    return archive


def _workbook(data: bytes, limits: Limits) -> bytes:
    """The bytes of an Excel workbook within the limits, which is the one zip that is not opened."""
    if data.startswith(ZIP):
        with _opened(data) as archive:
            if is_workbook(archive):
                check_workbook(archive, limits)
                return data
    raise IngestError("A compressed file inside a compressed file is not read: unpack it once.")


def _content(source: object, most: int) -> bytes:
    """The same of what a program hands over: bytes, or a file that is open."""
    if isinstance(source, bytes | bytearray | memoryview):
        return bytes(source)
    if hasattr(source, "read"):
        content = source.read(most + 1)
        if isinstance(content, str):
            return content.encode("utf-8", "replace")
        if isinstance(content, bytes):
            return content
    raise IngestError(
        f"A value of type {type(source).__name__} cannot be read as a file. Give a path, bytes, an "
        "open file, or io.StringIO(text) for rows that are in no file."
    )


def _file(path: str | Path, most: int) -> bytes:
    """The file's first `most` bytes, and one more where it has more."""
    try:
        if not str(path):
            raise FileNotFoundError
        with Path(path).expanduser().open("rb") as file:
            return file.read(most + 1)
    except (OSError, ValueError, RuntimeError) as error:  # a NUL in the path; no such home
        name = repr(str(path)[:SHOWN_CHARS])
        why = "there is no such file" if isinstance(error, FileNotFoundError) else None
        why = why or getattr(error, "strerror", None) or str(error)
        raise IngestError(
            f"{name} cannot be read: {why}. Check the path; to read rows that are not in a file, "
            "give them as io.StringIO(text)."
        ) from None


def _read(stream: BinaryIO | gzip.GzipFile, limits: Limits, sample: bool) -> bytes:
    data = stream.read(limits.unpacked_bytes + 1)
    if len(data) > limits.unpacked_bytes and not sample:
        raise OverLimit(
            f"Unpacked, the file is larger than {size(limits.unpacked_bytes)}, the most that is "
            "read. Shorten it, or ask for a sample of it."
        )
    return data


def _only_file(data: bytes, limits: Limits, sample: bool) -> bytes:
    with _opened(data) as archive:
        names = [info for info in archive.infolist() if _is_content(info)]
        if is_workbook(archive):
            check_workbook(archive, limits)
            return data
        if any(info.filename == "[Content_Types].xml" for info in names):
            raise IngestError(
                f"This is a Word or PowerPoint file, or a broken one of Excel. {READABLE}"
            )
        if len(names) != 1:
            examples = ", ".join(PurePosixPath(info.filename).name for info in names[:5])
            raise IngestError(
                f"The zip holds {len(names)} files ({examples or 'none'}); pack exactly one."
            )
        if names[0].flag_bits & 1:
            raise IngestError("The zip is protected by a password. Send it without one.")
        with archive.open(names[0]) as stream:
            return _read(stream, limits, sample)  # type: ignore[arg-type]


def _is_content(info: zipfile.ZipInfo) -> bool:
    """Not a folder, and not what macOS adds beside the files."""
    name = PurePosixPath(info.filename)
    return not (info.is_dir() or "__MACOSX" in name.parts or name.name.startswith("."))
