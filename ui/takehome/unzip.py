"""A model out of a stranger's zip into a folder: no path, link, size or file that does harm."""

import shutil
import stat
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from encoder import EncoderError, ModelRefused
from ui.takehome.facts import disturbs

MODULES = "modules.json"
MOST_FILES = 200
DEEPEST = 3  # folders around a file; a model needs two, its own and one of a module
LONGEST_FILE_NAME = 100
NEEDED = {".json", ".txt", ".safetensors", ".model"}  # nothing else is ever written to disk
PICKLED = {".bin", ".pt", ".pth", ".pkl", ".ckpt"}
METHODS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}  # others may unpack in memory without bounds
PIECE = 2**20
REMEDY = "Send the zip that was downloaded here, or a zipped folder of SentenceTransformer.save."

BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError)


def unpack_model(data: Path, folder: Path, max_bytes: int) -> str:
    """Write what is needed to run the model into `folder`; returns the name of its top folder.

    "" where the zip has none. `max_bytes` bounds what is unpacked, whatever the zip claims. Raises
    EncoderError for what is no such zip or could do harm.
    """
    with broken_zips(), zipfile.ZipFile(data) as archive:
        files = _checked(archive.infolist())
        top = _top(files)
        within = {
            path.relative_to(top): info
            for path, info in files.items()
            if path.is_relative_to(top) and path.suffix.lower() in NEEDED
        }
        if not any(path.suffix.lower() == ".safetensors" for path in within):
            _refuse_without_weights(files)
        announced = sum(info.file_size for info in within.values())
        if announced > max_bytes:
            raise ModelRefused(
                f"Unpacked, the model has {announced / 1e6:,.0f} MB; the limit here is "
                f"{max_bytes / 1e6:,.0f} MB. Send a smaller one."
            )
        for path, info in within.items():
            target = folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            # An entry gives no more bytes than it announced: `zipfile` stops there.
            with archive.open(info) as source, target.open("wb") as file:
                shutil.copyfileobj(source, file, PIECE)
    return top.name


@contextmanager
def broken_zips() -> Iterator[None]:
    """What a damaged zip raises, in words."""
    try:
        yield
    except EncoderError:
        raise
    except BROKEN as error:
        raise ModelRefused(f"This is no zip, or a damaged one ({error}). {REMEDY}") from error
    except OSError as error:
        raise EncoderError(
            f"The zip could not be unpacked here: {error.strerror or error}. Try again later."
        ) from error


def _checked(entries: list[zipfile.ZipInfo]) -> dict[PurePosixPath, zipfile.ZipInfo]:
    """The files by path, none of them outside the folder they are unpacked in."""
    files: dict[PurePosixPath, zipfile.ZipInfo] = {}
    if len(entries) > MOST_FILES:
        raise ModelRefused(
            f"The zip holds {len(entries):,} files; a model has at most {MOST_FILES}. {REMEDY}"
        )
    for info in entries:
        path = PurePosixPath(info.filename)
        problem = _problem(info, path)
        if problem:
            shown = "".join("?" if disturbs(c) else c for c in info.filename[:LONGEST_FILE_NAME])
            raise ModelRefused(f"The zip is refused: {shown!r} {problem}. {REMEDY}")
        if info.is_dir() or _is_clutter(path):
            continue
        if path in files:
            raise ModelRefused(f"The zip is refused: it holds {str(path)!r} twice. {REMEDY}")
        files[path] = info
    return files


def _problem(info: zipfile.ZipInfo, path: PurePosixPath) -> str:
    """What is wrong with one entry, or ""."""
    kind = stat.S_IFMT(info.external_attr >> 16)
    name = info.filename
    if path.is_absolute() or "\\" in name or ":" in name or ".." in path.parts:
        return "leads out of the folder that it is unpacked in"
    if any(map(disturbs, name)) or not path.parts:
        return "is no name of a file"
    if kind and not (stat.S_ISREG(kind) or stat.S_ISDIR(kind)):
        return "is a link or a device, not a file"
    if info.flag_bits & 1:
        return "is protected by a password"
    if len(path.parts) - 1 > DEEPEST:
        return f"lies in more than {DEEPEST} folders"
    if any(len(part) > LONGEST_FILE_NAME for part in path.parts):
        return f"has a name of more than {LONGEST_FILE_NAME} characters"
    if info.compress_type not in METHODS:
        return "is packed by a method other than deflate"
    return ""


def _is_clutter(path: PurePosixPath) -> bool:
    """What systems and tools put beside the files."""
    return any(part.startswith((".", "__MACOSX")) for part in path.parts)


def _top(files: dict[PurePosixPath, zipfile.ZipInfo]) -> PurePosixPath:
    """The folder of the model: the zip itself, or the one folder in it."""
    found = [path.parent for path in files if path.name == MODULES and len(path.parts) <= 2]
    if len(found) == 1:
        return found[0]
    if found:
        names = ", ".join(repr(str(path)) for path in found[:5])
        raise ModelRefused(f"The zip holds {len(found)} models ({names}); send one. {REMEDY}")
    raise ModelRefused(
        f"The zip holds no {MODULES}, at its top or in its top folder, so it is no model that "
        f"sentence-transformers saved. {REMEDY}"
    )


def _refuse_without_weights(files: dict[PurePosixPath, zipfile.ZipInfo]) -> None:
    pickled = [path.name for path in files if path.suffix.lower() in PICKLED]
    found = f"only {pickled[0]!r}" if pickled else "none"
    raise ModelRefused(
        f"The zip holds no safetensors weights ({found}). Pickled weights can run code when they "
        "are read, so they are refused; save the model with safe_serialization=True."
    )
