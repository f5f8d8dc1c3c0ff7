"""One call that ends with a complete snapshot on disk, whether or not the Hub can be reached."""

import os
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from huggingface_hub import constants
from huggingface_hub.utils import WeakFileLock

from encoder.errors import DownloadFailed
from encoder.hub.record import Record, cached_snapshot, remember_commit
from encoder.hub.refusal import Unreachable, hub_errors
from encoder.hub.repo import File, Repo, valid_repo_id, valid_revision
from encoder.hub.selection import MODULES, module_folders, refuse_if_too_large, select_files
from encoder.hub.transport import fetch, list_files


@dataclass(frozen=True)
class DownloadProgress:
    """Bytes on disk so far, counted over all files of the model; `file` is the one under way."""

    file: str
    done_bytes: int
    total_bytes: int


OnProgress = Callable[[DownloadProgress], None]


def download(
    repo_id: str,
    *,
    max_bytes: int,
    revision: str | None = None,
    cache_dir: Path | None = None,
    on_progress: OnProgress | None = None,
) -> Path:
    """Fetch what is needed to run a sentence encoder from the Hub; returns the snapshot folder.

    `max_bytes` bounds the sum over the files we would fetch. `revision` is a branch, tag or commit
    (default: `main`). An exception that `on_progress` raises (any but an OSError) stops the
    download and passes through; the next call goes on from the bytes that arrived. When the Hub
    cannot be reached, the last complete snapshot in the cache is returned. No token is ever sent.

    Raises ModelRefused (bad id, no safetensors, too large) and DownloadFailed (not found, gated,
    not reachable, wrong checksum, disk).
    """
    repo = Repo(
        id=valid_repo_id(repo_id),
        revision=valid_revision(revision),
        # huggingface_hub reads HF_ENDPOINT once, at import; we honour a later change too.
        endpoint=(os.environ.get("HF_ENDPOINT") or constants.ENDPOINT).rstrip("/"),
        cache=Path(cache_dir or constants.HF_HUB_CACHE),
    )
    try:
        with hub_errors(repo):
            return _download_online(repo, max_bytes, on_progress or (lambda _: None))
    except Unreachable as reason:
        cached = cached_snapshot(repo, max_bytes)
        if cached is not None:
            return cached
        raise DownloadFailed(
            f"Could not fetch {repo.id!r}: {reason}. No complete copy of it is in the local cache. "
            "Try again when the connection is back; the bundled model works offline."
        ) from reason


def _download_online(repo: Repo, max_bytes: int, on_progress: OnProgress) -> Path:
    offline = os.environ.get("HF_HUB_OFFLINE", "").upper() in constants.ENV_VARS_TRUE_VALUES
    if offline or constants.is_offline_mode():
        raise Unreachable("the variable HF_HUB_OFFLINE forbids network access")
    commit, listed = list_files(repo)
    snapshot = repo.snapshot(commit)
    if MODULES in listed:  # it names the folders in which the other files are
        _complete(repo, commit, [listed[MODULES]], max_bytes, lambda _: None)
    paths = select_files(repo.id, listed, module_folders(repo.id, snapshot))
    _complete(repo, commit, [listed[path] for path in paths], max_bytes, on_progress)
    remember_commit(repo, commit)
    return snapshot


def _complete(
    repo: Repo, commit: str, files: Sequence[File], max_bytes: int, on_progress: OnProgress
) -> None:
    """Bring those of the files into the snapshot that are not there yet."""
    total = sum(file.size for file in files)
    refuse_if_too_large(repo.id, [total], max_bytes)
    snapshot = repo.snapshot(commit)
    if not all(Record(snapshot).trusts(file.path) for file in files):
        # One lock per repo, between processes as well as threads: the others wait here, then
        # find the snapshot complete.
        lock = repo.cache / ".locks" / repo.folder.name / "snapshot.lock"
        lock.parent.mkdir(parents=True, exist_ok=True)
        with WeakFileLock(lock):
            record = Record(snapshot)
            record.plan(file.path for file in files)
            before = 0  # bytes of all files before the one under way
            for file in files:
                if not record.trusts(file.path):
                    with closing(fetch(repo, commit, file)) as counts:
                        for done in counts:
                            on_progress(DownloadProgress(file.path, before + done, total))
                    record.add(file.path)
                before += file.size
    on_progress(DownloadProgress(files[-1].path, total, total))
