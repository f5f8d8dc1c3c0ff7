"""What the Hub, the network and the disk can answer but the files, in words a visitor can use."""

from dataclasses import dataclass
from pathlib import Path

import httpx2
from huggingface_hub.errors import (
    EntryNotFoundError,
    GatedRepoError,
    HfHubHTTPError,
    RepositoryNotFoundError,
)

from encoder.hub.selection import EXAMPLE_ID

_TRANSIENT_STATUS = (408, 429, 500, 502, 503, 504)


@dataclass(frozen=True)
class Repo:
    """A model on the Hub, and where it is cached."""

    id: str
    endpoint: str
    cache: Path


class Unreachable(Exception):
    """The Hub cannot be asked just now; a snapshot in the cache may serve instead."""


def unreachable(repo: Repo, error: BaseException) -> str | None:
    """Why the Hub cannot be asked just now; None where it, or the disk, has said no."""
    if isinstance(error, Unreachable):
        return str(error)
    if isinstance(error, HfHubHTTPError):
        status = error.response.status_code
        if status in _TRANSIENT_STATUS:
            return f"{repo.endpoint} answered with HTTP {status}"
    elif isinstance(error, httpx2.RequestError | httpx2.InvalidURL):
        return f"{repo.endpoint} could not be reached ({error})"
    return None


def refusal(repo: Repo, error: BaseException) -> str:
    """Why a model that the Hub was asked for cannot be had, and what to do instead."""
    if not isinstance(error, HfHubHTTPError):
        if isinstance(error, OSError) and error.errno is None:  # huggingface_hub's, not the disk's
            reason = str(error).partition("\n")[0]  # its remedy is for programmers
            return f"{repo.id!r} did not arrive whole: {reason} Try again."
        return (
            f"Could not store {repo.id!r} in {repo.cache}: {error}. Free some space there or "
            "choose another folder with HF_HUB_CACHE."
        )
    status = error.response.status_code
    if isinstance(error, GatedRepoError):
        return gated(repo)
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


def gated(repo: Repo) -> str:
    """Says that a model is gated and what to do instead."""
    return (
        f"{repo.id!r} is gated: its authors let in only users who accepted their terms, and no "
        "token is sent. Choose a model without such terms."
    )
