"""What the cache holds: files that matched their checksum, and snapshots that are complete."""

import json
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from encoder.errors import ModelRefused
from encoder.hub.repo import COMMIT, Repo
from encoder.hub.selection import module_folders, refuse_if_too_large, select_files


class Record:
    """`verified/<commit>.json`: files a snapshot must hold, and how each looked when it matched.

    `{path: null | [size in bytes, time of change in ns]}`; null until the file has matched. The
    checksums themselves are not repeated, for a commit fixes them. A record that cannot be read
    counts as absent: its files are checked once more.
    """

    def __init__(self, snapshot: Path) -> None:
        self._snapshot = snapshot
        self._path = snapshot.parents[1] / "verified" / f"{snapshot.name}.json"
        try:
            seen = json.loads(self._path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            seen = {}
        self._seen: dict[str, list[int] | None] = seen if isinstance(seen, dict) else {}

    def plan(self, paths: Iterable[str]) -> None:
        """Say what the snapshot is to hold before the first file arrives."""
        self._seen = dict.fromkeys(paths) | self._seen
        self._save()

    def add(self, path: str) -> None:
        """Note a file that has just matched."""
        self._seen[path] = self._look(path)
        self._save()

    def trusts(self, path: str) -> bool:
        """Whether the file is there and unchanged since it matched."""
        look = self._look(path)
        return look is not None and self._seen.get(path) == look

    def trusts_all_it_planned(self) -> bool:
        """Whether no file has a gap or a change; so it is without a record, too."""
        return all(map(self.trusts, self._seen))

    def _look(self, path: str) -> list[int] | None:
        try:
            stat = (self._snapshot / path).stat()
        except OSError:
            return None
        return [stat.st_size, stat.st_mtime_ns]

    def _save(self) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        temporary = self._path.with_suffix(".tmp")  # one writer at a time: the repo is locked
        temporary.write_text(json.dumps(self._seen, indent=1), encoding="utf-8")
        temporary.replace(self._path)


def cached_snapshot(repo: Repo, max_bytes: int) -> Path | None:
    """The complete snapshot of a revision in the cache, found without the network; else None.

    One that another program left will do if it holds the weights: its files arrive whole or not
    at all. Raises ModelRefused where the files have more than `max_bytes`.
    """
    commit = _known_commit(repo)
    snapshot = repo.snapshot(commit)
    if not COMMIT.fullmatch(commit) or not Record(snapshot).trusts_all_it_planned():
        return None
    there = {p.relative_to(snapshot).as_posix() for p in snapshot.rglob("*") if p.is_file()}
    try:
        paths = select_files(repo.id, there, module_folders(repo.id, snapshot))
    except ModelRefused:
        return None
    refuse_if_too_large(repo.id, [(snapshot / path).stat().st_size for path in paths], max_bytes)
    return snapshot


def remember_commit(repo: Repo, commit: str) -> None:
    """Note which commit `main` is, where the Hub's own cache does, for calls without a network."""
    # A complete snapshot in a cache that cannot be written is still worth returning.
    with suppress(OSError):
        if _known_commit(repo) != commit:
            repo.ref.parent.mkdir(parents=True, exist_ok=True)
            repo.ref.write_text(commit, encoding="utf-8")


def _known_commit(repo: Repo) -> str:
    """The commit that the revision is, or was when the Hub was last asked; "" if it never was."""
    if COMMIT.fullmatch(repo.revision):
        return repo.revision
    return repo.ref.read_text(encoding="utf-8").strip() if repo.ref.is_file() else ""
