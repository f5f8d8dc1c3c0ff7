"""The Search tab through a visitor's hands: what is on it, and how to touch it."""

import re
from pathlib import Path

from playwright.sync_api import Locator, Page, expect

SEARCH_MS = 120_000  # an index is built in seconds, but waits for the work of others


class SearchPage:
    """Selectors live here once; tests say what a visitor does and sees."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def open(self) -> "SearchPage":
        """A first look at the tab, until the sample's question is answered."""
        self.page.goto("/")
        return self.turn_to()

    def turn_to(self) -> "SearchPage":
        """To the tab, from another."""
        self.page.get_by_role("tab", name="Search").click()
        return self.answered()

    def answered(self, *words: str) -> "SearchPage":
        """Wait for an answer whose panel says all of these words, and for its verdict."""
        for word in words:
            expect(self.panel).to_contain_text(word, timeout=SEARCH_MS)
        expect(self.panel).to_contain_text("unrelated queries", timeout=SEARCH_MS)
        return self

    def find(self, selector: str) -> Locator:
        return self.page.locator(selector)

    @property
    def panel(self) -> Locator:
        """Verdict, settings, latency, and where the vectors are."""
        return self.find("#search-answer")

    @property
    def hits(self) -> Locator:
        return self.find("#search-hits tbody tr")

    def hit(self, rank: int) -> str:
        """The text of a hit, as far as it is shown."""
        return self.hits.nth(rank - 1).locator("th button").inner_text()

    def ask(self, question: str) -> None:
        """Type a question, and Enter."""
        field = self.find("#search-query input, #search-query textarea")
        field.fill(question)
        field.press("Enter")

    def pick(self, control: str, option: str) -> None:
        """Choose an option of a dropdown by its label."""
        self.find(f"#{control} input").click()
        self.page.get_by_role("option", name=re.compile("^" + re.escape(option))).click()

    def unfold(self, section: str) -> None:
        self.find(f"#{section} > button").click()

    def send(self, file: Path) -> None:
        """Upload a file of texts."""
        self.unfold("search-own-texts")
        self.find("#search-corpus-file input[type=file]").set_input_files(file)

    def paste(self, texts: str) -> None:
        """Paste lines, and search them."""
        self.unfold("search-own-texts")
        self.find("#search-corpus-pasted textarea").fill(texts)
        self.find("#search-use-corpus-pasted").click()

    def width(self) -> int:
        """Of the document: more than the window's means scrolling sideways."""
        return self.page.evaluate("document.documentElement.scrollWidth")
