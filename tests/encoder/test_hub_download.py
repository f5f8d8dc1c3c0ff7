"""What a visitor who waits is told, how a download stops, what is there without a network."""

import json
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from huggingface_hub import hf_hub_download

from encoder.errors import DownloadFailed, ModelRefused
from encoder.hub import DownloadProgress
from tests import hub_repo
from tests.hub_repo import REPO, WANTED, WEIGHTS, disconnect, files_of, write

fetch, folder, server = hub_repo.fetch, hub_repo.folder, hub_repo.server


class Stopped(Exception):
    """The visitor does not want it any more."""


def stop_in_the_weights(event):
    if event.file.endswith(WEIGHTS) and event.done_bytes > 300_000:
        raise Stopped


def test_progress_counts_up_over_all_files_and_prints_nothing(server, fetch, monkeypatch, capfd):
    monkeypatch.setattr("huggingface_hub.constants.DOWNLOAD_CHUNK_SIZE", 2**16)
    events: list[DownloadProgress] = []
    snapshot = fetch(on_progress=events.append)

    total = sum((snapshot / name).stat().st_size for name in WANTED)
    counts = [event.done_bytes for event in events]
    assert counts == sorted(counts)
    assert (counts[0], counts[-1]) == (0, total)
    assert {event.total_bytes for event in events} == {total}
    assert {event.file for event in events} == WANTED
    assert len([event for event in events if event.file == WEIGHTS]) > 4
    assert capfd.readouterr() == ("", "")


def test_a_cached_model_is_not_fetched_again_and_reports_that_all_is_there(server, fetch):
    first = fetch()
    server.requests.clear()
    events: list[DownloadProgress] = []

    assert fetch(on_progress=events.append) == first
    assert [r.name for r in server.requests] == [""]
    assert events[-1].done_bytes == events[-1].total_bytes > 300_000


def test_an_exception_in_on_progress_stops_and_leaves_no_part_and_no_lock(server, fetch, tmp_path):
    with pytest.raises(Stopped):
        fetch(on_progress=stop_in_the_weights)
    assert not list((tmp_path / "cache").rglob("*.incomplete"))
    server.requests.clear()

    assert (fetch() / WEIGHTS).read_bytes() == server.content(WEIGHTS)
    assert {r.name for r in server.requests} == {"", WEIGHTS}  # the small files were there


def test_no_token_is_ever_sent(server, fetch, monkeypatch):
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    fetch()
    assert server.requests
    assert {r.authorization for r in server.requests} == {None}


def test_two_calls_for_one_model_fetch_it_once(server, fetch):
    first_has_bytes = threading.Event()

    def pause(event):
        """Hold the first call in the middle of the weights until the second one wants them."""
        if event.done_bytes > 300_000 and not first_has_bytes.is_set():
            wanted = len(server.requests) + 2  # the second call's listing, its question for weights
            first_has_bytes.set()
            assert server.wait_for(lambda requests: len(requests) >= wanted, timeout_s=10)

    def second():
        assert first_has_bytes.wait(10)
        return fetch()

    with ThreadPoolExecutor(2) as pool:
        one, two = pool.submit(fetch, on_progress=pause), pool.submit(second)
        assert one.result(20) == two.result(20)
    for name in WANTED:
        assert len(server.gets(name)) == 1


# Without a network


def test_no_network_serves_what_main_was_last(server, folder, fetch, monkeypatch):
    config = (folder / "config.json").read_bytes()
    first = fetch()
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


def test_no_network_serves_what_another_program_put_in_the_cache(
    server, fetch, monkeypatch, tmp_path
):
    for name in WANTED:
        hf_hub_download(REPO, name, cache_dir=tmp_path / "cache", endpoint=server.url, token=False)
    disconnect(monkeypatch)
    assert files_of(fetch()) == WANTED


def test_no_network_does_not_serve_a_snapshot_without_its_weights(server, fetch, monkeypatch):
    (fetch() / WEIGHTS).unlink()
    disconnect(monkeypatch)
    with pytest.raises(DownloadFailed, match="No complete copy"):
        fetch()


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
    disconnect(monkeypatch)
    with pytest.raises(DownloadFailed, match="No complete copy"):
        fetch()


def test_an_interrupted_update_leaves_the_earlier_snapshot(server, folder, fetch, monkeypatch):
    before = fetch()
    write(folder, {WEIGHTS: bytes(310_000)})
    with pytest.raises(Stopped):
        fetch(on_progress=stop_in_the_weights)
    disconnect(monkeypatch)
    assert fetch() == before


def test_the_size_limit_holds_for_the_cache_too(server, fetch, monkeypatch):
    fetch()
    disconnect(monkeypatch)
    with pytest.raises(ModelRefused, match=r"more than the limit of 0\.1 MB"):
        fetch(max_bytes=100_000)
