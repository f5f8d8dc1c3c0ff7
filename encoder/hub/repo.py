"""What is asked for: a model on the Hub under a valid name, and the files it lists."""

import re
from dataclasses import dataclass
from pathlib import Path

from huggingface_hub import constants
from huggingface_hub.errors import HFValidationError
from huggingface_hub.file_download import repo_folder_name
from huggingface_hub.utils import validate_repo_id

from encoder.errors import ModelRefused

EXAMPLE_ID = "sentence-transformers/all-MiniLM-L6-v2"
COMMIT = re.compile(r"[0-9a-f]{40}")
_REVISION = re.compile(r"\w[\w./-]*", re.ASCII)


@dataclass(frozen=True)
class File:
    """A file as the Hub lists it."""

    path: str  # inside the repo, with forward slashes
    size: int  # bytes
    digest: str  # hexadecimal: SHA-256 of what lies in LFS, as weights do; else the git id (SHA-1)


@dataclass(frozen=True)
class Repo:
    """A revision (branch, tag or commit) of a model, and where it is cached."""

    id: str
    revision: str
    endpoint: str
    cache: Path

    @property
    def folder(self) -> Path:
        """The repo's own folder in the cache."""
        return self.cache / repo_folder_name(repo_id=self.id, repo_type="model")

    @property
    def ref(self) -> Path:
        """The file that says which commit the revision was last, as all programs keep it."""
        return self.folder / "refs" / self.revision

    def snapshot(self, commit: str) -> Path:
        """The folder that holds the files of one commit."""
        return self.folder / "snapshots" / commit


def valid_repo_id(repo_id: str) -> str:
    """A Hub id, `name` or `org/name`, without the spaces around it.

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


def valid_revision(revision: str | None) -> str:
    """A branch, tag or commit that can become a path; `main` for None. Raises ModelRefused."""
    if revision is None:
        return constants.DEFAULT_REVISION
    if not _REVISION.fullmatch(revision) or ".." in revision:
        raise ModelRefused(
            f"{revision!r} is not a revision. Give a branch, a tag or a commit; for example 'main'."
        )
    return revision
