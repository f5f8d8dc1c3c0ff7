"""What the cache is trusted with: no second hashing, no snapshot with a gap, no stale `main`."""

import json
import shutil
from pathlib import Path

import pytest
from huggingface_hub import hf_hub_download

from encoder.errors import DownloadFailed, ModelRefused
from encoder.hub import transport
from tests import hub_repo
from tests.hub_repo import REPO, WANTED, WEIGHTS, disconnect, write

fetch, folder, server = hub_repo.fetch, hub_repo.folder, hub_repo.server


@pytest.fixture
def hashed(monkeypatch):
    """Names of the files hashed, in order; the hashing itself is left as it is."""
    names: list[str] = []
    verify = transport._verify

    def counted(repo, file, content):
        names.append(file.path)
        verify(repo, file, content)

    monkeypatch.setattr(transport, "_verify", counted)
    return names


def test_a_verified_model_is_neither_hashed_nor_fetched_again(server, fetch, hashed):
    first = fetch()
    assert set(hashed) == WANTED
    hashed.clear()
    server.requests.clear()

    assert fetch() == first
    assert hashed == []
    assert [r.name for r in server.requests] == [""]


def test_what_matched_before_an_interruption_is_not_hashed_again(server, fetch, hashed):
    server.breaks[WEIGHTS] = [100_000, 0]
    with pytest.raises(DownloadFailed):
        fetch()
    assert set(hashed) == WANTED - {WEIGHTS}
    hashed.clear()
    fetch()
    assert hashed == [WEIGHTS]


def test_a_file_changed_since_it_was_verified_is_found_out(server, fetch):
    weights = (fetch() / WEIGHTS).resolve()
    weights.write_bytes(weights.read_bytes()[::-1])
    with pytest.raises(DownloadFailed, match="arrived damaged"):
        fetch()
    assert (fetch() / WEIGHTS).read_bytes() == server.content(WEIGHTS)


def test_a_file_that_another_program_left_in_the_cache_is_verified(server, fetch, tmp_path):
    snapshot = fetch()
    shutil.rmtree(snapshot.parents[1] / "verified")
    weights = (snapshot / WEIGHTS).resolve()
    weights.write_bytes(b"damaged")
    found = hf_hub_download(
        REPO, WEIGHTS, revision=server.commit, cache_dir=tmp_path / "cache", endpoint=server.url
    )
    assert Path(found).read_bytes() == b"damaged"  # else this test would show nothing
    with pytest.raises(DownloadFailed, match="arrived damaged"):
        fetch()


@pytest.mark.parametrize(
    "text", ["", '{"config.json": {"sha', "[1]", '{"config.json": 3}', '{"config.json": [1]}']
)
def test_a_broken_record_only_means_hashing_again(server, fetch, hashed, text):
    snapshot = fetch()
    (record,) = (snapshot.parents[1] / "verified").iterdir()
    record.write_text(text)
    hashed.clear()

    assert fetch() == snapshot
    assert set(hashed) == WANTED
    hashed.clear()
    assert fetch() == snapshot
    assert hashed == []


def test_a_new_commit_brings_only_the_files_that_changed(server, folder, fetch):
    old = fetch()
    write(folder, {"config.json": '{"hidden_size": 64}'})
    server.requests.clear()

    new = fetch()

    assert new != old
    assert "64" in (new / "config.json").read_text()
    assert server.gets(WEIGHTS) == []


def test_a_revision_with_a_slash_is_fetched_and_found_again_offline(server, fetch, monkeypatch):
    server.revision = "refs/pr/1"
    snapshot = fetch(revision="refs/pr/1")
    disconnect(monkeypatch)
    assert fetch(revision="refs/pr/1") == snapshot
    assert fetch(revision=snapshot.name) == snapshot
    with pytest.raises(DownloadFailed):
        fetch(revision="main")


def test_offline_main_is_the_commit_that_main_was_last(server, folder, fetch, monkeypatch):
    config = (folder / "config.json").read_bytes()
    first = fetch(revision=server.commit)  # complete before `main` was ever asked for
    assert fetch() == first
    write(folder, {"config.json": "{}"})
    second = fetch()
    assert second != first
    disconnect(monkeypatch)
    assert fetch() == second

    monkeypatch.setenv("HF_ENDPOINT", server.url)
    write(folder, {"config.json": config})
    assert fetch() == first
    disconnect(monkeypatch)
    assert fetch() == first


def test_no_network_serves_the_complete_snapshot_in_the_cache(server, fetch, monkeypatch):
    snapshot = fetch()
    disconnect(monkeypatch)
    assert fetch() == snapshot


@pytest.mark.parametrize("missing", [WEIGHTS, "tokenizer.json"])
def test_no_network_does_not_serve_a_snapshot_with_a_gap(server, fetch, monkeypatch, missing):
    (fetch() / missing).unlink()
    disconnect(monkeypatch)
    with pytest.raises(DownloadFailed, match="No complete copy"):
        fetch()


def test_an_interrupted_download_is_not_a_complete_snapshot(server, fetch, monkeypatch):
    server.breaks[WEIGHTS] = [100_000, 0]
    with pytest.raises(DownloadFailed):
        fetch()
    disconnect(monkeypatch)
    with pytest.raises(DownloadFailed, match="No complete copy"):
        fetch(revision=server.commit)


def test_an_interrupted_download_has_a_gap_although_its_transformer_is_whole(
    server, folder, fetch, monkeypatch
):
    modules = [{"path": "0_Transformer"}, {"path": "1_Dense"}]
    transformer, dense = (f"{module['path']}/{WEIGHTS}" for module in modules)
    write(folder, {"modules.json": json.dumps(modules), transformer: b"1", dense: b"2"})
    server.missing = {dense}
    with pytest.raises(DownloadFailed):
        fetch()
    assert server.gets(transformer)
    assert dense in [request.name for request in server.requests]
    disconnect(monkeypatch)
    with pytest.raises(DownloadFailed, match="No complete copy"):
        fetch(revision=server.commit)


def test_no_network_serves_what_another_program_put_in_the_cache(server, fetch, monkeypatch):
    snapshot = fetch()
    shutil.rmtree(snapshot.parents[1] / "verified")
    disconnect(monkeypatch)
    assert fetch() == snapshot
    (snapshot / WEIGHTS).unlink()
    with pytest.raises(DownloadFailed):
        fetch()


def test_the_size_limit_holds_for_the_cache_too(server, fetch, monkeypatch):
    fetch()
    disconnect(monkeypatch)
    with pytest.raises(ModelRefused, match=r"more than the limit of 0\.1 MB"):
        fetch(max_bytes=100_000)


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_hub_in_trouble_counts_as_no_network(server, fetch, status):
    snapshot = fetch()
    server.refusal = (status, "")
    assert fetch() == snapshot


@pytest.mark.parametrize("status", [404, 401])
def test_a_model_withdrawn_from_the_hub_is_not_served_from_the_cache(server, fetch, status):
    fetch()
    server.refusal = (status, "RepoNotFound")
    with pytest.raises(DownloadFailed, match="no public model"):
        fetch()


def test_a_cache_that_cannot_be_written_is_named(server, fetch, tmp_path):
    (tmp_path / "cache").write_text("a file where a folder is needed")
    with pytest.raises(DownloadFailed, match="Could not store 'some-org/tiny-model' in"):
        fetch()
