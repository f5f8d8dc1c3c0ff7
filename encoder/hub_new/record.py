"""What the cache holds: files that matched their checksum, and snapshots that are complete."""

import json
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from encoder.errors import ModelRefused
from encoder.hub.repo import COMMIT, File, Repo
from encoder.hub.selection import module_folders, refuse_if_too_large, select_files


@dataclass(frozen=True)
class _Look:
    """How a file looked when it matched."""

    digest: str
    size: int
    mtime_ns: int


class Record:
    """`verified/<commit>.json`: files a snapshot must hold, and how each looked when it matched.

    `{path: null | {"digest", "size", "mtime_ns"}}`; null until the file is there. A record that
    cannot be read counts as absent: its files are checked once more.
    """

    def __init__(self, snapshot: Path) -> None:
        self._snapshot = snapshot
        self._path = snapshot.parents[1] / "verified" / f"{snapshot.name}.json"
        self._seen: dict[str, _Look | None]
        try:
            found = json.loads(self._path.read_text(encoding="utf-8"))
            self._seen = {p: None if seen is None else _Look(**seen) for p, seen in found.items()}
        except (OSError, ValueError, TypeError, AttributeError):
            self._seen = {}

    @property
    def paths(self) -> set[str]:
        """Files that the snapshot must hold, as far as they were planned."""
        return set(self._seen)

    def plan(self, files: Iterable[File]) -> None:
        """Say what the snapshot is to hold before the first file arrives."""
        self._seen = {file.path: None for file in files} | self._seen
        self._save()

    def add(self, file: File) -> None:
        """Note a file that has just matched."""
        self._seen[file.path] = self._look(file.path, file.digest)
        self._save()

    def trusts(self, file: File) -> bool:
        """Whether the file is there and unchanged since it matched this very checksum."""
        seen = self._seen.get(file.path)
        return seen is not None and seen == self._look(file.path, file.digest)

    def has(self, path: str) -> bool:
        """Whether a file is there and unchanged since it matched, if it ever was compared."""
        seen = self._seen.get(path)
        look = self._look(path, seen.digest if seen else "")
        return look is not None and seen in (None, look)

    def _look(self, path: str, digest: str) -> _Look | None:
        try:
            stat = (self._snapshot / path).stat()
        except OSError:
            return None
        return _Look(digest, stat.st_size, stat.st_mtime_ns)

    def _save(self) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        seen = {path: look and asdict(look) for path, look in self._seen.items()}
        temporary = self._path.with_suffix(".tmp")  # one writer: the repo is locked
        temporary.write_text(json.dumps(seen, indent=1), encoding="utf-8")
        temporary.replace(self._path)


def cached_snapshot(repo: Repo, max_bytes: int) -> Path | None:
    """The complete snapshot of a revision in the cache, found without the network; else None.

    Other programs' files count too: they arrive whole or not at all. Raises ModelRefused where
    the snapshot is larger than `max_bytes`.
    """
    commit = repo.revision if COMMIT.fullmatch(repo.revision) else _remembered_commit(repo)
    snapshot = repo.snapshot(commit)
    if not COMMIT.fullmatch(commit) or not snapshot.is_dir():
        return None
    record = Record(snapshot)
    there = {path.relative_to(snapshot).as_posix() for path in snapshot.rglob("*")}
    try:
        paths = select_files(repo.id, there | record.paths, module_folders(repo.id, snapshot))
    except ModelRefused:
        return None
    if not all(record.has(path) for path in paths):
        return None
    refuse_if_too_large(repo.id, [(snapshot / p).stat().st_size for p in paths], max_bytes)
    return snapshot


def remember_revision(repo: Repo, commit: str) -> None:
    """Note which commit `main` is, where the Hub's own cache does, for calls without a network."""
    if COMMIT.fullmatch(repo.revision) or _remembered_commit(repo) == commit:
        return
    # A complete snapshot in a cache that cannot be written is still worth returning.
    with suppress(OSError):
        ref = _ref(repo)
        ref.parent.mkdir(parents=True, exist_ok=True)
        ref.write_text(commit, encoding="utf-8")


def _remembered_commit(repo: Repo) -> str:
    ref = _ref(repo)
    return ref.read_text(encoding="utf-8").strip() if ref.is_file() else ""


def _ref(repo: Repo) -> Path:
    return repo.folder / "refs" / repo.revision
