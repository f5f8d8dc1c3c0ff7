"""What all tabs have in common under a visitor's hands."""

import re
from collections.abc import Callable
from typing import Literal, NamedTuple

from playwright.sync_api import Locator, Page, expect


class View(NamedTuple):
    """How a visitor looks at the page; give it to `page` with indirect parametrisation."""

    width: int = 1280
    height: int = 800
    scheme: Literal["light", "dark"] = "light"


PHONE = View(390, 844, "dark")


class Visit:
    """Selectors live in this and its heirs once; tests say what a visitor does and sees."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def find(self, selector: str) -> Locator:
        return self.page.locator(selector)

    def box(self, name: str) -> Locator:
        """A text box or a number, of one line or several."""
        return self.find(f"#{name} input, #{name} textarea")

    def tab(self, name: str) -> None:
        """To a tab, from another."""
        self.page.get_by_role("tab", name=name).click()

    def pick(self, control: str, option: str) -> None:
        """Choose an option of a dropdown by the beginning of its label."""
        self.find(f"#{control} input").click()
        self.page.get_by_role("option", name=re.compile("^" + re.escape(option))).click()

    def enter(self, name: str, text: str) -> None:
        """Type into a box, and Enter."""
        self.box(name).fill(text)
        self.box(name).press("Enter")

    def unfold(self, section: str) -> None:
        self.find(f"#{section} > button").click()

    def turn_theme(self) -> None:
        self.find("#theme").click()

    def told(self, words: str) -> None:
        """A message appears, and is closed."""
        toast = self.find("[data-testid=toast-body]").filter(has_text=words)
        expect(toast).to_be_visible()
        toast.locator("[data-testid=toast-close]").click()
        expect(toast).to_have_count(0)

    def clipboard(self) -> str:
        """What was copied; the context must grant it."""
        return self.page.evaluate("navigator.clipboard.readText()")

    def fits(self) -> None:
        """Nothing makes the page scroll sideways."""
        self.page.wait_for_function("document.documentElement.scrollWidth <= innerWidth")


def until(page: Page, condition: Callable[[], bool]) -> None:
    """Wait for something outside the page, five seconds at most."""
    for _ in range(100):
        if condition():
            return
        page.evaluate("new Promise(done => setTimeout(done, 50))")
    assert condition()
