"""Fetch a sentence encoder from the Hugging Face Hub: safetensors only, checked, resumable.

Files land in the ordinary Hub cache, `models--org--name/{blobs,snapshots,refs}`, so other programs
share them. We add one thing to it: `verified/<commit>.json`, a record of what a snapshot must
hold and of which files matched their checksum. The record is what makes a snapshot "complete".
"""

import hashlib
import json
import os
import re
import uuid
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import httpx2
from huggingface_hub import HfApi, constants, hf_hub_download, hf_hub_url
from huggingface_hub.errors import (
    EntryNotFoundError,
    GatedRepoError,
    HfHubHTTPError,
    HFValidationError,
    LocalEntryNotFoundError,
    OfflineModeIsEnabled,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)
from huggingface_hub.file_download import repo_folder_name
from huggingface_hub.utils import (
    WeakFileLock,
    build_hf_headers,
    get_session,
    hf_raise_for_status,
    validate_repo_id,
)

from encoder.errors import DownloadFailed, ModelRefused

EXAMPLE_ID = "sentence-transformers/all-MiniLM-L6-v2"

# What a folder of a model may hold besides weights: configuration and tokenizer.
_TEXT_FILES = (
    "config.json",
    "sentence_*_config.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "vocab.txt",
    "vocab.json",
    "merges.txt",
    "special_tokens_map.json",
    "added_tokens.json",
    "*.model",
)
_ROOT_FILES = ("modules.json", "config_sentence_transformers.json")
_PICKLES = ("pytorch_model*.bin", "*.pt", "*.pth", "*.pkl", "*.ckpt")
_SHARD = re.compile(r"model-\d{5}-of-(\d{5})\.safetensors")
_COMMIT = re.compile(r"[0-9a-f]{40}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_REVISION = re.compile(r"\w[\w./-]*", re.ASCII)

_TIMEOUT_S = 10.0
_TRANSIENT_STATUS = (408, 429, 500, 502, 503, 504)


@dataclass(frozen=True)
class DownloadProgress:
    """Bytes on disk so far, counted over all files of the model; `file` is the one under way."""

    file: str
    done_bytes: int
    total_bytes: int


@dataclass(frozen=True)
class _File:
    path: str  # inside the repo, with forward slashes
    size: int  # bytes
    sha256: str | None  # of files kept in LFS, as the Hub keeps weights; None for small text


@dataclass(frozen=True)
class _Repo:
    id: str
    revision: str
    endpoint: str
    cache: Path

    @property
    def folder(self) -> Path:
        return self.cache / repo_folder_name(repo_id=self.id, repo_type="model")

    def snapshot(self, commit: str) -> Path:
        return self.folder / "snapshots" / commit


class _Unreachable(Exception):
    """The Hub cannot be asked just now; a snapshot in the cache may serve instead."""


def download(
    repo_id: str,
    *,
    max_bytes: int,
    revision: str | None = None,
    cache_dir: Path | None = None,
    on_progress: Callable[[DownloadProgress], None] | None = None,
) -> Path:
    """Fetch what is needed to run a sentence encoder from the Hub; returns the snapshot folder.

    `max_bytes` bounds the sum over the files we would fetch. `revision` is a branch, tag or commit
    (default: `main`). An exception that `on_progress` raises (any but an OSError) stops the
    download and passes through; the next call goes on from the bytes that arrived. When the Hub
    cannot be reached, the last complete snapshot in the cache is returned. No token is ever sent.

    Raises ModelRefused (bad id, no safetensors, too large) and DownloadFailed (not found, gated,
    not reachable, wrong checksum, disk).
    """
    repo = _Repo(
        id=valid_repo_id(repo_id),
        revision=_valid_revision(revision),
        # huggingface_hub reads HF_ENDPOINT once, at import; we honour a later change too.
        endpoint=(os.environ.get("HF_ENDPOINT") or constants.ENDPOINT).rstrip("/"),
        cache=Path(cache_dir or constants.HF_HUB_CACHE),
    )
    try:
        with _hub_errors(repo):
            return _download_online(repo, max_bytes, on_progress or (lambda _: None))
    except _Unreachable as reason:
        cached = _cached_snapshot(repo, max_bytes)
        if cached is not None:
            return cached
        raise DownloadFailed(
            f"Could not fetch {repo.id!r}: {reason}. No complete copy of it is in the local cache. "
            "Try again when the connection is back; the bundled model works offline."
        ) from reason


def valid_repo_id(repo_id: str) -> str:
    """Return a Hub id, `name` or `org/name`, without the spaces around it.

    Raises ModelRefused for anything else: a path, a URL, `..`, forbidden characters.
    """
    name = repo_id.strip()
    try:
        validate_repo_id(name)
    except HFValidationError as error:
        raise ModelRefused(
            f"{repo_id!r} is not the id of a model on the Hub. Give `name` or `org/name`, not a "
            f"path or a URL; for example {EXAMPLE_ID!r}."
        ) from error
    return name


def select_files(repo_id: str, paths: Collection[str], folders: Sequence[str]) -> list[str]:
    """Names, out of all `paths` of a repo, of the files needed to run it; weights come last.

    `folders` are those in which weights are looked for: the module folders named by modules.json,
    or just the root, `""`. Raises ModelRefused if there are no safetensors weights to load.
    """
    text: set[str] = set()
    weights: set[str] = set()
    for folder in dict.fromkeys(["", *folders]):
        prefix = f"{folder}/" if folder else ""
        names = {p.removeprefix(prefix) for p in paths if p.startswith(prefix)}
        names = {name for name in names if "/" not in name}
        patterns = _TEXT_FILES if folder else _TEXT_FILES + _ROOT_FILES
        text |= {prefix + name for name in names if _matches(name, patterns)}
        if folder not in folders:
            continue
        found = _safetensors(repo_id, names)
        pickles = sorted(prefix + name for name in names if _matches(name, _PICKLES))
        if pickles and not found:
            raise ModelRefused(
                f"{repo_id!r} carries only pickled weights ({', '.join(pickles)}). Loading a "
                "pickle can run any code its author put in it, so it is refused. Choose a model "
                "that carries model.safetensors, or convert this one to it."
            )
        weights |= {prefix + name for name in found}
    if not weights:
        raise ModelRefused(
            f"{repo_id!r} holds no weights that can be loaded: no model.safetensors in its root or "
            f"in a module folder. Choose a model that carries it; for example {EXAMPLE_ID!r}."
        )
    return sorted(text) + sorted(weights)


def _matches(name: str, patterns: Sequence[str]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)


def _safetensors(repo_id: str, names: Collection[str]) -> set[str]:
    """The weights among the `names` of one folder: one file, or an index and all its shards."""
    if constants.SAFETENSORS_SINGLE_FILE in names:
        return {constants.SAFETENSORS_SINGLE_FILE}
    if constants.SAFETENSORS_INDEX_FILE not in names:
        return set()
    shards = {name: int(m[1]) for name in names if (m := _SHARD.fullmatch(name))}
    if not shards or set(shards.values()) != {len(shards)}:
        raise ModelRefused(
            f"{repo_id!r} has an index of weight shards but {len(shards)} of "
            f"{max(shards.values(), default='an unknown number of')} shards. "
            "Choose a revision in which the upload is complete."
        )
    return {constants.SAFETENSORS_INDEX_FILE, *shards}


def _valid_revision(revision: str | None) -> str:
    if revision is None:
        return constants.DEFAULT_REVISION
    if not _REVISION.fullmatch(revision) or ".." in revision:
        raise ModelRefused(
            f"{revision!r} is not a revision. Give a branch, a tag or a commit; for example 'main'."
        )
    return revision


def _download_online(
    repo: _Repo, max_bytes: int, on_progress: Callable[[DownloadProgress], None]
) -> Path:
    if os.environ.get("HF_HUB_OFFLINE", "").upper() in constants.ENV_VARS_TRUE_VALUES:
        raise _Unreachable("the variable HF_HUB_OFFLINE forbids network access")
    commit, listed = _ask_hub(repo)
    folders = _module_folders(repo, commit, listed, max_bytes)
    files = [listed[path] for path in select_files(repo.id, listed, folders)]
    _refuse_if_too_large(repo.id, [file.size for file in files], max_bytes)

    progress = _Progress(sum(file.size for file in files), on_progress)
    if not _Record(repo, commit).is_complete(files):
        lock = repo.cache / ".locks" / repo.folder.name / "snapshot.lock"
        lock.parent.mkdir(parents=True, exist_ok=True)
        # One lock per repo, between processes as well as threads: the others wait here, then
        # find the snapshot complete.
        with WeakFileLock(lock):
            _fetch_all(repo, commit, files, progress)
    _remember_revision(repo, commit)
    progress.finished(files[-1].path)
    return repo.snapshot(commit)


def _ask_hub(repo: _Repo) -> tuple[str, dict[str, _File]]:
    """The commit a revision stands for, and every file in it by path."""
    api = HfApi(endpoint=repo.endpoint, token=False)
    try:
        info = api.model_info(
            repo.id, revision=repo.revision, files_metadata=True, timeout=_TIMEOUT_S
        )
    except HfHubHTTPError:
        raise
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        # A captive portal or a proxy answers 200 with its own page.
        raise _Unreachable(f"{repo.endpoint} did not answer like a Hub") from error
    if info.gated:
        raise DownloadFailed(_gated(repo))
    if not _COMMIT.fullmatch(info.sha or ""):
        raise _Unreachable(f"{repo.endpoint} named no commit for it (got {info.sha!r})")
    files = {}
    for entry in info.siblings or []:
        sha256 = entry.lfs.sha256 if entry.lfs else None
        if sha256 is not None and not _SHA256.fullmatch(sha256):  # it becomes a file name
            raise DownloadFailed(f"{entry.rfilename!r} of {repo.id!r} has no valid checksum.")
        files[entry.rfilename] = _File(entry.rfilename, entry.size or 0, sha256)
    return str(info.sha), files


def _module_folders(
    repo: _Repo, commit: str, listed: dict[str, _File], max_bytes: int
) -> list[str]:
    """Folders of the sentence-transformers modules, `""` being the root; just that without any."""
    if "modules.json" not in listed:
        return [""]
    _refuse_if_too_large(repo.id, [listed["modules.json"].size], max_bytes)
    path = _hub_file(repo, commit, "modules.json", lambda _: None)
    return _read_module_folders(repo.id, path)


def _read_module_folders(repo_id: str, path: Path) -> list[str]:
    try:
        modules = json.loads(path.read_text(encoding="utf-8"))
        folders = [str(module["path"]).strip("/") for module in modules]
    except (ValueError, TypeError, KeyError) as error:
        raise ModelRefused(
            f"modules.json of {repo_id!r} is not a list of modules with a path ({error!r}). "
            "Choose a model saved by sentence-transformers."
        ) from error
    for folder in folders:
        if ".." in folder.split("/"):
            raise ModelRefused(
                f"modules.json of {repo_id!r} names the folder {folder!r}, outside of the model. "
                "Choose a model saved by sentence-transformers."
            )
    return folders


def _refuse_if_too_large(repo_id: str, sizes: Sequence[int], max_bytes: int) -> None:
    if sum(sizes) > max_bytes:
        raise ModelRefused(
            f"{repo_id!r} needs {sum(sizes) / 1e6:.1f} MB, more than the limit of "
            f"{max_bytes / 1e6:.1f} MB. Choose a smaller model, or raise the limit."
        )


def _fetch_all(repo: _Repo, commit: str, files: Sequence[_File], progress: "_Progress") -> None:
    """Bring every file into the snapshot; caller holds the lock of the repo."""
    record = _Record(repo, commit)
    record.plan(files)
    for file in files:
        if not record.trusts(file):
            _fetch(repo, commit, file, progress)
            record.add(file)
        progress.next_file(file)


def _remember_revision(repo: _Repo, commit: str) -> None:
    """Note which commit `main` is, where the Hub's own cache does, for calls without a network."""
    if _COMMIT.fullmatch(repo.revision) or _remembered_commit(repo) == commit:
        return
    # A complete snapshot in a cache that cannot be written is still worth returning.
    with suppress(OSError):
        _write_atomically(repo.folder / "refs" / repo.revision, commit)


def _remembered_commit(repo: _Repo) -> str:
    ref = repo.folder / "refs" / repo.revision
    return ref.read_text(encoding="utf-8").strip() if ref.is_file() else ""


def _fetch(repo: _Repo, commit: str, file: _File, progress: "_Progress") -> None:
    def report(done: int) -> None:
        progress.within(file, done)

    if file.sha256 is None:
        _hub_file(repo, commit, file.path, report)
        return
    blob = repo.folder / "blobs" / file.sha256
    is_new = not blob.exists()
    if is_new:
        # hf_hub_download 2.4.0 cannot resume: it writes under a random name, deleted on failure,
        # and where hf_xet is installed it does so over the xet protocol, which no Range request
        # can continue. So the blob is put in place here, over plain HTTP, and hf_hub_download
        # only finds and links it. "*.incomplete" is what `hf cache prune` cleans up.
        partial = blob.with_name(f"{file.sha256}.resume.incomplete")
        url = hf_hub_url(repo.id, file.path, revision=commit, endpoint=repo.endpoint)
        _stream(url, partial, file.size, report)
        _verify(repo, file, partial, blob)
        partial.replace(blob)
    path = _hub_file(repo, commit, file.path, report)
    if not is_new:
        _verify(repo, file, path, blob)


def _hub_file(repo: _Repo, commit: str, path: str, report: Callable[[int], None]) -> Path:
    return Path(
        hf_hub_download(
            repo.id,
            path,
            revision=commit,
            endpoint=repo.endpoint,
            cache_dir=repo.cache,
            token=False,
            etag_timeout=_TIMEOUT_S,
            tqdm_class=_bar_class(report),
        )
    )


def _stream(url: str, partial: Path, size: int, report: Callable[[int], None]) -> None:
    """Append to `partial` until it holds `size` bytes; goes on after a break while bytes come."""
    partial.parent.mkdir(parents=True, exist_ok=True)
    if _size(partial) > size:
        partial.unlink()
    partial.touch()
    while (before := _size(partial)) < size:
        try:
            _append(url, partial, size, report)
        except httpx2.TransportError:
            if _size(partial) <= before:
                raise
        else:
            if _size(partial) <= before:
                raise _Unreachable(f"the connection ended after {before} of {size} bytes")


def _append(url: str, partial: Path, size: int, report: Callable[[int], None]) -> None:
    # Compressed bytes would not be those that the offset and the checksum count.
    headers = build_hf_headers(token=False) | {"Accept-Encoding": "identity"}
    if offset := _size(partial):
        headers["Range"] = f"bytes={offset}-"
    with get_session().stream("GET", url, headers=headers, timeout=_TIMEOUT_S) as response:
        hf_raise_for_status(response)
        # 200 in place of 206: the server ignores ranges and sends the whole file.
        with partial.open("ab" if response.status_code == 206 else "wb") as out:
            for chunk in response.iter_bytes():
                out.write(chunk)
                report(out.tell())
                if out.tell() > size:  # not the announced file; the checksum will say so
                    return


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _verify(repo: _Repo, file: _File, path: Path, blob: Path) -> None:
    """Compare a file with its checksum; a wrong one is deleted, and so is the blob behind it."""
    with path.open("rb") as content:
        digest = hashlib.file_digest(content, "sha256").hexdigest()
    if digest == file.sha256:
        return
    path.unlink(missing_ok=True)
    blob.unlink(missing_ok=True)
    raise DownloadFailed(
        f"{file.path!r} of {repo.id!r} arrived damaged: its SHA-256 is {digest}, the Hub announced "
        f"{file.sha256}. It was deleted; try again."
    )


class _Record:
    """`verified/<commit>.json`: files a snapshot must hold, and how each looked when it matched.

    `{path: null | {"sha256", "size", "mtime_ns"}}`; null until the file is there. A record that
    cannot be read counts as absent: its files are checked once more.
    """

    def __init__(self, repo: _Repo, commit: str) -> None:
        self._snapshot = repo.snapshot(commit)
        self._path = repo.folder / "verified" / f"{commit}.json"
        self._files: dict[str, dict[str, Any] | None]
        try:
            found = json.loads(self._path.read_text(encoding="utf-8"))
            self._files = {
                path: None if seen is None else dict(seen) for path, seen in found.items()
            }
        except (OSError, ValueError, TypeError, AttributeError):
            self._files = {}

    def plan(self, files: Sequence[_File]) -> None:
        """Say what the snapshot is to hold before the first file arrives."""
        self._files = {file.path: self._files.get(file.path) for file in files}
        self._save()

    def add(self, file: _File) -> None:
        self._files[file.path] = self._look(file.path, file.sha256)
        self._save()

    def trusts(self, file: _File) -> bool:
        """Whether the file is there and unchanged since it matched this very checksum."""
        seen = self._files.get(file.path)
        return seen is not None and seen == self._look(file.path, file.sha256)

    def is_complete(self, files: Sequence[_File]) -> bool:
        return all(self.trusts(file) for file in files)

    def planned(self) -> list[_File]:
        """Files that a complete snapshot holds; empty without a record."""
        looks = [(path, seen or {}) for path, seen in self._files.items()]
        return [_File(path, seen.get("size", 0), seen.get("sha256")) for path, seen in looks]

    def _look(self, path: str, sha256: str | None) -> dict[str, Any] | None:
        try:
            stat = (self._snapshot / path).stat()
        except OSError:
            return None
        return {"sha256": sha256, "size": stat.st_size, "mtime_ns": stat.st_mtime_ns}

    def _save(self) -> None:
        _write_atomically(self._path, json.dumps(self._files, indent=1))


def _write_atomically(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f"{path.name}.{uuid.uuid4().hex[:8]}")
    temporary.write_text(text, encoding="utf-8")
    temporary.replace(path)


def _cached_snapshot(repo: _Repo, max_bytes: int) -> Path | None:
    """The complete snapshot of a revision in the cache, found without the network; else None."""
    is_commit = _COMMIT.fullmatch(repo.revision)
    commit = repo.revision if is_commit else _remembered_commit(repo)
    snapshot = repo.snapshot(commit)
    if not _COMMIT.fullmatch(commit) or not snapshot.is_dir():
        return None
    record = _Record(repo, commit)
    if files := record.planned():
        if not record.is_complete(files):
            return None
        sizes = [file.size for file in files]
    else:
        # Another program filled the cache. Its files arrive whole or not at all, so a snapshot
        # that holds the weights will do.
        paths = {p.relative_to(snapshot).as_posix() for p in snapshot.rglob("*") if p.is_file()}
        modules = snapshot / "modules.json"
        try:
            folders = _read_module_folders(repo.id, modules) if modules.is_file() else [""]
            sizes = [(snapshot / p).stat().st_size for p in select_files(repo.id, paths, folders)]
        except ModelRefused:
            return None
    _refuse_if_too_large(repo.id, sizes, max_bytes)
    return snapshot


class _Progress:
    """Adds up bytes over the files of one model, in the order in which they are fetched."""

    def __init__(self, total: int, tell: Callable[[DownloadProgress], None]) -> None:
        self._total = total
        self._tell = tell
        self._before = 0  # bytes of all files before the one under way

    def within(self, file: _File, done: int) -> None:
        """`done` bytes of a file are on disk."""
        self._tell(DownloadProgress(file.path, self._before + min(done, file.size), self._total))

    def next_file(self, file: _File) -> None:
        self._before += file.size

    def finished(self, path: str) -> None:
        self._tell(DownloadProgress(path, self._total, self._total))


def _bar_class(report: Callable[[int], None]) -> Any:
    """A stand-in for tqdm, of which huggingface_hub makes one per file; it draws nothing."""

    class Bar:
        def __init__(self, *_: object, initial: int = 0, **__: object) -> None:
            self._done = initial

        def __enter__(self) -> "Bar":
            return self

        def __exit__(self, *_: object) -> None:
            pass

        def update(self, n: int = 1) -> None:
            self._done += n
            report(self._done)

    return Bar


@contextmanager
def _hub_errors(repo: _Repo) -> Iterator[None]:
    """Turn what huggingface_hub and the network raise into our two classes, or _Unreachable."""
    try:
        yield
    except HfHubHTTPError as error:
        status = error.response.status_code
        if status in _TRANSIENT_STATUS:
            raise _Unreachable(f"{repo.endpoint} answered with HTTP {status}") from error
        raise DownloadFailed(_refusal(repo, error, status)) from error
    except OfflineModeIsEnabled as error:
        raise _Unreachable("the variable HF_HUB_OFFLINE forbids network access") from error
    except (httpx2.RequestError, httpx2.InvalidURL, LocalEntryNotFoundError) as error:
        raise _Unreachable(f"{repo.endpoint} could not be reached ({error})") from error
    except OSError as error:
        raise DownloadFailed(
            f"Could not store {repo.id!r} in {repo.cache}: {error}. Free some space there or "
            "choose another folder with HF_HUB_CACHE."
        ) from error


def _refusal(repo: _Repo, error: HfHubHTTPError, status: int) -> str:
    if isinstance(error, GatedRepoError):
        return _gated(repo)
    if isinstance(error, RevisionNotFoundError):
        return f"{repo.id!r} has no revision {repo.revision!r}. Give a branch, tag or commit of it."
    is_about_one_file = isinstance(error, EntryNotFoundError)
    if isinstance(error, RepositoryNotFoundError) or (status == 404 and not is_about_one_file):
        # The Hub gives one answer for both, lest it tell strangers which private repos exist.
        return (
            f"There is no public model {repo.id!r} at {repo.endpoint}: it does not exist, or it is "
            f"private and no token is sent. Check the spelling; for example {EXAMPLE_ID!r}."
        )
    if status in (401, 403):
        return (
            f"{repo.endpoint} denies access to {repo.id!r} (HTTP {status}): it is private or gated "
            "and no token is sent. Choose a public model."
        )
    return f"{repo.endpoint} answered with HTTP {status} for {repo.id!r}. Try again later."


def _gated(repo: _Repo) -> str:
    return (
        f"{repo.id!r} is gated: its authors let in only users who accepted their terms, and no "
        "token is sent. Choose a model without such terms."
    )
