"""Every strategy has a row of its own on the page, and one without a row is no hole in it."""

import re

from encoder import POOLINGS
from ui.page.strategies import LOOKS, NO_LOOK, look


def test_every_strategy_has_a_colour_of_its_own():
    assert set(LOOKS) == set(POOLINGS)
    colours = [row.colour for row in LOOKS.values()]
    assert all(re.fullmatch(r"#[0-9a-f]{6}", colour) for colour in colours)
    assert len(set(colours)) == len(POOLINGS)


def test_a_row_says_what_sentence_transformers_lacks_where_it_cannot_save_the_strategy():
    assert {name for name, row in LOOKS.items() if row.unsaved} == {
        name for name, strategy in POOLINGS.items() if not strategy.saved_as
    }


def test_a_number_behind_a_name_changes_nothing_of_its_look():
    assert look("soft:4") is LOOKS["soft"]


def test_a_strategy_without_a_row_has_the_pages_own_colour():
    assert look("median") is NO_LOOK
    assert NO_LOOK.colour.startswith("var(")
    assert NO_LOOK.code == ""
