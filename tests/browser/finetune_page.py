"""The Fine-tune tab through a visitor's hands."""

import re
from pathlib import Path

from playwright.sync_api import expect

from tests.browser.visit import Visit

STEP = re.compile(r"step [\d,]+ of [\d,]+")
TRAINED_MS = 180_000  # on a machine that does other things, too


class FinetunePage(Visit):
    """The second tab."""

    def open(self) -> "FinetunePage":
        self.page.goto("/")
        return self.turn_to()

    def turn_to(self) -> "FinetunePage":
        """To the tab, from another; the first look finds a sample on the desk."""
        self.tab("Fine-tune")
        expect(self.find("#preview table")).to_be_visible()
        return self

    def send(self, file: Path) -> None:
        """Upload pairs, and wait until they are on the desk."""
        self.find("#pairs-file input[type=file]").set_input_files(file)
        expect(self.find("#pairs-note")).to_contain_text(file.name)

    def take_sample(self, title: str, file: str) -> None:
        self.page.get_by_role("button", name=title, exact=True).click()
        expect(self.find("#pairs-note")).to_contain_text(file)
        expect(self.find("#preview table")).to_be_visible()

    def apply_all_remedies(self) -> int:
        """Click remedy after remedy until there is none; returns how many."""
        clicks = 0
        remedies = self.find("#findings [data-pick]")
        while remedies.count():
            before = self.find("#findings").inner_html()
            remedies.first.click()
            clicks += 1
            expect(self.find("#pairs-note p:has-text('Done:')")).to_have_count(clicks)
            self.page.wait_for_function(
                "before => document.querySelector('#findings').innerHTML !== before", arg=before
            )
        return clicks

    def quick(self, steps: int = 6, blocks: int = 1) -> None:
        """As little training as there can be, and none that ends by itself before."""
        self.unfold("advanced")
        self.pick("duration", "a number of steps")
        self.box("patience").fill("0")
        self.find("#steps input").fill(str(steps))
        self.find("#blocks input[type=number]").fill(str(blocks))
        self.find("#blocks input[type=number]").press("Enter")
        self.costs(steps)

    def costs(self, steps: int) -> None:
        """It says how long so many steps take; some are made to know it."""
        expect(self.find("#cost")).to_contain_text(f"{steps:,} ×", timeout=TRAINED_MS)

    def start(self) -> None:
        """Press Train and wait for the first steps."""
        self.find("#train").click()
        self.trains()

    def trains(self) -> None:
        """Steps are being made: it says which, and how many there are."""
        expect(self.find("#training-progress")).to_contain_text(STEP, timeout=TRAINED_MS)

    def waits(self) -> None:
        """Another run goes first."""
        expect(self.find("#training-progress")).to_contain_text("place 1 of the line")

    def train(self) -> None:
        """Press Train and wait for what comes of it."""
        self.find("#train").click()
        self.trained()

    def trained(self) -> None:
        """What came of a run is there."""
        expect(self.find("#before-after table")).to_be_visible(timeout=TRAINED_MS)
        expect(self.find("#train")).to_be_enabled()

    def address(self, name: str) -> str:
        """Where a file of the shown run is fetched from."""
        link = self.find(f"#take-home a[href$='{name}']")
        return "/" + (link.get_attribute("href") or "")

    def click_dot(self, plot: str) -> None:
        """Click the first dot of a scatter plot, where plotly says it is."""
        self.find(f"#{plot} .lab-plot[data-ready]").wait_for()
        self.find(f"#{plot}").scroll_into_view_if_needed()
        x, y = self.page.evaluate(
            """plot => {
                const gd = document.querySelector(`#${plot} .lab-plot`);
                const box = gd.getBoundingClientRect(), full = gd._fullLayout;
                const dots = gd._fullData[0];
                return [box.left + full._size.l + full.xaxis.d2p(dots.x[0]),
                        box.top + full._size.t + full.yaxis.d2p(dots.y[0])];
            }""",
            plot,
        )
        self.page.mouse.move(x, y)
        self.find(f"#{plot} .hoverlayer .hovertext").first.wait_for()
        self.page.mouse.click(x, y)
