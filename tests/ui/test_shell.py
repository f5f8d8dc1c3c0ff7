"""The page as a whole."""

from collections import Counter

import pytest

from app import build
from tests.ui.map.lab import tiny_workbench


@pytest.fixture
def demo(tiny):
    return build(tiny_workbench(tiny("bert"), tiny("roberta")))[0]


def test_no_two_places_of_the_page_have_one_id(demo):
    ids = Counter(block.elem_id for block in demo.blocks.values() if block.elem_id)
    assert len(ids) > 100
    assert [name for name, count in ids.items() if count > 1] == []


def test_an_event_that_shows_no_progress_keeps_no_status_of_its_outputs(demo):
    """Each status was looked for among all of the page at every step of any event."""
    events = demo.get_config_file()["dependencies"]
    hidden = [event for event in events if event["show_progress"] == "hidden"]
    assert len(hidden) > 50
    assert all(event["show_progress_on"] == [] for event in hidden)
