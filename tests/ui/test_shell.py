"""The page as a whole."""

from collections import Counter

from app import build
from tests.ui.laid_out import tiny_workbench


def test_no_two_places_of_the_page_have_one_id(tiny):
    demo, _ = build(tiny_workbench(tiny("bert"), tiny("roberta")))
    ids = Counter(block.elem_id for block in demo.blocks.values() if block.elem_id)
    assert len(ids) > 100
    assert [name for name, count in ids.items() if count > 1] == []
