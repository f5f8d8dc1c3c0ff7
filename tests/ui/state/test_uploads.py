"""What is sent lies on the disk until it is read, and within bounds."""

import os
import time

import pytest

from tests.ui.clock import Clock
from ui.state.uploads import FileGone, Uploads, UploadsFull

KEEP_S = 600.0


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def uploads(clock, tmp_path):
    return Uploads(each_bytes=100, all_bytes=150, keep_s=KEEP_S, folder=tmp_path, clock=clock)


def send(uploads, path, address="1.1.1.1", text="secret"):
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    upload = uploads.begin(address, len(text))
    uploads.arrive(upload, [str(path)])
    return path


def test_a_file_is_gone_when_it_was_read_even_where_it_was_no_good(uploads, tmp_path):
    for error in (None, ValueError):
        file = send(uploads, tmp_path / "ab12" / "secret.csv")
        try:
            with uploads.read_once(str(file)) as sent:
                assert sent.read_text() == "secret"
                if error:
                    raise error
        except ValueError:
            pass
        assert list(tmp_path.iterdir()) == []
        assert uploads.bytes == 0


def test_two_who_send_the_same_file_both_can_read_it(uploads, tmp_path):
    path = tmp_path / "ab12" / "handout.csv"
    for address in ("1.1.1.1", "2.2.2.2"):
        send(uploads, path, address)
    for _ in range(2):
        with uploads.read_once(str(path)) as file:
            assert file.read_text() == "secret"
    assert not path.exists()
    with pytest.raises(FileGone, match=r"handout\.csv .* Send it again"), \
            uploads.read_once(str(path)):  # fmt: skip
        pass


def test_what_is_to_be_read_once_more_stays_and_goes_in_time(uploads, clock, tmp_path):
    file = send(uploads, tmp_path / "ab12" / "large.csv")
    with pytest.raises(KeyError), uploads.read_once(str(file), unless=KeyError):
        raise KeyError
    assert file.exists()
    clock.now += KEEP_S
    uploads.sweep()
    assert file.exists()
    clock.now += 1
    uploads.sweep()
    assert not file.exists()
    assert uploads.bytes == 0


def test_pieces_of_what_broke_off_go_in_time_and_what_is_under_way_stays(uploads, tmp_path):
    old, new = tmp_path / "tmpold", tmp_path / "tmpnew"
    for piece in (old, new):
        piece.write_text("half a file")
    past = time.time() - KEEP_S - 60
    os.utime(old, (past, past))
    uploads.sweep()
    assert [old.exists(), new.exists()] == [False, True]


def test_no_file_but_one_that_was_sent_is_deleted(uploads, tmp_path):
    own = tmp_path / "of the host.csv"
    own.write_text("text")
    with uploads.read_once(str(own)) as file:
        assert file == own
    assert own.exists()


def test_room_is_bounded_for_each_and_for_all_and_free_again(uploads):
    first = uploads.begin("1.1.1.1", 60)
    with pytest.raises(UploadsFull, match="from your address"):
        uploads.begin("1.1.1.1", 60)
    second = uploads.begin("2.2.2.2", 60)
    with pytest.raises(UploadsFull, match="from all visitors"):
        uploads.begin("3.3.3.3", 60)
    uploads.break_off(first)
    uploads.break_off(second)
    assert uploads.bytes == 0
    uploads.begin("3.3.3.3", 100)
