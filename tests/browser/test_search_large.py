"""The Search tab over 20,000 texts of one's own: all of it works, and nothing takes an eternity."""

import itertools
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.search_page import SearchPage
from tests.browser.sections_page import SectionsPage

LARGE_MS = 400_000  # all 20,000 are encoded, with one thread, beside whatever else runs
WHO = ["baker", "nurse", "farmer", "teacher", "driver", "painter", "sailor", "lawyer", "singer",
       "plumber", "student", "dentist", "soldier", "tailor", "gardener", "butcher", "waiter",
       "pilot", "miner", "judge"]  # fmt: skip
DOES = ["repairs", "buys", "sells", "paints", "loses", "finds", "washes", "hides", "counts",
        "carries", "breaks", "draws", "steals", "borrows", "photographs", "measures", "cleans",
        "forgets", "moves", "describes"]  # fmt: skip
WHAT = ["bicycle", "boat", "piano", "kitchen", "bridge", "letter", "lamp", "coat", "clock",
        "garden", "tent", "horse", "ladder", "mirror", "oven", "radio", "shelf", "ticket",
        "umbrella", "violin"]  # fmt: skip
WHERE = ["at home", "in town", "by the sea", "on Monday", "before noon"]


def write_texts(file: Path) -> Path:
    """20,000 short sentences and columns of labels; the last hundred say an earlier one again."""
    said = list(itertools.product(WHO, DOES, WHAT, WHERE))[:20_000]
    rows = [f"The {who} {does} a {what} {where}.,{who}" for who, does, what, where in said]
    rows[-100:] = [row.replace("The", "A") for row in rows[:100]]
    file.write_text("text,who\n" + "\n".join(rows))
    return file


@contextmanager
def timed(what: str, seconds: dict[str, float]) -> Iterator[None]:
    begun = time.monotonic()
    yield
    seconds[what] = time.monotonic() - begun


@pytest.mark.slow
def test_every_section_works_on_twenty_thousand_texts_of_ones_own(page, tmp_path):
    tab, lab = SearchPage(page).open(), SectionsPage(page)
    seconds: dict[str, float] = {}

    def work(name: str) -> None:
        with timed(name, seconds):
            lab.find(f"#{name}-go").click()
            expect(lab.find(f"#{name}-progress")).to_contain_text("Done in", timeout=LARGE_MS)

    with timed("index", seconds):
        tab.send(write_texts(tmp_path / "many.csv"))
        expect(tab.find("#search-corpus-facts")).to_contain_text("20,000 texts", timeout=LARGE_MS)
        tab.ask("a musician and an instrument")
        expect(tab.find("#search-progress")).to_contain_text("Turning texts", timeout=LARGE_MS)
        expect(tab.panel).to_contain_text("20,000 texts", timeout=LARGE_MS)
    with timed("verdict", seconds):
        expect(tab.panel).to_contain_text("unrelated queries", timeout=LARGE_MS)
    expect(tab.hits).to_have_count(10)
    for rank in (1, 2, 3):
        assert re.search("violin|piano", tab.hit(rank))
    with timed("another question", seconds):
        tab.ask("umbrellas on the beach")
        expect(tab.hits.first).to_contain_text("umbrella", timeout=LARGE_MS)
    tab.answered()
    tab.hits.first.locator("[data-pick]").click()
    expect(tab.find("#search-why")).to_contain_text("Hit 1: cosine")

    lab.press("lab-hits", "more", 3)
    expect(lab.find("#lab-moved tbody tr").nth(9)).to_be_visible()
    lab.press("judge-hits", "good", 0)
    lab.press("judge-hits", "bad", 9)
    work("measure-search")
    expect(lab.table("All judged queries").locator("tbody tr")).to_have_count(3)
    work("compress")
    expect(lab.find("#compress tbody tr")).to_have_count(40)
    expect(lab.find("#compress")).to_contain_text("everyday questions")
    work("duplicates")
    expect(lab.find("#duplicates tbody tr").first).to_be_visible()
    with timed("another question after all that", seconds):
        tab.ask("which clock was stolen?")
        expect(tab.hits.first).to_contain_text("clock", timeout=LARGE_MS)
    print(", ".join(f"{what}: {took:.1f} s" for what, took in seconds.items()))
