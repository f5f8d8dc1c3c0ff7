"""The Pooling tab through a visitor's hands: what is on it, and how to touch it."""

import re
from typing import Literal, NamedTuple

from playwright.sync_api import Locator, Page, expect

DRAWN = ".lab-plot[data-ready]"


class View(NamedTuple):
    """How a visitor looks at the page; give it to `page` with indirect parametrisation."""

    width: int = 1280
    height: int = 800
    scheme: Literal["light", "dark"] = "light"


class LabPage:
    """Selectors live here once; tests say what a visitor does and sees."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def open(self, query: str = "") -> "LabPage":
        self.page.goto("/" + query)
        expect(self.chosen).to_have_count(1)
        return self

    def find(self, selector: str) -> Locator:
        return self.page.locator(selector)

    # --- what is seen -----------------------------------------------------------------------

    @property
    def chosen(self) -> Locator:
        """The row of the chosen strategy."""
        return self.find("#scores tr.chosen")

    def row(self, pooling: str) -> Locator:
        return self.find(f"#scores tr[data-pick={pooling}]")

    def value(self, pooling: str) -> str:
        """The number shown for a strategy, without the difference to a pinned one."""
        return self.row(pooling).locator(".value").inner_text().split()[0].replace("−", "-")

    @property
    def answer(self) -> Locator:
        return self.find("#answer")

    @property
    def counts(self) -> Locator:
        return self.find("#counts")

    def box(self, name: str) -> Locator:
        return self.find(f"#sentence-{name.lower()} textarea")

    # --- what is done -----------------------------------------------------------------------

    def unfold(self, name: str) -> None:
        self.find(f"#section-{name} > button").click()

    def pick(self, control: str, option: str) -> None:
        """Choose an option of a dropdown by the beginning of its label."""
        self.find(f"#{control} input").click()
        self.page.get_by_role("option", name=re.compile("^" + re.escape(option))).click()

    def click_cell(self, plot: str, row: int, column: int) -> None:
        """Click the middle of a heat map's cell, where plotly says it is."""
        self.find(f"#{plot} {DRAWN}").wait_for()
        self.find(f"#{plot}").scroll_into_view_if_needed()
        x, y = self.page.evaluate(
            """([plot, row, column]) => {
                const gd = document.querySelector(`#${plot} .lab-plot`);
                const box = gd.getBoundingClientRect(), full = gd._fullLayout;
                return [box.left + full._size.l + full.xaxis.c2p(column),
                        box.top + full._size.t + full.yaxis.c2p(row)];
            }""",
            [plot, row, column],
        )
        self.page.mouse.move(x, y)
        self.find(f"#{plot} .hoverlayer .hovertext").wait_for()  # plotly has found the cell
        self.page.mouse.click(x, y)

    def ink(self, plot: str) -> str:
        """The colour a plot is lettered in."""
        return self.page.evaluate(
            "plot => document.querySelector(`#${plot} .lab-plot`)._fullLayout.font.color", plot
        )
