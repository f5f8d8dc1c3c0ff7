"""Whose word is taken for where a request comes from."""

import pytest

from encoder import EncoderError
from ui.serving.address import address_of, address_of_scope
from ui.settings import Settings


@pytest.mark.parametrize(
    ("told", "proxies", "address"),
    [
        ("", 0, "host"),
        ("1.1.1.1", 0, "host"),  # anybody can write that
        ("1.1.1.1", 1, "1.1.1.1"),
        ("made up, 1.1.1.1", 1, "1.1.1.1"),
        ("made up, 1.1.1.1, 2.2.2.2", 2, "1.1.1.1"),
        ("1.1.1.1", 2, "host"),  # it came round the outer proxy
        (" , ,", 1, "host"),
        ("", 1, "host"),
    ],
)
def test_only_what_the_hosts_proxies_wrote_counts(told, proxies, address):
    headers = {"x-forwarded-for": told} if told else {}
    assert address_of("host", headers, proxies) == address
    scope = {"client": ("host", 1), "headers": [(b"x-forwarded-for", told.encode())]}
    assert address_of_scope(scope, proxies) == address


def test_several_lines_are_one_list():
    lines = [(b"x-forwarded-for", b"made up"), (b"x-forwarded-for", b"1.1.1.1")]
    assert address_of_scope({"client": None, "headers": lines}, 1) == "1.1.1.1"
    assert address_of_scope({"client": None, "headers": []}, 1) == ""


def test_the_host_says_how_many_proxies_there_are_and_a_space_has_one():
    assert Settings.from_environment({}).proxies == 0
    assert Settings.from_environment({"SPACE_ID": "a/b"}).proxies == 1
    assert Settings.from_environment({"SPACE_ID": "a/b", "LAB_PROXIES": "2"}).proxies == 2
    with pytest.raises(EncoderError, match="LAB_PROXIES is 'two'"):
        Settings.from_environment({"LAB_PROXIES": "two"})
