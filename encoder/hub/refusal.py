"""What the Hub, the network and the disk can answer but the files, in words a visitor can use."""

from collections.abc import Iterator
from contextlib import contextmanager

import httpx2
from huggingface_hub.errors import (
    EntryNotFoundError,
    GatedRepoError,
    HfHubHTTPError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)

from encoder.errors import DownloadFailed
from encoder.hub.repo import EXAMPLE_ID, Repo

_TRANSIENT_STATUS = (408, 429, 500, 502, 503, 504)


class Unreachable(Exception):
    """The Hub cannot be asked just now; a snapshot in the cache may serve instead."""


@contextmanager
def hub_errors(repo: Repo) -> Iterator[None]:
    """Turn what the Hub, the network and the disk raise into DownloadFailed or Unreachable."""
    try:
        yield
    except HfHubHTTPError as error:
        status = error.response.status_code
        if status in _TRANSIENT_STATUS:
            raise Unreachable(f"{repo.endpoint} answered with HTTP {status}") from error
        raise DownloadFailed(_refusal(repo, error, status)) from error
    except (httpx2.RequestError, httpx2.InvalidURL) as error:
        raise Unreachable(f"{repo.endpoint} could not be reached ({error})") from error
    except OSError as error:
        raise DownloadFailed(
            f"Could not store {repo.id!r} in {repo.cache}: {error}. Free some space there or "
            "choose another folder with HF_HUB_CACHE."
        ) from error


def gated(repo: Repo) -> str:
    """Says that a model is gated and what to do instead."""
    return (
        f"{repo.id!r} is gated: its authors let in only users who accepted their terms, and no "
        "token is sent. Choose a model without such terms."
    )


def _refusal(repo: Repo, error: HfHubHTTPError, status: int) -> str:
    if isinstance(error, GatedRepoError):
        return gated(repo)
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
