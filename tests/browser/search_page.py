"""The Search tab through a visitor's hands: what is on it, and how to touch it."""

from pathlib import Path

from playwright.sync_api import Locator, expect

from tests.browser.visit import Visit

SEARCH_MS = 120_000  # an index is built in seconds, but waits for the work of others


class SearchPage(Visit):
    """The fourth tab."""

    def open(self) -> "SearchPage":
        """A first look at the tab, until the sample's question is answered."""
        self.page.goto("/")
        return self.turn_to()

    def turn_to(self) -> "SearchPage":
        """To the tab, from another."""
        self.tab("Search")
        return self.answered()

    def answered(self, *words: str) -> "SearchPage":
        """Wait for an answer whose panel says all of these words, and for its verdict."""
        for word in words:
            expect(self.panel).to_contain_text(word, timeout=SEARCH_MS)
        expect(self.panel).not_to_contain_text("being measured", timeout=SEARCH_MS)
        return self

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
        self.enter("search-query", question)

    def send(self, file: Path) -> None:
        """Upload a file of texts."""
        self.unfold("search-own-texts")
        self.find("#search-corpus-file input[type=file]").set_input_files(file)

    def paste(self, texts: str) -> None:
        """Paste lines, and search them."""
        self.unfold("search-own-texts")
        self.find("#search-corpus-pasted textarea").fill(texts)
        self.find("#search-use-corpus-pasted").click()
