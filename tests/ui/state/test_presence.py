"""Who is there, with a clock that is wound by hand."""

import pytest

from tests.ui.clock import Clock
from ui.state.presence import SOMEBODY, Client, Presence

GRACE_S, UNHEARD_S = 120.0, 10.0


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def presence(clock):
    return Presence(GRACE_S, UNHEARD_S, clock)


def test_a_heartbeat_that_drops_for_a_moment_ends_nothing(presence, clock):
    presence.open("ann", "1.1.1.1", page=True)
    clock.now = 1000
    presence.close("ann", page=True)
    clock.now += GRACE_S
    assert presence.has_page("ann")
    assert not presence.is_unheard("ann")
    assert presence.take_gone() == []
    presence.open("ann", "1.1.1.1", page=True)
    clock.now += 10 * GRACE_S
    assert presence.take_gone() == []


def test_a_page_that_was_closed_is_gone_after_the_grace_and_only_once(presence, clock):
    presence.open("ann", "1.1.1.1", page=True)
    presence.close("ann", page=True)
    clock.now += GRACE_S + 1
    assert not presence.has_page("ann")
    assert presence.is_unheard("ann")
    assert [presence.take_gone(), presence.take_gone()] == [["ann"], []]


def test_a_page_that_was_opened_is_there_before_its_heartbeat(presence, clock):
    presence.arrive("ann")
    assert presence.has_page("ann")
    presence.open("ann", "1.1.1.1", page=True)
    assert presence.client("ann") == Client("1.1.1.1")
    presence.arrive("bob")  # whose heartbeat never comes
    clock.now += GRACE_S + 1
    assert presence.has_page("ann")
    assert not presence.has_page("bob")


def test_the_old_connection_may_end_after_the_new_one_has_begun(presence, clock):
    presence.open("ann", "1.1.1.1", page=True)
    presence.open("ann", "2.2.2.2", page=True)
    presence.close("ann", page=True)
    clock.now += 10 * GRACE_S
    assert presence.has_page("ann")
    assert presence.take_gone() == []


def test_what_nobody_listens_to_is_unheard_after_seconds(presence, clock):
    presence.meet("call", "1.1.1.1")
    clock.now += UNHEARD_S
    assert not presence.is_unheard("call")
    clock.now += 1
    assert presence.is_unheard("call")


def test_a_caller_is_heard_while_it_listens_and_kept_for_the_grace(presence, clock):
    presence.meet("call", "1.1.1.1")
    presence.open("call", "1.1.1.1", page=False)
    clock.now += 10 * GRACE_S
    assert not presence.is_unheard("call")
    presence.close("call", page=False)
    clock.now += UNHEARD_S + 1
    assert presence.is_unheard("call")
    assert presence.take_gone() == []
    clock.now += GRACE_S
    assert presence.take_gone() == ["call"]


def test_a_program_that_listens_is_no_page(presence):
    presence.open("call", "1.1.1.1", page=False)
    presence.open("ann", "2.2.2.2", page=True)
    assert presence.client("call") == Client("1.1.1.1", has_page=False)
    assert presence.client("ann") == Client("2.2.2.2", has_page=True)
    assert not presence.has_page("call")


def test_pages_are_counted_by_address(presence):
    for session, address in (("a", "1"), ("b", "1"), ("c", "2")):
        presence.open(session, address, page=True)
    presence.close("b", page=True)
    assert [presence.pages_of(address) for address in "123"] == [1, 1, 0]


def test_what_is_over_is_known_until_it_comes_again(presence, clock):
    presence.meet("ann", "1.1.1.1")
    assert not presence.is_over("ann")
    clock.now += GRACE_S + 1
    presence.take_gone()
    assert presence.is_over("ann")
    assert presence.is_unheard("ann")
    presence.meet("ann", "1.1.1.1")
    assert not presence.is_over("ann")
    assert not presence.is_over("nobody")


def test_a_session_that_never_came_by_the_server_is_always_there(presence, clock):
    clock.now += 10**6
    for session in ("ann", "", None):
        assert not presence.is_unheard(session)
        assert presence.client(session) == SOMEBODY
    presence.close("ann", page=True)  # nor does the end of an unknown connection matter
    assert presence.take_gone() == []
