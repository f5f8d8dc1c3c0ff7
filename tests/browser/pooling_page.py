"""The Pooling tab through a visitor's hands: what is on it, and how to touch it."""

from playwright.sync_api import Locator, expect

from tests.browser.visit import Visit

DRAWN = ".lab-plot[data-ready]"


class PoolingPage(Visit):
    """The first tab."""

    def open(self, query: str = "") -> "PoolingPage":
        self.page.goto("/" + query)
        expect(self.chosen).to_have_count(1)
        return self

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

    def sentence(self, name: str) -> Locator:
        """The box of sentence A or B."""
        return self.find(f"#sentence-{name.lower()} textarea")

    def plot(self, name: str) -> Locator:
        """A plot that is drawn."""
        return self.find(f"#{name} {DRAWN}")

    # --- what is done -----------------------------------------------------------------------

    def unfold(self, section: str) -> None:
        super().unfold(f"section-{section}")

    def click_cell(self, plot: str, row: int, column: int) -> None:
        """Click the middle of a heat map's cell, where plotly says it is."""
        self.plot(plot).wait_for()
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
