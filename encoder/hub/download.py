"""One call that ends with a complete snapshot on disk, whether or not the Hub can be reached."""

import hashlib
import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx2
from huggingface_hub import (
    HfApi,
    constants,
    get_hf_file_metadata,
    hf_hub_download,
    hf_hub_url,
    snapshot_download,
    try_to_load_from_cache,
)
from huggingface_hub.errors import LocalEntryNotFoundError
from huggingface_hub.file_download import REGEX_COMMIT_HASH
from huggingface_hub.hf_api import RepoSibling
from huggingface_hub.utils import tqdm

from encoder.errors import DownloadFailed, ModelRefused
from encoder.hub.failure import Repo, Unreachable, gated, refusal, unreachable
from encoder.hub.selection import (
    MODULES,
    module_folders,
    refuse_if_too_large,
    select_files,
    valid_repo_id,
)


@dataclass(frozen=True)
class DownloadProgress:
    """Bytes on disk so far, counted over all files of the model; `file` is the one under way."""

    file: str
    done_bytes: int
    total_bytes: int


GIT_DIGITS = 40  # of a SHA-1
PIECE = 2**20
OnProgress = Callable[[DownloadProgress], None]


def download(
    repo_id: str,
    *,
    max_bytes: int,
    cache_dir: Path | None = None,
    on_progress: OnProgress | None = None,
) -> Path:
    """Fetch what is needed to run a sentence encoder from the Hub; returns the snapshot folder.

    `max_bytes` bounds the sum over the files we would fetch. An exception that `on_progress` raises
    (any but an OSError) stops the download and passes through; the next call fetches the file that
    was under way from its beginning. When the Hub cannot be reached, the last complete snapshot in
    the cache is returned. No token is ever sent.

    Raises ModelRefused (bad id, no safetensors, too large) and DownloadFailed (not found, gated,
    not reachable, wrong checksum, disk).
    """
    repo = Repo(
        id=valid_repo_id(repo_id),
        # huggingface_hub reads HF_ENDPOINT once, at import; we honour a later change too.
        endpoint=(os.environ.get("HF_ENDPOINT") or constants.ENDPOINT).rstrip("/"),
        cache=Path(cache_dir or constants.HF_HUB_CACHE),
    )
    try:
        return _download_online(repo, max_bytes, on_progress or (lambda _: None))
    except (Unreachable, OSError, httpx2.RequestError, httpx2.InvalidURL) as error:
        reason = unreachable(repo, error)
        if reason is None:
            raise DownloadFailed(refusal(repo, error)) from error
        cached = _cached_snapshot(repo, max_bytes)
        if cached is not None:
            return cached
        raise DownloadFailed(
            f"Could not fetch {repo.id!r}: {reason}. No complete copy of it is in the local cache. "
            "Try again when the connection is back; the bundled model works offline."
        ) from error


def _download_online(repo: Repo, max_bytes: int, on_progress: OnProgress) -> Path:
    offline = os.environ.get("HF_HUB_OFFLINE", "").upper() in constants.ENV_VARS_TRUE_VALUES
    if offline or constants.is_offline_mode():
        raise Unreachable("the variable HF_HUB_OFFLINE forbids network access")
    commit, files = _list_files(repo)
    folders = [""]
    if MODULES in files:  # it names the folders in which the other files are
        refuse_if_too_large(repo.id, [files[MODULES].size or 0], max_bytes)
        modules = _fetch(repo, commit, files[MODULES], lambda _: None)
        folders = module_folders(repo.id, modules)
    paths = select_files(repo.id, files, folders)
    sizes = [files[path].size or 0 for path in paths]
    refuse_if_too_large(repo.id, sizes, max_bytes)
    progress = DownloadProgress("", 0, sum(sizes))
    for path, size in zip(paths, sizes, strict=True):
        progress = replace(progress, file=path)
        on_progress(progress)
        fetched = _fetch(repo, commit, files[path], _counted(progress, size, on_progress))
        progress = replace(progress, done_bytes=progress.done_bytes + size)
    on_progress(progress)
    snapshot = fetched.parents[path.count("/")]
    _remember_commit(snapshot)
    return snapshot


def _counted(start: DownloadProgress, size: int, on_progress: OnProgress) -> Callable[[int], None]:
    """Reports how many bytes of a file are there as progress over all files."""
    return lambda n: on_progress(replace(start, done_bytes=start.done_bytes + min(n, size)))


def _list_files(repo: Repo) -> tuple[str, dict[str, RepoSibling]]:
    """The commit that `main` is, and every file in it by path.

    Raises DownloadFailed for a gated model, Unreachable where no Hub answers.
    """
    api = HfApi(endpoint=repo.endpoint, token=False)
    timeout_s = constants.HF_HUB_DOWNLOAD_TIMEOUT
    try:
        info = api.model_info(repo.id, files_metadata=True, timeout=timeout_s)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        # A captive portal or a proxy answers 200 with its own page.
        raise Unreachable(f"{repo.endpoint} did not answer like a Hub") from error
    if info.gated:
        raise DownloadFailed(gated(repo))
    if not REGEX_COMMIT_HASH.fullmatch(info.sha or ""):
        raise Unreachable(f"{repo.endpoint} named no commit for it (got {info.sha!r})")
    # On Windows a path with one of these characters can lead out of the cache.
    files = [file for file in info.siblings or [] if not set("\\:") & set(file.rfilename)]
    return str(info.sha), {file.rfilename: file for file in files}


def _fetch(repo: Repo, commit: str, file: RepoSibling, on_bytes: Callable[[int], None]) -> Path:
    """The path of a file in the snapshot; `on_bytes` gets the count of bytes as they come.

    File by file, for snapshot_download 2.4.0 waits for a second listing without any time-out, and
    its progress does not name the file under way.
    """
    cached = try_to_load_from_cache(repo.id, file.rfilename, repo.cache, commit)
    if isinstance(cached, str):
        return Path(cached)

    # Asked once here, for hf_hub_download would go on for six minutes to ask a Hub that is silent.
    url = hf_hub_url(repo.id, file.rfilename, revision=commit, endpoint=repo.endpoint)
    get_hf_file_metadata(url, token=False, timeout=constants.HF_HUB_DOWNLOAD_TIMEOUT)

    class Bar(tqdm):
        """Draws nothing and tells `on_bytes`."""

        def __init__(self, *args: Any, **options: Any) -> None:
            super().__init__(*args, **options | {"disable": True})

        def update(self, n: float | None = 1) -> None:
            self.n += n or 0
            on_bytes(int(self.n))

    path = Path(
        hf_hub_download(
            repo.id,
            file.rfilename,
            revision=commit,
            endpoint=repo.endpoint,
            cache_dir=repo.cache,
            token=False,
            tqdm_class=Bar,
        )
    )
    if announced := file.lfs.sha256 if file.lfs else file.blob_id:
        _verify(repo, file.rfilename, path, announced)
    return path


def _verify(repo: Repo, name: str, path: Path, announced: str) -> None:
    """Delete a file that is not the one announced; huggingface_hub compares lengths only.

    Large files are announced by SHA-256, others as git names a blob: by the SHA-1 of its length and
    content. A page of a proxy in place of a config.json would stay in the cache for good.
    """
    with path.open("rb") as opened:
        digest = hashlib.sha256()
        if len(announced) == GIT_DIGITS:
            digest = hashlib.sha1(b"blob %d\0" % path.stat().st_size, usedforsecurity=False)
        while piece := opened.read(PIECE):
            digest.update(piece)
    arrived = digest.hexdigest()
    if arrived != announced:
        path.resolve().unlink()
        path.unlink(missing_ok=True)  # the link to it
        raise DownloadFailed(
            f"{name!r} of {repo.id!r} arrived damaged: its checksum is {arrived}, the Hub "
            f"announced {announced}. It was deleted; try again."
        )


def _remember_commit(snapshot: Path) -> None:
    """Note that `main` is this commit, where the Hub's own cache does; only once it is complete."""
    ref = snapshot.parents[1] / "refs" / constants.DEFAULT_REVISION
    # A complete snapshot in a cache that cannot be written is still worth returning.
    with suppress(OSError):
        if not ref.is_file() or ref.read_text(encoding="utf-8") != snapshot.name:
            ref.parent.mkdir(parents=True, exist_ok=True)
            ref.write_text(snapshot.name, encoding="utf-8")


def _cached_snapshot(repo: Repo, max_bytes: int) -> Path | None:
    """The snapshot that `main` was when it was last fetched, without the network; else None.

    Raises ModelRefused where the files have more than `max_bytes`.
    """
    try:  # no patterns: which files it must hold is for select_files to say
        found = snapshot_download(
            repo.id, cache_dir=repo.cache, local_files_only=True, allow_patterns=[]
        )
        snapshot = Path(found)
        files = {p.relative_to(snapshot).as_posix() for p in snapshot.rglob("*") if p.is_file()}
        folders = module_folders(repo.id, snapshot / MODULES) if MODULES in files else [""]
        paths = select_files(repo.id, files, folders)
    except (LocalEntryNotFoundError, ModelRefused):
        return None
    refuse_if_too_large(repo.id, [(snapshot / path).stat().st_size for path in paths], max_bytes)
    return snapshot
