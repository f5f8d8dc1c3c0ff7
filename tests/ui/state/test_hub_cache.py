"""Downloaded models stay within the bound that the host has set; the oldest go."""

import os
from pathlib import Path

from ui.settings import Settings
from ui.state.hub_cache import trim_hub_cache

KB = 1000


def downloaded(folder: Path, hub_id: str, size: int, used: float, kind: str = "models") -> Path:
    """A model as huggingface_hub lays it down."""
    home = folder / f"{kind}--{hub_id.replace('/', '--')}"
    commit = f"{abs(hash(hub_id)):040x}"[:40]
    (home / "blobs").mkdir(parents=True)
    (home / "refs").mkdir()
    (home / "snapshots" / commit).mkdir(parents=True)
    (home / "refs" / "main").write_text(commit)
    blob = home / "blobs" / "weights"
    blob.write_bytes(b"0" * size)
    (home / "snapshots" / commit / "model.safetensors").symlink_to(blob)
    os.utime(blob, (used, used))
    return home


def test_the_models_not_used_for_longest_go_and_no_more_than_need_be(tmp_path):
    homes = [downloaded(tmp_path, f"org/model-{n}", 10 * KB, used=1e9 + n) for n in range(4)]
    data = downloaded(tmp_path, "org/data", 10 * KB, used=1, kind="datasets")
    assert trim_hub_cache(35 * KB, keep=["org/model-0"], folder=tmp_path) == [
        "org/model-1", "org/model-2",
    ]  # fmt: skip
    assert [home.exists() for home in homes] == [True, False, False, True]
    assert data.exists()


def test_what_fits_stays_and_where_nothing_is_nothing_is_done(tmp_path):
    home = downloaded(tmp_path, "org/model", 10 * KB, used=1)
    assert trim_hub_cache(10 * KB, keep=[], folder=tmp_path) == []
    assert home.exists()
    assert trim_hub_cache(0, keep=[], folder=tmp_path / "not there") == []


def test_nobody_loses_models_whose_host_has_set_no_bound():
    assert Settings.from_environment({}).hub_cache_bytes is None
    assert Settings.from_environment({"SPACE_ID": "a/b"}).hub_cache_bytes == 20_000 * 10**6
    assert Settings.from_environment({"LAB_HUB_CACHE_MB": "5"}).hub_cache_bytes == 5 * 10**6
