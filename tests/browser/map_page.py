"""The Map tab through a visitor's hands: what is on it, and how to touch it."""

import math
from pathlib import Path

from playwright.sync_api import Download, Locator, expect

from tests.browser.visit import Visit
from ui.map.form import MapForm, to_query

MAP_MS = 120_000  # a map is drawn in seconds, but waits for those of others

# A link to maps that are drawn in a moment, for where UMAP is not the point.
QUICK = to_query(MapForm(method="PCA", clustering="k-means", n_clusters=7))

# Everything below asks plotly itself where a point is: (name of the map, number of the text).
# A map is settled when nothing of it has changed for a while: no move is under way.
SETTLED = """map => {
    const gd = document.querySelector(`#${map} .lab-map`);
    if (!gd.dataset.ready || !gd._fullLayout) return false;
    const { xaxis, yaxis } = gd._fullLayout;
    const at = gd._fullData.map(trace => trace.x && trace.x[0]);
    const box = gd.getBoundingClientRect();
    const now = JSON.stringify([gd.dataset.ready, at, xaxis && [xaxis.range, yaxis.range], box]);
    const seen = (window.labSeen ||= {})[map];
    if (!seen || seen.now !== now) window.labSeen[map] = { now, since: performance.now() };
    return performance.now() - window.labSeen[map].since > 500;
}"""
PLACES = """map => {
    const gd = document.querySelector(`#${map} .lab-map`), box = gd.getBoundingClientRect();
    const { xaxis, yaxis } = gd._fullLayout, found = [];
    for (const trace of gd._fullData)
        for (const [at, id] of [...(trace.customdata || [])].entries())
            found.push([id, box.left + xaxis._offset + xaxis.d2p(trace.x[at]),
                            box.top + yaxis._offset + yaxis.d2p(trace.y[at])]);
    return found;
}"""
TRACED = """([map, uid]) => {
    const traces = document.querySelector(`#${map} .lab-map`)._fullData || [];
    return traces.some((trace) => trace.uid === uid);
}"""
SPAN = """map => { const [low, high] =
    document.querySelector(`#${map} .lab-map`)._fullLayout.xaxis.range; return high - low; }"""
METHODS = """() => {
    window.labMethods = [];
    new MutationObserver(() => {
        const said = document.querySelector('#map-header')?.textContent || '';
        const method = (/PCA|UMAP|t-SNE/.exec(said.split('layer')[1]) || [])[0];
        if (method && window.labMethods.at(-1) !== method) window.labMethods.push(method);
    }).observe(document.body, { childList: true, subtree: true, characterData: true });
}"""


class MapPage(Visit):
    """The third tab."""

    def open(self) -> "MapPage":
        """A first look at the tab, until the sample's map is there. Notes the methods shown."""
        self.page.goto("/")
        self.page.evaluate(METHODS)
        self.tab("Map")
        return self.drawn()

    def open_link(self, query: str) -> "MapPage":
        """A link opens the tab by itself."""
        self.page.goto("/" + query)
        return self.drawn()

    def drawn(self, *words: str) -> "MapPage":
        """Wait for a finished map whose settings say all of these words."""
        for word in words:
            expect(self.header).to_contain_text(word, timeout=MAP_MS)
        expect(self.progress).to_contain_text("Drawn in", timeout=MAP_MS)
        return self

    # --- what is seen -----------------------------------------------------------------------

    @property
    def header(self) -> Locator:
        """The settings that made the picture."""
        return self.find("#map-header")

    @property
    def progress(self) -> Locator:
        return self.find("#map-progress")

    @property
    def below(self) -> Locator:
        """What came of a search or a drop."""
        return self.find("#map-below")

    @property
    def near(self) -> Locator:
        """The neighbours of the text that was clicked."""
        return self.find("#point .lab-near li")

    @property
    def chosen(self) -> Locator:
        """The texts of a selection."""
        return self.find("#selection tbody tr")

    @property
    def names(self) -> Locator:
        """The clusters' names, which zoom to them."""
        return self.find("#clusters [data-pick]")

    def legend(self, name: str = "map") -> Locator:
        return self.find(f"#{name} .lab-map .legend")

    @property
    def methods(self) -> list[str]:
        """Of the pictures shown since the page was opened."""
        return self.page.evaluate("window.labMethods")

    def settled(self, name: str = "map") -> None:
        """Wait until a map stands still, in sight."""
        self.find(f"#{name}").scroll_into_view_if_needed()
        self.page.wait_for_function(SETTLED, arg=name)

    def places(self, name: str = "map") -> dict[int, tuple[float, float]]:
        """Where each text is on the screen."""
        self.settled(name)
        return {int(row): (x, y) for row, x, y in self.page.evaluate(PLACES, name)}

    def lonely(self, name: str = "map") -> tuple[int, float, float]:
        """The text that has most room around it: no other can be hit in its stead."""
        places = self.places(name)

        def room(row: int) -> float:
            return min(math.dist(places[row], at) for other, at in places.items() if other != row)

        row = max(places, key=room)
        return (row, *places[row])

    def draws(self, trace: str, name: str = "map") -> None:
        """Wait until plotly draws it: "lines", "rings", "star", "torn" …"""
        self.page.wait_for_function(TRACED, arg=[name, trace])

    def span(self, name: str = "map") -> float:
        """How much of the map is in view."""
        self.settled(name)
        return self.page.evaluate(SPAN, name)

    def spans(self, condition: str, name: str = "map") -> None:
        """Wait until as much of the map is in view: "< 3.5"."""
        self.page.wait_for_function(f"({SPAN})({name!r}) {condition}")

    # --- what is done -----------------------------------------------------------------------

    def send(self, file: Path) -> None:
        """Upload a file of texts in place of the one before."""
        remove = self.find("#corpus-file").get_by_role("button", name="Clear")
        if remove.count():
            remove.click()
        self.find("#corpus-file input[type=file]").set_input_files(file)

    def hover(self, at: tuple[float, float], name: str = "map") -> str:
        """Point at a place of a map; returns the label that appears."""
        self.page.mouse.move(at[0] - 2, at[1] - 2)
        self.page.mouse.move(*at)
        label = self.find(f"#{name} .hoverlayer .hovertext")
        label.wait_for()
        return label.text_content() or ""

    def lasso(self, at: tuple[float, float], radius: float, name: str = "map") -> None:
        """Draw around a place of a map with the mouse."""
        self.find(f"#{name} [data-attr=dragmode][data-val=lasso]").click()
        x, y = at
        circle = [math.tau * step / 24 for step in range(25)]
        self.page.mouse.move(x + radius, y)
        self.page.mouse.down()
        for turn in circle:
            self.page.mouse.move(x + radius * math.cos(turn), y + radius * math.sin(turn))
        self.page.mouse.up()

    def download(self, button: str) -> Download:
        """Click a button that saves a file."""
        with self.page.expect_download() as found:
            self.find(f"#{button}").click()
        return found.value

    def file(self, name: str) -> bytes:
        """A file of the map on the screen, as its link gives it."""
        link = self.find(f"#map-files a[href$='{name}']").get_attribute("href") or ""
        answer = self.page.request.get("/" + link)
        assert answer.ok, f"{name}: {answer.status}"
        return answer.body()
