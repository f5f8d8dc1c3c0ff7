"""What visitors are promised fits the memory that is there.

Rooms are upper bounds, and seldom all full; but where all of them are, the lab must still stand.
"""

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from ui.settings import Settings

MB = 10**6
BASE_BYTES = 1000 * MB  # Python, torch, transformers, gradio and UMAP, before anybody has come
WORK_SHARE = 0.25  # of the machine, for what runs: a batch, a training step, a map, an upload
# As small as a room may get and still be of use: a model of 90 MB, its tuned twin, an index of
# 20,000 texts. Below, fewer visitors are kept.
SMALLEST_POOL, SMALLEST_TUNED, SMALLEST_SHARED = 200 * MB, 110 * MB, 32 * MB
SMALLEST_CACHE, SMALLEST_TEXTS = 4 * MB, 40 * MB
ANYWHERE = Path("/")


def promised_bytes(settings: Settings) -> int:
    """What all rooms take when all are full."""
    each = settings.visitor_bytes + settings.texts_bytes
    shared = settings.max_pool_bytes + settings.all_model_bytes + settings.shared_bytes
    return shared + settings.max_visitors * each


def room_bytes(machine_bytes: int) -> int:
    """What of a machine's memory may be promised."""
    return max(0, int(machine_bytes * (1 - WORK_SHARE)) - BASE_BYTES)


def fitted(settings: Settings, machine_bytes: int) -> Settings:
    """The settings with rooms that fit a machine; no room grows.

    All rooms shrink alike, down to the smallest that are of use; from there on there is room for
    fewer visitors, at least for one.
    """
    room = room_bytes(machine_bytes)
    share = min(1.0, room / promised_bytes(settings))
    if share == 1.0:
        return settings

    def shrunk(size: int, smallest: int) -> int:
        return min(size, max(int(size * share), smallest))

    pool = shrunk(settings.max_pool_bytes, SMALLEST_POOL)
    tuned = shrunk(settings.all_model_bytes, SMALLEST_TUNED)
    shared = shrunk(settings.shared_bytes, SMALLEST_SHARED)
    cache = shrunk(settings.visitor_bytes, SMALLEST_CACHE)
    texts = shrunk(settings.texts_bytes, SMALLEST_TEXTS)
    visitors = (room - pool - tuned - shared) // (cache + texts)
    return replace(
        settings,
        max_pool_bytes=pool,
        max_model_bytes=min(settings.max_model_bytes, pool),
        all_model_bytes=tuned,
        visitor_model_bytes=min(settings.visitor_model_bytes, tuned),
        max_archive_bytes=min(settings.max_archive_bytes, max(tuned, SMALLEST_TUNED)),
        shared_bytes=shared,
        visitor_bytes=cache,
        texts_bytes=texts,
        max_visitors=min(settings.max_visitors, max(1, visitors)),
    )


def machine_memory(root: Path = ANYWHERE) -> tuple[int, str]:
    """(bytes, where that is from): the smallest limit on this process, else the machine's memory.

    A container's limit stands in its control group (version 2 or 1) or in one above; `root` is
    where the file system begins.
    """
    physical = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    limits = [(physical, "of the machine"), *_group_limits(root)]
    return min(limits, key=lambda limit: limit[0])


def _group_limits(root: Path) -> Iterator[tuple[int, str]]:
    """Every limit that a control group of this process has."""
    try:
        lines = (root / "proc/self/cgroup").read_text("ascii").splitlines()
    except (OSError, UnicodeDecodeError):
        lines = []
    groups = {"v2": "/", "v1": "/"}  # in a container, its own group is the top
    for line in lines:
        _, controllers, group = line.split(":", 2)
        if not controllers:
            groups["v2"] = group
        elif "memory" in controllers.split(","):
            groups["v1"] = group
    places = {"v2": ("sys/fs/cgroup", "memory.max"),
              "v1": ("sys/fs/cgroup/memory", "memory.limit_in_bytes")}  # fmt: skip
    for version, (top, name) in places.items():
        parts = [part for part in groups[version].split("/") if part not in ("", "..")]
        for depth in range(len(parts) + 1):
            try:
                text = root.joinpath(top, *parts[:depth], name).read_text("ascii").strip()
            except (OSError, UnicodeDecodeError):
                continue
            if text.isdecimal():  # "max" is none
                yield int(text), f"of the control group ({version})"


def facts(settings: Settings, machine_bytes: int) -> dict[str, int]:
    """For the log: megabytes there are, and those that are promised, by room."""
    return {
        "machine_mb": machine_bytes // MB,
        "promised_mb": promised_bytes(settings) // MB,
        "models_mb": settings.max_pool_bytes // MB,
        "tuned_models_mb": settings.all_model_bytes // MB,
        "samples_mb": settings.shared_bytes // MB,
        "visitors": settings.max_visitors,
        "each_visitor_mb": (settings.visitor_bytes + settings.texts_bytes) // MB,
    }
