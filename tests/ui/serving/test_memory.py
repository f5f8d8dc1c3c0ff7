"""The rooms that visitors are promised fit the machine, whatever its size."""

import os
from dataclasses import astuple, replace
from itertools import pairwise
from pathlib import Path

import pytest

from ui.serving.memory import (
    SMALLEST_CACHE,
    SMALLEST_TEXTS,
    facts,
    fitted,
    machine_memory,
    promised_bytes,
    room_bytes,
)
from ui.settings import Settings

GB = 10**9
PHYSICAL = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def test_what_is_promised_is_every_room_of_every_visitor():
    settings = replace(
        Settings(), max_pool_bytes=1, all_model_bytes=10, shared_bytes=100, max_visitors=3,
        visitor_bytes=1_000, texts_bytes=10_000,
    )  # fmt: skip
    assert promised_bytes(settings) == 111 + 3 * 11_000


@pytest.mark.parametrize("public", [False, True])
@pytest.mark.parametrize("gigabytes", [2, 4, 8, 16, 64])
def test_what_is_promised_fits(gigabytes, public):
    host = Settings().for_strangers() if public else Settings()
    settings = fitted(host, gigabytes * GB)
    assert promised_bytes(settings) <= room_bytes(gigabytes * GB) < gigabytes * GB
    assert settings.visitor_bytes >= SMALLEST_CACHE
    assert settings.texts_bytes >= SMALLEST_TEXTS
    assert settings.max_model_bytes <= settings.max_pool_bytes
    assert settings.visitor_model_bytes <= settings.all_model_bytes


def test_a_large_machine_leaves_the_rooms_as_they_are():
    assert fitted(Settings(), 64 * GB) == Settings()


def test_a_space_keeps_as_many_visitors_in_smaller_rooms():
    settings = fitted(Settings(), 16 * GB)
    assert settings.max_visitors == Settings().max_visitors
    assert settings.texts_bytes < Settings().texts_bytes


def test_a_small_machine_keeps_fewer_visitors_and_one_at_least():
    assert 1 <= fitted(Settings(), 2 * GB).max_visitors < 8
    assert fitted(Settings(), GB // 2).max_visitors == 1


def test_no_room_grows_with_the_machine():
    sizes = [fitted(Settings(), n * GB) for n in (1, 2, 3, 4, 6, 8, 16, 32, 64, 512)]
    numbers = [[n for n in astuple(s) if type(n) is int] for s in sizes]
    assert all(a <= b for less, more in pairwise(numbers)
               for a, b in zip(less, more, strict=True))  # fmt: skip


def test_the_log_line_adds_up():
    line = facts(fitted(Settings(), 16 * GB), 16 * GB)
    assert line["machine_mb"] == 16_000
    rooms = line["models_mb"] + line["tuned_models_mb"] + line["samples_mb"]
    rooms += line["visitors"] * line["each_visitor_mb"]
    assert rooms == pytest.approx(line["promised_mb"], abs=100)


def tree(root: Path, group: str, **files: str) -> Path:
    (root / "proc/self").mkdir(parents=True)
    (root / "proc/self/cgroup").write_text(group)
    for name, text in files.items():
        path = root / "sys/fs/cgroup" / name.replace("__", "/").replace("_DOT_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


V1 = "memory__memory_DOT_limit_in_bytes"


@pytest.mark.parametrize(
    ("group", "files", "expected"),
    [
        ("0::/\n", {"memory_DOT_max": "1000000\n"}, (10**6, "of the control group (v2)")),
        ("0::/\n", {"memory_DOT_max": "max\n"}, (PHYSICAL, "of the machine")),
        ("3:cpu,memory:/\n", {V1: "2000000\n"}, (2 * 10**6, "of the control group (v1)")),
        ("3:memory:/\n", {V1: "9223372036854771712\n"}, (PHYSICAL, "of the machine")),
        # A service's own group has none, the slice that it is in has one.
        ("0::/a/b\n", {"a__memory_DOT_max": "3000000\n", "a__b__memory_DOT_max": "max\n"},
         (3 * 10**6, "of the control group (v2)")),
        # Version 1 as a container sees it: the group's name is the host's, the files are its own.
        ("3:memory:/docker/abc\n", {V1: "4000000\n"}, (4 * 10**6, "of the control group (v1)")),
        ("", {}, (PHYSICAL, "of the machine")),
    ],
)  # fmt: skip
def test_the_smallest_limit_counts(tmp_path, group, files, expected):
    assert machine_memory(tree(tmp_path, group, **files)) == expected


def test_without_control_groups_it_is_the_machine(tmp_path):
    assert machine_memory(tmp_path) == (PHYSICAL, "of the machine")
