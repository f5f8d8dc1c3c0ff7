"""The disk that downloaded models take, within the bound that the host has set."""

import logging
from collections.abc import Collection
from pathlib import Path

from huggingface_hub import CacheNotFound, scan_cache_dir

log = logging.getLogger(__name__)


def trim_hub_cache(max_bytes: int, keep: Collection[str], folder: Path | None = None) -> list[str]:
    """Delete the models not used for longest until the rest fits; returns their Hub ids.

    keep: Hub ids that stay. folder: None is where huggingface_hub keeps them. Data sets and what
    else other programs have put there stays.
    """
    try:
        cache = scan_cache_dir(folder)
    except CacheNotFound:
        return []
    size = sum(repo.size_on_disk for repo in cache.repos)
    gone = []
    for repo in sorted(cache.repos, key=lambda repo: repo.last_accessed):
        if size <= max_bytes:
            break
        if repo.repo_type != "model" or repo.repo_id in keep:
            continue
        cache.delete_revisions(*(revision.commit_hash for revision in repo.revisions)).execute()
        size -= repo.size_on_disk
        gone.append(repo.repo_id)
    if gone:
        log.info("Deleted from the disk, to make room for other models: %s", ", ".join(gone))
    return gone
