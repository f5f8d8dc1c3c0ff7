"""What a giant cluster has in common, and texts without links and handles."""

import numpy as np
import pytest

from explore.addresses import without_addresses
from explore.common import giant


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("@united my bag is lost https://t.co/a1", "my bag is lost"),
        ("See www.example.org or bit.ly/x, please", "See or please"),
        ("Write to a.b+c@mail.example &amp; wait", "Write to wait"),
        ("#delay again @air_france!", "#delay again !"),
        ("three@five is no handle of ours", "three@five is no handle of ours"),
        ("5.5 km/h and and/or 1.2/3", "5.5 km/h and and/or 1.2/3"),
        ("@only https://t.co/b", "@only https://t.co/b"),
        ("", ""),
    ],
)
def test_a_text_without_links_and_handles(text, rest):
    assert without_addresses(text) == rest


def test_a_cluster_of_more_than_half_says_what_most_of_it_shares():
    texts = ["@jet my bag is lost", "@jet where is the bag?", "@jet thanks", "red cat", "a dog"]
    found = giant([*texts * 4], np.array([0, 0, 0, 1, -1] * 4))
    assert (found.cluster, found.share, found.addressed) == (0, 0.6, 1.0)
    assert found.words[:2] == (("@jet", 1.0), ("bag", pytest.approx(2 / 3)))


def test_half_of_all_texts_is_no_giant():
    assert giant(["a cat"] * 20, np.repeat([0, 1], 10)) is None
    assert giant(["a cat"] * 20, np.full(20, -1)) is None
    assert giant(["a cat"] * 19, np.zeros(19, np.int64)) is None  # too few to say
