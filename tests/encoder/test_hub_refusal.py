"""What can go wrong between here and the Hub, and what a visitor is told about it."""

import hashlib
import os

import pytest

from encoder.errors import DownloadFailed
from tests import hub_repo
from tests.hub_repo import WEIGHTS, disconnect

fetch, folder, server = hub_repo.fetch, hub_repo.folder, hub_repo.server


def test_no_network_fails_fast_and_says_what_still_works(server, fetch, monkeypatch):
    disconnect(monkeypatch)
    waits: list[float] = []
    monkeypatch.setattr("time.sleep", waits.append)
    with pytest.raises(DownloadFailed) as failed:
        fetch()
    assert sum(waits) < 3  # huggingface_hub's own retries would take 23 s
    message = str(failed.value)
    assert f"{os.environ['HF_ENDPOINT']} could not be reached" in message
    assert "'some-org/tiny-model'" in message
    assert "the bundled model works offline" in message


def test_an_endpoint_that_is_no_url_is_named(fetch, monkeypatch):
    monkeypatch.setenv("HF_ENDPOINT", "http://hub:port")
    with pytest.raises(DownloadFailed, match="http://hub:port could not be reached"):
        fetch()


@pytest.mark.parametrize("stalled", ["", WEIGHTS])
def test_a_hub_that_does_not_answer_in_time_counts_as_no_network(
    server, fetch, monkeypatch, stalled
):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_DOWNLOAD_TIMEOUT", 0.3)
    server.stalls = {stalled}
    with pytest.raises(DownloadFailed, match="could not be reached"):
        fetch()


def test_offline_mode_asks_nobody_and_uses_the_cache(server, fetch, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(DownloadFailed, match="HF_HUB_OFFLINE forbids network access"):
        fetch()
    assert server.requests == []

    monkeypatch.delenv("HF_HUB_OFFLINE")
    snapshot = fetch()
    server.requests.clear()
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    assert fetch() == snapshot
    assert server.requests == []


def test_offline_mode_set_before_the_import_counts_as_well(server, fetch, monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(DownloadFailed, match="HF_HUB_OFFLINE forbids network access"):
        fetch()
    assert server.requests == []


@pytest.mark.parametrize(
    ("refusal", "words"),
    [
        ((404, "RepoNotFound"), "There is no public model 'some-org/tiny-model'"),
        ((404, ""), "There is no public model 'some-org/tiny-model'"),
        ((401, "RepoNotFound"), "does not exist, or it is private"),
        ((401, "GatedRepo"), "'some-org/tiny-model' is gated"),
        ((403, ""), r"denies access .* private or gated"),
        ((418, ""), "answered with HTTP 418"),
    ],
)
def test_a_refusal_of_the_hub_is_told_in_plain_words(server, fetch, refusal, words):
    server.refusal = refusal
    with pytest.raises(DownloadFailed, match=words):
        fetch()


def test_a_missing_file_is_not_taken_for_a_missing_model(server, fetch):
    server.missing = {WEIGHTS}
    with pytest.raises(DownloadFailed, match="answered with HTTP 404 for 'some-org/tiny-model'"):
        fetch()


def test_a_gated_model_is_recognised_from_its_listing(server, fetch):
    server.extra_info = {"gated": "manual"}
    with pytest.raises(DownloadFailed, match="is gated"):
        fetch()
    assert [r.name for r in server.requests] == [""]


@pytest.mark.parametrize("extra", [{"sha": None}, {"sha": "../.."}, {"siblings": "<html>"}])
def test_an_answer_that_is_not_the_hubs_counts_as_no_network(server, fetch, extra):
    server.extra_info = extra
    with pytest.raises(DownloadFailed, match="bundled model works offline"):
        fetch()


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


def test_a_file_of_another_length_is_refused_and_the_next_call_fetches_it(server, fetch):
    server.short = {WEIGHTS}
    with pytest.raises(DownloadFailed, match=r"did not arrive whole: .* 300000 .* 299999"):
        fetch()
    server.short = set()
    assert (fetch() / WEIGHTS).read_bytes() == server.content(WEIGHTS)


def test_a_wrong_checksum_deletes_the_file_and_shows_both(server, fetch):
    content = server.content(WEIGHTS)
    wrong, right = (hashlib.sha256(c).hexdigest() for c in (content[::-1], content))
    server.corrupt = {WEIGHTS}
    with pytest.raises(DownloadFailed, match=f"arrived damaged.*{wrong}.*{right}"):
        fetch()
    server.corrupt = set()
    assert (fetch() / WEIGHTS).read_bytes() == content


@pytest.mark.parametrize("name", ["config.json", "vocab.txt"])
def test_something_else_of_the_same_length_does_not_stay_in_the_cache(server, fetch, name):
    server.corrupt = {name}
    with pytest.raises(DownloadFailed, match=f"'{name}' of 'some-org/tiny-model' arrived damaged"):
        fetch()
    server.corrupt = set()
    assert (fetch() / name).read_bytes() == server.content(name)
