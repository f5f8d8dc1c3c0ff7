"""How the files arrive: progress, checksums, interruptions, and one call at a time."""

import hashlib
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from encoder.errors import DownloadFailed
from encoder.hub import DownloadProgress
from tests import hub_repo
from tests.hub_repo import WANTED, WEIGHTS, files_of, write

fetch, folder, server = hub_repo.fetch, hub_repo.folder, hub_repo.server


def test_progress_counts_up_over_all_files_and_prints_nothing(server, fetch, capfd):
    events: list[DownloadProgress] = []
    snapshot = fetch(on_progress=events.append)

    total = sum((snapshot / name).stat().st_size for name in files_of(snapshot))
    counts = [event.done_bytes for event in events]
    assert counts == sorted(counts)
    assert counts[-1] == total
    assert {event.total_bytes for event in events} == {total}
    assert {event.file for event in events} == files_of(snapshot)
    assert len([event for event in events if event.file == WEIGHTS]) > 2
    assert capfd.readouterr() == ("", "")


def test_a_cached_model_reports_that_all_of_it_is_there(server, fetch):
    fetch()
    events: list[DownloadProgress] = []
    fetch(on_progress=events.append)
    assert [event.done_bytes == event.total_bytes > 300_000 for event in events] == [True]


@pytest.mark.parametrize(
    ("name", "digest"),
    [
        (WEIGHTS, lambda content: hashlib.sha256(content).hexdigest()),
        ("vocab.txt", lambda content: hashlib.sha1(b"blob 16\0" + content).hexdigest()),
    ],
)
def test_a_wrong_checksum_deletes_the_file_and_shows_both(server, fetch, tmp_path, name, digest):
    right = server.content(name)
    server.corrupt = {name}
    with pytest.raises(DownloadFailed, match=f"{digest(right[::-1])}.*{digest(right)}"):
        fetch()
    kept = [p for p in (tmp_path / "cache").rglob("*") if p.is_file()]
    assert right[::-1] not in [p.read_bytes() for p in kept]

    server.corrupt = set()
    assert (fetch() / name).read_bytes() == right


def test_a_file_longer_than_announced_is_not_read_to_its_end(server, fetch):
    lfs = {"sha256": server.sha256(WEIGHTS), "size": 1000, "pointerSize": 130}
    server.extra_info = {"siblings": [{"rfilename": WEIGHTS, "size": 1000, "lfs": lfs}]}
    events: list[DownloadProgress] = []
    with pytest.raises(DownloadFailed, match="arrived damaged"):
        fetch(max_bytes=1000, on_progress=events.append)
    assert [event.done_bytes for event in events] == [1000]


def test_a_file_shorter_than_announced_is_not_asked_for_without_end(server, fetch):
    size = len(server.content(WEIGHTS))
    lfs = {"sha256": server.sha256(WEIGHTS), "size": size + 1, "pointerSize": 130}
    server.extra_info = {"siblings": [{"rfilename": WEIGHTS, "size": size + 1, "lfs": lfs}]}
    with pytest.raises(DownloadFailed, match="ended after 300000 of 300001 bytes"):
        fetch()


def test_where_links_cannot_be_made_the_files_are_copied(server, fetch, monkeypatch):
    def refuse(*_):
        raise OSError("no links here")

    monkeypatch.setattr("pathlib.Path.symlink_to", refuse)
    snapshot = fetch()
    assert files_of(snapshot) == WANTED
    assert not [path for path in snapshot.iterdir() if path.is_symlink()]


def test_a_checksum_that_is_not_one_cannot_become_a_path(server, fetch):
    lfs = {"sha256": "../../../escaped", "size": 1, "pointerSize": 1}
    listed = [{"rfilename": WEIGHTS, "size": 1, "lfs": lfs}]
    server.extra_info = {"siblings": listed}
    with pytest.raises(DownloadFailed, match="no valid checksum"):
        fetch()


def test_the_next_call_resumes_and_does_not_fetch_the_head_again(server, fetch):
    server.breaks[WEIGHTS] = [100_000, 0]  # the second break ends the first call
    with pytest.raises(DownloadFailed, match="could not be reached"):
        fetch()
    assert [r.range for r in server.gets(WEIGHTS)] == [None, "bytes=100000-"]
    server.requests.clear()
    events: list[DownloadProgress] = []

    snapshot = fetch(on_progress=events.append)

    assert [r.range for r in server.gets(WEIGHTS)] == ["bytes=100000-"]
    assert (snapshot / WEIGHTS).read_bytes() == server.content(WEIGHTS)
    assert min(e.done_bytes for e in events if e.file == WEIGHTS) > 100_000
    assert {r.name for r in server.requests} == {"", WEIGHTS}  # the small files were there


def test_a_connection_that_breaks_once_is_resumed_within_the_call(server, fetch):
    server.breaks[WEIGHTS] = [100_000]
    assert (fetch() / WEIGHTS).read_bytes() == server.content(WEIGHTS)
    assert [r.range for r in server.gets(WEIGHTS)] == [None, "bytes=100000-"]


def test_an_exception_in_on_progress_cancels_and_the_next_call_resumes(server, fetch):
    class Cancelled(Exception):
        pass

    def cancel(event):
        if event.file == WEIGHTS:
            raise Cancelled

    with pytest.raises(Cancelled):
        fetch(on_progress=cancel)
    server.requests.clear()

    assert (fetch() / WEIGHTS).read_bytes() == server.content(WEIGHTS)
    (request,) = server.gets(WEIGHTS)
    assert request.range is not None
    assert request.range != "bytes=0-"


def test_a_server_that_ignores_ranges_sends_the_whole_file_anew(server, fetch):
    server.ignores_ranges = True
    server.breaks[WEIGHTS] = [100_000]
    assert (fetch() / WEIGHTS).read_bytes() == server.content(WEIGHTS)
    assert len(server.gets(WEIGHTS)) == 2


def test_leftover_bytes_that_are_too_many_do_not_block_the_download(server, fetch, tmp_path):
    blobs = tmp_path / "cache" / "models--some-org--tiny-model" / "blobs"
    write(blobs, {f"{server.sha256(WEIGHTS)}.resume.incomplete": bytes(400_000)})
    assert (fetch() / WEIGHTS).read_bytes() == server.content(WEIGHTS)


def test_no_token_is_ever_sent(server, fetch, monkeypatch):
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    fetch()
    assert server.requests
    assert {r.authorization for r in server.requests} == {None}


def test_of_two_calls_for_one_repo_one_downloads_and_the_other_waits(server, fetch):
    second_may_start = threading.Event()

    def pause(event):
        """Hold the first call in the middle of a file and watch what the second one does."""
        if second_may_start.is_set():
            return
        second_may_start.set()
        seen = len(server.requests)
        assert server.wait_for(lambda requests: len(requests) > seen, timeout_s=10)
        # The second call has its listing; without the lock its first file would follow at once.
        assert not server.wait_for(lambda requests: len(requests) > seen + 1, timeout_s=0.3)

    def second():
        assert second_may_start.wait(10)
        return fetch()

    with ThreadPoolExecutor(2) as pool:
        one, two = pool.submit(fetch, on_progress=pause), pool.submit(second)
        assert one.result(20) == two.result(20)
    assert len(server.gets("")) == 2
    for name in files_of(one.result()):
        assert len(server.gets(name)) == 1
