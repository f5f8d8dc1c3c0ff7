"""Work on many texts goes piece by piece: it tells how far it is, and can be stopped in between."""

import threading

import pytest

from explore import Stopped
from ui.state.texts import ENCODED_AT_ONCE, in_pieces


def test_all_items_come_in_their_order_and_each_piece_is_told_beforehand():
    items, news = list(range(2 * ENCODED_AT_ONCE + 1)), []
    pieces = list(in_pieces(items, "encode", lambda *one: news.append(one), threading.Event()))
    assert [len(piece) for piece in pieces] == [ENCODED_AT_ONCE, ENCODED_AT_ONCE, 1]
    assert [item for piece in pieces for item in piece] == items
    assert news == [("encode", at * ENCODED_AT_ONCE / len(items)) for at in range(3)]


def test_a_stop_is_heard_before_the_next_piece():
    stop = threading.Event()
    pieces = in_pieces(range(2 * ENCODED_AT_ONCE), "encode", None, stop)
    next(pieces)
    stop.set()
    with pytest.raises(Stopped):
        next(pieces)
