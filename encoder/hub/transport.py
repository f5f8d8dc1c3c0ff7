"""What goes over the network: the list of a repo's files, and one file at a time, resumable."""

import hashlib
import os
import re
import shutil
from collections.abc import Generator, Iterator
from pathlib import Path

import httpx2
from huggingface_hub import HfApi, constants, hf_hub_url
from huggingface_hub.utils import build_hf_headers, get_session, hf_raise_for_status

from encoder.errors import DownloadFailed
from encoder.hub.refusal import Unreachable, gated
from encoder.hub.repo import COMMIT, File, Repo

_DIGEST = re.compile(r"[0-9a-f]{64}|[0-9a-f]{40}")


def list_files(repo: Repo) -> tuple[str, dict[str, File]]:
    """The commit that the revision stands for, and every file in it by path.

    Raises DownloadFailed for a gated model, Unreachable where no Hub answers.
    """
    api = HfApi(endpoint=repo.endpoint, token=False)
    timeout_s = constants.HF_HUB_DOWNLOAD_TIMEOUT
    try:
        info = api.model_info(
            repo.id, revision=repo.revision, files_metadata=True, timeout=timeout_s
        )
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        # A captive portal or a proxy answers 200 with its own page.
        raise Unreachable(f"{repo.endpoint} did not answer like a Hub") from error
    if info.gated:
        raise DownloadFailed(gated(repo))
    if not COMMIT.fullmatch(info.sha or ""):
        raise Unreachable(f"{repo.endpoint} named no commit for it (got {info.sha!r})")
    files = {}
    for entry in info.siblings or []:
        if set("\\:") & set(entry.rfilename):  # on Windows such a path can lead out of the cache
            continue
        digest = (entry.lfs.sha256 if entry.lfs else entry.blob_id) or ""
        if not _DIGEST.fullmatch(digest):  # it becomes a file name
            raise DownloadFailed(f"{entry.rfilename!r} of {repo.id!r} has no valid checksum.")
        files[entry.rfilename] = File(entry.rfilename, entry.size or 0, digest)
    return str(info.sha), files


def fetch(repo: Repo, commit: str, file: File) -> Generator[int, None, None]:
    """Put a file into the snapshot and check it, yielding how many of its bytes are on disk.

    Closing the generator keeps the bytes that arrived; the next call goes on from there. Raises
    DownloadFailed for a wrong checksum, and lets errors of the network and the disk through.

    hf_hub_download 2.4.0 cannot do this: it writes under a random name, deleted on failure, and
    where hf_xet is installed it speaks the xet protocol, which no Range request can continue.
    """
    blob = content = repo.folder / "blobs" / file.digest
    if not blob.exists():
        # "*.incomplete" is what `hf cache prune` cleans up.
        content = blob.with_name(f"{file.digest}.resume.incomplete")
        url = hf_hub_url(repo.id, file.path, revision=commit, endpoint=repo.endpoint)
        yield from _stream(url, content, file.size)
    _verify(repo, file, content)
    content.replace(blob)
    _link(blob, repo.snapshot(commit) / file.path)


def _stream(url: str, partial: Path, size: int) -> Iterator[int]:
    """Append to `partial` until it holds `size` bytes; goes on after a break while bytes come."""
    partial.parent.mkdir(parents=True, exist_ok=True)
    partial.touch()
    if partial.stat().st_size > size:
        partial.write_bytes(b"")
    while (before := partial.stat().st_size) < size:
        failure: Exception = Unreachable(f"the file ended after {before} of {size} bytes")
        try:
            yield from _append(url, partial, before, size)
        except httpx2.TransportError as error:
            failure = error
        if partial.stat().st_size <= before:
            raise failure


def _append(url: str, partial: Path, offset: int, size: int) -> Iterator[int]:
    # Compressed bytes would not be those that the offset and the checksum count.
    headers = build_hf_headers(token=False) | {"Accept-Encoding": "identity"}
    if offset:
        headers["Range"] = f"bytes={offset}-"
    timeout_s = constants.HF_HUB_DOWNLOAD_TIMEOUT
    with get_session().stream("GET", url, headers=headers, timeout=timeout_s) as response:
        hf_raise_for_status(response)
        # 200 in place of 206: the server ignores ranges and sends the whole file.
        with partial.open("ab" if response.status_code == 206 else "wb") as out:
            for chunk in response.iter_bytes():
                out.write(chunk)
                yield min(out.tell(), size)
                if out.tell() > size:  # not the announced file; the checksum will say so
                    return


def _verify(repo: Repo, file: File, content: Path) -> None:
    """Compare bytes on disk with the checksum; wrong ones are deleted."""
    header = b"blob %d\0" % content.stat().st_size  # what git puts before the bytes it hashes
    with content.open("rb") as opened:
        is_git_id = COMMIT.fullmatch(file.digest)
        algorithm = (lambda: hashlib.sha1(header)) if is_git_id else "sha256"
        found = hashlib.file_digest(opened, algorithm).hexdigest()
    if found != file.digest:
        content.unlink()
        raise DownloadFailed(
            f"{file.path!r} of {repo.id!r} arrived damaged: its checksum is {found}, the Hub "
            f"announced {file.digest}. It was deleted; try again."
        )


def _link(blob: Path, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    try:
        path.symlink_to(os.path.relpath(blob, path.parent))
    except OSError:  # some file systems have no links, and Windows asks for a privilege
        shutil.copyfile(blob, path)
