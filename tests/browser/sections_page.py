"""The further sections of the Search tab through a visitor's hands."""

from playwright.sync_api import Locator, expect

from tests.browser.visit import Visit

DONE_MS = 120_000  # what takes seconds waits for the work of others


class SectionsPage(Visit):
    """The lower part of the fourth tab."""

    def open(self) -> "SectionsPage":
        """A first look at the tab, until the sample's first question is answered."""
        self.page.goto("/")
        return self.back()

    def back(self) -> "SectionsPage":
        """To the tab, with hits on it."""
        self.tab("Search")
        expect(self.hits).to_have_count(10, timeout=DONE_MS)
        return self

    @property
    def hits(self) -> Locator:
        """Of the last question, as the query lab offers them."""
        return self.find("#lab-hits li")

    def press(self, section: str, what: str, hit: int) -> None:
        """A button of a hit, counted from 0: "more", "less", "good" or "bad"."""
        button = self.find(f"#{section} li").nth(hit).locator(f"[data-pick^='{what}:']")
        button.click()
        expect(button).to_have_attribute("aria-pressed", "true")

    def work(self, name: str) -> None:
        """Start long work, and wait until it is done."""
        self.find(f"#{name}-go").click()
        expect(self.find(f"#{name}-progress")).to_contain_text("Done in", timeout=DONE_MS)

    def table(self, title: str) -> Locator:
        """The strategies on one group of judged queries."""
        return self.page.get_by_role("table", name=title)
